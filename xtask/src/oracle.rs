//! `cargo x oracle …`: hands over to the program of `proving` that asks real kernels.

use crate::tree::root;
use std::process::Command;

/// Runs it; whether everything agreed.
///
/// # Errors
/// When it cannot be built or started, or could not do its work.
pub fn run(arguments: &[String]) -> Result<bool, String> {
    let status = Command::new("cargo")
        .args(["run", "--quiet", "--package", "loadworthy-proving", "--bin", "oracle", "--"])
        .args(arguments)
        .current_dir(root())
        .status()
        .map_err(|e| format!("cargo: {e}"))?;
    match status.code() {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        _ => Err("the oracle could not do its work".to_owned()),
    }
}
