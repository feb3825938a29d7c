//! Answers as text for people: the conclusion first, then why, then what would help.
//!
//! The first word of each subject's first line is the outcome, so that the page can be searched
//! and cut by columns as well as read.

use crate::finding;
use crate::style::{Style, Tone, wrap};
use crate::tree::{self, Depth};
use crate::words::{self, remedies};
use loadworthy_core::answer::{Answered, Answers, Host, Kind, Note, Platform, Tried};
use loadworthy_core::proof::{Gap, Proof};
use loadworthy_core::verdict::{Reason, Verdict};
use std::io::{self, Write};

pub mod collect;
pub mod config;
mod matrix;
mod policy;
mod preflight;
pub use matrix::matrix;
pub use policy::policy;

/// What the reader wants to see.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// What the page may look like.
    pub style: Style,
    /// How much of each proof.
    pub proof: Depth,
    /// Everything that loads, too, a line each.
    pub verbose: bool,
    /// Only what does not load, a line each.
    pub quiet: bool,
}

/// So many are told in full, or by name, before the rest is told in short.
pub const IN_FULL: usize = 20;
/// So few that load are named without being asked for.
const FEW: usize = 10;

/// Writes the answers.
///
/// # Errors
/// When `out` does not take the text.
pub fn check(answers: &Answers, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let all = &answers.answers;
    if options.quiet {
        for a in all.iter().filter(|a| troubled(a)) {
            writeln!(out, "{}", first_line(a, &options.style))?;
        }
        return Ok(());
    }
    match all.as_slice() {
        [] => nothing(&answers.host, options, out)?,
        [one] if !preflight::is_one(all) => block(one, answers, options, out)?,
        many => several(many, answers, options, out)?,
    }
    finding::lines(answers, options.verbose, out)?;
    notes(answers, options, out)
}

/// What else is worth telling: a code once, with everything that speaks for it.
fn notes(answers: &Answers, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let mut of_codes: Vec<Vec<&Note>> = Vec::new();
    for note in &answers.notes {
        let same = |of: &&mut Vec<&Note>| of.iter().all(|n| n.code.id == note.code.id);
        match of_codes.iter_mut().find(same) {
            Some(of) => of.push(note),
            None => of_codes.push(vec![note]),
        }
    }
    let (depth, style) = (options.proof, &options.style);
    for notes in of_codes {
        let Some(first) = notes.first() else { continue };
        writeln!(out)?;
        writeln!(out, "note  {}  {}", first.code.id, first.code.title())?;
        // What is true under several kernels is told once.
        let mut told: Vec<Vec<String>> = Vec::new();
        let mut roots: Vec<&Proof> = Vec::new();
        for note in &notes {
            let alone = tree::proofs(&[&note.because], Depth::Full, style);
            if !told.contains(&alone) {
                told.push(alone);
                roots.push(&note.because);
            }
        }
        for line in tree::proofs(&roots, depth, style) {
            writeln!(out, "{line}")?;
        }
        let mut rows: Vec<(&str, String)> = Vec::new();
        for tried in notes.iter().flat_map(|note| &note.tried) {
            let row = judged_again(tried, style);
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
        for (label, what) in rows {
            paragraph(&format!("  {label}"), &what, 22, style, out)?;
        }
    }
    Ok(())
}

/// What was tried: whether it would help, and what comes of it.
fn judged_again(tried: &Tried, style: &Style) -> (&'static str, String) {
    // What is open beside the refusal stays open after the change: nothing is promised then.
    let label = match (tried.helps, &tried.judged) {
        (true, _) => "would help",
        (false, Verdict::Unknown(_)) => "may help",
        (false, _) => "would not help",
    };
    let outcome = match &tried.judged {
        Verdict::Refused(code) => format!("refused ({code})"),
        other => other.name().to_owned(),
    };
    let dash = if style.unicode { '–' } else { '-' };
    let what = remedies::remedy(&tried.remedy);
    (label, format!("{what} {dash} judged again: {outcome}"))
}

/// What to say where there was nothing to judge.
fn nothing(host: &Host, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let style = &options.style;
    if host.platform == Platform::Windows {
        writeln!(out, "nothing to judge there: no driver and no package that this asks about")?;
        let hint = "name an INF or a folder: Windows XP and Server 2003 are judged for installing";
        return paragraph("  to judge one", hint, 22, style, out);
    }
    let kernel = host.kernel.as_deref().map(|k| format!(" of {}", style.plain(k)));
    let kernel = kernel.unwrap_or_default();
    writeln!(out, "nothing to judge: no module{kernel} was named, or is in use here")?;
    if let Some(setting) = setting(host) {
        writeln!(out, "{setting}")?;
    }
    started(host, style, out)?;
    paragraph("  to judge one", "loadworthy check FILE.ko", 22, style, out)?;
    paragraph("  the whole tree", "loadworthy check --all", 22, style, out)?;
    paragraph("  what is demanded", "loadworthy policy", 22, style, out)?;
    paragraph("  an example", "loadworthy check --example", 22, style, out)
}

/// The answer to *will it come back?*, a line each; empty where something else was asked.
pub(crate) fn answer(answers: &Answers) -> Vec<String> {
    if !preflight::is_one(&answers.answers) {
        return Vec::new();
    }
    let style = Style { width: usize::MAX, ..Style::default() };
    let mut lines = Vec::new();
    match preflight::lines(&answers.answers, &answers.host, &style, &mut lines) {
        Ok(()) => String::from_utf8_lossy(&lines).lines().map(str::to_owned).collect(),
        Err(_) => Vec::new(),
    }
}

fn troubled(a: &Answered) -> bool {
    matches!(a.judgement.verdict, Verdict::Refused(_) | Verdict::Unknown(_))
}

fn of<'a>(all: &'a [Answered], name: &str) -> Vec<&'a Answered> {
    all.iter().filter(|a| a.judgement.verdict.name() == name).collect()
}

fn several(
    all: &[Answered],
    answers: &Answers,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let style = &options.style;
    let (refused, unknown) = (of(all, "refused"), of(all, "unknown"));
    let (tainted, loads) = (of(all, "loads-tainted"), of(all, "loads"));
    if preflight::is_one(all) {
        preflight::lines(all, &answers.host, style, out)?;
    } else {
        writeln!(out, "{}", style.paint(Tone::Strong, &summary(all, &answers.host, style)))?;
    }
    if let Some(host) = setting(&answers.host) {
        writeln!(out, "{host}")?;
    }
    if answers.host.kernels.is_empty() {
        started(&answers.host, style, out)?;
    }
    for (n, a) in refused.iter().enumerate() {
        if n < IN_FULL {
            writeln!(out)?;
            block(a, answers, options, out)?;
        } else {
            if n == IN_FULL {
                writeln!(out)?;
            }
            writeln!(out, "{}", first_line(a, style))?;
        }
    }
    for (gaps, group) in by_gap(&unknown) {
        writeln!(out)?;
        for (n, a) in group.iter().enumerate() {
            if n < IN_FULL || options.verbose {
                writeln!(out, "{}", first_line(a, style))?;
            }
        }
        if group.len() > IN_FULL && !options.verbose {
            writeln!(out, "and {} more for the same reason", group.len() - IN_FULL)?;
        }
        missing(gaps, style, out)?;
    }
    for (group, few) in [(&tainted, FEW), (&loads, FEW)] {
        if options.verbose || (!group.is_empty() && group.len() <= few) {
            writeln!(out)?;
            for a in group {
                writeln!(out, "{}", first_line(a, style))?;
            }
        }
    }
    if tainted.len() > FEW && !options.verbose {
        writeln!(out)?;
        marks(&tainted, out)?;
    }
    Ok(())
}

/// `4023 modules of 6.1.0-56-amd64: 4023 load, 12 of them tainted, none refused`.
fn summary(all: &[Answered], host: &Host, style: &Style) -> String {
    let number = |name: &str| of(all, name).len();
    let tainted = number("loads-tainted");
    let load = number("loads") + tainted;
    let noun = match host.platform {
        Platform::Linux => "module",
        Platform::Windows => "verdict",
    };
    let images = all.iter().filter(|a| a.subject.kind == Kind::BootImage).count();
    let mut line = match (all.len() - images, images) {
        (rest, 0) => words::count(rest, noun),
        (0, images) => words::count(images, "boot image"),
        (rest, images) => {
            let rest = words::count(rest, noun);
            format!("{rest} and {}", words::count(images, "boot image"))
        }
    };
    if let Some(kernel) = &host.kernel {
        line.push_str(&format!(" of {}", style.plain(kernel)));
    }
    match load {
        0 => line.push_str(": none loads"),
        1 => line.push_str(": 1 loads"),
        n => line.push_str(&format!(": {n} load")),
    }
    if tainted > 0 {
        line.push_str(&format!(", {tainted} of them tainted"));
    }
    match number("refused") {
        0 => line.push_str(", none refused"),
        n => line.push_str(&format!(", {n} refused")),
    }
    match number("unknown") {
        0 => {}
        n => line.push_str(&format!(", {n} unknown")),
    }
    line
}

/// `Secure Boot on, lockdown integrity`.
fn setting(host: &Host) -> Option<String> {
    let boot = host.secure_boot.map(|on| format!("Secure Boot {}", if on { "on" } else { "off" }));
    let lockdown = host.lockdown.map(|level| format!("lockdown {level}"));
    let said: Vec<String> = boot.into_iter().chain(lockdown).collect();
    (!said.is_empty()).then(|| said.join(", "))
}

/// `started by GRUB: Debian GNU/Linux (default), boot/grub/grub.cfg`.
fn started(host: &Host, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let Some(started) = &host.started_by else { return Ok(()) };
    let entry = &started.entry;
    let loader = words::boot::loader(entry.loader);
    let by = started.by.map_or("not the next one", words::boot::because);
    let (title, file) = (style.plain(&entry.title), style.plain(&entry.file));
    let line = format!("started by {loader}: {title} ({by}), {file}");
    preflight::folded(&line, Tone::Plain, style, out)
}

/// `refused  lpfc  lib/modules/…/lpfc.ko`.
fn first_line(a: &Answered, style: &Style) -> String {
    let outcome = a.judgement.verdict.name();
    let tone = match a.judgement.verdict {
        Verdict::Loads => Tone::Good,
        Verdict::LoadsTainted | Verdict::Unknown(_) => Tone::Mind,
        Verdict::Refused(_) => Tone::Bad,
    };
    let mut line = format!("{}  {}", style.paint(tone, outcome), style.plain(&a.subject.name));
    if let Some(on) = &a.on {
        line.push_str(&format!("  {} on {}", a.phase.name(), style.plain(on)));
    }
    if let Some(path) = &a.subject.path {
        line.push_str("  ");
        line.push_str(&style.plain(path));
    }
    let prompt = a.judgement.says.windows.as_ref().and_then(|w| w.prompt);
    if let Some(prompt) = prompt.filter(|_| loads(a)) {
        line.push_str(&format!("  [asks: {}]", prompt.name()));
    }
    let letters: Vec<&str> = a.judgement.says.taint.iter().map(|l| l.name()).collect();
    if !letters.is_empty() {
        line.push_str(&format!("  [{}]", letters.join(" ")));
    }
    line
}

/// One subject in full.
fn block(
    a: &Answered,
    answers: &Answers,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let style = &options.style;
    writeln!(out, "{}", first_line(a, style))?;
    let reached: Vec<&Reason> = a.judgement.reasons.iter().filter(|r| r.reached).collect();
    let decisive = match &a.judgement.verdict {
        Verdict::Refused(_) => 1,
        Verdict::LoadsTainted => reached.len(),
        Verdict::Loads | Verdict::Unknown(_) => 0,
    };
    for reason in reached.iter().take(decisive) {
        paragraph(reason.code.id, reason.code.title(), 8, style, out)?;
    }
    if let Verdict::Unknown(gaps) = &a.judgement.verdict {
        missing(gaps, style, out)?;
    }
    let lines = tree::lay_out(&a.judgement, options.proof, style);
    if !lines.is_empty() {
        writeln!(out)?;
        for line in lines {
            writeln!(out, "{line}")?;
        }
    }
    writeln!(out)?;
    rows(a, answers, options, out)
}

/// What the host will say, what would help, where to read more.
fn rows(a: &Answered, answers: &Answers, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let style = &options.style;
    let mut row = |label: &str, text: &str| paragraph(&format!("  {label}"), text, 22, style, out);
    let says = &a.judgement.says;
    let mut said: Vec<String> = says.errno.iter().map(|e| e.name().to_owned()).collect();
    said.extend(says.stopped.and_then(|(_, status)| status).map(str::to_owned));
    said.extend(says.lines.iter().map(|l| format!("\"{}\"", l.text)));
    if !said.is_empty() {
        let who = says.stopped.map_or("the host", |(by, _)| by.name());
        row(&format!("{who} will say"), &said.join("; "))?;
        if (says.errno.is_some() || says.stopped.is_some()) && !says.certain {
            row("", "not certain: something that is not known comes before it")?;
        }
    }
    if let Some(windows) = &says.windows {
        let said = words::windows::says(windows);
        if !said.is_empty() {
            row("Windows will say", &said.join("; "))?;
        }
        if let Some(prompt) = windows.prompt.filter(|_| loads(a)) {
            row("asked", words::windows::prompt(prompt))?;
        }
    }
    let beyond: Vec<String> = a
        .judgement
        .reasons
        .iter()
        .filter(|r| r.code.field("kind") == "refusal")
        .filter(|r| match &a.judgement.verdict {
            Verdict::Refused(code) => r.code.id != code.id,
            Verdict::Loads | Verdict::LoadsTainted | Verdict::Unknown(_) => !r.reached,
        })
        .map(|r| format!("{} {}", r.code.id, r.code.title()))
        .collect();
    for also in beyond {
        row("also", &also)?;
    }
    if let Some(pending) = &a.pending {
        row("pending", pending)?;
    }
    for tried in &a.tried {
        let (label, what) = judged_again(tried, style);
        row(label, &what)?;
        if tried.helps || matches!(tried.judged, Verdict::Unknown(_)) {
            let commands = remedies::first(&tried.remedy).into_iter();
            for command in commands.chain(remedies::command(&tried.remedy)) {
                row("", &command)?;
            }
        }
    }
    if !a.subject.required_by.is_empty() {
        row("wanted by", &words::wanted(&a.subject.required_by))?;
    }
    let need = &a.subject.need;
    if !need.loses.is_empty() {
        row("lost without it", &need.loses.join("; "))?;
    }
    if need.optional {
        row("", "optional: told, and decides nothing")?;
    }
    if let Some(known) = &need.accepted {
        let what = format!("until {} by {}: {}", known.until, known.owner, known.reason);
        row("accepted", &what)?;
    }
    let host = [answers.host.kernel.as_deref().map(ToOwned::to_owned), setting(&answers.host)];
    let host: Vec<String> = host.into_iter().flatten().collect();
    if answers.answers.len() == 1 && !preflight::is_one(&answers.answers) && !host.is_empty() {
        row("judged for", &host.join(", "))?;
    }
    if !matches!(a.judgement.verdict, Verdict::Unknown(_)) {
        row("how sure", backing(a))?;
    }
    if let Some(reason) = a.judgement.reasons.first() {
        row("more", &format!("loadworthy explain {}", reason.code.id))?;
    }
    Ok(())
}

fn loads(a: &Answered) -> bool {
    matches!(a.judgement.verdict, Verdict::Loads | Verdict::LoadsTainted)
}

fn backing(a: &Answered) -> &'static str {
    use loadworthy_core::answer::Kind;
    use loadworthy_core::proof::Standing;
    let windows = matches!(a.subject.kind, Kind::WindowsDriver | Kind::DriverPackage);
    match a.judgement.standing {
        Standing::Documented if windows => {
            "documented: Microsoft's documents, or analyses they do not contradict, say so"
        }
        Standing::Confirmed => "confirmed: a real kernel of this release answered so",
        Standing::Documented => "documented: the kernel's source code says so",
        Standing::Extrapolated => {
            "extrapolated: from the nearest kernel that is known; this one was not read"
        }
    }
}

/// What is missing, and how to supply it.
fn missing(gaps: &[Gap], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    for gap in gaps {
        paragraph("  not known", &words::gap(gap), 22, style, out)?;
        paragraph("  to supply it", words::supply(gap), 22, style, out)?;
    }
    Ok(())
}

/// The unknown ones, those with the same gaps together, in order of appearance.
fn by_gap<'a>(unknown: &[&'a Answered]) -> Vec<(&'a [Gap], Vec<&'a Answered>)> {
    let mut groups: Vec<(&[Gap], Vec<&Answered>)> = Vec::new();
    for a in unknown {
        let Verdict::Unknown(gaps) = &a.judgement.verdict else { continue };
        match groups.iter_mut().find(|(g, _)| *g == gaps.as_slice()) {
            Some((_, group)) => group.push(a),
            None => groups.push((gaps, vec![a])),
        }
    }
    groups
}

/// How many carry which mark.
fn marks(tainted: &[&Answered], out: &mut dyn Write) -> io::Result<()> {
    let mut counts: Vec<(&Reason, usize)> = Vec::new();
    for reason in tainted.iter().flat_map(|a| &a.judgement.reasons) {
        match counts.iter_mut().find(|(r, _)| r.code.id == reason.code.id) {
            Some((_, n)) => *n += 1,
            None => counts.push((reason, 1)),
        }
    }
    counts.sort_by_key(|(reason, _)| reason.code.id);
    for (reason, n) in counts {
        writeln!(out, "loads-tainted  {n}  {}  {}", reason.code.id, reason.code.title())?;
    }
    Ok(())
}

/// A label in its column, and a text beside it.
fn paragraph(
    label: &str,
    text: &str,
    column: usize,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let room = style.width.saturating_sub(column).max(20);
    for (n, line) in wrap(&style.plain(text), room).iter().enumerate() {
        let label = if n == 0 { label } else { "" };
        writeln!(out, "{label:column$}{line}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
