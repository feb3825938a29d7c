//! Logs of recorded refusals beside the files that caused them: what a diagnosis makes of both.

use crate::oracles::answer::Answer;
use crate::oracles::archive::Archive;
use crate::oracles::judge::{AT, request};
use crate::oracles::recorded;
use crate::oracles::roots::{self, Shown};
use loadworthy_assess::diagnose::texts::{Input, Text};
use loadworthy_assess::diagnose::{Question, diagnose};
use loadworthy_core::diagnose::finding::{Confidence, Finding};
use std::collections::BTreeSet;
use std::path::Path;

/// A policy whose refusals were diagnosed.
#[derive(Clone, Debug, Default)]
pub struct Joined {
    /// How many refusals were asked about.
    pub cases: usize,
    /// In how many the first finding was proven.
    pub proven: usize,
    /// The causes that were proven.
    pub causes: BTreeSet<String>,
    /// Those in which it was not: case, error, and what came out.
    pub open: Vec<(String, String)>,
}

/// Diagnoses `most` refusals of a policy, spread over all of them. `decoy` puts the file of a case
/// that loads in the place of the one that was refused: nothing may be proven then.
///
/// # Errors
/// When the record is not whole or our own work fails.
pub fn join(archive: &Archive, policy: &str, most: usize, decoy: bool) -> Result<Joined, String> {
    let policy = roots::policy(archive, policy)?;
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let root = folder.path().join("root");
    let shown = Shown { runtime: policy.needs_runtime, headers: true };
    roots::write(archive, &policy, shown, &root)?;
    let answers = recorded::answers(archive, &policy.policy)?;
    let loads = answers.iter().find(|a| a.comparable && a.errno.is_none());
    let spoken = |a: &&Answer| a.comparable && a.log_comparable && a.errno.is_some();
    let refused: Vec<&Answer> = answers.iter().filter(spoken).collect();
    let step = refused.len().div_ceil(most.max(1)).max(1);
    let mut out = Joined::default();
    for answer in refused.into_iter().step_by(step) {
        let of = if decoy { loads } else { Some(answer) };
        // Under a policy that lets nothing in there is no such file.
        let Some(of) = of else { break };
        let bytes = archive.get(&format!("cases/{}/{}", policy.tag, of.file))?;
        roots::put(folder.path(), &format!("cases/{}", answer.file), bytes)?;
        let file = folder.path().join("cases").join(&answer.file);
        let findings = findings(&root, &policy.kernel, &file, &log(answer))?;
        out.cases += 1;
        match findings.first().filter(|f| f.confidence == Confidence::Proven) {
            Some(first) => {
                out.proven += 1;
                out.causes.insert(first.cause.clone());
            }
            None => {
                out.open.push((answer.case.clone(), format!("{} {}", log(answer), told(&findings))))
            }
        }
    }
    Ok(out)
}

/// What the loader prints about a recorded refusal, below what the kernel printed.
fn log(answer: &Answer) -> String {
    let lines = answer.log_first.iter().flatten();
    let kernel: String = lines.map(|line| format!("[   12.000001] {line}\n")).collect();
    let errno = answer.errno.as_deref().unwrap_or_default();
    let said = WORDS.iter().find(|(name, _)| *name == errno).map_or(errno, |(_, said)| said);
    format!("{kernel}insmod: ERROR: could not insert module {}: {said}\n", answer.file)
}

/// What insmod prints for an error: kmod 30, tools/insmod.c `mod_strerror`, else strerror(3).
const WORDS: [(&str, &str); 13] = [
    ("EKEYREJECTED", "Key was rejected by service"),
    ("ENOKEY", "Required key not available"),
    ("EPERM", "Operation not permitted"),
    ("EACCES", "Permission denied"),
    ("ENOEXEC", "Invalid module format"),
    ("ENOENT", "Unknown symbol in module"),
    ("EINVAL", "Invalid parameters"),
    ("ESRCH", "Module has wrong symbol version"),
    ("EBADMSG", "Bad message"),
    ("ENOPKG", "Package not installed"),
    ("EMSGSIZE", "Message too long"),
    ("EEXIST", "File exists"),
    ("ENOMEM", "Cannot allocate memory"),
];

fn findings(root: &Path, release: &str, file: &Path, log: &str) -> Result<Vec<Finding>, String> {
    let request = request(root, release, Vec::new());
    let text = |name: &str, input| Text { name: name.into(), input };
    let question = Question {
        texts: vec![
            text("kern.log", Input::Bytes(log.as_bytes().to_vec())),
            text(&file.display().to_string(), Input::File(file.to_path_buf())),
        ],
        host: Some(request),
        before: None,
        knowledge: Vec::new(),
        at: AT.to_owned(),
        jobs: 1,
    };
    Ok(diagnose(question).map_err(|e| e.to_string())?.diagnosis.findings)
}

fn told(findings: &[Finding]) -> String {
    let told = |f: &Finding| {
        let judged = f.judged.as_deref().unwrap_or("not judged");
        format!("[{:?} {} {:?}: {judged}]", f.confidence, f.cause, f.about.name)
    };
    findings.iter().map(told).collect()
}
