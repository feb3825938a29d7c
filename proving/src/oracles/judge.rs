//! Our own answer: the whole way from a root directory and files to verdicts.

use crate::oracles::answer::Said;
use loadworthy_assess::check::check;
use loadworthy_assess::request::{Request, Source, Subjects, Which};
use loadworthy_core::answer::Answered;
use loadworthy_core::verdict::Verdict;
use std::path::Path;

/// The time of every question: nothing that is asked here depends on it.
pub(crate) const AT: &str = "2026-11-01T00:00:00Z";

/// The question about these subjects.
pub(crate) fn request(root: &Path, release: &str, subjects: Vec<String>) -> Request {
    Request {
        source: Source::Root(root.to_path_buf()),
        kernel: Which::Release(release.to_owned()),
        subjects: Subjects::Named(subjects),
        assume: Vec::new(),
        manifest: None,
        at: AT.to_owned(),
        cache: None,
        knowledge: Vec::new(),
        with: Vec::new(),
        jobs: 1,
        short: false,
    }
}

/// What we say to each file, in their order.
///
/// # Errors
/// When our own work fails, or an answer is missing.
pub fn ask(root: &Path, release: &str, files: &[String]) -> Result<Vec<Said>, String> {
    let request = Request { jobs: 2, ..request(root, release, files.to_vec()) };
    let answers = check(&request, &|_, _| {}).map_err(|e| e.to_string())?.answers;
    if answers.len() != files.len() {
        return Err(format!("{} answers to {} files", answers.len(), files.len()));
    }
    Ok(answers.iter().map(said).collect())
}

fn said(answer: &Answered) -> Said {
    let judgement = &answer.judgement;
    let missing = match &judgement.verdict {
        Verdict::Unknown(gaps) => format!("{gaps:?}"),
        _ => String::new(),
    };
    Said {
        outcome: judgement.verdict.name(),
        errno: judgement.says.errno.map(|e| e.name().to_owned()),
        taint: judgement.says.taint.iter().flat_map(|l| l.name().chars()).collect(),
        log: judgement.says.lines.iter().map(|line| line.text.clone()).collect(),
        once: judgement.says.lines.iter().map(|l| l.once.then_some(l.row)).collect(),
        missing,
    }
}
