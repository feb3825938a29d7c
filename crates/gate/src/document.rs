//! The verdict file, `loadworthy/gate-run/v1`: what hooks, fleets and people read of a host.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::breakglass::Opened;
use crate::rungs::Act;
use crate::verdict::{Outcome, Told, Worth};

/// How the evidence was come by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// `read`: every byte was read and hashed in this run. `cached`: nothing that was looked at has
    /// changed since `judged_at`.
    pub how: String,
    /// When it was judged.
    pub judged_at: String,
    /// How many files, folders and variables were looked at.
    pub inputs: usize,
    /// By what they are compared at the next run, and how many: `times`, `fs-verity`, `bytes`,
    /// `absent`.
    #[serde(default)]
    pub compared_by: BTreeMap<String, usize>,
}

/// One kernel in the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kernel {
    /// Whether the next boot starts it.
    pub next: bool,
    /// Whether it runs.
    pub running: bool,
    /// Since when it is held back.
    pub held_since: Option<String>,
    /// For how many whole days.
    pub held_days: Option<u64>,
    /// What it is worth.
    #[serde(flatten)]
    pub worth: Worth,
}

/// The ledger in a few words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    /// How many entries.
    pub entries: u64,
    /// The digest of the last line.
    pub head: Option<String>,
    /// Whether the chain holds.
    pub sound: bool,
}

/// Predictions that were compared with boots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many.
    pub made: u64,
    /// How many of them were wrong.
    pub wrong: u64,
}

/// The whole answer, as it is written to the verdict file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// `loadworthy/gate-run/v1`.
    pub schema: String,
    /// Who answered.
    pub tool: BTreeMap<String, String>,
    /// As of when.
    pub at: String,
    /// How the evidence was come by.
    pub evidence: Evidence,
    /// How far the gate goes: `off`, `report`, `gate`, `transaction`.
    pub enforce: String,
    /// The manifest: its files, and whether the owner accepted it.
    pub manifest: Manifest,
    /// The kernel the next boot starts.
    pub next: Option<String>,
    /// What it is worth.
    pub outcome: Outcome,
    /// What under way will decide it.
    pub pending: Option<String>,
    /// Whether a reboot is kept from happening as far as the gate can.
    pub blocked: bool,
    /// An override that is open.
    #[serde(rename = "override")]
    pub opened: Option<Opened>,
    /// Every kernel that was judged.
    pub kernels: Vec<Kernel>,
    /// What was done.
    pub acts: Vec<Act>,
    /// What the gate itself has to tell.
    pub findings: Vec<Told>,
    /// The ledger.
    pub ledger: Book,
    /// Predictions and boots.
    pub predictions: Tally,
}

/// The manifest in a few words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Its files; none: the hardware in use says what must load.
    pub files: Vec<String>,
    /// SHA-256 of what it says.
    pub sha256: Option<String>,
    /// Whether the owner accepted a manifest, and whether it was this one.
    pub accepted: Accepted,
}

/// Whether the owner accepted a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Accepted {
    /// None was.
    No,
    /// This one.
    Yes,
    /// Another one; it has changed since.
    Changed,
}
