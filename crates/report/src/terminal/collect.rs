//! What was recorded, for people.

use crate::receipt::Receipt;
use crate::style::Style;
use std::io::{self, Write};

/// Writes what a bundle holds, and what root would add.
///
/// # Errors
/// When `out` does not take it.
pub fn receipt(receipt: &Receipt<'_>, _style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let file = receipt.file.as_deref().unwrap_or("the bundle");
    let of = if receipt.full { "whole" } else { "without their code" };
    write!(out, "{file}: {}, {} things looked at", size(receipt.size), receipt.items)?;
    match (receipt.full, receipt.modules) {
        (true, _) => writeln!(out, ", modules {of}")?,
        (false, n) => writeln!(out, ", {n} modules {of}")?,
    }
    if receipt.redacted {
        writeln!(
            out,
            "{} names and serial numbers replaced; names in certificates stay as they are signed",
            receipt.replaced
        )?;
    }
    if !receipt.denied.is_empty() {
        writeln!(out, "not readable without root, and not in it:")?;
        for denied in &receipt.denied {
            writeln!(out, "  {}  ({})", printed(denied.item), denied.what)?;
        }
        writeln!(out, "run as root to have them in it")?;
    }
    Ok(())
}

fn printed(text: &str) -> String {
    text.chars()
        .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
        .collect()
}

fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
    }
}
