//! What a machine's keyrings hold, where it came from, and what depends on it: the answer of
//! `key list`.

use super::described::Described;
use super::lint::Finding;
use crate::answer;
use crate::proof::Proof;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// The keys of some machines.
#[derive(Clone, Debug)]
pub struct Keys {
    /// As of when, as `2026-11-21T00:00:00Z`.
    pub at: String,
    /// One a machine.
    pub hosts: Vec<OfHost>,
}

/// The keys of one machine.
#[derive(Clone, Debug)]
pub struct OfHost {
    /// What the machine is called among several; empty for one alone.
    pub name: String,
    /// The machine.
    pub host: answer::Host,
    /// What the profile of its manifest is called.
    pub profile: Option<String>,
    /// One a kernel that was asked about.
    pub kernels: Vec<OfKernel>,
}

/// The keys as one kernel sees them.
#[derive(Clone, Debug)]
pub struct OfKernel {
    /// The release.
    pub release: Arc<str>,
    /// Its keyrings.
    pub keyrings: Vec<Keyring>,
    /// Every certificate that was seen in a list, once.
    pub keys: Vec<Key>,
    /// Keys that the running kernel names and whose certificates were in no list that was seen.
    pub unseen: Vec<Named>,
    /// Signers that no certificate was found for.
    pub strangers: Vec<Stranger>,
    /// Modules without any signature, of those that were looked at.
    pub unsigned: Vec<User>,
    /// How many modules were looked at.
    pub modules: usize,
}

/// Whether a keyring's keys vouch for modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// They do.
    Yes,
    /// They do not.
    No,
    /// They end trust.
    Against,
    /// It is not known.
    Unknown,
}

impl Counts {
    /// The word used in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Against => "against",
            Self::Unknown => "unknown",
        }
    }
}

/// One keyring.
#[derive(Clone, Debug)]
pub struct Keyring {
    /// The kernel's own name for it.
    pub name: &'static str,
    /// Whether its keys vouch for modules.
    pub counts: Counts,
    /// Whether all of it is known.
    pub whole: bool,
    /// Why that is so, or what is missing.
    pub because: Option<Proof>,
    /// How many keys the running kernel says it holds, where that is the kernel asked about.
    pub running: Option<u64>,
}

/// A list that a certificate stands in.
#[derive(Clone, Debug)]
pub struct Place {
    /// The list: `kernel image`, `db`, `MokListRT`, `dbx`, `MokNew`, or a file.
    pub list: Arc<str>,
    /// Where that was read.
    pub because: Proof,
}

/// One key.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its certificate.
    pub certificate: Described,
    /// The lists it stands in.
    pub places: Vec<Place>,
    /// Whether shim brings it along as its vendor's own.
    pub of_vendor: bool,
    /// The keyrings it is in, by their names.
    pub keyrings: Vec<&'static str>,
    /// Whether it vouches for modules.
    pub counts: Counts,
    /// Modules that are signed with it, of those that were looked at.
    pub used_by: Vec<User>,
    /// What is worth telling of it.
    pub findings: Vec<Finding>,
}

/// A module that a key signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The module's name.
    pub module: Arc<str>,
    /// Its file.
    pub path: Arc<str>,
    /// What becomes of it: `loads`, `refused`, …
    pub outcome: &'static str,
    /// Who asks for it; empty where it is merely there.
    pub required_by: Vec<String>,
}

/// A key that is only named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The subject as the kernel writes it.
    pub subject: String,
    /// The key identifier, in hexadecimal.
    pub id: String,
    /// The algorithm.
    pub algorithm: Option<String>,
}

/// A signer whose certificate was found nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// How signatures name it.
    pub signer: String,
    /// Modules it signed.
    pub modules: Vec<User>,
}
