//! `cargo x oracle …`, `cargo x counts`: hands over to a program of `proving`.

use crate::tree::root;
use std::process::Command;

/// Runs it; whether it said yes.
///
/// # Errors
/// When it cannot be built or started, or could not do its work.
pub fn run(program: &str, arguments: &[String]) -> Result<bool, String> {
    // Of the workspace, as the tests are: what was built for them is not built again.
    let built = Command::new("cargo")
        .args(["build", "--quiet", "--workspace", "--bin", program])
        .current_dir(root())
        .status()
        .map_err(|e| format!("cargo: {e}"))?;
    if !built.success() {
        return Err(format!("{program}: does not build"));
    }
    let beside = std::env::current_exe().map_err(|e| e.to_string())?;
    let status = Command::new(beside.with_file_name(program))
        .args(arguments)
        .current_dir(root())
        .status()
        .map_err(|e| format!("{program}: {e}"))?;
    match status.code() {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        _ => Err(format!("{program}: could not do its work")),
    }
}
