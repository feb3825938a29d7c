//! A kernel's answer and ours, held against each other.

use loadworthy_rehearse::lines::normal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a kernel answered to one file, as recorded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// The name of the case.
    pub case: String,
    /// The file.
    pub file: String,
    /// The error's name; `None` where it loaded.
    pub errno: Option<String>,
    /// The letters the load left on the module.
    pub mod_taint: String,
    /// The lines it would print as the first load after a boot, where they are known.
    pub log_first: Option<Vec<String>>,
    /// Whether root directory and file alone decide it.
    pub comparable: bool,
    /// Whether that holds for the lines too.
    pub log_comparable: bool,
}

/// What we say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// `loads`, `loads-tainted`, `refused`, `unknown`.
    pub outcome: &'static str,
    /// The error's name.
    pub errno: Option<String>,
    /// The letters.
    pub taint: BTreeSet<char>,
    /// The lines.
    pub log: Vec<String>,
    /// For each line that is printed once a boot, what it is.
    pub once: Vec<Option<&'static str>>,
    /// What is missing, where it cannot be told.
    pub missing: String,
}

impl Said {
    /// Whether it will get in; `None` where that cannot be told.
    #[must_use]
    pub fn loads(&self) -> Option<bool> {
        match self.outcome {
            "loads" | "loads-tainted" => Some(true),
            "refused" => Some(false),
            _ => None,
        }
    }
}

/// Where ours differs from the kernel's answer, in one line; `lines` as they must be, if known.
#[must_use]
pub fn difference(
    errno: Option<&str>,
    taint: &str,
    lines: Option<&[String]>,
    said: &Said,
) -> Option<String> {
    let mut out = Vec::new();
    if said.loads() != Some(errno.is_none()) || said.errno.as_deref() != errno {
        let ours = said.errno.as_deref().unwrap_or("-");
        let theirs = errno.unwrap_or("loads");
        out.push(format!("kernel {theirs}, we {} {ours} {}", said.outcome, said.missing));
    }
    let letters: BTreeSet<char> = taint.chars().filter(char::is_ascii_alphabetic).collect();
    let marked = said.outcome == "loads-tainted";
    if letters != said.taint || errno.is_none() && marked == letters.is_empty() {
        out.push(format!("taint: kernel {letters:?}, we {:?}", said.taint));
    }
    if let Some(lines) = lines {
        let theirs: Vec<String> = lines.iter().map(|l| normal(l)).collect();
        let ours: Vec<String> = said.log.iter().map(|l| normal(l)).collect();
        if theirs != ours {
            out.push(format!("lines: kernel {theirs:?}, we {ours:?}"));
        }
    }
    (!out.is_empty()).then(|| out.join("; ").replace("  ", " "))
}
