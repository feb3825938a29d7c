//! The program as it is shipped.

use crate::tree::root;
use std::path::PathBuf;
use std::process::Command;

/// Builds the program as it is shipped.
///
/// # Errors
/// When it does not build.
pub fn build() -> Result<PathBuf, String> {
    release(&["--package", "loadworthy"])?;
    Ok(root().join("target/release/loadworthy"))
}

/// Builds a program that figures are held against.
///
/// # Errors
/// When it does not build.
pub fn peer(name: &str) -> Result<PathBuf, String> {
    release(&["--package", "loadworthy-proving", "--bin", name])?;
    Ok(root().join("target/release").join(name))
}

/// A release build takes minutes: what cargo says of it is shown.
fn release(what: &[&str]) -> Result<(), String> {
    let mut build = Command::new("cargo");
    build.args(["build", "--release"]).args(what).current_dir(root());
    let built = build.status().map_err(|e| format!("cargo: {e}"))?;
    built.success().then_some(()).ok_or_else(|| format!("{} does not build", what.join(" ")))
}
