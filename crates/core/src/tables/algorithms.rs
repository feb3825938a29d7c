//! *What does this algorithm need to be there when a module is loaded?*

use super::{Common, Version};
use crate::proof::Row;
use alloc::string::String;
use alloc::vec::Vec;
use serde::Deserialize;

/// One algorithm of the kernel's crypto interface.
#[derive(Clone, Debug, Deserialize)]
pub struct Algorithm {
    /// Name, source and range.
    #[serde(flatten)]
    pub common: Common,
    /// The kernel's own name: `sha512`, `ecdsa-nist-p384`.
    pub name: String,
    /// Configuration options of which one must be set, without `CONFIG_`.
    pub options: Vec<String>,
    /// Modules that provide it where it is not built in.
    pub modules: Vec<String>,
    /// Whether FIPS mode allows it.
    #[serde(default)]
    pub fips: bool,
}

/// The table.
#[derive(Clone, Debug, Deserialize)]
pub struct Algorithms {
    algorithm: Vec<Algorithm>,
}

impl Algorithms {
    /// Adds rows of a table beside the built-in one; the last that speaks of a name counts.
    pub fn extend(&mut self, other: Self) {
        self.algorithm.extend(other.algorithm);
    }

    /// The row that speaks of `name` in a kernel of this version.
    #[must_use]
    pub fn row(&self, name: &str, version: Version) -> Option<(&Algorithm, Row)> {
        let row = self.algorithm.iter().rfind(|a| a.name == name && a.common.covers(version))?;
        Some((row, row.common.row("linux/algorithms.toml", version)))
    }

    /// Every algorithm the table speaks of.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.algorithm.iter().map(|a| a.name.as_str())
    }
}
