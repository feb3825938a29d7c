//! What all documents have in common.

use loadworthy_core::tables::Tables;
use serde::Serialize;
use std::io::{self, Write};

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

/// Writes a document and a newline.
///
/// # Errors
/// When `out` does not take it.
pub fn document(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value).map_err(io::Error::from)?;
    out.write_all(b"\n")
}
