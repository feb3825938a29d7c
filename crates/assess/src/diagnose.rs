//! `diagnose`: what happened, how sure is that, and which way back.
//!
//! Texts are scanned for the lines that tables know; where a machine's files are there too, the
//! modules those lines speak of are judged, and both are put side by side.

pub mod texts;
pub mod gathered;
mod packages;
mod ran;
mod windows;
pub mod scan;
pub mod host_files;
mod consequences;

use std::path::PathBuf;

use loadworthy_core::diagnose::clue::Clue;
use loadworthy_core::diagnose::finding::{Coverage, Diagnosis};
use loadworthy_core::diagnose::ran::{InHand, Ran, Same};
use loadworthy_core::diagnose::reason::{Matter, diagnose as reason};
use loadworthy_core::drift::Compared;
use loadworthy_core::tables::diagnose::{Knowledge, Shows};
use loadworthy_formats::evidence::recogniser::Recogniser;

use crate::diagnose::consequences::Shown;
use crate::diagnose::scan::Scanned;
use crate::diagnose::texts::Text;
use crate::diff;
use crate::host::Host;
use crate::request::{Request, Source, Trouble};

/// What is asked.
#[derive(Debug)]
pub struct Question {
    /// Texts and files of the caller.
    pub texts: Vec<Text>,
    /// A machine whose files are to be put beside them, and which of its kernels.
    pub host: Option<Request>,
    /// What was recorded of the machine before.
    pub before: Option<PathBuf>,
    /// Folders with tables beside the built-in ones.
    pub knowledge: Vec<PathBuf>,
    /// As of when, as `2026-11-21T00:00:00Z`: packages of Windows are judged so.
    pub at: String,
    /// How many threads may work at once.
    pub jobs: usize,
}

/// What came out.
#[derive(Debug)]
pub struct Answer {
    /// The diagnosis.
    pub diagnosis: Diagnosis,
    /// What was read.
    pub read: Coverage,
    /// The machine before and now.
    pub compared: Option<Compared>,
}

/// The tables: the built-in ones, and those of the caller's folders.
///
/// # Errors
/// When a table is not in order.
pub fn knowledge(folders: &[PathBuf]) -> Result<Knowledge, Trouble> {
    let wrong = |e: loadworthy_core::tables::TableError| Trouble::Table(e.to_string());
    let mut all = Knowledge::built_in().map_err(wrong)?;
    for (name, text) in texts::tables(folders)? {
        all.add(&name, &text).map_err(wrong)?;
    }
    all.sound("diagnose").map_err(wrong)?;
    Ok(all)
}

/// Answers a question.
///
/// # Errors
/// When our own work cannot be done: a text or a machine that cannot be opened, a table out of order.
pub fn diagnose(question: Question) -> Result<Answer, Trouble> {
    let knowledge = knowledge(&question.knowledge)?;
    let unusable = |e: loadworthy_formats::evidence::recogniser::Unusable| {
        let name = knowledge.patterns.get(e.row).map_or("?", |p| p.common.id.as_str());
        Trouble::Table(format!("{name}: {}", e.problem))
    };
    let recogniser = Recogniser::new(&knowledge.rows()).map_err(unusable)?;
    if !question.knowledge.is_empty()
        && let Some(bad) = recogniser.unusable().into_iter().next()
    {
        return Err(unusable(bad));
    }
    let host = match &question.host {
        Some(request) => Some(Host::of(request)?),
        None => None,
    };
    let mut texts = question.texts;
    if let Some(host) = host.as_ref().filter(|_| texts.is_empty()) {
        texts = host_files::logs(&host.looking());
    }
    let Scanned { clues, short, said, files, packages, listed, read } =
        scan::scan(texts, &recogniser, question.jobs)?;
    let ran = ran::of(&listed, &[packages.as_slice(), files.as_slice()].concat())?;
    let mut packaged = packages::judged(&packages, &clues, &question.at)?;
    // What ran was not refused, whatever other systems make of it; and who only asks whose code that was
    // is not told about packages beside it.
    let refused = |clue: &Clue| {
        let pattern = knowledge.patterns.get(clue.seen.row);
        pattern.is_some_and(|p| p.shows == Shows::Refusal && p.sign() != "crash-image")
    };
    let asked = ran.is_empty() || clues.iter().any(refused);
    packaged.retain(|judged| asked && !ran.iter().any(|ran| runs(ran, &judged.name)));
    let matter = Matter { clues: &clues, short, said: &said, judged: &packaged };
    let (Some(host), Some(request)) = (&host, &question.host) else {
        let diagnosis = Diagnosis { ran, ..reason(&matter, &knowledge) };
        return Ok(Answer { diagnosis, read, compared: None });
    };
    let kernel = host_files::kernel_of(host, request, &clues);
    let shown = Shown::of(host, request, kernel.as_ref(), "what stands on it now");
    let drivers = shown.unbound.iter().flat_map(|(drivers, _)| drivers.clone()).collect();
    let mut judged = host_files::judged(host, request, &clues, &files, drivers, &knowledge)?;
    judged.extend(packaged.iter().cloned());
    let mut diagnosis =
        Diagnosis { ran, ..reason(&Matter { judged: &judged, ..matter }, &knowledge) };
    let mut compared = None;
    if let Some(path) = &question.before {
        let (before, name) = (Source::Bundle(path.clone()), path.display().to_string());
        let now = host_files::named(&request.source);
        compared = Some(diff::diff(request, (&before, name.clone()), (&request.source, now))?);
        // What stood on a driver then is what is missing now.
        let earlier = Host::open(&before)?;
        let mut then = Shown::of(&earlier, request, None, &name);
        then.unbound.clear();
        then.tell(&mut diagnosis);
    }
    shown.tell(&mut diagnosis);
    Ok(Answer { diagnosis, read, compared })
}

/// Whether a file of this name was in use, by its own name or as a file of what was.
fn runs(ran: &Ran, name: &str) -> bool {
    let bears = |file: &InHand| {
        file.same != Same::No && file.path.to_lowercase().ends_with(&format!("/{name}"))
    };
    ran.name == name || ran.files.iter().any(bears)
}
