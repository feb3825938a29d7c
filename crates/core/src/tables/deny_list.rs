//! *Which update of dbx is this at least?*

use crate::proof::{Row, Standing, text};
use crate::tables::shims::Hex;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde::Deserialize;

/// What the list gained on one day.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Added {
    /// The day, `20230501`.
    pub id: String,
    /// Digests of images (Authenticode, SHA-256), one after another.
    sha256: Hex,
    /// Where it is written.
    pub source: String,
}

impl Added {
    /// Its digests.
    #[must_use]
    pub fn digests(&self) -> &[[u8; 32]] {
        self.sha256.0.as_chunks().0
    }

    /// The row as a reason.
    #[must_use]
    pub fn row(&self) -> Row {
        let id = text(format!("firmware/dbx.toml#{}", self.id));
        Row { id, source: text(self.source.as_str()), standing: Standing::Documented }
    }
}

/// The table, oldest day first.
#[derive(Clone, Debug, Deserialize)]
pub struct DenyList {
    added: Vec<Added>,
}

impl DenyList {
    /// What the list gained up to this day, `20230501`.
    pub fn until<'l>(&'l self, day: &'l str) -> impl Iterator<Item = &'l Added> {
        self.added.iter().filter(move |added| added.id.as_str() <= day)
    }

    /// The last day up to which a list that `holds` these digests is complete.
    #[must_use]
    pub fn complete(&self, holds: impl Fn(&[u8; 32]) -> bool) -> Option<&Added> {
        self.added.iter().take_while(|added| added.digests().iter().all(&holds)).last()
    }
}
