//! *What does this INF say that Windows will not do?* What Microsoft's InfVerif documents, by its numbers.
//!
//! Nothing here decides whether a package installs (that is `checks/package`): a line is named, with its
//! place, and `inf_lints.toml` says what follows. Lines that no system would ever follow are not looked at.
//! Sources: Microsoft, *INF Validation Errors and Warnings*; the pages of the sections and directives.

use crate::package::contents::Contents;
use crate::tables::inf_lints::{InfLints, Level};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use loadworthy_formats::inf::decoration::Architecture;
use loadworthy_formats::inf::document::Inf;
use loadworthy_formats::inf::text::Span;
use loadworthy_formats::inf::version::Version;
use loadworthy_formats::limits::Limits;

mod files;
mod models;
mod registry;
mod sections;
mod services;
mod tokens;
mod version;

/// A line that is worth telling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linted {
    /// InfVerif's number.
    pub number: u16,
    /// What it does to the installation.
    pub level: Level,
    /// Where it is written.
    pub at: Span,
    /// The name or value that it is about.
    pub said: String,
}

/// So many lines are told of one INF; of one number, [`OF_ONE`].
const MOST: usize = 500;
/// See [`MOST`].
const OF_ONE: usize = 25;

/// Reads the INF number `n` of a package for what is worth telling, in the order of its lines.
#[must_use]
pub fn lint(contents: &Contents, n: usize, table: &InfLints, limits: &Limits) -> Vec<Linted> {
    let Some(described) = contents.infs.get(n) else { return Vec::new() };
    let inf = &described.inf;
    let mut linter = Linter {
        inf,
        contents,
        n,
        table,
        limits,
        version: inf.version(),
        reached: BTreeSet::new(),
        named: BTreeMap::new(),
        installs: Vec::new(),
        found: Vec::new(),
    };
    if linter.is_one() {
        linter.models();
        linter.sections();
        linter.services();
        linter.registry();
        linter.files();
        linter.tokens();
    }
    let mut found = linter.found;
    found.sort_by_key(|f| (f.at, f.number));
    found
}

/// An INF and what was found in it so far.
struct Linter<'l> {
    inf: &'l Inf,
    contents: &'l Contents,
    n: usize,
    table: &'l InfLints,
    limits: &'l Limits,
    version: Version,
    /// The sections whose directives setup follows, in lower case.
    reached: BTreeSet<String>,
    /// The sections that directives name, with the directives that do, all in lower case.
    named: BTreeMap<String, BTreeSet<&'static str>>,
    /// The install sections of the models, with processor and the least version of Windows.
    installs: Vec<Wanted>,
    found: Vec<Linted>,
}

/// An install section that a model asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    base: String,
    architecture: Architecture,
    /// Version and build.
    least: (u32, u32, u32),
    at: Span,
}

impl Linter<'_> {
    fn say(&mut self, number: u16, at: Span, said: impl Into<String>) {
        let level = self.table.of(number).map_or(Level::Note, |row| row.level);
        self.say_as(number, level, at, said);
    }

    /// The same with another level than the row's.
    fn say_as(&mut self, number: u16, level: Level, at: Span, said: impl Into<String>) {
        let said = said.into();
        let same = self.found.iter().filter(|f| f.number == number);
        let known = same.clone().any(|f| f.said == said);
        if !known && same.count() < OF_ONE && self.found.len() < MOST {
            self.found.push(Linted { number, level, at, said });
        }
    }

    /// Whether other INFs are read with this one: what is not here may be there.
    fn reads_others(&self) -> bool {
        let includes = |key: &str| self.inf.sections.iter().any(|s| s.first(key).is_some());
        includes("Include") || !self.version.layout_files.is_empty()
    }

    /// Whether a section is there under this name, or under it with a decoration.
    fn has(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        let decorated = |section: &str| {
            section.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with(".nt"))
        };
        self.inf.section(&name).is_some()
            || self.inf.sections.iter().any(|s| decorated(&s.name.to_lowercase()))
    }
}

/// Whether a text is a GUID in braces.
fn is_guid(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')) else {
        return false;
    };
    let parts: Vec<usize> = inner.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && inner.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

/// A number as INFs write it.
fn number(text: &str) -> Option<u32> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests;
