//! Files are short, roots hold declarations only, and walls are not climbed.

use super::Complaint;
use crate::tree::{Source, program_text};

/// From this length on a file smells.
const SMELLS: usize = 400;
/// From this length on it fails.
const FAILS: usize = 800;

/// What `formats` may not name: there is no machine for it.
const MACHINE: [&str; 7] =
    ["std::fs", "std::env", "std::net", "std::thread", "std::time", "std::process", "std::os"];

/// Checks every Rust file.
#[must_use]
pub fn check(rust: &[Source]) -> Vec<Complaint> {
    rust.iter().flat_map(|s| length(s).into_iter().chain(logic(s)).chain(walls(s))).collect()
}

fn length(source: &Source) -> Option<Complaint> {
    let lines = source.text.lines().count();
    let first = source.text.lines().next().unwrap_or_default();
    if lines <= SMELLS || first.contains("@generated") {
        return None;
    }
    let told = format!("{lines} lines");
    Some(match lines > FAILS {
        true => Complaint::new(&source.path, 0, format!("{told}: {FAILS} is the most")),
        false => Complaint::smell(&source.path, told),
    })
}

/// `lib.rs` and `mod.rs` hold declarations, prose and lists.
fn logic(source: &Source) -> Option<Complaint> {
    if !source.path.ends_with("/lib.rs") && !source.path.ends_with("/mod.rs") {
        return None;
    }
    let line = program_text(&source.text).lines().position(|l| {
        let l = l.strip_prefix("pub(crate) ").or(l.strip_prefix("pub ")).unwrap_or(l);
        let l = l.strip_prefix("const ").filter(|l| l.starts_with("fn ")).unwrap_or(l);
        l.starts_with("fn ") || l.starts_with("impl")
    })?;
    Some(Complaint::new(&source.path, line + 1, "logic belongs into a room of its own"))
}

fn walls(source: &Source) -> Vec<Complaint> {
    let mut found = Vec::new();
    let formats = source.path.starts_with("crates/formats/src/");
    let core = source.path.starts_with("crates/core/src/");
    for (n, line) in program_text(&source.text).lines().enumerate() {
        if formats && let Some(name) = MACHINE.iter().find(|name| line.contains(**name)) {
            found.push(Complaint::new(&source.path, n + 1, format!("`{name}` in formats")));
        }
        if core && line.contains("extern crate std") {
            found.push(Complaint::new(&source.path, n + 1, "`extern crate std` in core"));
        }
    }
    if source.path == "crates/core/src/lib.rs" && !source.text.contains("#![no_std]") {
        found.push(Complaint::new(&source.path, 0, "core is `#![no_std]`"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tree::Source;

    fn count(path: &str, text: &str) -> usize {
        check(&[Source { path: path.to_owned(), text: text.to_owned() }]).len()
    }

    #[test]
    fn walls_and_roots() {
        assert_eq!(count("crates/formats/src/a.rs", "use std::fs::File;\n"), 1);
        assert_eq!(count("crates/collect/src/a.rs", "use std::fs::File;\n"), 0);
        assert_eq!(count("crates/core/src/a.rs", "extern crate std;\n"), 1);
        assert_eq!(count("crates/a/src/lib.rs", "pub fn x() {}\n"), 1);
        assert_eq!(count("crates/a/src/lib.rs", "pub const X: u8 = 1;\n"), 0);
        assert_eq!(count("crates/a/src/b.rs", &"\n".repeat(801)), 1);
    }
}
