//! Tests that lack a tool: told, and counted.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Mutex;

static SKIPPED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Where a tool is; if it is nowhere, the test is skipped and that is told.
pub(crate) fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    let found =
        std::env::split_paths(&path).chain(system).map(|p| p.join(name)).find(|p| p.is_file());
    if found.is_none() {
        told(name);
    }
    found
}

/// Tells that a test is skipped for want of something.
pub(crate) fn told(missing: &str) {
    // Tests print into a buffer; this line is for everybody.
    drop(writeln!(std::io::stdout(), "skipped: {missing} not found"));
    if let Ok(mut all) = SKIPPED.lock() {
        all.push(missing.to_owned());
    }
}

/// Whether what takes many minutes is to run: `LOADWORTHY_FETCH=all`.
pub(crate) fn heavy() -> bool {
    std::env::var_os("LOADWORTHY_FETCH").is_some_and(|asked| asked == "all")
}

/// What a tool prints.
pub(crate) fn ask(command: &mut Command) -> Result<Output, String> {
    command.output().map_err(|e| format!("{}: {e}", command.get_program().display()))
}

/// Python where it has a package, `LOADWORTHY_PYTHON` or the system's; if not, the test is skipped.
pub(crate) fn with_package(package: &str) -> Result<Option<PathBuf>, String> {
    let python = std::env::var_os("LOADWORTHY_PYTHON").map(PathBuf::from);
    let Some(python) = python.or_else(|| tool("python3")) else { return Ok(None) };
    let there = ask(Command::new(&python).args(["-c", &format!("import {package}")]))?;
    if !there.status.success() {
        told(&format!("{package} of Python"));
        return Ok(None);
    }
    Ok(Some(python))
}

/// How many were skipped, and for want of what.
pub(crate) fn summary() -> String {
    let mut all = SKIPPED.lock().map(|all| all.clone()).unwrap_or_default();
    all.sort();
    let count = all.len();
    all.dedup();
    match count {
        0 => "skipped: 0 tests".to_owned(),
        count => format!("skipped: {count} tests ({} not found)", all.join(", ")),
    }
}
