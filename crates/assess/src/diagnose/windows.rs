//! Texts and logs of Windows that are more than lines: sections, records, events.

use std::io::Read;
use std::sync::Arc;

use loadworthy_core::diagnose::finding::Coverage;
use loadworthy_formats::evidence::encoding::{Decoder, Encoding};
use loadworthy_formats::evidence::recogniser::{LINE, Recogniser};
use loadworthy_formats::evidence::windows::setup::Sections;
use loadworthy_formats::evidence::windows::statement::Statement;
use loadworthy_formats::evidence::windows::{binary_events, records, registry, sheets, transcript};
use loadworthy_formats::limits::Limits;
use loadworthy_formats::registry::hive;

use crate::diagnose::gathered::Gathered;

/// Bytes of an event log or a document that are read whole.
pub(super) const WHOLE: u64 = 256 << 20;
/// Bytes that are read at a time.
const PIECE: usize = 1 << 18;

/// What a long text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A log of setup.
    Setup,
    /// A document of records, an export of the registry, a table with commas.
    Records,
}

/// Who hears what a text says.
#[derive(Debug)]
pub(super) struct Hearer<'a> {
    /// The text's name and its place among the others.
    pub(super) name: &'a Arc<str>,
    pub(super) order: usize,
    /// The table that is asked.
    pub(super) recogniser: &'a Recogniser,
    /// Where what was seen is kept.
    pub(super) gathered: &'a mut Gathered,
}

/// What a text turned out to be.
#[derive(Debug)]
pub(super) struct Told {
    /// Lines that are left to be read one by one, with empty ones for those that were taken; `None`
    /// where the whole text was a document.
    pub(super) rest: Option<Vec<u8>>,
    /// Whether it is a log and not a report.
    pub(super) log: bool,
    /// Its lines.
    pub(super) lines: u64,
}

/// What the beginning of a long text shows.
pub(super) fn long(head: &[u8]) -> Option<Form> {
    let text = String::from_utf8_lossy(head);
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let setup = start.starts_with("[Device Install Log]")
        || start.starts_with("[BeginLog]")
        || text.contains("\n>>>  [")
        || start.starts_with(">>>  [");
    let records = json(start)
        || start.starts_with('<') && text.contains("<Event")
        || start.starts_with("Windows Registry Editor")
        || start.starts_with("REGEDIT4")
        || sheets::begins(start);
    match (setup, records) {
        (true, _) => Some(Form::Setup),
        (false, true) => Some(Form::Records),
        _ => None,
    }
}

/// Whether a list of records or one of them begins here. A bracket begins a time stamp, too; and
/// records of the journal, each of which has its cursor (journalctl(1), `--output-fields`), are read
/// line by line.
fn json(start: &str) -> bool {
    if start.lines().next().is_some_and(|first| first.contains("\"__CURSOR\"")) {
        return false;
    }
    let inner = start.strip_prefix('[').map(str::trim_start);
    let record = inner.unwrap_or(start).strip_prefix('{').map(str::trim_start);
    record.is_some_and(|record| record.starts_with('"'))
}

/// Reads a short text: a document of records, or sections of setup among other lines.
pub(super) fn short(text: Vec<u8>, to: &mut Hearer<'_>) -> Told {
    let all = String::from_utf8_lossy(&text);
    let lines = all.lines().count() as u64;
    if let Some(told) = document(&all) {
        say(&told, to);
        return Told { rest: None, log: true, lines };
    }
    say(&transcript::read(&all), to);
    let mut sections = Sections::default();
    let mut taken = false;
    let mut rest = String::with_capacity(all.len());
    for (number, line) in (0_u64..).zip(all.split('\n')) {
        match sections.line(number, line) {
            true => taken = true,
            false => rest.push_str(line),
        }
        rest.push('\n');
    }
    if !taken {
        return Told { rest: Some(text), log: false, lines };
    }
    rest.pop();
    let log = sections.whole;
    let told = sections.statements();
    say(&told, to);
    if told.is_empty() && !log {
        let said = "setup: what was warned of was settled".to_owned();
        let settled = Statement { said, ..Statement::default() };
        say(&[settled], to);
    }
    Told { rest: Some(rest.into_bytes()), log, lines }
}

/// Reads a document of records; whether it was one.
pub(super) fn records(text: &[u8], to: &mut Hearer<'_>) -> bool {
    let text = String::from_utf8_lossy(text);
    document(&text).inspect(|told| say(told, to)).is_some()
}

/// What a document says: an export of the registry or a table may say nothing of drivers, and is
/// one all the same; of anything else the lines are read.
fn document(text: &str) -> Option<Vec<Statement>> {
    let limits = &Limits::DEFAULT;
    registry::text(text, limits)
        .or_else(|| sheets::read(text))
        .or_else(|| records::read(text, limits).filter(|told| !told.is_empty()))
}

/// Reads a hive of the registry.
pub(super) fn hive(bytes: &[u8], to: &mut Hearer<'_>, read: &mut Coverage) {
    read.bytes += bytes.len() as u64;
    if bytes.len() as u64 > WHOLE {
        read.skipped.push(format!("{}: what is behind the first {} MiB", to.name, WHOLE >> 20));
    }
    if hive::read(bytes, &Limits::DEFAULT).is_ok_and(|hive| !hive.value.is_whole) {
        read.skipped.push(format!(
            "{}: not written completely, and nothing that belongs to it in .LOG1 or .LOG2 beside it",
            to.name
        ));
    }
    let name = to.name.rsplit(['/', '\\']).next().unwrap_or_default();
    match registry::hive(bytes, name, &Limits::DEFAULT) {
        Some(told) => say(&told, to),
        None => read.skipped.push(format!("{}: a hive of the registry that is damaged", to.name)),
    }
}

/// Reads an event log.
pub(super) fn event_log(bytes: Vec<u8>, to: &mut Hearer<'_>, read: &mut Coverage) {
    read.bytes += bytes.len() as u64;
    if bytes.len() as u64 > WHOLE {
        read.skipped.push(format!("{}: what is behind the first {} MiB", to.name, WHOLE >> 20));
    }
    let Some(log) = binary_events::read(bytes) else { return };
    read.lines += log.records;
    if log.damaged > 0 {
        read.skipped
            .push(format!("{}: {} chunks or records damaged or cut off", to.name, log.damaged));
    }
    to.gathered.left_off += log.left_off;
    say(&log.told, to);
}

/// Reads a long log of setup in bounded memory.
///
/// # Errors
/// When the text cannot be read.
pub(super) fn setup(
    mut from: impl Read,
    kind: Encoding,
    to: &mut Hearer<'_>,
    read: &mut Coverage,
) -> std::io::Result<()> {
    let mut decoder = Decoder::new(kind);
    let mut sections = Sections::default();
    let mut raw = vec![0; PIECE];
    let mut pending: Vec<u8> = Vec::new();
    let (mut number, mut skipped) = (0_u64, 0_u64);
    loop {
        let got = from.read(&mut raw)?;
        read.bytes += got as u64;
        decoder.push(&raw[..got], &mut pending);
        let mut start = 0;
        while let Some(end) = pending[start..].iter().position(|b| *b == b'\n') {
            let line = &pending[start..start + end];
            sections.line(number, &String::from_utf8_lossy(&line[..line.len().min(LINE)]));
            number += 1;
            start += end + 1;
        }
        pending.drain(..start);
        if got == 0 {
            sections.line(number, &String::from_utf8_lossy(&pending));
            break;
        }
        if pending.len() > 2 * LINE {
            // No line is that long: what is behind its beginning is left out.
            skipped += (pending.len() - LINE) as u64;
            pending.truncate(LINE);
        }
    }
    read.lines += number;
    let told = sections.statements();
    if skipped > 0 {
        read.skipped.push(format!("{}: {skipped} bytes of lines that are too long", to.name));
    }
    to.gathered.left_off += sections.left_off;
    say(&told, to);
    Ok(())
}

fn say(told: &[Statement], to: &mut Hearer<'_>) {
    for statement in told {
        to.recogniser.said(statement, &mut |s| to.gathered.add(to.name, to.order, s.line + 1, s));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_a_time_in_brackets_nor_the_journal_is_a_document() {
        let journal = "{\"MESSAGE\":\"x\",\"__CURSOR\":\"s=1\"}\n";
        for log in ["[    1.5] usb: \"x\"\n", "[Mon Jan 19] \"x\"\n", "{braces} \"x\"\n", journal] {
            assert_eq!(long(log.as_bytes()), None, "{log}");
        }
        for records in ["[\r\n  {\r\n  \"Id\": 3077", "[{\"Id\":3077", "{ \"Id\": 3077"] {
            assert_eq!(long(records.as_bytes()), Some(Form::Records), "{records}");
        }
        assert_eq!(long(b"[Device Install Log]\n"), Some(Form::Setup));
    }
}
