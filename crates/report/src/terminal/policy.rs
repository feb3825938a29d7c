//! What a platform demands, as text: a line a demand, and where it was read.

use super::{Options, paragraph};
use crate::style::Tone;
use crate::tree;
use loadworthy_core::answer::Demand;
use std::io::{self, Write};

/// Writes what each kernel demands.
///
/// # Errors
/// When `out` does not take the text.
pub fn policy(
    kernels: &[(&str, &[Demand])],
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let style = &options.style;
    for (n, (kernel, demands)) in kernels.iter().enumerate() {
        if n > 0 {
            writeln!(out)?;
        }
        let line = format!("what {} demands", style.plain(kernel));
        writeln!(out, "{}", style.paint(Tone::Strong, &line))?;
        for demand in *demands {
            writeln!(out)?;
            let value = match demand.value.as_deref() {
                None => "not known",
                Some("") => "none",
                Some(value) => value,
            };
            paragraph(demand.name, value, 24, style, out)?;
            for line in tree::proofs(&[&demand.because], options.proof, style) {
                writeln!(out, "{line}")?;
            }
        }
    }
    Ok(())
}
