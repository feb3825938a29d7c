//! *What is worth telling of a certificate?* The rules are in `keys/lint.rs`; here is what each cites.

use alloc::string::String;
use alloc::vec::Vec;
use serde::Deserialize;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// Explains what would surprise.
    Note,
    /// Worth a decision.
    Mind,
    /// Keeps modules from loading, or gives away more than was meant.
    Bad,
}

impl Weight {
    /// The word used in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Mind => "mind",
            Self::Bad => "bad",
        }
    }
}

/// One row.
#[derive(Clone, Debug, Deserialize)]
pub struct KeyLint {
    /// Its name.
    pub id: String,
    /// The page that explains it.
    pub code: String,
    /// How much it matters.
    pub weight: Weight,
    /// Where it is written.
    pub source: String,
}

/// The table.
#[derive(Clone, Debug, Deserialize)]
pub struct KeyLints {
    lint: Vec<KeyLint>,
}

impl KeyLints {
    /// The row of a code.
    #[must_use]
    pub fn of(&self, code: &str) -> Option<&KeyLint> {
        self.lint.iter().find(|row| row.code == code)
    }

    /// Every row.
    #[must_use]
    pub fn all(&self) -> &[KeyLint] {
        &self.lint
    }
}
