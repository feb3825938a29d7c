//! What became of catalogs: made, and held against their packages. Nothing here judges trust.

use crate::codesigning::cataloguing::How;
use crate::package::catalog::Planned;
use crate::package::signability::Fault;
use alloc::string::String;
use alloc::vec::Vec;

/// Catalogs that were made, or why there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Created {
    /// Each catalog.
    pub catalogs: Vec<Made>,
    /// What stops them from being made, and what should be known.
    pub faults: Vec<Fault>,
}

/// A catalog that was made; nobody has signed it yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Which files it names.
    pub planned: Planned,
    /// How it is written.
    pub how: How,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The folder that a definition wants it in, as it is written there.
    pub folder: Option<String>,
}

impl Created {
    /// Whether a fault stops the catalogs from being made.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.faults.iter().any(|fault| fault.stops)
    }
}

/// A package held against one of its catalogs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The catalog's path.
    pub catalog: String,
    /// Who signed it, whether that signature is right as arithmetic; empty: nobody.
    pub signers: Vec<(String, bool)>,
    /// Each INF that names it and each file that these copy.
    pub files: Vec<HeldFile>,
    /// Members that no file of the package has the digest of: their `File` or tag.
    pub without_file: Vec<String>,
}

/// A file held against a catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldFile {
    /// Where it lies in the package.
    pub path: String,
    /// What was found.
    pub covered: Covered,
}

/// Whether a catalog covers a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Covered {
    /// By these digests: names of algorithms, and whether as an image.
    By(Vec<&'static str>, bool),
    /// It does not; after these changes it would.
    After(String),
    /// It does not.
    No,
    /// The file is not there.
    Missing,
}

impl Held {
    /// Whether every file is there and covered.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.files.iter().all(|file| matches!(file.covered, Covered::By(..)))
    }
}
