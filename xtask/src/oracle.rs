//! `cargo x oracle …`, `cargo x counts`: hands over to a program of `proving`.

use crate::tree::root;
use std::process::Command;

/// Runs it; whether it said yes.
///
/// # Errors
/// When it cannot be built or started, or could not do its work.
pub fn run(program: &str, arguments: &[String]) -> Result<bool, String> {
    let status = Command::new("cargo")
        .args(["run", "--quiet", "--package", "loadworthy-proving", "--bin", program, "--"])
        .args(arguments)
        .current_dir(root())
        .status()
        .map_err(|e| format!("cargo: {e}"))?;
    match status.code() {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        _ => Err(format!("{program}: could not do its work")),
    }
}
