//! What is to be signed, with what, and who has to accept it.

use std::path::PathBuf;

use loadworthy_assess::request::Request;
use loadworthy_assess::windows::OnRequest;
use loadworthy_core::crypt::digest::DigestAlgorithm;

use crate::authenticode::Manner;
use crate::elsewhere::Made;
use crate::modules::Naming;
use crate::signer::Signer;
use crate::stamps::Stamps;

/// One act of signing.
#[expect(missing_debug_implementations, reason = "a signer holds a key")]
pub struct Order<'a> {
    /// What makes the signatures.
    pub with: With<'a>,
    /// The digest.
    pub digest: DigestAlgorithm,
    /// How modules name the certificate.
    pub naming: Naming,
    /// The files, each with its place.
    pub tasks: Vec<Task>,
    /// Who has to accept what comes out: a name for people, and the machine.
    pub targets: Vec<(String, Request)>,
    /// Named platforms of Windows that have to accept it; nothing is taken from its subjects.
    pub on: Option<OnRequest>,
    /// How code of Windows is signed.
    pub manner: Manner,
    /// The time that time-stamps are held against, in seconds since 1970.
    pub now: i64,
    /// Whether what a target refuses is released all the same.
    pub force: bool,
    /// When, as `2026-11-21T00:00:00Z`.
    pub at: String,
    /// How many threads may work at once.
    pub jobs: usize,
}

impl Order<'_> {
    /// Whether all files are made durable in one call, and not each by itself.
    #[must_use]
    pub fn settles_at_once(&self) -> bool {
        cfg!(target_os = "linux") && self.tasks.len() > FEW
    }
}

/// As many files may each wait for the disk.
const FEW: usize = 32;

/// What makes the signatures.
#[expect(missing_debug_implementations, reason = "a signer holds a key")]
pub enum With<'a> {
    /// A key that is reached from here.
    Signer(&'a dyn Signer),
    /// A signature that was made elsewhere, for one file.
    Made(&'a Made),
    /// No signature is made: those that are there get time-stamps.
    Stamps(&'a Stamps),
    /// No signature is made: those that are there are taken off.
    Nothing,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The file.
    pub from: PathBuf,
    /// Where the signed file goes; `None`: into its own place.
    pub to: Option<PathBuf>,
}
