//! `package prepare` and `package compare` for people.

use crate::finding;
use crate::gist::{Gist, plain};
use crate::style::{Style, Tone};
use loadworthy_core::submitted::{Became, Compared, Prepared};
use loadworthy_core::tables::inf_lints::Level;
use std::io::{self, Write};

/// What was made ready, and what stands in its way. `to` is where the cabinet was written.
///
/// # Errors
/// When `out` does not take it.
pub fn prepared(
    made: &Prepared,
    to: Option<(&str, &str)>,
    verbose: bool,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    for f in made.findings.iter().filter(|f| verbose || f.level > Level::Note) {
        let (place, level) = (finding::place(f), f.level.name());
        writeln!(out, "{place}: {level}: {} ({})", finding::sentence(f), finding::id(f))?;
    }
    let Some((path, digest)) = to else {
        let stops = made.findings.iter().filter(|f| f.level == Level::Error).count();
        let what = if stops == 1 { "1 error stops" } else { &format!("{stops} errors stop") };
        return writeln!(
            out,
            "{what} the cabinet from being written; --force writes it all the same"
        );
    };
    writeln!(out, "{}", style.paint(Tone::Strong, &plain(path)))?;
    for folder in &made.folders {
        let (infs, on) = (folder.infs.join(", "), folder.architectures.join(", "));
        writeln!(out, "  {}: {}, for {on}", plain(&folder.name), plain(&infs))?;
        for (file, size) in &folder.files {
            writeln!(out, "    {:<44} {size:>9}", plain(file))?;
        }
    }
    writeln!(out, "  sha256  {digest}")?;
    writeln!(out, "  sign it with the certificate that the portal knows, and submit it")
}

/// What the portal changed, and what each platform makes of it.
///
/// # Errors
/// When `out` does not take it.
pub fn compared(compared: &Compared, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let said = match compared.is_as_sent() {
        true => "what came back is what was sent, but for signatures and catalogs",
        false => "what came back is not what was sent",
    };
    writeln!(out, "{}", style.paint(Tone::Strong, said))?;
    for file in &compared.files {
        let path = file.came.as_deref().or(file.sent.as_deref()).unwrap_or_default();
        let more = match &file.became {
            Became::Signed(by) | Became::Catalog(by) if !by.is_empty() => {
                format!("  by {}", plain(&by.join(", ")))
            }
            Became::Changed(Some(change)) => format!("  in its {change} alone"),
            _ => String::new(),
        };
        writeln!(out, "  {:<8} {}{more}", file.became.name(), plain(path))?;
    }
    for a in compared
        .answers
        .iter()
        .flat_map(|answers| answers.answers.iter().map(move |a| (a, answers)))
    {
        let gist = Gist::of(a.0, a.1);
        let (on, code) = (gist.on.as_deref().unwrap_or(""), gist.code.map_or("", |c| c.id));
        let line = format!("{:<14} {:<8} {} on {on} {code}", gist.outcome, gist.phase, gist.name);
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
