//! Packages and drivers of Windows given beside a log, judged for the system the log is of.

use std::collections::BTreeMap;
use std::path::PathBuf;

use loadworthy_core::answer::{Answered, Phase, Remedy};
use loadworthy_core::diagnose::clue::Clue;
use loadworthy_core::diagnose::joined::Judged;
use loadworthy_core::verdict::Verdict;

use crate::request::Trouble;
use crate::windows::{OnRequest, check, tables};

/// Where the log does not say which Windows it is of: what these agree on.
const USUAL: [&str; 2] = ["windows-10-22h2", "windows-11-24h2"];
/// Files that are judged at most.
const JUDGED: usize = 64;

/// What the judge says of the packages, or of drivers that come without an INF.
///
/// # Errors
/// When a table is not in order.
pub(super) fn judged(files: &[PathBuf], clues: &[Clue], at: &str) -> Result<Vec<Judged>, Trouble> {
    let ending = |path: &&PathBuf, of: &str| {
        path.extension().is_some_and(|e| e.to_string_lossy().eq_ignore_ascii_case(of))
    };
    let whole = |p: &&PathBuf| ["inf", "cab", "msi"].iter().any(|of| ending(p, of));
    let mut subjects: Vec<&PathBuf> = files.iter().filter(whole).take(JUDGED).collect();
    if subjects.is_empty() {
        subjects = files.iter().filter(|p| ending(p, "sys")).take(JUDGED).collect();
    }
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    let on = platforms(clues)?;
    let mut by_subject: BTreeMap<(String, bool), Vec<Judged>> = BTreeMap::new();
    for subject in subjects {
        let request = OnRequest {
            on: on.clone(),
            subjects: vec![subject.display().to_string()],
            assume: Vec::new(),
            at: at.to_owned(),
            knowledge: Vec::new(),
        };
        // What cannot be opened as a package is none.
        let Ok(answers) = check(&request) else { continue };
        for answered in &answers.answers {
            let judged = judged_as(answered);
            let key = (judged.name.clone(), answered.phase == Phase::Install);
            by_subject.entry(key).or_default().push(judged);
        }
    }
    let agreed = by_subject.into_values().filter_map(|all| {
        let first = all.first()?.clone();
        all.iter().all(|j| j.code == first.code && j.outcome == first.outcome).then_some(first)
    });
    Ok(agreed.collect())
}

/// The system that the log names by its build; else the usual ones.
fn platforms(clues: &[Clue]) -> Result<Vec<String>, Trouble> {
    let tables = tables(&[])?;
    let builds =
        clues.iter().filter_map(|c| c.captured("kernel")?.rsplit('.').next()?.parse().ok());
    let named = builds.filter_map(|build: u32| {
        let of = |client: bool| {
            tables.windows.all().iter().find(|v| v.build == build && v.server != client)
        };
        of(true).or_else(|| of(false)).map(|v| v.id.clone())
    });
    let named: Vec<String> = named.take(1).collect();
    Ok(if named.is_empty() { USUAL.map(str::to_owned).to_vec() } else { named })
}

fn judged_as(answered: &Answered) -> Judged {
    let judgement = &answered.judgement;
    let code = match &judgement.verdict {
        Verdict::Refused(code) => Some(*code),
        Verdict::Loads | Verdict::LoadsTainted | Verdict::Unknown(_) => None,
    };
    let outcome = judgement.verdict.name();
    let mut said = Vec::new();
    if let Some(says) = &judgement.says.windows {
        said.extend(says.hresult.map(|h| h.to_string()));
        said.extend(says.inner.map(|h| h.to_string()));
        said.extend(says.status.map(|s| s.to_string()));
        if let Some(problem) = says.problem {
            said.push(format!("code {problem}"));
            said.push(format!("problem: 0x{problem:x}"));
        }
    }
    let because = match code {
        Some(code) => format!("{outcome} {code} {}: {}", said.join(" "), code.title()),
        None => outcome.to_owned(),
    };
    let line_ends = answered.tried.iter().any(|tried| {
        matches!(&tried.remedy, Remedy::UndoChange { changes } if changes.contains("CRLF") && tried.helps)
    });
    Judged {
        name: answered.subject.name.to_ascii_lowercase(),
        path: answered.subject.path.as_ref().map(ToString::to_string),
        outcome,
        code: code.map(|c| c.id),
        errno: None,
        log: said,
        because,
        loads_under_secure_boot: false,
        windows: true,
        line_ends,
    }
}
