//! Pages as text: what a code, an error number or a log line means.

mod windows;

use crate::lookup::Topic;
use crate::style::{Style, Tone, wrap};
use loadworthy_core::code::Code;
use loadworthy_core::codebook;
use loadworthy_core::tables::Tables;
use loadworthy_core::tables::errors::Meaning;
use std::io::{self, Write};

/// Writes what `topic` means.
///
/// # Errors
/// When `out` does not take the text.
pub fn explain(topic: &Topic<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if style.unicode {
        return told(topic, style, out);
    }
    let mut page = Vec::new();
    told(topic, style, &mut page)?;
    let page = String::from_utf8_lossy(&page).replace('…', "...").replace('–', "-");
    out.write_all(page.as_bytes())
}

fn told(topic: &Topic<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    match topic {
        Topic::Code(code) => page(code, style, out),
        Topic::Errno(row) => errno(row, style, out),
        Topic::Windows(_)
        | Topic::Problem(_)
        | Topic::InfLint(_)
        | Topic::Event(_)
        | Topic::EventValue(_)
        | Topic::Bits(..)
        | Topic::Oid(_)
        | Topic::Policy(_)
        | Topic::Cross(_)
        | Topic::State(..)
        | Topic::Rank(..)
        | Topic::Score(_) => windows::page(topic, style, out),
        Topic::Line(row, code) => {
            let often = if row.once { "once a boot at most" } else { "each time" };
            writeln!(out, "{}", style.paint(Tone::Strong, "a line of the kernel log"))?;
            writeln!(out, "  {}", row.text)?;
            writeln!(out, "  printed {often}; {}", row.common.source)?;
            match code {
                Some(code) => {
                    writeln!(out)?;
                    page(code, style, out)
                }
                None => Ok(()),
            }
        }
    }
}

/// The page of a code: its front matter as a heading, its text wrapped, its examples as they are.
fn page(code: &Code, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let heading = format!("{}  {}", code.id, code.title());
    writeln!(out, "{}", style.paint(Tone::Strong, &heading))?;
    let says = code.field("host_says");
    let says = match says.trim_matches(['[', ']']) {
        "" => String::new(),
        errnos => format!(", the host says {errnos}"),
    };
    let facts = format!("{}, {}, {}{says}", code.name, code.field("kind"), code.bucket().name());
    writeln!(out, "{}", style.paint(Tone::Quiet, &facts))?;
    writeln!(out)?;
    let mut fenced = false;
    for line in code.text().trim().lines() {
        if line.starts_with("```") {
            fenced = !fenced;
            let what = line.trim_start_matches('`');
            if fenced {
                writeln!(out, "  # {what}")?;
            }
        } else if fenced {
            writeln!(out, "  {line}")?;
        } else if let Some(heading) = line.strip_prefix("## ") {
            writeln!(out, "{}", style.paint(Tone::Strong, heading))?;
        } else {
            let (lead, text) = match line.strip_prefix("- ") {
                Some(item) => ("- ", item),
                None => ("", line),
            };
            for (n, part) in wrap(text, style.width.saturating_sub(lead.len())).iter().enumerate() {
                let lead = if n == 0 { lead } else { "  ".get(..lead.len()).unwrap_or("") };
                writeln!(out, "{}", format!("{lead}{part}").trim_end())?;
            }
        }
    }
    Ok(())
}

fn errno(row: &Meaning, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let heading = format!("{} ({})  {}", row.name, row.number, row.words);
    writeln!(out, "{}", style.paint(Tone::Strong, &heading))?;
    writeln!(out)?;
    writeln!(out, "When a module is loaded it can mean:")?;
    let item = |text: &str, out: &mut dyn Write| -> io::Result<()> {
        for (n, part) in wrap(text, style.width.saturating_sub(2)).iter().enumerate() {
            writeln!(out, "{}{part}", if n == 0 { "- " } else { "  " })?;
        }
        Ok(())
    };
    for meaning in &row.means {
        item(meaning, out)?;
    }
    writeln!(out)?;
    for line in wrap(&row.tell, style.width) {
        writeln!(out, "{line}")?;
    }
    writeln!(out)?;
    writeln!(out, "insmod prints    {}", row.insmod)?;
    let modprobe = if row.modprobe.is_empty() { "nothing: it succeeds" } else { &row.modprobe };
    writeln!(out, "modprobe prints  {modprobe}")?;
    for code in row.codes.iter().filter_map(|c| codebook::find(c)) {
        writeln!(out, "{}           {}", code.id, code.title())?;
    }
    for (n, line) in wrap(&row.source, style.width.saturating_sub(17)).iter().enumerate() {
        writeln!(out, "{}{line}", if n == 0 { "source           " } else { "                 " })?;
    }
    Ok(())
}

/// Writes all codes and error numbers, a line each.
///
/// # Errors
/// When `out` does not take the text.
pub fn list(tables: &Tables, out: &mut dyn Write) -> io::Result<()> {
    for code in codebook::ALL {
        writeln!(out, "{}  {:8}  {}", code.id, code.field("kind"), code.title())?;
    }
    for row in tables.errors.rows() {
        writeln!(out, "{:12}  {:>3}  {}", row.name, row.number, row.words)?;
    }
    let codes = &tables.windows_codes;
    for found in codes.all() {
        let forms = found.forms();
        let first = forms.first().map_or("", |(_, text)| text);
        writeln!(out, "{first:>10}  {}", found.row.name)?;
    }
    for row in &codes.problems {
        writeln!(out, "{:>10}  {}", format!("code {}", row.number), row.name)?;
    }
    for row in &codes.events {
        writeln!(out, "{:>10}  {}", format!("event {}", row.number), row.log)?;
    }
    for row in &codes.oids {
        writeln!(out, "{}  {}", row.oid, row.name)?;
    }
    Ok(())
}
