//! `loadworthy/collect/v1`: what was recorded.

use crate::json::document::{Tool, document};
use crate::receipt::Receipt;
use serde::Serialize;
use std::io::{self, Write};

#[derive(Serialize)]
struct ReceiptDto<'a, 'r> {
    schema: &'static str,
    tool: Tool,
    #[serde(flatten)]
    receipt: &'r Receipt<'a>,
}

/// Writes the document.
///
/// # Errors
/// When `out` does not take it.
pub fn v1(receipt: &Receipt<'_>, out: &mut dyn Write) -> io::Result<()> {
    document(&ReceiptDto { schema: "loadworthy/collect/v1", tool: Tool::this(), receipt }, out)
}
