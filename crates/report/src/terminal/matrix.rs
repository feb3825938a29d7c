//! Packages and drivers against platforms, as a table.

use crate::grid::{self, Grid};
use crate::style::{Style, Tone, columns};
use loadworthy_core::answer::{Answered, Answers};
use loadworthy_core::verdict::Verdict;
use std::io::{self, Write};

/// Writes the table: a row a platform, a column a subject and phase.
///
/// # Errors
/// When `out` does not take it.
pub fn matrix(answers: &Answers, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let grid = Grid::of(answers);
    for (n, (subject, phase)) in grid.heads.iter().enumerate() {
        let path = subject.path.as_deref().unwrap_or(&subject.name);
        let line = format!("{}  {:8}{}", n + 1, phase.name(), style.plain(path));
        writeln!(out, "{}", style.paint(Tone::Strong, &line))?;
    }
    writeln!(out)?;
    let width = grid.rows.iter().map(|r| columns(r)).max().unwrap_or(0).max(8) + 2;
    let mut line = format!("{:width$}", "platform");
    for n in 1..=grid.heads.len() {
        line.push_str(&format!("{n:<18}"));
    }
    writeln!(out, "{}", line.trim_end())?;
    for row in &grid.rows {
        let mut line = format!("{row:width$}");
        for head in &grid.heads {
            let found = grid.cell(*head, row);
            let words = found.map_or_else(|| "-".to_owned(), grid::words);
            let blank = " ".repeat(18_usize.saturating_sub(columns(&words)));
            line.push_str(&style.paint(found.map_or(Tone::Quiet, tone), &words));
            line.push_str(&blank);
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    writeln!(out)?;
    for (n, head) in grid.heads.iter().enumerate() {
        writeln!(out, "{}  {}", n + 1, grid.tally(*head))?;
    }
    Ok(())
}

const fn tone(a: &Answered) -> Tone {
    match &a.judgement.verdict {
        Verdict::Loads => Tone::Good,
        Verdict::LoadsTainted | Verdict::Unknown(_) => Tone::Mind,
        Verdict::Refused(_) => Tone::Bad,
    }
}
