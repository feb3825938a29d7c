//! *Whose kernel is it?*

use crate::tables::Version;
use alloc::string::String;
use alloc::vec::Vec;
use serde::Deserialize;

/// How a distribution's kernels are told.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distro {
    /// The name used in other tables.
    pub name: String,
    /// Text that its kernels carry in their banner (`/proc/version`).
    #[serde(default)]
    pub banner: Vec<String>,
    /// Text that only its release strings carry.
    #[serde(default)]
    pub release: Vec<String>,
    /// The only versions its kernels have: another builder's kernel for the same distribution carries
    /// the same text in its release. Absent: any.
    #[serde(default)]
    pub only: Vec<Version>,
    /// Text that its release strings carry and anybody's may: a hint where nothing better is seen.
    #[serde(default)]
    pub release_hint: Vec<String>,
    /// `ID` in its `os-release`.
    #[serde(default)]
    pub os_release: Vec<String>,
    /// Where this is written.
    pub source: String,
}

/// The table.
#[derive(Clone, Debug, Deserialize)]
pub struct Distros {
    distro: Vec<Distro>,
}

impl Distros {
    /// The distribution whose banner this is.
    #[must_use]
    pub fn by_banner(&self, banner: &str) -> Option<&Distro> {
        self.distro.iter().find(|d| d.banner.iter().any(|b| banner.contains(b.as_str())))
    }

    /// The distribution whose release string this is.
    #[must_use]
    pub fn by_release(&self, release: &str) -> Option<&Distro> {
        let version = Version::of_release(release);
        self.distro.iter().find(|d| {
            d.release.iter().any(|r| release.contains(r.as_str()))
                && (d.only.is_empty() || version.is_some_and(|v| d.only.contains(&v)))
        })
    }

    /// The distribution whose release strings look like this one.
    #[must_use]
    pub fn by_hint(&self, release: &str) -> Option<&Distro> {
        self.distro.iter().find(|d| d.release_hint.iter().any(|r| release.ends_with(r.as_str())))
    }

    /// The distribution with this `ID` in its `os-release`.
    #[must_use]
    pub fn by_os_release(&self, id: &str) -> Option<&Distro> {
        self.distro.iter().find(|d| d.os_release.iter().any(|o| o == id))
    }

    /// Adds rows of a table beside the built-in one; they are asked first.
    pub fn extend(&mut self, mut other: Self) {
        other.distro.append(&mut self.distro);
        *self = other;
    }

    /// All rows.
    #[must_use]
    pub fn rows(&self) -> &[Distro] {
        &self.distro
    }
}
