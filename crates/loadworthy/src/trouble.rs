//! Why a command could not do its work: one line for people, and never a word about the host.

use crate::exit;
use loadworthy_assess::request::Trouble as Assess;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

/// What went wrong.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// What was typed makes no sense; a sentence, with what would.
    Usage(String),
    /// The question could not be put.
    Assess(Assess),
    /// Something was not signed.
    #[cfg(feature = "sign")]
    Sign(loadworthy_sign::error::SignError),
    /// A file could not be written.
    File(PathBuf, io::Error),
    /// The answer could not be written.
    Write(io::Error),
}

impl From<Assess> for Trouble {
    fn from(trouble: Assess) -> Self {
        Self::Assess(trouble)
    }
}

#[cfg(feature = "sign")]
impl From<loadworthy_sign::error::SignError> for Trouble {
    fn from(error: loadworthy_sign::error::SignError) -> Self {
        Self::Sign(error)
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

impl Trouble {
    /// The line on standard error: what, where, and what to do. `None` where there is nothing to
    /// say: a reader who has seen enough closes the pipe.
    pub(crate) fn line(&self) -> Option<String> {
        let line = match self {
            Self::Usage(said) => said.clone(),
            Self::Assess(trouble) => {
                let hint = match trouble {
                    Assess::Open { .. }
                    | Assess::Manifest(_)
                    | Assess::NoThing { .. }
                    | Assess::Profile { .. } => "",
                    Assess::Assumption { .. } => ": see loadworthy check --help",
                    Assess::Table(_) => ": this is a defect of loadworthy",
                    Assess::NoKernel { .. } => ": name one with --kernel VERSION",
                };
                format!("{trouble}{hint}")
            }
            #[cfg(feature = "sign")]
            Self::Sign(error) => format!("{error} ({})", error.code()),
            Self::File(path, error) => format!("{}: {error}", path.display()),
            Self::Write(error) if error.kind() == ErrorKind::BrokenPipe => return None,
            Self::Write(error) => format!("standard output: {error}"),
        };
        // What is wrong with a manifest is told in several lines, each with its place.
        if matches!(self, Self::Assess(Assess::Manifest(_))) {
            let lines: Vec<String> =
                line.lines().map(|line| line.chars().flat_map(plain).collect()).collect();
            return Some(lines.join("\nloadworthy: "));
        }
        Some(line.chars().flat_map(plain).collect())
    }

    /// The exit code that goes with it.
    pub(crate) fn code(&self) -> u8 {
        if self.line().is_none() { exit::LOADS } else { exit::FAILED }
    }
}

/// A character as a terminal may see it.
fn plain(c: char) -> Vec<char> {
    if c.is_control() { c.escape_default().collect() } else { vec![c] }
}

/// What was written, or nothing to say where the reader closed the pipe.
pub(crate) fn written(result: io::Result<()>) -> Result<(), Trouble> {
    match result {
        Err(e) if e.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(Trouble::Write),
    }
}
