//! `loadworthy gate confirm`: a boot beside what was foretold.

use crate::args::gate::Confirm;
use crate::exit;
use crate::request::{Surroundings, at};
use crate::trouble::{Trouble, written};
use loadworthy_gate::confirm::{self, Compared};
use std::io::Write;

pub(super) fn run(
    args: &Confirm,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<u8, Trouble> {
    let at = at(args.at.as_deref(), around).map_err(Trouble::Usage)?;
    let compared = confirm::confirm(args.root.as_deref(), &at, around.processors)?;
    written(if super::is_json(&args.output) {
        super::told::json(&compared, out)
    } else {
        text(&compared, out)
    })?;
    if compared.trial.as_ref().is_some_and(|tried| !tried.passed) {
        return Ok(exit::REFUSED);
    }
    Ok(match (compared.predictions, compared.misses.is_empty()) {
        (_, false) => exit::REFUSED,
        (0, true) => exit::UNKNOWN,
        (_, true) => exit::LOADS,
    })
}

fn text(compared: &Compared, out: &mut dyn Write) -> std::io::Result<()> {
    let kernel = compared.kernel.as_deref().unwrap_or("unknown");
    writeln!(
        out,
        "kernel {kernel}: {} predictions, {} wrong, {} not decided by this boot",
        compared.predictions,
        compared.misses.len(),
        compared.undecided
    )?;
    for miss in &compared.misses {
        writeln!(out, "wrong  {}: foretold {}, {}", miss.module, miss.foretold, miss.observed)?;
    }
    if let Some(tried) = &compared.trial {
        match (&tried.why, &tried.instead) {
            (Some(why), Some(instead)) => {
                writeln!(out, "trial  {} failed: {why}; {instead} is the default", tried.kernel)?;
            }
            _ => writeln!(out, "trial  {} passed, and is the default", tried.kernel)?,
        }
    }
    for trouble in &compared.troubles {
        writeln!(out, "       {trouble}")?;
    }
    if let Some(case) = &compared.case {
        writeln!(out, "case   {case}")?;
    }
    Ok(())
}
