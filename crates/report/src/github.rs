//! Workflow commands of GitHub Actions: an annotation a trouble.
//!
//! Source: GitHub Docs, workflow commands; escaping as in `actions/toolkit`, `packages/core/src/command.ts`.

use crate::gist::{Gist, Weight};
use loadworthy_core::answer::Answers;
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
    let all = answers.answers.len();
    writeln!(out, "loadworthy: {all} judged, {told} to look at")
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
