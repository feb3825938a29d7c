//! Packages and drivers against platforms, as a table.

use crate::style::{Style, Tone, columns};
use loadworthy_core::answer::{Answered, Answers, Phase, Subject};
use loadworthy_core::verdict::Verdict;
use std::io::{self, Write};

/// Writes the table: a row a platform, a column a subject and phase.
///
/// # Errors
/// When `out` does not take it.
pub fn matrix(answers: &Answers, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let all = &answers.answers;
    let mut heads: Vec<(&Subject, Phase)> = Vec::new();
    let mut rows: Vec<&str> = Vec::new();
    for a in all {
        if !heads.contains(&(&a.subject, a.phase)) {
            heads.push((&a.subject, a.phase));
        }
        let on = a.on.as_deref().unwrap_or("this host");
        if !rows.contains(&on) {
            rows.push(on);
        }
    }
    for (n, (subject, phase)) in heads.iter().enumerate() {
        let path = subject.path.as_deref().unwrap_or(&subject.name);
        let line = format!("{}  {:8}{}", n + 1, phase.name(), style.plain(path));
        writeln!(out, "{}", style.paint(Tone::Strong, &line))?;
    }
    writeln!(out)?;
    let width = rows.iter().map(|r| columns(r)).max().unwrap_or(0).max(8) + 2;
    write!(out, "{:width$}", "platform")?;
    for n in 1..=heads.len() {
        write!(out, "{n:<18}")?;
    }
    writeln!(out)?;
    for row in &rows {
        let mut line = format!("{row:width$}");
        for head in &heads {
            let found = all.iter().find(|a| {
                (&a.subject, a.phase) == *head && a.on.as_deref().unwrap_or("this host") == *row
            });
            let (words, tone) = found.map_or(("-".to_owned(), Tone::Quiet), cell);
            let blank = " ".repeat(18_usize.saturating_sub(columns(&words)));
            line.push_str(&style.paint(tone, &words));
            line.push_str(&blank);
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    writeln!(out)?;
    for (n, head) in heads.iter().enumerate() {
        let own = all.iter().filter(|a| (&a.subject, a.phase) == *head);
        let loads = own.clone().filter(|a| loads(a)).count();
        let (of, verb) = (own.count(), if head.1 == Phase::Load { "loads" } else { "installs" });
        let everywhere = if loads == of { ": everywhere" } else { "" };
        writeln!(out, "{}  {verb} on {loads} of {of}{everywhere}", n + 1)?;
    }
    Ok(())
}

fn loads(a: &Answered) -> bool {
    matches!(a.judgement.verdict, Verdict::Loads | Verdict::LoadsTainted)
}

fn cell(a: &Answered) -> (String, Tone) {
    let asks = a.judgement.says.windows.as_ref().is_some_and(|w| w.prompt.is_some());
    match &a.judgement.verdict {
        Verdict::Loads if asks => ("loads, asks".to_owned(), Tone::Good),
        Verdict::Loads => ("loads".to_owned(), Tone::Good),
        Verdict::LoadsTainted => ("loads, audited".to_owned(), Tone::Mind),
        Verdict::Refused(code) => (format!("refused {code}"), Tone::Bad),
        Verdict::Unknown(_) => ("unknown".to_owned(), Tone::Mind),
    }
}
