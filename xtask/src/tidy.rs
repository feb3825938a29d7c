//! The rules of the house that a compiler does not know.

use crate::tree::{Source, root, sources};
use std::path::Path;

pub mod codes;
pub mod docs;
pub mod files;
pub mod generated;
pub mod items;
pub mod lints;
pub mod rooms;
pub mod tables;

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The file, below the root of the repository.
    pub path: String,
    /// The line, from 1; 0 where it is about the whole file.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
    /// Whether it fails the run; a smell is only told.
    pub fails: bool,
}

impl Complaint {
    /// A complaint that fails the run.
    #[must_use]
    pub fn new(path: &str, line: usize, problem: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, problem: problem.into(), fails: true }
    }

    /// A smell: told, and nothing more.
    #[must_use]
    pub fn smell(path: &str, problem: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: 0, problem: problem.into(), fails: false }
    }
}

impl std::fmt::Display for Complaint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let word = if self.fails { "error" } else { "smell" };
        match self.line {
            0 => write!(f, "{word}: {}: {}", self.path, self.problem),
            line => write!(f, "{word}: {}:{line}: {}", self.path, self.problem),
        }
    }
}

/// Everything there is to complain about in the repository.
#[must_use]
pub fn complaints() -> Vec<Complaint> {
    let root = root();
    let rust: Vec<Source> = ["crates", "proving", "xtask", "fuzz"]
        .iter()
        .flat_map(|under| sources(&root, under, &[".rs"]))
        .collect();
    let mut all = rooms::check(&rust);
    all.extend(files::check(&rust));
    all.extend(lints::check(&root));
    all.extend(tables::check(&sources(&root, "crates/core/knowledge", &[".toml"])));
    all.extend(codes::check(&sources(&root, "crates/core/codes", &[".md"]), &rust));
    all.extend(docs::check(&root, &sources(&root, "", &[".md"])));
    all.extend(items::check(&rust));
    all.extend(generated::check(&root));
    all
}

/// A file of the repository as text; a missing one is empty.
fn text_of(root: &Path, path: &str) -> String {
    std::fs::read_to_string(root.join(path)).unwrap_or_default()
}
