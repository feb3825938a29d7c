//! What came of signing: the receipt, one row a file.
//!
//! Data alone. Who signs fills it in; who words it needs no key and no signing code.

use crate::answer::{Answered, Kind};
use crate::code::Code;
use alloc::string::String;
use alloc::vec::Vec;

/// What came of one act of signing.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// When, as `2026-11-21T00:00:00Z`.
    pub at: String,
    /// What signed; `None`: no signature was made, but taken off or stamped.
    pub by: Option<By>,
    /// The machines it was judged on.
    pub targets: Vec<Target>,
    /// Things worth telling about the whole.
    pub notes: Vec<String>,
    /// One row a file, in the order asked.
    pub files: Vec<Signed>,
    /// The log that was written.
    pub log: Option<String>,
}

/// What made signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// How the key was named.
    pub key: String,
    /// The certificate's subject.
    pub subject: String,
    /// The certificate's SHA-256, in hexadecimal digits.
    pub certificate: String,
    /// The digest that was signed.
    pub digest: &'static str,
}

/// A machine that what was signed was judged on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// How it was named: `this host`, a folder, a bundle.
    pub name: String,
    /// The kernel that was asked, where one is there.
    pub kernel: Option<String>,
    /// Why nothing could be judged there.
    pub problem: Option<String>,
}

/// A file, and what became of it.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The path, as given or found.
    pub path: String,
    /// Where the signed file went; `None`: into its own place, or nowhere.
    pub to: Option<String>,
    /// What it is; `None` where that could not be told.
    pub kind: Option<Kind>,
    /// How it is compressed.
    pub compression: Option<&'static str>,
    /// What became of it.
    pub fate: Fate,
    /// SHA-256 of the file before, in hexadecimal digits.
    pub before: Option<String>,
    /// SHA-256 of the signed file.
    pub after: Option<String>,
    /// Signatures that were taken off.
    pub replaced: usize,
    /// Signatures that stayed beside the new one.
    pub kept: usize,
    /// Who says when it was signed; only code of Windows is stamped.
    pub stamp: Option<Stamp>,
    /// What each target says to it, in the order of the targets that could judge.
    pub judged: Vec<Judged>,
}

/// A time-stamp that was put into a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Where it was asked for.
    pub url: String,
    /// How it is made: `rfc3161` or `pkcs9`.
    pub kind: &'static str,
    /// The time it says, as `2026-11-21T00:00:00Z`.
    pub time: String,
    /// The authority's name.
    pub authority: String,
}

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Signed and released.
    Signed,
    /// Signed and released although a target refuses it.
    Forced,
    /// Signed, refused by a target and not released: the old file is still there.
    Refused,
    /// Its signatures got time-stamps.
    Stamped,
    /// Its signatures were taken off.
    Stripped,
    /// It had no signature to take off, and is as it was.
    Unsigned,
    /// Every signature of it had a time-stamp, and it is as it was.
    Unchanged,
    /// It is as it was.
    Failed {
        /// What kind of failure it is.
        code: &'static Code,
        /// Why.
        why: String,
    },
}

impl Fate {
    /// The word used in text and JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Forced => "forced",
            Self::Refused => "refused",
            Self::Stamped => "stamped",
            Self::Stripped => "stripped",
            Self::Unsigned => "unsigned",
            Self::Unchanged => "unchanged",
            Self::Failed { .. } => "failed",
        }
    }

    /// Whether what was asked for is done.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        !matches!(self, Self::Refused | Self::Failed { .. })
    }
}

/// What a target says to a signed file.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The target: its number in [`Receipt::targets`].
    pub target: usize,
    /// Whether it takes the signature. `None`: it cannot be told.
    pub accepts: Option<bool>,
    /// The whole answer.
    pub answered: Answered,
}

/// How far a key of one's own reaches on one version of Windows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The version.
    pub platform: String,
    /// What it says to a package that is signed with it, as it is; each `None`: it was not judged.
    pub install: Option<Says>,
    /// To the package, where the certificate is among the machine's roots and publishers.
    pub trusted: Option<Says>,
    /// To the driver in it, as Windows comes.
    pub load: Option<Says>,
    /// To the driver without Secure Boot.
    pub without: Option<Says>,
    /// To the driver in test mode, which there is only without Secure Boot.
    pub test: Option<Says>,
}

/// A verdict in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Says {
    /// The outcome.
    pub outcome: &'static str,
    /// Why it is refused.
    pub code: Option<&'static str>,
}
