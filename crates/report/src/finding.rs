//! What is wrong inside files, in the form in which compilers say it.

use crate::gist::plain;
use loadworthy_core::answer::{Answers, Finding};
use loadworthy_core::tables::inf_lints::Level;
use std::io::{self, Write};

/// What is said without place and level: `No such section: [Value] of addreg (LW2071, InfVerif 1203)`.
#[must_use]
pub(crate) fn sentence(finding: &Finding) -> String {
    let mut said = plain(&finding.title);
    if !finding.said.is_empty() {
        said.push_str(&format!(": {}", plain(&finding.said)));
    }
    said
}

/// Its code, and the number of the tool that has one.
pub(crate) fn id(finding: &Finding) -> String {
    match &finding.number {
        Some((tool, number)) => format!("{}, {tool} {number}", finding.code.id),
        None => finding.code.id.to_owned(),
    }
}

/// `demo.inf:12:1`.
pub(crate) fn place(finding: &Finding) -> String {
    let path = plain(&finding.path);
    match finding.at {
        Some((line, column)) => format!("{path}:{line}:{column}"),
        None => path,
    }
}

/// Lines for people: errors and warnings, and notes where they are wanted.
///
/// # Errors
/// When `out` does not take them.
pub(crate) fn lines(answers: &Answers, notes: bool, out: &mut dyn Write) -> io::Result<()> {
    let shown = |f: &&Finding| notes || f.level > Level::Note;
    let mut first = true;
    for finding in answers.findings.iter().filter(shown) {
        if std::mem::take(&mut first) {
            writeln!(out)?;
        }
        let (place, level) = (place(finding), finding.level.name());
        writeln!(out, "{place}: {level}: {} ({})", sentence(finding), id(finding))?;
    }
    let hidden = answers.findings.iter().filter(|f| !shown(f)).count();
    if hidden > 0 {
        if first {
            writeln!(out)?;
        }
        let lines = if hidden == 1 { "1 line" } else { &format!("{hidden} lines") };
        writeln!(out, "the portal's rules object to {lines} of the INF: --verbose shows them")?;
    }
    Ok(())
}
