//! What was seen of a host for its next boot: hardware, what stands on it, the manifest.

use std::fmt::Write as _;
use std::path::Path;

use loadworthy_collect::gather::linux::manifest::{self, Found};
use loadworthy_collect::gather::linux::{hardware, stack};
use loadworthy_collect::sighting::Outcome;
use loadworthy_collect::views::caller;
use loadworthy_core::facts::hardware::Hardware;
use loadworthy_core::facts::stack::Stack;
use loadworthy_core::preflight::build;
use loadworthy_core::preflight::graph::Graph;

use crate::host::Host;
use crate::request::{Request, Trouble};

/// The manifest that holds for a request: the file that was named, or those of the machine.
///
/// # Errors
/// When the named file cannot be read, or something in a manifest is not in order.
pub fn manifest(host: &Host, request: &Request) -> Result<Found, Trouble> {
    manifest_of(host, request.manifest.as_deref())
}

/// The file that was named, or the manifest of the machine.
///
/// # Errors
/// As [`manifest()`].
pub fn manifest_of(host: &Host, named: Option<&Path>) -> Result<Found, Trouble> {
    let looking = host.looking();
    let found = match named {
        None => manifest::gather(&looking),
        Some(path) => {
            let mut bytes = Vec::new();
            let shown = path.display().to_string();
            match caller::look_into(path, looking.limits.text_bytes, &mut bytes) {
                Outcome::Bytes { .. } => {}
                Outcome::Absent => {
                    return Err(Trouble::Open { path: shown, problem: "no such file".to_owned() });
                }
                other => {
                    return Err(Trouble::Open { path: shown, problem: format!("{other:?}") });
                }
            }
            let mut found = Found::default();
            found.add(&shown, &bytes, &looking);
            found
        }
    };
    if found.faults.is_empty() {
        return Ok(found);
    }
    let mut told = String::new();
    for fault in &found.faults {
        let _ = writeln!(told, "{fault}");
    }
    Err(Trouble::Manifest(told.trim_end().to_owned()))
}

/// All of it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) hardware: Hardware,
    pub(crate) stack: Stack,
    pub(crate) graph: Graph,
}

impl Seen {
    /// Looks at the machine.
    pub(crate) fn of(host: &Host) -> Self {
        let looking = host.looking();
        let (hardware, stack) = (hardware::gather(&looking), stack::gather(&looking));
        let graph = build::graph(&hardware, &stack, &host.tables.hardware);
        Self { hardware, stack, graph }
    }
}
