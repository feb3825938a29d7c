//! Whose code was running: images that a text lists, each held against the files in hand.

use alloc::string::String;
use alloc::vec::Vec;

/// An image or a device that a text lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ran {
    /// Where the text says so: `FILE:LINE`.
    pub source: String,
    /// What it says there.
    pub quote: String,
    /// The image's file, or the module's name where the text gives no other; of a device its INF.
    pub name: String,
    /// The device that the package serves.
    pub device: Option<String>,
    /// Whether a crash is blamed on it.
    pub blamed: bool,
    /// Whether it had been unloaded.
    pub unloaded: bool,
    /// Whether the text calls the package signed.
    pub called_signed: Option<bool>,
    /// The manufacturer that the text names.
    pub manufacturer: Option<String>,
    /// Files in hand that may be it: the one that is it first.
    pub files: Vec<InHand>,
}

/// A file in hand that may be what ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InHand {
    /// Where it lies.
    pub path: String,
    /// Whether it is what ran.
    pub same: Same,
    /// What of it is as the text says.
    pub agrees: Vec<Mark>,
    /// What is not.
    pub differs: Vec<Mark>,
    /// Who signed it; empty: nobody, as far as the files in hand show.
    pub signatures: Vec<Vouches>,
}

/// Whether a file is what ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Same {
    /// It is: what names a build agrees, and nothing differs.
    Yes,
    /// The same build, and other bytes: signed in another way, or changed.
    Build,
    /// What the text says of it agrees, which is not enough to name a build.
    Likely,
    /// It bears the name, and the text says no more.
    Name,
    /// It bears the name only.
    No,
}

/// By what images are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// `TimeDateStamp`.
    Stamp,
    /// `SizeOfImage`.
    Size,
    /// `CheckSum`.
    Checksum,
    /// The version of its resource.
    Version,
    /// The day it was linked, in the clock of a machine.
    Linked,
    /// The name of a device in its models.
    Device,
}

/// A signature that speaks for a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouches {
    /// The name of the signer's certificate.
    pub publisher: String,
    /// The program that the signature names: where Microsoft signs, who sent it in.
    pub program: Option<String>,
    /// Its class: `whql`, `attestation`, `cross-signed`.
    pub class: &'static str,
    /// `embedded`, or the catalog's path.
    pub place: String,
    /// Whether it is for these bytes, and its signer made it; nothing where that cannot be worked out.
    pub holds: Option<bool>,
}

impl Same {
    /// What marks say. Symbol servers tell images apart by time stamp and size (Debugging Tools for
    /// Windows, SymStore); signing changes the checksum and neither of those.
    #[must_use]
    pub fn of(agrees: &[Mark], differs: &[Mark]) -> Self {
        let has = |mark: Mark| agrees.contains(&mark);
        let build = has(Mark::Stamp) && has(Mark::Size);
        match differs {
            [] if build || has(Mark::Checksum) && (has(Mark::Stamp) || has(Mark::Size)) => {
                Self::Yes
            }
            [] if agrees.is_empty() => Self::Name,
            [] => Self::Likely,
            [Mark::Checksum] if build => Self::Build,
            _ => Self::No,
        }
    }

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yes => "same",
            Self::Build => "same-build",
            Self::Likely => "likely",
            Self::Name => "name-only",
            Self::No => "other",
        }
    }
}

impl Mark {
    /// The words for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stamp => "time stamp",
            Self::Size => "size",
            Self::Checksum => "checksum",
            Self::Version => "version",
            Self::Linked => "link date",
            Self::Device => "device",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_alone_is_no_identity() {
        use Mark::{Checksum, Linked, Size, Stamp, Version};
        for (agrees, differs, same) in [
            (&[Stamp, Size, Checksum][..], &[][..], Same::Yes),
            (&[Stamp, Size], &[], Same::Yes),
            (&[Stamp, Size], &[Checksum], Same::Build),
            (&[Size], &[Stamp, Checksum], Same::No),
            (&[Size], &[], Same::Likely),
            (&[Version], &[], Same::Likely),
            (&[], &[], Same::Name),
            (&[], &[Linked], Same::No),
        ] {
            assert_eq!(Same::of(agrees, differs), same, "{agrees:?} {differs:?}");
        }
    }
}
