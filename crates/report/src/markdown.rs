//! Markdown, for issues, merge requests and step summaries.

use crate::finding;
use crate::gist::{self, Gist, Weight};
use loadworthy_core::answer::Answers;
use loadworthy_core::tables::inf_lints::Level;
use std::io::{self, Write};

/// So many that load are listed; of more only the number is told.
const FEW: usize = 50;

/// Writes the page.
///
/// # Errors
/// When `out` does not take it.
pub fn check(answers: &Answers, out: &mut dyn Write) -> io::Result<()> {
    let gists: Vec<Gist> = answers.answers.iter().map(|a| Gist::of(a, answers)).collect();
    let said: Vec<String> = gist::counts(answers)
        .into_iter()
        .filter(|(_, n)| *n > 0)
        .map(|(word, n)| format!("{n} {word}"))
        .collect();
    let said = if said.is_empty() { "nothing to judge".to_owned() } else { said.join(", ") };
    writeln!(out, "## loadworthy: {said}\n")?;
    let host = &answers.host;
    let mut about: Vec<String> =
        host.kernel.iter().map(|k| format!("kernel {}", safe(k))).collect();
    about.extend(
        host.secure_boot.map(|on| format!("Secure Boot {}", if on { "on" } else { "off" })),
    );
    about.extend(host.lockdown.map(|level| format!("lockdown {level}")));
    about.push(format!("as of {}", safe(&answers.at)));
    writeln!(out, "{}", about.join(" · "))?;
    let loading = gists.iter().filter(|gist| gist.weight == Weight::Fine).count();
    let listed: Vec<&Gist> =
        gists.iter().filter(|gist| loading <= FEW || gist.weight != Weight::Fine).collect();
    if !listed.is_empty() {
        writeln!(out, "\n| outcome | what | code | why | would help |")?;
        writeln!(out, "|---|---|---|---|---|")?;
    }
    for gist in &listed {
        let what = match &gist.path {
            Some(path) => format!("{} ({})", safe(&gist.name), safe(path)),
            None => safe(&gist.name),
        };
        let code = gist.code.map_or("", |code| code.id);
        let (why, helps) = (safe(&gist.why.join("; ")), safe(&gist.helps.join("; ")));
        writeln!(out, "| {} | {what} | {code} | {why} | {helps} |", gist.outcome)?;
    }
    if listed.len() < gists.len() {
        writeln!(out, "\n{loading} more load.")?;
    }
    for f in answers.findings.iter().filter(|f| f.level > Level::Note) {
        let said = format!("{}: {}: {}", finding::place(f), f.level.name(), finding::sentence(f));
        writeln!(out, "\n> {} ({})", safe(&said), finding::id(f))?;
    }
    for note in &answers.notes {
        writeln!(out, "\n> {} {}", note.code.id, safe(note.code.title()))?;
    }
    Ok(())
}

/// Text that stays text: nothing in it is markup, and a row stays a row (CommonMark 2.4, GFM 4.10).
pub(crate) fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in gist::plain(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // An `@` would call people, `://` and `www.` would link.
            '@' => out.push_str("&#64;"),
            ':' => out.push_str("&#58;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' | '(' | ')' | '{' | '}'
            | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}
