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

impl Clue {
    /// What the pattern captured.
    #[must_use]
    pub fn captured(&self, name: &str) -> Option<&str> {
        self.seen.captures.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str())
    }

    /// The module, named as the kernel names it: without folder and ending, with underscores.
    #[must_use]
    pub fn module(&self) -> Option<String> {
        let name = self.captured("module")?;
        let name = name.rsplit('/').next().unwrap_or(name);
        let name = name.split(".ko").next().unwrap_or(name);
        let name = name.trim_matches(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-,.+:".contains(&b));
        (plain && !name.is_empty() && name.len() < 64).then(|| name.replace(['-', ','], "_"))
    }
}
