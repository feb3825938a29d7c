//! The merged manifest as TOML, each key with the file and line it comes from.

use crate::style::{Style, columns};
use loadworthy_formats::manifest::Manifest;
use std::io::{self, Write};

/// Writes it.
///
/// # Errors
/// When `out` does not take the text.
pub fn config(
    manifest: &Manifest,
    files: &[String],
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    if files.is_empty() {
        writeln!(out, "# no manifest: the hardware in use says what must load")?;
        return writeln!(
            out,
            "# looked for manifest.toml and manifest.d/*.toml in /usr/lib/loadworthy, \
             /run/loadworthy, /etc/loadworthy"
        );
    }
    for file in files {
        writeln!(out, "# {}", style.plain(file))?;
    }
    for (table, lines) in manifest.tables() {
        writeln!(out, "\n{table}")?;
        let each: Vec<(String, String)> = lines
            .iter()
            .map(|line| {
                let said = style.plain(&format!("{} = {}", line.key, line.value));
                (said, style.plain(&format!("{}:{}", line.file, line.number)))
            })
            .collect();
        let widest = each.iter().map(|(said, _)| columns(said)).max().unwrap_or(0).min(48);
        for (said, origin) in each {
            let gap = widest.saturating_sub(columns(&said));
            writeln!(out, "{said}{:gap$}  # {origin}", "")?;
        }
    }
    Ok(())
}
