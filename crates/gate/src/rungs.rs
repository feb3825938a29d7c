//! The rungs of the ladder: each changes one thing, can take it back exactly, and works without the
//! others.

use std::process::Command;

use crate::ground::Ground;

pub mod demote;
pub mod withhold;
pub mod block;

/// Something that was done to the host, for the record.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Act {
    /// Which rung: `demote`, `withhold`, `block`.
    pub rung: String,
    /// What was done, or what could not be done and why.
    pub did: String,
    /// Whether it worked.
    pub done: bool,
}

impl Act {
    pub(crate) fn done(rung: &str, did: impl Into<String>) -> Self {
        Self { rung: rung.to_owned(), did: did.into(), done: true }
    }

    pub(crate) fn failed(rung: &str, did: impl Into<String>) -> Self {
        Self { rung: rung.to_owned(), did: did.into(), done: false }
    }
}

/// Starts a program of the host that is changed.
///
/// # Errors
/// A sentence, where it is another machine's, is not there or fails.
pub(crate) fn start(ground: &Ground, program: &str, arguments: &[&str]) -> Result<(), String> {
    let line = [&[program], arguments].concat().join(" ");
    if !ground.live {
        return Err(format!("`{line}` is to be run there"));
    }
    let folders = ["usr/sbin", "usr/bin", "sbin", "bin", "usr/local/sbin"];
    let Some(folder) = folders.iter().find(|f| ground.is_there(&format!("{f}/{program}"))) else {
        return Err(format!("{program} is not installed"));
    };
    let mut command = Command::new(format!("/{folder}/{program}"));
    command.args(arguments).stdin(std::process::Stdio::null());
    // What it prints is for our record, not for whoever reads our answer.
    match command.output() {
        Ok(done) if done.status.success() => Ok(()),
        Ok(done) => {
            let said = String::from_utf8_lossy(&done.stderr);
            let last = said.lines().rfind(|l| !l.trim().is_empty()).unwrap_or_default();
            Err(format!("`{line}` failed ({}): {}", done.status, last.trim()))
        }
        Err(error) => Err(format!("`{line}`: {error}")),
    }
}
