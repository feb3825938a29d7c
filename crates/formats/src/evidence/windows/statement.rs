//! One thing that was seen, in one line.

/// Something that a log or a tool of Windows says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    /// The line it stands in, counted from 0; of records in binary form their number.
    pub line: u64,
    /// What is said.
    pub said: String,
    /// The driver or package it is about, as a file's name.
    pub about: Option<String>,
    /// When, as written.
    pub stamp: Option<String>,
}

/// The last part of a path of Windows or of any other system, in lower case.
#[must_use]
pub fn file_name(path: &str) -> String {
    let path = path.trim().trim_matches(['"', '\'', ']', '[', '.', ',']);
    path.rsplit(['\\', '/']).next().unwrap_or(path).trim().to_ascii_lowercase()
}
