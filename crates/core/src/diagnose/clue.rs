//! A line that a pattern met, and where.

use alloc::string::String;
use alloc::sync::Arc;
use loadworthy_formats::evidence::recogniser::Seen;

/// A line that a pattern met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clue {
    /// The text it is from: a file's path, `standard input`.
    pub source: Arc<str>,
    /// The order of the texts.
    pub order: usize,
    /// The line, from 1.
    pub line: u64,
    /// What was seen; its row is a place in the table of patterns.
    pub seen: Seen,
    /// How often the same was seen.
    pub times: u64,
}

/// Endings of what Windows loads and installs.
const WINDOWS: [&str; 6] = [".sys", ".inf", ".cat", ".dll", ".exe", ".efi"];

impl Clue {
    /// What the pattern captured.
    #[must_use]
    pub fn captured(&self, name: &str) -> Option<&str> {
        self.seen.captures.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str())
    }

    /// The module, named as its system names it: of Linux without folder and ending, with
    /// underscores; of Windows the file's name in lower case.
    #[must_use]
    pub fn module(&self) -> Option<String> {
        let name = self.captured("module")?;
        let name = name.rsplit(['/', '\\']).next().unwrap_or(name).trim_matches(['"', '\'']);
        if WINDOWS.iter().any(|ending| name.to_ascii_lowercase().ends_with(ending)) {
            return (name.len() < 96).then(|| name.to_ascii_lowercase());
        }
        let name = name.split(".ko").next().unwrap_or(name);
        let name = name.trim_matches(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-,.+:".contains(&b));
        (plain && !name.is_empty() && name.len() < 64).then(|| name.replace(['-', ','], "_"))
    }
}
