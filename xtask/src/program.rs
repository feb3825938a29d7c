//! The program as it is shipped.

use crate::kernels::output;
use crate::tree::root;
use std::path::PathBuf;
use std::process::Command;

/// Builds the program as it is shipped.
///
/// # Errors
/// When it does not build.
pub fn build() -> Result<PathBuf, String> {
    let mut build = Command::new("cargo");
    build.args(["build", "--release", "--package", "loadworthy"]).current_dir(root());
    output(&mut build)?;
    Ok(root().join("target/release/loadworthy"))
}

/// Builds a program that figures are held against.
///
/// # Errors
/// When it does not build.
pub fn peer(name: &str) -> Result<PathBuf, String> {
    let mut build = Command::new("cargo");
    build.args(["build", "--release", "--package", "loadworthy-proving", "--bin", name]);
    output(build.current_dir(root()))?;
    Ok(root().join("target/release").join(name))
}
