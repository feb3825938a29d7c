//! What was asked for, a line each, so that a request that got lost can be told from none.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Adds a line: time, boot, SHA-256 of the certificate, its name.
///
/// # Errors
/// What the system says.
pub fn append(file: &Path, at: &str, boot: &str, sha256: &str, name: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let boot = if boot.is_empty() { "-" } else { boot };
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    let mut file = File::options().append(true).create(true).open(file)?;
    file.write_all(format!("{at} {boot} {sha256} {name}\n").as_bytes())?;
    file.sync_all()
}
