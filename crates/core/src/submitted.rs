//! Packages on their way to the hardware portal and back. Nothing here judges trust.

use crate::answer::{Answers, Finding};
use crate::tables::inf_lints::Level;
use alloc::string::String;
use alloc::vec::Vec;

/// A package that is ready for the portal, or why it is not.
#[derive(Clone, Debug, Default)]
pub struct Prepared {
    /// The folders of the cabinet, one a driver.
    pub folders: Vec<Folder>,
    /// What is wrong with them; an error stops the cabinet from being written.
    pub findings: Vec<Finding>,
    /// The cabinet.
    pub cabinet: Vec<u8>,
}

impl Prepared {
    /// Whether a finding stops the cabinet from being written.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.findings.iter().any(|f| f.level == Level::Error)
    }
}

/// One driver package inside the cabinet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    /// Its name there.
    pub name: String,
    /// The INFs in it.
    pub infs: Vec<String>,
    /// The processors its INFs are for, as INFs name them.
    pub architectures: Vec<&'static str>,
    /// Its files: the path in the cabinet, and the size.
    pub files: Vec<(String, usize)>,
}

/// What the portal gave back, beside what was sent.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Every file of either.
    pub files: Vec<Returned>,
    /// What each platform makes of what came back; nothing where none was named.
    pub answers: Option<Answers>,
}

impl Compared {
    /// Whether what came back is what was sent, but for signatures and catalogs.
    #[must_use]
    pub fn is_as_sent(&self) -> bool {
        self.files.iter().all(|f| f.became.is_expected())
    }
}

/// A file of a submission, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// Where it lay in the submission; nothing: the portal added it.
    pub sent: Option<String>,
    /// Where it lies in what came back.
    pub came: Option<String>,
    /// What became of it.
    pub became: Became,
}

/// What the portal did to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Became {
    /// Nothing: the same bytes.
    Same,
    /// It is the same image with another signature, or with one more; who signs it now.
    Signed(Vec<String>),
    /// It is a catalog, which the portal makes itself; who signs it now.
    Catalog(Vec<String>),
    /// It is a file of symbols, which the portal keeps.
    Kept,
    /// Other bytes; after this change they would be the same.
    Changed(Option<String>),
    /// It did not come back.
    Missing,
    /// It was not sent.
    Added,
}

impl Became {
    /// Whether the portal does that to every package.
    #[must_use]
    pub const fn is_expected(&self) -> bool {
        matches!(self, Self::Same | Self::Signed(_) | Self::Catalog(_) | Self::Kept)
    }

    /// The word for it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Signed(_) => "signed",
            Self::Catalog(_) => "catalog",
            Self::Kept => "kept",
            Self::Changed(_) => "changed",
            Self::Missing => "missing",
            Self::Added => "added",
        }
    }
}
