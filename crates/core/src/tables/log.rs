//! *What does the kernel print here?*

use super::{Common, Version};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde::Deserialize;

/// One line of the kernel log, with its wording for a range of versions.
#[derive(Clone, Debug, Deserialize)]
pub struct Wording {
    /// Name, source and range.
    #[serde(flatten)]
    pub common: Common,
    /// What is printed; `{0}`, `{1}` … stand for what varies.
    pub text: String,
    /// The code whose page explains the line.
    pub code: Option<String>,
    /// Whether it is printed only once a boot.
    #[serde(default)]
    pub once: bool,
}

/// The table.
#[derive(Clone, Debug, Deserialize)]
pub struct Log {
    line: Vec<Wording>,
}

impl Log {
    /// The words of line `id` in a kernel of this version, with the gaps filled, and whether they
    /// are printed only once a boot.
    ///
    /// A line that the tables do not have for this version has no words.
    #[must_use]
    pub fn words(&self, id: &str, version: Version, with: &[&str]) -> Option<(String, bool)> {
        let row = self.line.iter().rfind(|l| l.common.id == id && l.common.covers(version))?;
        let mut out = row.text.clone();
        for (n, value) in with.iter().enumerate() {
            let mut gap = String::from("{");
            gap.push_str(&n.to_string());
            gap.push('}');
            out = out.replace(&gap, value);
        }
        Some((out, row.once))
    }

    /// All rows.
    #[must_use]
    pub fn rows(&self) -> &[Wording] {
        &self.line
    }
}
