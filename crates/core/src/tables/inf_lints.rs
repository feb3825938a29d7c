//! *What is worth telling of an INF?* The rules are in `package/lint`; here is what each one says.

use crate::code::Code;
use crate::codes::{INF_LINE_NOT_DONE, INF_OBJECTED_TO, INF_WILL_NOT_INSTALL};
use alloc::string::String;
use alloc::vec::Vec;
use serde::Deserialize;

/// What a line does to the installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// It installs as written; the hardware portal objects, or it often hides another mistake.
    Note,
    /// It installs, and something is not done as it is written.
    Warning,
    /// The package is not taken, or a device or service of it is not set up.
    Error,
}

impl Level {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// The code under which an INF's lines of this level are told.
    #[must_use]
    pub const fn of_inf(self) -> &'static Code {
        match self {
            Self::Note => &INF_OBJECTED_TO,
            Self::Warning => &INF_LINE_NOT_DONE,
            Self::Error => &INF_WILL_NOT_INSTALL,
        }
    }
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InfLint {
    /// InfVerif's number.
    pub id: String,
    /// What it does to the installation.
    pub level: Level,
    /// InfVerif's level under `/k`, `error`, `warning` or `none`.
    pub k: String,
    /// The same under `/u`.
    pub u: String,
    /// The same under `/w`.
    pub w: String,
    /// What is wrong, in a few words.
    pub title: String,
    /// What follows from it.
    pub means: String,
    /// What to write.
    pub help: String,
    /// Where it is written.
    pub source: String,
}

/// A class of devices that Windows defines.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceClass {
    /// `Class`.
    pub id: String,
    /// `ClassGuid`, in lower case, with braces.
    pub guid: String,
    /// Where it is written.
    pub source: String,
}

/// The table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InfLints {
    lint: Vec<InfLint>,
    class: Vec<DeviceClass>,
}

impl InfLint {
    /// InfVerif's number.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.id.parse().unwrap_or_default()
    }
}

impl InfLints {
    /// The row of a number.
    #[must_use]
    pub fn of(&self, number: u16) -> Option<&InfLint> {
        self.lint.iter().find(|row| row.number() == number)
    }

    /// Every row, by number.
    #[must_use]
    pub fn all(&self) -> &[InfLint] {
        &self.lint
    }

    /// The classes that Windows defines.
    #[must_use]
    pub fn classes(&self) -> &[DeviceClass] {
        &self.class
    }
}

#[cfg(test)]
mod tests {
    use crate::tables::Tables;

    #[test]
    fn rows_stand_by_number_and_classes_once() {
        let table = Tables::inf_lints().unwrap();
        assert!(table.all().is_sorted_by(|a, b| a.number() < b.number()));
        for row in table.all() {
            for level in [&row.k, &row.u, &row.w] {
                assert!(["error", "warning", "none"].contains(&level.as_str()), "{}", row.id);
            }
        }
        for class in table.classes() {
            let same = table.classes().iter().filter(|c| c.guid == class.guid);
            assert_eq!(same.count(), 1, "{}", class.id);
        }
    }
}
