//! The repository as text: which files there are and what stands in them.
//!
//! Knows nothing about rules.

use std::fs;
use std::path::{Path, PathBuf};

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// A text file of the repository.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its path below the root, with `/`.
    pub path: String,
    /// What stands in it.
    pub text: String,
}

/// Folders that hold nothing of ours, or bytes that are not text.
const SKIPPED: [&str; 5] = ["target", ".git", "proving/corpus", "fuzz/artifacts", "fuzz/coverage"];

/// All files below `under` whose name ends with one of `endings`, in the order of their paths.
/// Files that cannot be read as text are left out.
#[must_use]
pub fn sources(root: &Path, under: &str, endings: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    walk(root, under, endings, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn walk(root: &Path, under: &str, endings: &[&str], found: &mut Vec<Source>) {
    let Ok(entries) = fs::read_dir(root.join(under)) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if under.is_empty() { name.clone() } else { format!("{under}/{name}") };
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            if !SKIPPED.contains(&path.as_str()) && name != "target" {
                walk(root, &path, endings, found);
            }
        } else if kind.is_file()
            && endings.iter().any(|e| name.ends_with(e))
            && let Ok(text) = fs::read_to_string(entry.path())
        {
            found.push(Source { path, text });
        }
    }
}

/// The text of a Rust file as far as it is the program: comments blanked, and everything from the
/// first `#[cfg(test)]` on a module's body on left out. Line numbers stay.
#[must_use]
pub fn program_text(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let opens_tests = |at: &usize| {
        let mut after = lines[*at + 1..].iter().map(|l| l.trim_start());
        lines[*at].trim() == "#[cfg(test)]"
            && after.find(|l| !l.starts_with("#[")).is_some_and(|l| {
                l.trim_start_matches("pub(crate) ").starts_with("mod ") && l.ends_with('{')
            })
    };
    let end = (0..lines.len()).find(opens_tests).unwrap_or(lines.len());
    let mut out = String::new();
    for line in &lines[..end] {
        if !line.trim_start().starts_with("//") {
            out.push_str(line.split(" // ").next().unwrap_or(line));
        }
        out.push('\n');
    }
    out
}
