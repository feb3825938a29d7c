//! What all documents have in common.

use crate::words;
use loadworthy_core::answer::{Accepted, Host};
use loadworthy_core::tables::Tables;
use serde::Serialize;
use std::io::{self, BufWriter, Write};

/// Who answered.
#[derive(Debug, Serialize)]
pub struct Tool {
    version: &'static str,
    knowledge: &'static str,
}

impl Tool {
    /// This program.
    #[must_use]
    pub const fn this() -> Self {
        Self { version: env!("CARGO_PKG_VERSION"), knowledge: Tables::KNOWLEDGE }
    }
}

/// What is known of a host, in a few words.
#[derive(Debug, Serialize)]
pub struct KnownHost<'a> {
    source: &'static str,
    platform: &'static str,
    kernel: Option<&'a str>,
    secure_boot: Option<&'static str>,
    lockdown: Option<&'static str>,
}

impl<'a> From<&'a Host> for KnownHost<'a> {
    fn from(host: &'a Host) -> Self {
        Self {
            source: words::origin(host.source),
            platform: host.platform.name(),
            kernel: host.kernel.as_deref(),
            secure_boot: host.secure_boot.map(|on| if on { "on" } else { "off" }),
            lockdown: host.lockdown,
        }
    }
}

/// Writes a document and a newline.
///
/// # Errors
/// When `out` does not take it.
pub fn document(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    // Known by its type here, so that each of the many small parts is only copied.
    let mut out = BufWriter::with_capacity(1 << 16, out);
    serde_json::to_writer(&mut out, value).map_err(io::Error::from)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// An exception that somebody answers for.
#[derive(Debug, Serialize)]
pub(crate) struct AcceptedDto<'a> {
    owner: &'a str,
    reason: &'a str,
    until: &'a str,
}

impl<'a> From<&'a Accepted> for AcceptedDto<'a> {
    fn from(accepted: &'a Accepted) -> Self {
        Self { owner: &accepted.owner, reason: &accepted.reason, until: &accepted.until }
    }
}
