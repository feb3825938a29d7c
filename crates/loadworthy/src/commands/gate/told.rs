//! What `gate` prints, for people and for programs.

use loadworthy_gate::breakglass::Opened;
use loadworthy_gate::install::{Became, Line};
use loadworthy_gate::status::Status;
use serde::Serialize;
use std::io::{self, Write};

/// One document and a newline.
pub(super) fn json(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    loadworthy_report::json::document::document(value, out)
}

pub(super) fn lines(lines: &[Line], dry: bool, out: &mut dyn Write) -> io::Result<()> {
    let shown: Vec<&Line> = lines.iter().filter(|l| l.became != Became::NotHere).collect();
    let width = shown.iter().map(|line| line.path.len()).max().unwrap_or(0);
    for line in &shown {
        let word = word(line.became, dry);
        writeln!(out, "{word:<13} {:<width$}  {}", line.path, line.what)?;
    }
    if shown.is_empty() {
        writeln!(out, "nothing       no file of the gate belongs on this host")?;
    }
    Ok(())
}

fn word(became: Became, dry: bool) -> &'static str {
    match became {
        Became::Written if dry => "would write",
        Became::Written => "written",
        Became::Kept => "kept",
        Became::Removed if dry => "would remove",
        Became::Removed => "removed",
        Became::Changed => "changed",
        Became::Gone => "gone",
        Became::Foreign => "not ours",
        Became::NotHere => "no use",
        Became::Failed => "failed",
    }
}

pub(super) fn overridden(
    opened: &Opened,
    closed: bool,
    hooks: &[String],
    out: &mut dyn Write,
) -> io::Result<()> {
    if closed {
        writeln!(out, "closed  override {} of {}", opened.id, opened.owner)?;
    } else {
        let ticket = opened.ticket.as_ref().map(|t| format!(" ({t})")).unwrap_or_default();
        writeln!(
            out,
            "open  override {} of {} until {}{ticket}",
            opened.id, opened.owner, opened.until
        )?;
        writeln!(out, "      {}", opened.reason)?;
        writeln!(out, "undo  {}", opened.undo)?;
    }
    hooks.iter().try_for_each(|hook| writeln!(out, "hook  {hook}"))
}

pub(super) fn status(status: &Status, out: &mut dyn Write) -> io::Result<()> {
    match &status.verdict {
        Some(verdict) => {
            let next = verdict.next.as_deref().unwrap_or("none");
            let by = &verdict.evidence.compared_by;
            let by: Vec<String> = by.iter().map(|(by, n)| format!("{n} {by}")).collect();
            let by = if by.is_empty() { String::new() } else { format!(": {}", by.join(", ")) };
            let blocked = if verdict.blocked { ", reboots are refused" } else { "" };
            writeln!(
                out,
                "next      {next}: {}{blocked} ({}, judged {} from {} inputs, {}{by})",
                verdict.outcome.name(),
                verdict.at,
                verdict.evidence.judged_at,
                verdict.evidence.inputs,
                verdict.evidence.how
            )?;
            writeln!(out, "enforce   {}", verdict.enforce)?;
        }
        None => writeln!(out, "next      not judged since the boot: loadworthy gate run")?,
    }
    for held in &status.held {
        let codes = held.codes.join(", ");
        writeln!(out, "held      {} since {} ({codes})", held.kernel, held.since)?;
    }
    if let Some(demotion) = &status.demotion {
        writeln!(out, "default   {}", demotion.instead)?;
    }
    match (&status.opened, &status.expired) {
        (Some(o), _) => {
            writeln!(out, "override  {} of {} until {}: {}", o.id, o.owner, o.until, o.reason)?;
            writeln!(out, "undo      {}", o.undo)?;
        }
        (None, Some(o)) => {
            writeln!(out, "override  {} of {} has expired at {}", o.id, o.owner, o.until)?
        }
        (None, None) => writeln!(out, "override  none")?,
    }
    let ledger = &status.ledger;
    let sound = ledger.broken.as_deref().unwrap_or("the chain holds");
    writeln!(out, "ledger    {} entries, {sound}", ledger.entries)?;
    if let Some(head) = &ledger.head {
        writeln!(out, "          {head}")?;
    }
    if let Some(holds) = ledger.holds {
        let word = if holds { "is in it" } else { "is not in it" };
        writeln!(out, "          the line that was noted {word}")?;
    }
    writeln!(
        out,
        "boots     {} predictions, {} wrong",
        status.predictions.made, status.predictions.wrong
    )?;
    let width = status.files.iter().map(|file| file.path.len()).max().unwrap_or(0);
    for file in &status.files {
        writeln!(out, "file      {:<width$}  {}", file.path, word(file.is, false))?;
    }
    for finding in &status.findings {
        writeln!(out, "{}    {}", finding.code, finding.title)?;
    }
    Ok(())
}
