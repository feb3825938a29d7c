//! *What does a catalog say that is made for this system?*

use alloc::string::String;
use alloc::vec::Vec;
use serde::Deserialize;

/// A system that catalogs are made for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogSystem {
    /// As Inf2Cat's `/os` takes it: `10_X64`.
    pub id: String,
    /// What stands in the catalog's attribute `OS`: `_v100_X64`.
    pub token: String,
    /// What it puts into `OSAttr` of a file that is for it: `2:10.0`.
    pub attributes: Vec<String>,
    /// The processor, as INFs name it.
    pub architecture: String,
    /// Its number inside: `10.0`.
    pub nt: String,
    /// Its build.
    pub build: u32,
    /// Whether it is a server.
    pub server: bool,
    /// The oldest `DriverVer` that is taken, as `2009-04-21`.
    #[serde(default)]
    pub since: Option<String>,
    /// Where it is written.
    pub source: String,
}

/// The table.
#[derive(Clone, Debug, Deserialize)]
pub struct CatalogSystems {
    system: Vec<CatalogSystem>,
}

impl CatalogSystems {
    /// All of them, oldest first.
    #[must_use]
    pub fn all(&self) -> &[CatalogSystem] {
        &self.system
    }

    /// The system of this name or token, whatever its case.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&CatalogSystem> {
        let is = |s: &&CatalogSystem| {
            s.id.eq_ignore_ascii_case(name) || s.token.eq_ignore_ascii_case(name)
        };
        self.system.iter().find(is)
    }
}

#[cfg(test)]
mod tests {
    use crate::tables::Tables;

    #[test]
    fn every_row_is_a_system_of_its_own() {
        let systems = Tables::catalog_systems().unwrap();
        for system in systems.all() {
            assert!(!system.attributes.is_empty(), "{}", system.id);
            assert_eq!(systems.named(&system.id.to_uppercase()), Some(system));
            assert_eq!(systems.named(&system.token), Some(system));
        }
    }
}
