//! *In this point kernels differ: what does this one do?*

use super::{Common, Version};
use crate::proof::Row;
use alloc::string::String;
use alloc::vec::Vec;
use serde::Deserialize;

/// The points in which kernels differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Point {
    /// What becomes of a module that nobody vouches for: `by-reason` (each reason has its words, and
    /// lockdown its own error), `no-key` (`ENOKEY` for all of them, and `ENOPKG` is final),
    /// `untrusted` (the same, and lockdown has a line of its own).
    Gate,
    /// When keys of `.platform` vouch for modules: `never`, `on-nokey`, `on-any-error`.
    PlatformRing,
    /// What locks the kernel down under Secure Boot: `none` or `integrity`.
    AutomaticLockdown,
    /// What lets machine owner keys in: `always`, `secure-boot`, `ima-secure-boot`.
    MokCondition,
    /// When machine owner keys go to `.machine`: `never`, `always`, `when-trusted`.
    MokToMachine,
    /// Whether Secure Boot makes the IMA architecture policy enforce signatures: `yes`, `no`.
    ImaEnforces,
    /// Whether digests of whole files in dbx count for modules: `yes`, `no`.
    FileDigests,
    /// Which verifications certificates in dbx end: `platform`, `all`.
    RevocationScope,
    /// How the ELF file is looked over: `5.10`, `5.19`, `6.4`, `7.0`.
    ElfStyle,
    /// When taints are set: `early` (before memory is laid out) or `late`.
    TaintOrder,
    /// Whether a module that cannot be shown in sysfs is refused: `yes`, `no`.
    SysfsStrict,
    /// Whether the licence taint prints a second line: `yes`, `no`.
    LicenceLine,
    /// Whether extended symbol versions are known: `yes`, `no`.
    ExtendedVersions,
    /// Whether exporters must carry symbol flags: `yes`, `no`.
    SymbolFlags,
    /// Whether `module:` namespaces are known: `yes`, `no`.
    ModuleNamespaces,
    /// Whether files that the kernel unpacks itself are read under a name of their own: `yes`, `no`.
    PackedReadApart,
    /// Which relocations riscv64's loader knows: `few`, `all`.
    RiscvRelocations,
}

/// One row: what a family of kernels does in one point.
#[derive(Clone, Debug, Deserialize)]
pub struct Behaviour {
    /// Name, source and range.
    #[serde(flatten)]
    pub common: Common,
    /// The point.
    pub point: Point,
    /// What these kernels do.
    pub answer: String,
    /// Whose kernels; empty: everybody's who has no row of their own.
    #[serde(default)]
    pub distro: Vec<String>,
    /// On which architectures (`x86_64`, `arm64`, `ppc64`, `s390x`, `riscv64`, `loong64`); empty: on all that have no
    /// row of their own.
    #[serde(default)]
    pub arch: Vec<String>,
    /// A string of the kernel image that must be there for the row to hold; or an option that
    /// its configuration must name, set or not: only a source that has it does.
    pub probe: Option<String>,
    /// A string of the kernel image that must not be there.
    pub without: Option<String>,
}

/// The table.
#[derive(Clone, Debug, Deserialize)]
pub struct Behaviours {
    behaviour: Vec<Behaviour>,
}

impl Behaviours {
    /// What a kernel does in `point`. `probe` tells whether a string is in its image, where the
    /// image was seen, or an option in its configuration; `arch` is the architecture, where it is known. Rows that the image confirms come before rows that only the version picks,
    /// an architecture's own rows and then a distribution's before everybody's, and the last of equals wins.
    #[must_use]
    pub fn of(
        &self,
        point: Point,
        distro: &str,
        version: Version,
        arch: Option<&str>,
        probe: impl Fn(&str) -> Option<bool>,
    ) -> Option<(&str, Row)> {
        let best = self
            .behaviour
            .iter()
            .filter(|b| b.point == point)
            .filter(|b| b.distro.is_empty() || b.distro.iter().any(|d| d == distro))
            .filter(|b| b.arch.is_empty() || b.arch.iter().any(|a| Some(a.as_str()) == arch))
            .filter(|b| b.common.covers(version))
            .filter_map(|b| {
                let probed = match (&b.probe, &b.without) {
                    (None, None) => None,
                    (with, without) => {
                        let with = with.as_deref().map_or(Some(true), &probe);
                        let without =
                            without.as_deref().map_or(Some(true), |s| probe(s).map(|p| !p));
                        Some(with? && without?)
                    }
                };
                match probed {
                    Some(true) => Some((2, b)),
                    Some(false) => None,
                    None => Some((0, b)),
                }
            })
            .map(|(weight, b)| ((weight, !b.arch.is_empty(), !b.distro.is_empty()), b))
            .max_by_key(|(weight, _)| *weight)?;
        Some((best.1.answer.as_str(), best.1.common.row("linux/behaviours.toml", version)))
    }

    /// All rows, for the tests that keep the table in order.
    #[must_use]
    pub fn rows(&self) -> &[Behaviour] {
        &self.behaviour
    }

    /// Adds rows of a table beside the built-in one.
    pub fn extend(&mut self, other: Self) {
        self.behaviour.extend(other.behaviour);
    }
}
