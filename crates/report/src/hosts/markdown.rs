//! The table for issues and change requests.

use std::io::{self, Write};

use crate::hosts::{
    BESIDE, One, breaks, cell, clusters, few, headline, names, told, uneven, usual,
};
use crate::markdown::safe;

/// Writes the page: a row a host, the odd ones first; then the drivers that do not load everywhere, side
/// by side where hosts fit beside one another.
///
/// # Errors
/// When `out` does not take it.
pub fn markdown(all: &[One], out: &mut dyn Write) -> io::Result<()> {
    let usual = usual(all);
    writeln!(out, "## loadworthy: {}\n", headline(all))?;
    if let Some(line) = breaks(all) {
        writeln!(out, "{}\n", safe(&line))?;
    }
    writeln!(out, "| host | kernel | outcome | what | unlike most |")?;
    writeln!(out, "|---|---|---|---|---|")?;
    for one in all {
        let told = told(one, &usual);
        let what = if told.word == "loads" { String::new() } else { few(&told.named) };
        let kernel = one.answers.host.kernel.as_deref().unwrap_or("-");
        writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            safe(&one.name),
            safe(kernel),
            told.word,
            safe(&what),
            safe(&names(&told.unlike))
        )?;
    }
    for cluster in clusters::of(all) {
        writeln!(out, "\n### {}\n", safe(&clusters::line(&cluster)))?;
        for fault in &cluster.faults {
            let said = safe(&clusters::fault(fault, &cluster));
            writeln!(out, "- **{}** {said}", fault.code.id)?;
        }
        if !cluster.waves.is_empty() {
            writeln!(out, "- reboot {}", safe(&clusters::waves(&cluster)))?;
        }
        if !cluster.held.is_empty() {
            writeln!(out, "- leave up {}", safe(&cluster.held.join(" ")))?;
        }
    }
    let rows = uneven(all);
    if rows.is_empty() || all.len() > BESIDE {
        return Ok(());
    }
    let hosts: Vec<String> = all.iter().map(|one| safe(&one.name)).collect();
    writeln!(out, "\n| what | {} |", hosts.join(" | "))?;
    writeln!(out, "|---{}|", "|---".repeat(all.len()))?;
    for (driver, cells) in rows {
        let cells: Vec<String> = cells.iter().map(|of| cell(of.as_ref())).collect();
        writeln!(out, "| {} | {} |", safe(&driver), cells.join(" | "))?;
    }
    Ok(())
}
