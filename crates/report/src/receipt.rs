//! What was recorded in a bundle, and what was not: told by `collect` when it is done.

use crate::words;
use loadworthy_core::proof::Origin;
use serde::{Serialize, Serializer};
use std::borrow::Cow;

/// What a bundle holds and what it does not.
#[derive(Debug, Serialize)]
pub struct Receipt<'a> {
    /// The time as of which it was recorded.
    pub at: &'a str,
    /// Where the looks went.
    #[serde(serialize_with = "origin")]
    pub source: Origin,
    /// The file; nothing where it went to standard output.
    pub file: Option<Cow<'a, str>>,
    /// Its size in bytes.
    pub size: u64,
    /// Things that were looked at.
    pub items: usize,
    /// Of these, modules that are there without their code.
    pub modules: usize,
    /// Whether modules are there as whole files.
    pub full: bool,
    /// Whether names and serial numbers were replaced.
    pub redacted: bool,
    /// How many were.
    pub replaced: usize,
    /// What was there and may not be read.
    pub denied: Vec<Denied<'a>>,
}

/// Something that may not be read with the rights there were.
#[derive(Debug, Serialize)]
pub struct Denied<'a> {
    /// Which.
    pub item: &'a str,
    /// What it is read for.
    pub what: &'static str,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn origin<S: Serializer>(origin: &Origin, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(words::origin(*origin))
}
