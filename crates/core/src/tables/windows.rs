//! *What does this version of Windows demand of a driver by default?*

use crate::proof::windows::Machine;
use crate::proof::{Row, Standing, text};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde::Deserialize;

/// What holds always, never, or is told in two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// Sources disagree.
    Disputed,
}

/// Whether a signature of the portal is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Portal {
    /// Never.
    Never,
    /// With Secure Boot on.
    SecureBoot,
    /// With Secure Boot on, say some.
    Disputed,
}

/// Whether SHA-2 signatures are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sha2 {
    /// As shipped.
    Yes,
    /// Never.
    Never,
    /// With an update.
    Update,
}

/// When the list of vulnerable drivers holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockList {
    /// This version has none.
    Never,
    /// With memory integrity, Smart App Control or S mode.
    WithHvci,
    /// Unless switched off.
    On,
}

/// Whether the Windows Driver Policy of 2026 is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriverPolicyRow {
    /// It is not.
    Absent,
    /// Each machine evaluates it by itself.
    ByMachine,
}

/// One version.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowsVersion {
    /// Its name in profiles: `windows-11-24h2`.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Its build.
    pub build: u32,
    /// Its number inside: `10.0`.
    pub nt: String,
    /// Whether it is a server.
    pub server: bool,
    /// Processors it is made for, as profiles name them.
    pub arch: Vec<String>,
    /// Whether Secure Boot is on unless said otherwise.
    pub secure_boot: bool,
    /// Whether loading is judged; else only installing.
    pub load: bool,
    /// Whether SHA-2 signatures are understood.
    pub sha2: Sha2,
    /// Whether a signature of the portal is asked for.
    pub portal: Portal,
    /// Whether drivers of the boot are let through without.
    pub boot_exempt: Told,
    /// Whether an attested signature counts.
    pub attested: Told,
    /// When the list of vulnerable drivers holds.
    pub block_list: BlockList,
    /// The last day on which it is serviced in some edition, where its list of vulnerable drivers
    /// could grow; empty: not published, or not asked.
    #[serde(default)]
    pub serviced_until: String,
    /// Whether the certificates in a catalog's signature have to be in order, since October 2020.
    #[serde(default)]
    pub sorted_catalogs: bool,
    /// Whether the Windows Driver Policy is there.
    pub driver_policy: DriverPolicyRow,
    /// Where it is written.
    pub source: String,
}

impl WindowsVersion {
    /// The row as a reason.
    #[must_use]
    pub fn row(&self) -> Row {
        Row {
            id: text(format!("windows/versions.toml#{}", self.id)),
            source: text(self.source.as_str()),
            standing: Standing::Documented,
        }
    }

    /// Whether it is made for this processor.
    #[must_use]
    pub fn runs_on(&self, machine: Machine) -> bool {
        self.arch.iter().any(|arch| arch == machine.name())
    }

    /// Major and minor number inside: (10, 0).
    #[must_use]
    pub fn numbers(&self) -> (u16, u16) {
        let mut parts = self.nt.split('.').map(|n| n.parse().unwrap_or(0));
        (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
    }
}

/// The table of versions.
#[derive(Clone, Debug, Deserialize)]
pub struct WindowsVersions {
    version: Vec<WindowsVersion>,
}

impl WindowsVersions {
    /// All of them, oldest first within clients and servers.
    #[must_use]
    pub fn all(&self) -> &[WindowsVersion] {
        &self.version
    }

    /// The version of this name.
    #[must_use]
    pub fn named(&self, id: &str) -> Option<&WindowsVersion> {
        self.version.iter().find(|v| v.id == id)
    }
}
