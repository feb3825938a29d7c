//! What was signed, for people.

use crate::style::{Style, Tone};
use crate::words;
use loadworthy_core::answer::Phase;
use loadworthy_core::signed::{Fate, Judged, Receipt, Signed, Target};
use loadworthy_core::verdict::Verdict;
use std::io::{self, Write};

/// More files than this are counted, and only those that need a look are named.
const NAMED: usize = 20;

/// Writes one line a file, what stands against it, and what could not be asked.
///
/// # Errors
/// When `out` does not take it.
pub fn receipt(
    receipt: &Receipt,
    verbose: bool,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let named = verbose || receipt.files.len() <= NAMED;
    for file in &receipt.files {
        if named || file.fate != Fate::Signed {
            row(file, receipt, style, out)?;
        }
    }
    if receipt.files.len() > 1 {
        let all = Fates::of(receipt);
        let done = receipt.files.iter().filter(|file| file.fate.is_done()).count();
        let word = if receipt.by.is_some() { "signed" } else { "done" };
        write!(out, "{done} of {} {word}", receipt.files.len())?;
        for (n, what) in [(all.forced, "forced"), (all.refused, "refused"), (all.failed, "failed")]
        {
            if n > 0 {
                write!(out, ", {n} {what}")?;
            }
        }
        writeln!(out)?;
    }
    if let Some(by) = &receipt.by {
        let subject = style.plain(&by.subject);
        writeln!(out, "key: {}, {}", style.plain(&by.key), by.digest)?;
        writeln!(out, "certificate: {subject}, SHA-256 {}", by.certificate)?;
    }
    for target in &receipt.targets {
        asked(target, style, out)?;
    }
    for note in &receipt.notes {
        writeln!(out, "note: {}", style.plain(note))?;
    }
    if let Some(log) = &receipt.log {
        writeln!(out, "log: {}", style.plain(log))?;
    }
    Ok(())
}

fn asked(target: &Target, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let name = style.plain(&target.name);
    match (&target.kernel, &target.problem) {
        (_, Some(problem)) => {
            writeln!(out, "not judged on {name}: {}", style.plain(problem))
        }
        (Some(kernel), None) => writeln!(out, "judged on {name}, kernel {}", style.plain(kernel)),
        (None, None) => writeln!(out, "judged on {name}"),
    }
}

fn row(file: &Signed, receipt: &Receipt, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let tone = match file.fate {
        Fate::Signed | Fate::Stamped | Fate::Stripped => Tone::Good,
        Fate::Forced | Fate::Unsigned | Fate::Unchanged => Tone::Mind,
        Fate::Refused | Fate::Failed { .. } => Tone::Bad,
    };
    let word = format!("{:<8}", file.fate.name());
    write!(out, "{} {}", style.paint(tone, &word), style.plain(&file.path))?;
    if let Some(to) = &file.to {
        write!(out, " -> {}", style.plain(to))?;
    }
    let released = !matches!(file.fate, Fate::Refused | Fate::Failed { .. });
    match file.replaced {
        _ if !released => {}
        0 => {}
        1 if file.fate == Fate::Stripped => write!(out, " (1 signature)")?,
        n if file.fate == Fate::Stripped => write!(out, " ({n} signatures)")?,
        1 => write!(out, " (old signature replaced)")?,
        n => write!(out, " ({n} old signatures replaced)")?,
    }
    match file.kept {
        _ if matches!(file.fate, Fate::Stamped | Fate::Unchanged) => {}
        0 => {}
        1 => write!(out, " (beside 1 signature)")?,
        n => write!(out, " (beside {n} signatures)")?,
    }
    if let Some(stamp) = &file.stamp {
        let (time, by) = (&stamp.time, style.plain(&stamp.authority));
        write!(out, " (stamped {time} by {by})")?;
    }
    if let Fate::Failed { code, why } = &file.fate {
        write!(out, ": {} ({code})", style.plain(why))?;
    }
    writeln!(out)?;
    for judged in &file.judged {
        said(judged, file, receipt, style, out)?;
    }
    Ok(())
}

/// What a target says, where that is more than *loads*.
fn said(
    judged: &Judged,
    file: &Signed,
    receipt: &Receipt,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let target = receipt.targets.get(judged.target).map_or("", |target| target.name.as_str());
    let target = style.plain(target);
    let line = match (&judged.answered.judgement.verdict, judged.accepts) {
        (Verdict::Refused(code), Some(false)) => {
            format!("{target} refuses it: {} {}", code.id, code.title())
        }
        (Verdict::Refused(code), _) => format!(
            "{target} takes the signature, and refuses it all the same: {} {}",
            code.id,
            code.title()
        ),
        (Verdict::LoadsTainted, Some(false)) => format!(
            "{target} does not trust this key; it loads there only because signatures are not enforced"
        ),
        (Verdict::Unknown(gaps), _) => {
            let gaps: Vec<String> = gaps.iter().map(words::gap).collect();
            let does = match judged.answered.phase {
                Phase::Load => "loads",
                Phase::Install => "installs",
            };
            format!("{target}: it cannot be told whether it {does}: {}", gaps.join("; "))
        }
        (Verdict::Loads | Verdict::LoadsTainted, _) => return Ok(()),
    };
    writeln!(out, "         {line}")?;
    if matches!(file.fate, Fate::Refused | Fate::Forced) {
        for tried in judged.answered.tried.iter().filter(|tried| tried.helps) {
            writeln!(out, "         to mend it: {}", words::remedies::remedy(&tried.remedy))?;
            let commands = words::remedies::first(&tried.remedy).into_iter();
            for command in commands.chain(words::remedies::command(&tried.remedy)) {
                writeln!(out, "           {command}")?;
            }
        }
    }
    Ok(())
}

/// How many of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fates {
    /// Signed.
    pub signed: usize,
    /// Released by force.
    pub forced: usize,
    /// Held back.
    pub refused: usize,
    /// Not signed.
    pub failed: usize,
    /// Stamped.
    pub stamped: usize,
    /// Their signatures were taken off.
    pub stripped: usize,
    /// As they were: unsigned, or stamped already.
    pub unchanged: usize,
}

impl Fates {
    /// Counts.
    #[must_use]
    pub fn of(receipt: &Receipt) -> Self {
        let mut all = Self::default();
        for file in &receipt.files {
            match file.fate {
                Fate::Signed => all.signed += 1,
                Fate::Forced => all.forced += 1,
                Fate::Refused => all.refused += 1,
                Fate::Failed { .. } => all.failed += 1,
                Fate::Stamped => all.stamped += 1,
                Fate::Stripped => all.stripped += 1,
                Fate::Unsigned | Fate::Unchanged => all.unchanged += 1,
            }
        }
        all
    }
}
