//! How the gate stands: what is installed, what is held back, who opened it, and whether its records
//! are whole.

use serde::Serialize;

use crate::breakglass::{self, Opened, Standing};
use crate::document::{Document, Tally};
use crate::ground::Ground;
use crate::install::{self, Became};
use crate::ledger::{Entry, Ledger, sha256};
use crate::places;
use crate::state::{Demotion, Held, Holding, load};
use crate::verdict::Told;

/// So many of the last entries are shown.
const SHOWN: usize = 20;

/// Everything.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// `loadworthy/gate-status/v1`.
    pub schema: &'static str,
    /// As of when.
    pub at: String,
    /// The last verdict, as it was written; `None`: none since the boot.
    pub verdict: Option<Document>,
    /// Files that were put there, and how they are.
    pub files: Vec<File>,
    /// Kernels that are held back.
    pub held: Vec<Held>,
    /// How another kernel was made the default.
    pub demotion: Option<Demotion>,
    /// An override that is open.
    #[serde(rename = "override")]
    pub opened: Option<Opened>,
    /// One whose time has passed and that no run has seen yet.
    pub expired: Option<Opened>,
    /// The ledger.
    pub ledger: Book,
    /// Predictions and boots.
    pub predictions: Tally,
    /// What is not as it should be.
    pub findings: Vec<Told>,
}

/// One file of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct File {
    /// What it is called here.
    pub name: String,
    /// Where it lies.
    pub path: String,
    /// `kept`, `changed`, `gone`.
    pub is: Became,
}

/// The ledger.
#[derive(Clone, Debug, Serialize)]
pub struct Book {
    /// Where it lies.
    pub path: String,
    /// Whether the chain holds.
    pub sound: bool,
    /// Where it breaks.
    pub broken: Option<String>,
    /// How many entries.
    pub entries: usize,
    /// The digest of the last line.
    pub head: Option<String>,
    /// The last entries, the newest last.
    pub last: Vec<Entry>,
    /// Whether a digest that the caller noted elsewhere is still in it.
    pub holds: Option<bool>,
}

/// How the gate stands; `noted`: a digest of a line that the caller noted elsewhere.
#[must_use]
pub fn status(ground: &Ground, at: &str, noted: Option<&str>) -> Status {
    let bytes = ground.read(places::LEDGER).ok().flatten().unwrap_or_default();
    let ledger = Ledger::of(ground);
    let holding = Holding::of(ground);
    let verdict: Option<Document> = load(ground, places::VERDICT);
    let (opened, expired) = match breakglass::standing(&ledger, at) {
        Standing::Closed => (None, None),
        Standing::Open(opened) => (Some(opened), None),
        Standing::Expired(opened) => (None, Some(opened)),
    };
    let files: Vec<File> = install::record(ground)
        .files
        .iter()
        .map(|file| File {
            name: file.name.clone(),
            path: format!("/{}", file.path),
            is: match ground.read(&file.path) {
                Ok(Some(bytes)) if sha256(&bytes) == file.sha256 => Became::Kept,
                Ok(None) => Became::Gone,
                Ok(Some(_)) | Err(_) => Became::Changed,
            },
        })
        .collect();
    let (made, wrong) = ledger.tally();
    let mut findings: Vec<Told> =
        verdict.as_ref().map(|document| document.findings.clone()).unwrap_or_default();
    let mut tell = |code: &str, title: String| {
        findings.retain(|told| told.code != code);
        findings.push(Told { code: code.to_owned(), title });
    };
    if let Some(expired) = &expired {
        tell("LW7004", format!("Override {} has expired at {}", expired.id, expired.until));
    }
    if let Some(broken) = &ledger.broken {
        tell("LW7006", format!("The chain of the ledger does not hold: {broken}"));
    }
    let holds = noted.map(|noted| ledger.holds(&bytes, noted));
    if holds == Some(false) {
        tell("LW7006", "The ledger does not hold the line that was noted elsewhere".to_owned());
    }
    let odd: Vec<&str> =
        files.iter().filter(|f| f.is != Became::Kept).map(|f| f.path.as_str()).collect();
    if !odd.is_empty() {
        tell(
            "LW7009",
            format!("Files of the gate are not as they were written: {}", odd.join(", ")),
        );
    }
    Status {
        schema: "loadworthy/gate-status/v1",
        at: at.to_owned(),
        verdict,
        files,
        held: holding.kernels,
        demotion: holding.demotion,
        opened,
        expired,
        ledger: Book {
            path: format!("/{}", places::LEDGER),
            sound: ledger.is_sound(),
            broken: ledger.broken.clone(),
            entries: ledger.entries.len(),
            head: ledger.head.clone(),
            last: ledger.entries.iter().rev().take(SHOWN).rev().cloned().collect(),
            holds,
        },
        predictions: Tally { made, wrong },
        findings,
    }
}
