//! Finds the lines that rows of a table speak of, fast: most bytes are looked at once, by a search
//! for all rows' literal anchors together; expressions run only where an anchor stands.
//!
//! Works on blocks that begin and end with whole lines, so that several threads may share a stream.

use crate::evidence::journal::{self, Record};
use crate::evidence::line::{self, uncoloured};
use crate::evidence::sieve::Sieve;
use crate::evidence::windows::statement::Statement;
use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use memchr::{memchr, memchr_iter, memrchr};
use regex::{Regex, RegexBuilder};
use std::sync::OnceLock;

/// A row, as its table writes it.
#[derive(Clone, Copy, Debug)]
pub struct Row<'k> {
    /// Literals of which one must stand in the line.
    pub anchors: &'k [String],
    /// Literals of which none may stand in the line, without regard to case.
    pub unless: &'k [String],
    /// The regular expression, without regard to case.
    pub expression: &'k str,
    /// Whether it is for short texts only.
    pub short_only: bool,
    /// Whether it is for reports only: whole logs say it of machines that are well, too.
    pub report: bool,
    /// Whether it is about words that people wrote: a line with a time stamp is none of theirs.
    pub prose: bool,
    /// Whether one line may say it several times: each is quoted by itself.
    pub each: bool,
}

/// Bytes of one line that are looked at; what is longer is no line of any log we know.
pub const LINE: usize = 1 << 16;

/// Texts up to this many bytes are short: a report, a ticket, the output of a few commands.
pub const SHORT: usize = 1 << 16;

/// One row met one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The row's place in the table.
    pub row: usize,
    /// The line, counted from 0 within the block.
    pub line: u64,
    /// What the line said, without time stamp.
    pub quote: String,
    /// Its time stamp, as written.
    pub stamp: Option<String>,
    /// Its host, where it names one.
    pub host: Option<String>,
    /// The start of the machine, where the record names it.
    pub boot: Option<String>,
    /// What the expression captured, by name.
    pub captures: Vec<(&'static str, String)>,
}

/// The names captures may have; a digit behind them is not kept.
const NAMES: [&str; 8] = ["module", "file", "key", "kernel", "by", "cert", "what", "when"];
/// Times that one line is taken to say the same.
const TIMES: usize = 64;

#[derive(Debug)]
struct Compiled {
    expression: String,
    unless: Vec<String>,
    reader: OnceLock<Option<Regex>>,
    short_only: bool,
    report: bool,
    prose: bool,
    each: bool,
}

impl Compiled {
    /// Whether the rest of the line takes back what the expression looks for.
    fn taken_back(&self, said: &str) -> bool {
        !self.unless.is_empty() && {
            let said = said.to_ascii_lowercase();
            self.unless.iter().any(|literal| said.contains(literal.as_str()))
        }
    }
}

/// A table made ready.
#[derive(Debug)]
pub struct Recogniser {
    rows: Vec<Compiled>,
    /// Finds candidate lines in logs: exact case, rows that are not for short texts only.
    quick: Sieve,
    /// Tells which rows a line could meet, without regard to case; and the row of each literal.
    which: AhoCorasick,
    owner: Vec<usize>,
}

/// An expression or anchor that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// The row's place in the table.
    pub row: usize,
    /// What is wrong.
    pub problem: String,
}

/// The beginnings of anchors, without those that hold another one: they find nothing that it does not.
fn candidates(anchors: &[&str]) -> Sieve {
    /// Bytes of an anchor that are looked for: what is longer tells little more.
    const BEGINNING: usize = 12;
    let mut begun: Vec<&[u8]> =
        anchors.iter().map(|a| a.as_bytes().get(..BEGINNING).unwrap_or(a.as_bytes())).collect();
    begun.sort_unstable();
    begun.dedup();
    let holds = |one: &[u8], other: &[u8]| memchr::memmem::find(one, other).is_some();
    let shorter = begun.iter().filter(|a| !begun.iter().any(|b| b != *a && holds(a, b)));
    Sieve::new(shorter.map(|a| a.to_vec()).collect())
}

impl Recogniser {
    /// Makes a table ready.
    ///
    /// # Errors
    /// When the anchors cannot be searched for.
    pub fn new(rows: &[Row<'_>]) -> Result<Self, Unusable> {
        let wrong = |e: aho_corasick::BuildError| Unusable { row: 0, problem: e.to_string() };
        let mut literals = Vec::new();
        let mut owner = Vec::new();
        let mut quick: Vec<&str> = Vec::new();
        for (n, row) in rows.iter().enumerate() {
            for anchor in row.anchors {
                literals.push(anchor.to_ascii_lowercase());
                owner.push(n);
                if !row.short_only && !quick.contains(&anchor.as_str()) {
                    quick.push(anchor);
                }
            }
        }
        Ok(Self {
            rows: rows
                .iter()
                .map(|row| Compiled {
                    expression: row.expression.to_owned(),
                    unless: row.unless.iter().map(|l| l.to_ascii_lowercase()).collect(),
                    reader: OnceLock::new(),
                    short_only: row.short_only,
                    report: row.report,
                    prose: row.prose,
                    each: row.each,
                })
                .collect(),
            quick: candidates(&quick),
            which: AhoCorasickBuilder::new()
                .ascii_case_insensitive(true)
                .match_kind(MatchKind::Standard)
                .build(&literals)
                .map_err(wrong)?,
            owner,
        })
    }

    /// The rows whose expressions are none.
    #[must_use]
    pub fn unusable(&self) -> Vec<Unusable> {
        let problem = |row: &Compiled| reader(&row.expression).err().map(|e| e.to_string());
        self.rows
            .iter()
            .enumerate()
            .filter_map(|(n, row)| problem(row).map(|problem| Unusable { row: n, problem }))
            .collect()
    }

    /// Reads a block of whole lines of a log; returns how many line ends it has.
    pub fn log(&self, block: &[u8], seen: &mut dyn FnMut(Seen)) -> u64 {
        let (mut lines, mut counted) = (0_u64, 0);
        let mut done = 0;
        while let Some(at) = self.quick.find(block, done) {
            let (start, end) = line_at(block, at);
            done = end.saturating_add(1);
            let between = block.get(counted..start).unwrap_or_default();
            lines = lines.saturating_add(count(between));
            counted = start;
            let line = block.get(start..end).unwrap_or_default();
            self.line(line, lines, Text::Log, seen);
        }
        lines.saturating_add(count(block.get(counted..).unwrap_or_default()))
    }

    /// Reads a whole short text: every row, every line, and what two lines say together where a
    /// terminal or a mail broke one.
    pub fn short(&self, text: &[u8], seen: &mut dyn FnMut(Seen)) -> u64 {
        let all: Vec<&[u8]> = text.split(|b| *b == b'\n').collect();
        let banner = memchr::memmem::find(text, BANNER).is_some();
        let sort = if !banner && all.len() <= WRITTEN {
            Text::Prose
        } else if written(&all) {
            Text::Report
        } else {
            Text::Short
        };
        for (n, line) in (0_u64..).zip(&all) {
            self.line(line, n, sort, seen);
        }
        for (n, pair) in (0_u64..).zip(all.windows(2)) {
            let &[first, second] = pair else { continue };
            if first.len() < WRAPPED || first.len() > LINE || second.len() > LINE {
                continue;
            }
            let first = first.strip_suffix(b"\r").unwrap_or(first);
            // A sentence that was broken goes on in small letters, and its next word had no room.
            let word = second.iter().take_while(|b| !b.is_ascii_whitespace()).count();
            let sentence = sort != Text::Short
                && first.len().saturating_add(word) >= COLUMNS
                && first.last().is_some_and(|b| b.is_ascii_alphanumeric() || b",'\"".contains(b))
                && second.first().is_some_and(u8::is_ascii_lowercase);
            let as_what = if sentence { sort } else { Text::Short };
            let alone = |line: &[u8]| {
                let mut rows = Vec::new();
                self.line(line, n, as_what, &mut |s| rows.push(s.row));
                rows
            };
            let mut known = alone(first);
            known.extend(alone(second));
            let second = second.trim_ascii_start();
            for between in [b" ".as_slice(), b""] {
                let joined = [first, between, second].concat();
                self.line(&joined, n, as_what, &mut |s| {
                    let told = self
                        .rows
                        .get(s.row)
                        .is_some_and(|r| !r.short_only || sentence && r.prose && between == b" ");
                    if told && !known.contains(&s.row) {
                        known.push(s.row);
                        seen(s);
                    }
                });
            }
        }
        count(text)
    }

    /// Asks the table about one statement. Where its line names no file, what it is about stands
    /// for it.
    pub fn said(&self, statement: &Statement, seen: &mut dyn FnMut(Seen)) {
        self.line(statement.said.as_bytes(), statement.line, Text::Short, &mut |mut s| {
            if let Some(about) = &statement.about
                && !s.captures.iter().any(|(name, _)| *name == "module")
            {
                s.captures.push(("module", about.clone()));
            }
            if s.stamp.is_none() {
                s.stamp.clone_from(&statement.stamp);
            }
            seen(s);
        });
    }

    /// Asks the table about one record of a log, line by line where its message has several.
    pub fn record(&self, record: &Record, number: u64, seen: &mut dyn FnMut(Seen)) {
        if self.quick.find(record.message.as_bytes(), 0).is_none() {
            return;
        }
        for said in record.message.lines() {
            let said = said.get(..said.floor_char_boundary(LINE)).unwrap_or_default();
            let said = uncoloured(said);
            let rows = self.rows_of(said.as_bytes());
            let by = Spoken {
                stamp: record.time.as_deref(),
                host: record.host.as_deref(),
                boot: record.boot.as_deref(),
            };
            self.ask(rows, &said, by, (number, Text::Log), seen);
        }
    }

    /// The rows of which a literal stands in the line.
    fn rows_of(&self, line: &[u8]) -> Vec<usize> {
        let found = self.which.find_overlapping_iter(line);
        let mut rows: Vec<usize> =
            found.filter_map(|m| self.owner.get(m.pattern().as_usize()).copied()).collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    fn line(&self, line: &[u8], number: u64, text: Text, seen: &mut dyn FnMut(Seen)) {
        let line = line.get(..line.len().min(LINE)).unwrap_or_default();
        let rows = self.rows_of(line);
        if rows.is_empty() {
            return;
        }
        let whole = String::from_utf8_lossy(line);
        let whole = uncoloured(whole.trim_end_matches(['\r', '\0']));
        let record = journal::read(&whole);
        let (said, stamp, host, boot) = match &record {
            Some(record) => (
                record.message.as_str(),
                record.time.as_deref(),
                record.host.as_deref(),
                record.boot.as_deref(),
            ),
            None => {
                let parts = line::read(&whole);
                (journal::exported(parts.message), parts.stamp, parts.host, None)
            }
        };
        // A record is a machine's word even where it bears no time.
        let recorded = record.is_some() || said.len() < whole.len() && stamp.is_none();
        let text = if recorded && text != Text::Log { Text::Short } else { text };
        self.ask(rows, said, Spoken { stamp, host, boot }, (number, text), seen);
    }

    fn ask(
        &self,
        rows: Vec<usize>,
        said: &str,
        Spoken { stamp, host, boot }: Spoken<'_>,
        (number, text): (u64, Text),
        seen: &mut dyn FnMut(Seen),
    ) {
        for row in rows {
            let Some(compiled) = self.rows.get(row) else { continue };
            let people = matches!(text, Text::Prose | Text::Report);
            let written = people && stamp.is_none() && !of_loader(said);
            if compiled.short_only && text == Text::Log
                || compiled.report && text != Text::Prose
                || compiled.prose && !written
                || compiled.taken_back(said)
            {
                continue;
            }
            let reader = compiled.reader.get_or_init(|| reader(&compiled.expression).ok());
            let Some(reader) = reader else { continue };
            let times = if compiled.each { TIMES } else { 1 };
            for found in reader.captures_iter(said).take(times) {
                let captures = NAMES
                    .iter()
                    .filter_map(|name| {
                        let numbered = ["", "2", "3"];
                        let value =
                            numbered.iter().find_map(|n| found.name(&format!("{name}{n}")))?;
                        Some((*name, value.as_str().to_owned())).filter(|(_, v)| !v.is_empty())
                    })
                    .collect();
                let own = found.get(0).filter(|_| compiled.each).map(|m| m.as_str());
                seen(Seen {
                    row,
                    line: number,
                    quote: shown(own.unwrap_or(said).trim_start_matches([',', ' '])),
                    stamp: stamp.map(str::to_owned),
                    host: host.map(str::to_owned),
                    boot: boot.map(str::to_owned),
                    captures,
                });
            }
        }
    }
}

/// Whether a loader printed the line: the name of a module is no word of people.
fn of_loader(said: &str) -> bool {
    ["insmod: ", "modprobe: "].iter().any(|by| said.trim_start().starts_with(by))
}

/// When and where something was said.
#[derive(Clone, Copy, Debug)]
struct Spoken<'a> {
    stamp: Option<&'a str>,
    host: Option<&'a str>,
    boot: Option<&'a str>,
}

/// What sort of text a line stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    /// A long one.
    Log,
    /// A short one that a machine wrote.
    Short,
    /// One that may hold what people wrote.
    Prose,
    /// What people wrote with a log in it: lines with a time stamp are the log's.
    Report,
}

/// Whether people may have written the lines that have no time stamp: they are few, and no boot of
/// a machine is among them.
fn written(lines: &[&[u8]]) -> bool {
    let mut few = 0_usize;
    for line in lines {
        let line = String::from_utf8_lossy(line.get(..line.len().min(QUOTE)).unwrap_or_default());
        if line.trim().is_empty() || line::read(&line).stamp.is_some() {
            continue;
        }
        few = few.saturating_add(1);
        if few > WRITTEN || memchr::memmem::find(line.as_bytes(), BANNER).is_some() {
            return false;
        }
    }
    few > 0
}

/// The first line of every kernel log.
const BANNER: &[u8] = b"Linux version ";

/// Lines that a person writes or pastes into a report at most.
pub const WRITTEN: usize = 160;

/// Columns that mails and terminals fill at least before they break a sentence.
const COLUMNS: usize = 64;
/// Shorter lines are not taken for broken ones: no terminal is that narrow.
const WRAPPED: usize = 40;

/// Characters of a line that are quoted.
const QUOTE: usize = 400;

/// A line as it is quoted: at most [`QUOTE`] characters, without anything a terminal would obey.
fn shown(said: &str) -> String {
    said.trim().chars().take(QUOTE).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn reader(expression: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(expression).case_insensitive(true).build()
}

/// The bounds of the line around `at`, without its end.
fn line_at(block: &[u8], at: usize) -> (usize, usize) {
    let (before, after) = block.split_at_checked(at).unwrap_or((block, &[]));
    let start = memrchr(b'\n', before).map_or(0, |n| n.saturating_add(1));
    let end = memchr(b'\n', after).map_or(block.len(), |n| at.saturating_add(n));
    (start, end)
}

fn count(bytes: &[u8]) -> u64 {
    crate::reader::wide(memchr_iter(b'\n', bytes).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recogniser() -> Recogniser {
        let anchors = [vec!["ejected by".to_owned()], vec!["Secure boot".to_owned()]];
        let unless = ["Was not".to_owned()];
        let rows = [
            Row {
                anchors: &anchors[0],
                unless: &[],
                expression: r"insert '(?P<module>\w+)': key was rejected by service",
                short_only: false,
                report: false,
                prose: false,
                each: false,
            },
            Row {
                anchors: &anchors[1],
                unless: &unless,
                expression: "secure boot off",
                short_only: true,
                report: false,
                prose: true,
                each: false,
            },
        ];
        Recogniser::new(&rows).unwrap()
    }

    fn short(text: &str) -> Vec<(usize, u64)> {
        let mut got = Vec::new();
        recogniser().short(text.as_bytes(), &mut |s| got.push((s.row, s.line)));
        got
    }

    #[test]
    fn lines_are_found_and_numbered() {
        let log = b"a\nb\n[  1.0] modprobe: ERROR: could not insert 'lpfc': Key was rejected by service\r\nSecure boot off\n";
        let mut got = Vec::new();
        let ends = recogniser().log(log, &mut |s| got.push(s));
        assert_eq!((ends, got.len()), (4, 1));
        assert_eq!((got[0].row, got[0].line, got[0].stamp.as_deref()), (0, 2, Some("1.0")));
        assert_eq!(got[0].captures, [("module", "lpfc".to_owned())]);
        assert_eq!(short(core::str::from_utf8(log).unwrap()), [(0, 2), (1, 3)]);
        assert_eq!(short("Secure boot off was NOT meant\n"), []);
    }

    #[test]
    fn a_line_that_was_broken_is_read_whole() {
        let broken = "modprobe: ERROR: could not insert 'lpfc': Key was rejected by serv\n  ice\n";
        assert_eq!(short(broken), [(0, 0)]);
        let word = "modprobe: ERROR: could not insert 'lpfc': Key was\nrejected by service\n";
        assert_eq!(short(word), [(0, 0)]);
    }

    #[test]
    fn records_of_the_journal_are_their_messages() {
        let json = "{\"MESSAGE\":\"could not insert 'lpfc': Key was rejected by service\",\"_HOSTNAME\":\"h\"}\n";
        let mut got = Vec::new();
        recogniser().log(json.as_bytes(), &mut |s| got.push(s));
        assert_eq!(got[0].host.as_deref(), Some("h"));
        let export = "MESSAGE=could not insert 'lpfc': Key was rejected by service\n";
        recogniser().log(export.as_bytes(), &mut |s| got.push(s));
        assert_eq!(got.len(), 2);
    }
}
