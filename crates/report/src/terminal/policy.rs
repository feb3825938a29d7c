//! What a platform demands, as text: a line a demand, and where it was read.

use super::{Options, paragraph, setting};
use crate::style::Tone;
use crate::tree;
use loadworthy_core::answer::{Demand, Host};
use std::io::{self, Write};

/// Writes what `host` demands.
///
/// # Errors
/// When `out` does not take the text.
pub fn policy(
    host: &Host,
    demands: &[Demand],
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let style = &options.style;
    let kernel = host.kernel.as_deref().unwrap_or("a kernel that is not known");
    let mut line = format!("what {} demands", style.plain(kernel));
    if let Some(setting) = setting(host) {
        line.push_str(&format!(": {setting}"));
    }
    writeln!(out, "{}", style.paint(Tone::Strong, &line))?;
    for demand in demands {
        writeln!(out)?;
        let value = demand.value.as_deref().unwrap_or("not known");
        paragraph(demand.name, value, 24, style, out)?;
        for line in tree::proofs(&[&demand.because], options.proof, style) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}
