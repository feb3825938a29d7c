//! For the terminal, at three in the morning.

use super::{NO_SIGNATURE, change, facts, heading};
use crate::style::{Style, Tone, wrap};
use loadworthy_core::diagnose::finding::{Coverage, Diagnosis, Finding, Quoted};
use loadworthy_core::tables::diagnose::Knowledge;
use std::io::{self, Write};

/// Writes a diagnosis.
///
/// # Errors
/// When `out` does not take the text.
pub fn diagnosis(
    told: &Diagnosis,
    read: &Coverage,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    if style.unicode {
        return whole(told, read, style, out);
    }
    let mut page = Vec::new();
    whole(told, read, style, &mut page)?;
    let page = String::from_utf8_lossy(&page);
    let page = page.replace(['“', '”'], "\"").replace('–', "-").replace('…', "...");
    out.write_all(page.as_bytes())
}

fn whole(told: &Diagnosis, read: &Coverage, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let of = format!("{} lines of {} read", read.lines, counted(read.texts.len(), "text"));
    if told.findings.is_empty() {
        writeln!(out, "{}", style.paint(Tone::Good, "no problem found"))?;
        writeln!(out, "{of}")?;
        if !told.harmless.is_empty() {
            writeln!(out, "\nlooks bad and is not:")?;
            quoted(&told.harmless, style, out)?;
        }
    }
    for (n, finding) in told.findings.iter().enumerate() {
        if n > 0 {
            writeln!(out)?;
        }
        one(finding, style, out)?;
    }
    // Where nothing was refused there is nothing to look for in what changed.
    if !told.changes.is_empty() && !told.findings.is_empty() {
        writeln!(out, "\n{}", style.paint(Tone::Strong, "what changed before"))?;
        let changes: Vec<Quoted> = told.changes.iter().map(change).collect();
        quoted(&changes, style, out)?;
    }
    if !told.since.is_empty() {
        writeln!(out, "\n{}", style.paint(Tone::Strong, "what differs from the earlier record"))?;
        for said in &told.since {
            say("  - ", said, style, out)?;
        }
    }
    if !told.unbound.is_empty() {
        writeln!(out, "\n{}", style.paint(Tone::Strong, "there, and without a driver"))?;
        quoted(&told.unbound, style, out)?;
    }
    if !told.findings.is_empty() {
        writeln!(out, "\n{}", style.paint(Tone::Quiet, &of))?;
    }
    for skipped in &read.skipped {
        say("skipped: ", skipped, style, out)?;
    }
    Ok(())
}

fn one(finding: &Finding, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let tone = if finding.fault { Tone::Bad } else { Tone::Good };
    let sure = finding.confidence.name();
    let lead = format!("{sure}  ");
    for (n, line) in
        wrap(&heading(finding), style.width.saturating_sub(lead.len())).iter().enumerate()
    {
        if n == 0 {
            writeln!(out, "{}  {}", style.paint(tone, sure), style.plain(line))?;
        } else {
            writeln!(out, "{}{}", " ".repeat(lead.len()), style.plain(line))?;
        }
    }
    say("", &facts(finding), style, out)?;
    if !finding.signature && finding.family == "not-signature" {
        writeln!(out, "{}", style.paint(Tone::Strong, NO_SIGNATURE))?;
    }
    if let Some((command, tells)) = &finding.next {
        say("next  ", command, style, out)?;
        say("      ", tells, style, out)?;
    }
    writeln!(out)?;
    say("why  ", &finding.because, style, out)?;
    quoted(&finding.evidence, style, out)?;
    if finding.more > 0 {
        writeln!(out, "  and {} more", counted_long(finding.more, "line"))?;
    }
    if let Some(judged) = &finding.judged {
        say("the checks of the files say  ", judged, style, out)?;
    }
    if !finding.consequences.is_empty() {
        writeln!(out, "\nmissing because of it")?;
        quoted(&finding.consequences, style, out)?;
    }
    if !finding.others.is_empty() {
        writeln!(out, "\nwhat else fits")?;
        for other in &finding.others {
            say("  ", &format!("{}: {}", other.cause, other.because), style, out)?;
        }
    }
    if !finding.recovery.steps.is_empty() {
        writeln!(out, "\nwhat to do")?;
        for (n, step) in finding.recovery.steps.iter().enumerate() {
            say(&format!("  {}. ", n + 1), step, style, out)?;
        }
        for command in &finding.recovery.commands {
            writeln!(out, "     {}", style.plain(command))?;
        }
    }
    if !finding.recovery.avoid.is_empty() {
        writeln!(out, "\nwhat not to do")?;
        for avoid in &finding.recovery.avoid {
            say("  - ", avoid, style, out)?;
        }
    }
    if let Some(code) = &finding.code {
        writeln!(out, "\nmore  loadworthy explain {code}")?;
    }
    Ok(())
}

fn quoted(lines: &[Quoted], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    for line in lines {
        writeln!(out, "  {}", style.paint(Tone::Quiet, &style.plain(&line.source)))?;
        for part in wrap(&line.quote, style.width.saturating_sub(4)) {
            writeln!(out, "    {}", style.plain(&part))?;
        }
    }
    Ok(())
}

fn say(lead: &str, text: &str, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let room = style.width.saturating_sub(lead.chars().count());
    for (n, part) in wrap(text, room).iter().enumerate() {
        let lead = if n == 0 { lead.to_owned() } else { " ".repeat(lead.chars().count()) };
        writeln!(out, "{lead}{}", style.plain(part))?;
    }
    Ok(())
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn counted_long(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Writes every cause a diagnosis can name.
///
/// # Errors
/// When `out` does not take the text.
pub fn causes(knowledge: &Knowledge, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut family = "";
    for cause in knowledge.listed() {
        if family != cause.family {
            family = &cause.family;
            writeln!(out, "{}", style.paint(Tone::Strong, family))?;
        }
        let code = cause.code.as_deref().unwrap_or("      ");
        writeln!(out, "  {code}  {}", cause.id)?;
        say("          ", &cause.means, style, out)?;
    }
    Ok(())
}
