//! Workflow commands of GitHub Actions: an annotation a trouble.
//!
//! Source: GitHub Docs, workflow commands; escaping as in `actions/toolkit`, `packages/core/src/command.ts`.

use crate::finding;
use crate::gist::{self, Gist, Weight};
use loadworthy_core::answer::Answers;
use loadworthy_core::tables::inf_lints::Level;
use std::io::{self, Write};

/// Writes the commands, and a last line for people.
///
/// # Errors
/// When `out` does not take it.
pub fn check(answers: &Answers, out: &mut dyn Write) -> io::Result<()> {
    let mut told = 0;
    for a in &answers.answers {
        let gist = Gist::of(a, answers);
        let command = match gist.weight {
            Weight::Fails => "error",
            Weight::Open => "warning",
            Weight::Told => "notice",
            Weight::Fine => continue,
        };
        told += 1;
        let title = format!("{} {}", gist.id(), gist.name);
        let file = gist.path.as_deref().map(|path| format!("file={},", property(path)));
        let file = file.unwrap_or_default();
        writeln!(out, "::{command} {file}title={}::{}", property(&title), data(&gist.sentences()))?;
    }
    for f in &answers.findings {
        let command = match f.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "notice",
        };
        told += 1;
        let at = f.at.map(|(line, column)| format!("line={line},col={column},"));
        let (at, path) = (at.unwrap_or_default(), property(&gist::plain(&f.path)));
        let title = property(&finding::id(f));
        let mut said = finding::sentence(f);
        if let Some(help) = &f.help {
            said.push_str(&format!(". {help}"));
        }
        writeln!(out, "::{command} file={path},{at}title={title}::{}", data(&said))?;
    }
    let all = answers.answers.len();
    writeln!(out, "loadworthy: {all} judged, {told} to look at")
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
