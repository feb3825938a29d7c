//! A statement about drivers, held against what is there now.

use crate::answer::Answers;
use crate::tables::Tables;
use crate::verdict::Verdict;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use loadworthy_formats::statement::Statement;
use loadworthy_formats::text::hex;

/// A file that a statement is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stated {
    /// Its name: the argument, and the path inside it.
    pub name: String,
    /// SHA-256 of it.
    pub sha256: [u8; 32],
}

/// What differs between a statement and now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What differs: `bytes`, `added`, `missing`, `verdict`, `knowledge`.
    pub what: &'static str,
    /// The file, driver or package; empty for `knowledge`.
    pub name: String,
    /// The platform and phase of a verdict.
    pub on: Option<String>,
    /// As it is stated.
    pub was: Option<String>,
    /// As it is now.
    pub now: Option<String>,
}

impl Change {
    /// Whether the statement no longer holds; other tables alone change nothing.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.what != "knowledge"
    }
}

/// What changed since a statement was made.
#[must_use]
pub fn changes(statement: &Statement, files: &[Stated], answers: &Answers) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut note = |what, name: &str, on: Option<String>, was: Option<String>, now| {
        changes.push(Change { what, name: name.to_owned(), on, was, now });
    };
    for subject in &statement.subject {
        let was = Some(subject.digest.sha256.clone());
        match files.iter().find(|f| f.name == subject.name) {
            None => note("missing", &subject.name, None, was, None),
            Some(file) if hex(&file.sha256) != subject.digest.sha256.to_lowercase() => {
                note("bytes", &subject.name, None, was, Some(hex(&file.sha256)));
            }
            Some(_) => {}
        }
    }
    for file in files.iter().filter(|f| !statement.subject.iter().any(|s| s.name == f.name)) {
        note("added", &file.name, None, None, Some(hex(&file.sha256)));
    }
    let said = &statement.predicate;
    let key = |name: &str, path: Option<&str>, on: Option<&str>, phase: &str| {
        format!("{}\0{}\0{phase}", path.unwrap_or(name), on.unwrap_or(""))
    };
    let mut seen = Vec::new();
    for a in &answers.answers {
        let (name, phase) = (&*a.subject.name, a.phase.name());
        let own = key(name, a.subject.path.as_deref(), a.on.as_deref(), phase);
        let now = match &a.judgement.verdict {
            Verdict::Refused(code) => format!("refused {}", code.id),
            other => other.name().to_owned(),
        };
        let on = a.on.as_deref().map(|on| format!("{on} {phase}"));
        let before = said
            .verdicts
            .iter()
            .find(|v| key(&v.name, v.path.as_deref(), v.on.as_deref(), &v.phase) == own);
        let was = before.map(|v| match &v.code {
            Some(code) => format!("{} {code}", v.outcome),
            None => v.outcome.clone(),
        });
        if was.as_deref() != Some(now.as_str()) {
            note("verdict", name, on, was, Some(now));
        }
        seen.push(own);
    }
    for v in &said.verdicts {
        if !seen.contains(&key(&v.name, v.path.as_deref(), v.on.as_deref(), &v.phase)) {
            let on = v.on.as_deref().map(|on| format!("{on} {}", v.phase));
            note("verdict", &v.name, on, Some(v.outcome.clone()), None);
        }
    }
    if said.knowledge != Tables::KNOWLEDGE {
        let now = Some(Tables::KNOWLEDGE.to_string());
        note("knowledge", "", None, Some(said.knowledge.clone()), now);
    }
    changes
}
