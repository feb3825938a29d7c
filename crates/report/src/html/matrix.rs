//! Packages and drivers against platforms, as the picture for a release ticket: the table, and each
//! reason once.

use super::{closed, notes, opened, safe};
use crate::gist::Gist;
use crate::grid::{self, Grid};
use crate::markup::escaped;
use loadworthy_core::answer::Answers;
use loadworthy_core::verdict::Verdict;
use std::io::{self, Write};

/// Writes the page.
///
/// # Errors
/// When `out` does not take it.
pub fn matrix(answers: &Answers, out: &mut dyn Write) -> io::Result<()> {
    let grid = Grid::of(answers);
    opened("On which Windows does it load?", answers, out)?;
    write!(out, "<table class=\"grid\">\n<thead><tr><th scope=\"col\">platform</th>")?;
    for (subject, phase) in &grid.heads {
        let (name, phase) = (safe(&subject.name), phase.name());
        write!(out, "<th scope=\"col\">{name}<br><small>{phase}</small></th>")?;
    }
    writeln!(out, "</tr></thead>\n<tbody>")?;
    for row in &grid.rows {
        write!(out, "<tr><th scope=\"row\">{}</th>", safe(row))?;
        for head in &grid.heads {
            match grid.cell(*head, row) {
                Some(a) => {
                    let outcome = a.judgement.verdict.name();
                    write!(out, "<td class=\"{outcome}\">{}</td>", escaped(&grid::words(a)))?;
                }
                None => write!(out, "<td>-</td>")?,
            }
        }
        writeln!(out, "</tr>")?;
    }
    writeln!(out, "</tbody>\n<tfoot><tr><th scope=\"row\">in all</th>")?;
    for head in &grid.heads {
        write!(out, "<td>{}</td>", escaped(&grid.tally(*head)))?;
    }
    writeln!(out, "</tr></tfoot>\n</table>")?;
    reasons(&grid, answers, out)?;
    notes(answers, out)?;
    closed(answers, out)
}

/// Each reason once, with the platforms on which it is the reason.
fn reasons(grid: &Grid<'_>, answers: &Answers, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<h2>Why</h2>")?;
    for head in &grid.heads {
        let (subject, phase) = head;
        let path = subject.path.as_deref().unwrap_or(&subject.name);
        let mut told: Vec<(String, Vec<String>, Gist)> = Vec::new();
        for a in grid.column(*head).filter(|a| a.judgement.verdict != Verdict::Loads) {
            let gist = Gist::of(a, answers);
            let words = format!("{}: {}", grid::words(a), gist.why.join("; "));
            let on = safe(a.on.as_deref().unwrap_or("this host"));
            match told.iter_mut().find(|(w, ..)| *w == words) {
                Some((_, all, _)) => all.push(on),
                None => told.push((words, vec![on], gist)),
            }
        }
        if told.is_empty() {
            continue;
        }
        writeln!(out, "<h3>{} <small>{}</small></h3>\n<ul>", safe(path), phase.name())?;
        for (words, on, gist) in &told {
            write!(out, "<li>{}<br><small>{}</small>", escaped(words), on.join(", "))?;
            if !gist.says.is_empty() {
                write!(out, "<br>the host will say: <q>{}</q>", escaped(&gist.says.join("; ")))?;
            }
            for help in &gist.helps {
                write!(out, "<br>would help: {}", escaped(help))?;
            }
            writeln!(out, "</li>")?;
        }
        writeln!(out, "</ul>")?;
    }
    Ok(())
}
