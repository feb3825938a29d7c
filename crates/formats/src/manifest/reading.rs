//! Values of a manifest, each told where it is not what it should be.

use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::shape::{Line, Manifest};

/// What is wrong with a manifest, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub file: Arc<str>,
    /// The number of the line, counted from one.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub said: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.said)
    }
}

/// A manifest as far as it could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// What is in order.
    pub manifest: Manifest,
    /// What is not, in the order of the file.
    pub faults: Vec<Fault>,
}

/// A value and where it stands.
pub(super) type Value<'i> = Spanned<DeValue<'i>>;

/// One file while it is read.
#[derive(Debug)]
pub(super) struct Reading<'t> {
    file: Arc<str>,
    text: &'t str,
    line_ends: Vec<usize>,
    pub(super) faults: Vec<Fault>,
}

impl<'t> Reading<'t> {
    pub(super) fn of(file: &str, text: &'t str) -> Self {
        let line_ends = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at);
        Self { file: file.into(), text, line_ends: line_ends.collect(), faults: Vec::new() }
    }

    pub(super) fn line(&self, at: usize) -> usize {
        self.line_ends.partition_point(|end| *end < at).saturating_add(1)
    }

    pub(super) fn fault(&mut self, at: usize, said: impl Into<String>) {
        let (file, line) = (self.file.clone(), self.line(at));
        self.faults.push(Fault { file, line, said: said.into() });
    }

    /// A key that is not what it should be.
    pub(super) fn wrong(&mut self, key: &str, value: &Value<'_>, wants: &str) {
        let found = value.get_ref().type_str();
        self.fault(value.span().start, format!("{key} takes {wants}, not a value of type {found}"));
    }

    /// A key whose value is of the right type and means nothing.
    pub(super) fn meaningless(&mut self, key: &str, value: &Value<'_>, wants: &str) {
        let text = self.written(value);
        self.fault(value.span().start, format!("{key} takes {wants}, not {text}"));
    }

    /// The entries of a table in the order of the file; a key that is not `known` is told.
    pub(super) fn entries<'v>(
        &mut self,
        table: &'v DeTable<'t>,
        known: &[&str],
        within: &str,
    ) -> Vec<(&'v str, &'v Value<'t>)> {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let mut taken = Vec::new();
        for (key, value) in entries {
            let name: &str = key.get_ref().as_ref();
            if known.contains(&name) {
                taken.push((name, value));
            } else {
                let hint = meant(name, known);
                self.fault(key.span().start, format!("unknown key `{name}` in {within}{hint}"));
            }
        }
        taken
    }

    /// What stands in the file for a value.
    fn written(&self, value: &Value<'_>) -> String {
        let text = self.text.get(value.span()).unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The line a key stands on.
    pub(super) fn as_written(&self, key: &str, value: &Value<'_>) -> Line {
        Line {
            key: key.to_owned(),
            value: self.written(value),
            file: self.file.clone(),
            number: self.line(value.span().start),
        }
    }

    pub(super) fn text(&mut self, key: &str, value: &Value<'_>) -> Option<String> {
        let text = value.get_ref().as_str().map(str::to_owned);
        match text {
            None => self.wrong(key, value, "a text in quotes"),
            Some(ref text) if text.trim().is_empty() => {
                self.fault(value.span().start, format!("{key} is empty"));
                return None;
            }
            Some(_) => {}
        }
        text
    }

    pub(super) fn switch(&mut self, key: &str, value: &Value<'_>) -> Option<bool> {
        let switch = value.get_ref().as_bool();
        if switch.is_none() {
            self.wrong(key, value, "true or false");
        }
        switch
    }

    pub(super) fn number(&mut self, key: &str, value: &Value<'_>, most: u32) -> Option<u32> {
        let number = value.get_ref().as_integer();
        let read = number.and_then(|n| u32::from_str_radix(n.as_str(), n.radix()).ok());
        let read = read.filter(|n| *n <= most);
        if read.is_none() {
            self.meaningless(key, value, &format!("a number from 0 to {most}"));
        }
        read
    }

    pub(super) fn texts(&mut self, key: &str, value: &Value<'_>) -> Option<Vec<String>> {
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(key, value, "a list of texts, as in [\"a\", \"b\"]");
            return None;
        };
        items.iter().map(|item| self.text(key, item)).collect()
    }

    /// One of a few words.
    pub(super) fn word<T>(
        &mut self,
        key: &str,
        value: &Value<'_>,
        known: &[&str],
        named: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(key, value)?;
        let found = named(&text);
        if found.is_none() {
            let hint = meant(&text, known);
            let hint = if hint.starts_with(':') { hint } else { String::new() };
            let said = format!("{key} takes {}, not \"{text}\"{hint}", known.join(", "));
            self.fault(value.span().start, said);
        }
        found
    }
}

/// `: did you mean …?`, where one of the known words is near.
pub(super) fn meant(typed: &str, known: &[&str]) -> String {
    let plain = |word: &str| word.to_lowercase().replace('_', "-");
    let typed = plain(typed);
    let nearest = known
        .iter()
        .map(|word| (strsim::damerau_levenshtein(&typed, word), *word))
        .min_by_key(|(distance, _)| *distance);
    match nearest {
        Some((distance, word)) if distance.saturating_mul(3) <= word.len().max(3) => {
            format!(": did you mean `{word}`?")
        }
        _ => format!("; there are {}", known.join(", ")),
    }
}
