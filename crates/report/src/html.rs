//! One page of HTML that needs nothing else: no script, no network, light and dark.
//!
//! A table of what was judged, the boot chain as a picture, and each proof to be opened.

use crate::finding;
use crate::gist::{self, Gist, Weight};
use crate::markup::escaped;
use crate::style::Style;
use crate::terminal;
use crate::tree::{self, Depth};
use crate::words;
use loadworthy_core::answer::{Answered, Answers, Kind};
use loadworthy_core::tables::inf_lints::Level;
use std::io::{self, Write};

mod matrix;
mod picture;

pub use matrix::matrix;

/// So many that simply load get a proof to open; of more only the others do.
const PROVEN: usize = 200;

const STYLE: &str = include_str!("html/page.css");

/// Writes the page.
///
/// # Errors
/// When `out` does not take it.
pub fn check(answers: &Answers, out: &mut dyn Write) -> io::Result<()> {
    opened("Will it load?", answers, out)?;
    for (n, line) in terminal::answer(answers).iter().enumerate() {
        let class = if n == 0 { "answer" } else { "about" };
        writeln!(out, "<p class=\"{class}\">{}</p>", safe(line))?;
    }
    picture::boot_chain(answers, out)?;
    writeln!(out, "<h2>What was judged</h2>")?;
    if answers.answers.is_empty() {
        writeln!(out, "<p>Nothing was named, or is in use here.</p>")?;
    } else {
        table(answers, out)?;
    }
    notes(answers, out)?;
    closed(answers, out)
}

/// The page up to its counts.
fn opened(title: &str, answers: &Answers, out: &mut dyn Write) -> io::Result<()> {
    let kernel = answers.host.kernel.as_deref().map_or("no kernel".to_owned(), safe);
    begun(title, &kernel, &about(answers), &gist::counts(answers), out)
}

/// The page up to its counts; everything is safe already.
pub(crate) fn begun(
    title: &str,
    of: &str,
    about: &str,
    counts: &[(&str, usize)],
    out: &mut dyn Write,
) -> io::Result<()> {
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>loadworthy: {of}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
    )?;
    writeln!(out, "<h1>{title}</h1>\n<p class=\"about\">{about}</p>")?;
    writeln!(out, "<ul class=\"counts\">")?;
    for (word, n) in counts {
        writeln!(out, "<li class=\"{word}\"><b>{n}</b> {word}</li>")?;
    }
    writeln!(out, "</ul>")
}

fn closed(answers: &Answers, out: &mut dyn Write) -> io::Result<()> {
    ended(&answers.at, out)
}

/// The end of the page.
pub(crate) fn ended(at: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<footer>loadworthy {}, as of {}</footer>\n</main>\n</body>\n</html>",
        env!("CARGO_PKG_VERSION"),
        safe(at)
    )
}

pub(crate) fn safe(text: &str) -> String {
    escaped(&gist::plain(text))
}

pub(crate) fn about(answers: &Answers) -> String {
    let host = &answers.host;
    let mut said: Vec<String> = host.kernel.iter().map(|k| format!("kernel {}", safe(k))).collect();
    said.extend(
        host.secure_boot.map(|on| format!("Secure Boot {}", if on { "on" } else { "off" })),
    );
    said.extend(host.lockdown.map(|level| format!("lockdown {level}")));
    said.join(" · ")
}

fn table(answers: &Answers, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<table>\n<thead><tr><th scope=\"col\">outcome</th><th scope=\"col\">what</th>\
         <th scope=\"col\">why, and what would help</th></tr></thead>\n<tbody>"
    )?;
    let mut rows: Vec<(Gist, &Answered)> =
        answers.answers.iter().map(|a| (Gist::of(a, answers), a)).collect();
    rows.sort_by_key(|(gist, _)| match gist.weight {
        Weight::Fails => 0,
        Weight::Open => 1,
        Weight::Told => 2,
        Weight::Fine => 3,
    });
    let proven = rows.len() <= PROVEN;
    for (gist, a) in &rows {
        row(gist, a, proven, out)?;
    }
    writeln!(out, "</tbody>\n</table>")
}

fn row(gist: &Gist, a: &Answered, proven: bool, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "<tr><td class=\"{0}\">{0}</td><td><b>{1}</b>", gist.outcome, escaped(&gist.name))?;
    if a.on.is_some()
        && let Some(on) = &gist.on
    {
        write!(out, " <small>{} on {}</small>", gist.phase, escaped(on))?;
    }
    if let Some(path) = &gist.path {
        write!(out, "<br><code>{}</code>", escaped(path))?;
    }
    if !a.subject.required_by.is_empty() {
        write!(
            out,
            "<br><small>wanted by {}</small>",
            safe(&words::wanted(&a.subject.required_by))
        )?;
    }
    if !a.subject.need.loses.is_empty() {
        write!(
            out,
            "<br><small>lost without it: {}</small>",
            safe(&a.subject.need.loses.join("; "))
        )?;
    }
    write!(out, "</td><td>")?;
    if let Some(code) = gist.code {
        write!(out, "<span class=\"code\">{}</span> ", code.id)?;
    }
    write!(out, "{}", escaped(&gist.why.join("; ")))?;
    if !gist.says.is_empty() {
        write!(out, "<p>the host will say: <q>{}</q></p>", escaped(&gist.says.join("; ")))?;
    }
    if !gist.helps.is_empty() {
        write!(out, "<ul>")?;
        for help in &gist.helps {
            write!(out, "<li>would help: {}</li>", escaped(help))?;
        }
        write!(out, "</ul>")?;
    }
    if proven || gist.weight != Weight::Fine {
        let style = Style { colour: false, unicode: true, width: 110 };
        let lines = tree::lay_out(&a.judgement, Depth::Full, &style).join("\n");
        if !lines.is_empty() {
            write!(
                out,
                "<details><summary>proof</summary><pre>{}</pre></details>",
                escaped(&lines)
            )?;
        }
    }
    writeln!(out, "</td></tr>")
}

fn notes(answers: &Answers, out: &mut dyn Write) -> io::Result<()> {
    let lines: Vec<_> = answers.findings.iter().filter(|f| f.level > Level::Note).collect();
    if !lines.is_empty() {
        writeln!(out, "<h2>Lines</h2>\n<ul>")?;
        for f in lines {
            let said =
                format!("{}: {}: {}", finding::place(f), f.level.name(), finding::sentence(f));
            writeln!(
                out,
                "<li><span class=\"code\">{}</span> {}</li>",
                finding::id(f),
                safe(&said)
            )?;
        }
        writeln!(out, "</ul>")?;
    }
    if answers.notes.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h2>Worth knowing</h2>\n<ul>")?;
    let style = Style { colour: false, unicode: true, width: 110 };
    for note in &answers.notes {
        let lines = tree::proofs(&[&note.because], Depth::Full, &style).join("\n");
        writeln!(
            out,
            "<li><span class=\"code\">{}</span> {}<details><summary>proof</summary><pre>{}</pre></details></li>",
            note.code.id,
            safe(note.code.title()),
            escaped(&lines)
        )?;
    }
    writeln!(out, "</ul>")
}

/// Whether this is one of the images before a kernel, or the kernel.
pub(super) fn boots(a: &Answered) -> bool {
    a.subject.kind == Kind::BootImage
}
