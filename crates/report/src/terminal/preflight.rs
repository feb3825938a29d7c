//! The answer to *will it come back?* in three lines: how many must load, what will not, what is lost.

use crate::style::{Style, Tone, wrap};
use crate::words;
use loadworthy_core::answer::{Answered, Host, Kind};
use loadworthy_core::verdict::Verdict;
use std::io::{self, Write};

/// So many names or losses are told before the rest is counted.
const TOLD: usize = 8;
/// So many drivers on which nothing was seen are named.
const NAMED: usize = 4;

/// Whether these answers are about what a host needs.
pub(super) fn is_one(all: &[Answered]) -> bool {
    all.iter().any(is_driver)
}

/// A driver that is needed; the initramfs, which is needed too, is where some of them come from.
fn is_driver(a: &Answered) -> bool {
    a.subject.need.class.is_some() && a.subject.kind != Kind::Initramfs
}

/// Writes the three lines, of each kernel where several are asked about.
pub(super) fn lines(
    all: &[Answered],
    host: &Host,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    if host.kernels.is_empty() {
        return of_one(all, host.kernel.as_deref(), style, out);
    }
    let mut rest = all;
    for (kernel, answers) in &host.kernels {
        let (own, others) = rest.split_at((*answers).min(rest.len()));
        of_one(own, Some(kernel), style, out)?;
        rest = others;
    }
    Ok(())
}

/// The lines of one kernel.
fn of_one(
    all: &[Answered],
    kernel: Option<&str>,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    // What is optional is named below, and need not load.
    let must = |a: &&Answered| is_driver(a) && !a.subject.need.optional;
    let drivers: Vec<&Answered> = all.iter().filter(must).collect();
    let number =
        |is: fn(&Verdict) -> bool| drivers.iter().filter(|a| is(&a.judgement.verdict)).count();
    let refused = number(|v| matches!(v, Verdict::Refused(_)));
    let unknown = number(|v| matches!(v, Verdict::Unknown(_)));
    let load = drivers.len() - refused - unknown;
    let inside = drivers.iter().filter(|a| a.subject.kind == Kind::BuiltInDriver).count();
    // What starts the kernel stands before every driver.
    let stops = all.iter().find(|a| a.subject.kind == Kind::BootImage && is_refused(a));
    if let Some(image) = stops {
        let name = style.plain(&image.subject.name);
        let line = format!("the boot stops at {name}: no driver comes to load");
        writeln!(out, "{}", style.paint(Tone::Strong, &line))?;
    }
    let troubled: Vec<&Answered> = all
        .iter()
        .filter(|a| a.subject.need.class.is_some())
        .filter(|a| matches!(a.judgement.verdict, Verdict::Refused(_) | Verdict::Unknown(_)))
        .collect();
    let these = |drivers: bool, refused: bool| -> Vec<String> {
        let is = |a: &&&Answered| is_driver(a) == drivers && is_refused(a) == refused;
        troubled.iter().filter(is).map(|a| named(a, style)).collect()
    };
    // Drivers that load are no good news where the root is not reached.
    let initramfs = told(&these(false, true), &these(false, false))
        .map(|line| format!("will not do as initramfs: {line}"));
    let barred = !these(false, true).is_empty();
    if let Some(line) = initramfs.as_ref().filter(|_| barred) {
        folded(line, Tone::Strong, style, out)?;
    }
    let mut line = format!("{} must load", words::count(drivers.len(), "driver"));
    if let Some(kernel) = kernel {
        line.push_str(&format!(" under {}", style.plain(kernel)));
    }
    line.push_str(&match (load, refused, unknown) {
        (_, 0, 0) if drivers.len() == 1 => ": it will".to_owned(),
        (_, 0, 0) => ": all will".to_owned(),
        (load, refused, 0) => format!(": {load} will, {refused} will not"),
        (load, 0, unknown) => format!(": {load} will, {unknown} not known"),
        (load, refused, unknown) => {
            format!(": {load} will, {refused} will not, {unknown} not known")
        }
    });
    if inside > 0 {
        line.push_str(&format!(" ({inside} built in)"));
    }
    writeln!(out, "{}", style.paint(Tone::Strong, &line))?;
    // Nothing is told to be lost of a machine that does not start.
    if stops.is_some() && troubled.is_empty() {
        return Ok(());
    }
    let line = told(&these(true, true), &these(true, false)).unwrap_or_else(|| "none".to_owned());
    folded(&format!("will not load: {line}"), Tone::Plain, style, out)?;
    if let Some(line) = initramfs.as_ref().filter(|_| !barred) {
        folded(line, Tone::Plain, style, out)?;
    }
    let lost = listed(&lost(&troubled, style), "nothing");
    folded(&format!("lost without them: {lost}"), Tone::Plain, style, out)
}

/// A line, broken where it is too long; further lines are set in.
pub(super) fn folded(line: &str, tone: Tone, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    for (n, line) in wrap(line, style.width.saturating_sub(2).max(20)).iter().enumerate() {
        let set_in = if n == 0 { "" } else { "  " };
        writeln!(out, "{set_in}{}", style.paint(tone, line))?;
    }
    Ok(())
}

/// What is lost without these, each once. What stands on a driver is only known where its device was
/// seen: a manifest's name, or a folder in place of a host, does not tell that it is nothing.
fn lost(troubled: &[&Answered], style: &Style) -> Vec<String> {
    let count = troubled.iter().filter(|a| a.subject.need.counts());
    let (seen, not): (Vec<&Answered>, Vec<&Answered>) =
        count.partition(|a| !a.subject.need.loses.is_empty());
    let mut lost: Vec<String> = Vec::new();
    for phrase in seen.iter().flat_map(|a| &a.subject.need.loses) {
        let phrase = style.plain(phrase);
        if !lost.contains(&phrase) {
            lost.push(phrase);
        }
    }
    if !not.is_empty() {
        let names: Vec<String> = not.iter().map(|a| style.plain(&a.subject.name)).collect();
        let names =
            if names.len() > NAMED { format!("{} of them", names.len()) } else { names.join(", ") };
        lost.push(format!("whatever uses {names} (not seen)"));
    }
    lost
}

fn is_refused(a: &Answered) -> bool {
    matches!(a.judgement.verdict, Verdict::Refused(_))
}

/// Those that are refused, and those that are not known; `None`: neither.
fn told(refused: &[String], unknown: &[String]) -> Option<String> {
    match (refused.is_empty(), unknown.is_empty()) {
        (true, true) => None,
        (_, true) => Some(listed(refused, "none")),
        (..) => {
            Some(format!("{}; not known: {}", listed(refused, "none"), listed(unknown, "none")))
        }
    }
}

/// `lpfc (storage)`, `vboxdrv (other, accepted)`.
fn named(a: &Answered, style: &Style) -> String {
    let need = &a.subject.need;
    let mut marks: Vec<&str> = need.class.map(|class| class.name()).into_iter().collect();
    if need.optional {
        marks.push("optional");
    }
    if need.accepted.is_some() {
        marks.push("accepted");
    }
    format!("{} ({})", style.plain(&a.subject.name), marks.join(", "))
}

fn listed(names: &[String], none: &str) -> String {
    if names.is_empty() {
        return none.to_owned();
    }
    let told = names.get(..TOLD).unwrap_or(names);
    let more = names.len() - told.len();
    let list = told.join("; ");
    if more > 0 { format!("{list}; and {more} more") } else { list }
}
