//! The program itself, built and run.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;

/// The program of this build, made if it is not there yet; or the one that `LOADWORTHY_PROGRAM`
/// names, so that an installed one can be held against the same tests.
///
/// # Errors
/// When it does not build.
pub fn path() -> Result<&'static Path, String> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BUILT.get_or_init(build).as_deref().map_err(Clone::clone)
}

fn build() -> Result<PathBuf, String> {
    if let Some(other) = std::env::var_os("LOADWORTHY_PROGRAM") {
        return Ok(other.into());
    }
    // A test stands in target/PROFILE/deps, the oracle in target/PROFILE.
    let ours = std::env::current_exe().map_err(|e| e.to_string())?;
    let folder = ours.parent().ok_or("no target directory")?;
    let folder = if folder.ends_with("deps") { folder.parent() } else { Some(folder) };
    let folder = folder.ok_or("no target directory")?;
    let target = folder.parent().ok_or("no target directory")?;
    let mut cargo = Command::new(env!("CARGO"));
    // Of the workspace, so that its libraries have the features that the tests were built with.
    cargo
        .args(["build", "--quiet", "--workspace", "--bin", "loadworthy", "--target-dir"])
        .arg(target);
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    let done = cargo.current_dir(xtask::tree::root()).output().map_err(|e| e.to_string())?;
    match done.status.success() {
        true => Ok(folder.join(format!("loadworthy{}", std::env::consts::EXE_SUFFIX))),
        false => Err(String::from_utf8_lossy(&done.stderr).into_owned()),
    }
}

/// The document that the program writes and its exit code.
///
/// # Errors
/// When it cannot be started, or writes something else.
pub fn said(arguments: &[&str], directory: &Path) -> Result<(Value, Option<i32>), String> {
    let done = run(arguments, directory)?;
    let document = serde_json::from_slice(&done.stdout)
        .map_err(|e| format!("{e}: {}", String::from_utf8_lossy(&done.stderr)))?;
    Ok((document, done.status.code()))
}

/// The document alone.
///
/// # Errors
/// As [`said`].
pub fn document(arguments: &[&str], directory: &Path) -> Result<Value, String> {
    said(arguments, directory).map(|(document, _)| document)
}

/// Runs the program without colour and without the environment of whoever tests.
///
/// # Errors
/// When it cannot be started.
pub fn run(arguments: &[&str], directory: &Path) -> Result<Output, String> {
    Command::new(path()?)
        .args(arguments)
        .current_dir(directory)
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .output()
        .map_err(|e| e.to_string())
}
