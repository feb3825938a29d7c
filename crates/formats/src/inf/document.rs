//! An INF as a whole: sections by name, and the strings that stand for `%tokens%`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::error::{Error, Kind, Parsed};
use crate::inf::encoding::{self, Encoding, LineEndings};
use crate::inf::text::{Fault, Field, Lexer, Line, Logical, Span, What};
use crate::limits::Limits;
use crate::reader::wide;

/// A section. Sections of one name are one section, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its name as first written.
    pub name: String,
    /// Where it first begins.
    pub at: Span,
    /// Where it begins once more.
    pub again: Vec<Span>,
    /// Its lines.
    pub lines: Vec<Line>,
    /// The first line of each key, in sections that are looked up once a file.
    index: Option<BTreeMap<String, usize>>,
}

impl Section {
    /// Every line with this key, whatever its case.
    pub fn all<'s>(&'s self, key: &'s str) -> impl Iterator<Item = &'s Line> {
        self.lines
            .iter()
            .filter(move |l| l.key.as_ref().is_some_and(|k| k.text.eq_ignore_ascii_case(key)))
    }

    /// The first line with this key.
    #[must_use]
    pub fn first(&self, key: &str) -> Option<&Line> {
        if let Some(index) = &self.index {
            return self.lines.get(*index.get(&key.to_lowercase())?);
        }
        self.lines.iter().find(|l| l.key.as_ref().is_some_and(|k| k.text.eq_ignore_ascii_case(key)))
    }
}

/// An INF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inf {
    /// How it is encoded.
    pub encoding: Encoding,
    /// How its lines end.
    pub line_endings: LineEndings,
    /// Its sections, in the order of the file.
    pub sections: Vec<Section>,
    /// What setup would stumble over.
    pub faults: Vec<Fault>,
    names: BTreeMap<String, usize>,
    strings: Vec<Strings>,
}

/// A `[Strings]` or `[Strings.LANGID]` section.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Strings {
    language: Option<u16>,
    values: BTreeMap<String, String>,
}

/// Bytes of the longest INF that is read. Those of display drivers are 2 to 3 MB.
const LARGEST: usize = 16 << 20;

/// Bytes of a value after its tokens are replaced: four for each of the 4096 letters of
/// `MAX_INF_STRING_LENGTH`.
const EXPANDED: usize = 4 << 12;

/// English (United States), whose strings stand in where there are none without a language.
const ENGLISH: u16 = 0x0409;

/// Reads an INF.
///
/// # Errors
/// `TooLarge` beyond 16 MiB or [`Limits::text_bytes`].
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<Inf>, Error> {
    let most = LARGEST.min(limits.text_bytes);
    if bytes.len() > most {
        return Err(Error::new("INF", 0, Kind::TooLarge { limit: wide(most) }));
    }
    let decoded = encoding::decode(bytes);
    let (encoding, text) = decoded.value;
    let mut inf = Inf {
        encoding,
        line_endings: LineEndings::of(&text),
        sections: Vec::new(),
        faults: Vec::new(),
        names: BTreeMap::new(),
        strings: Vec::new(),
    };
    inf.fill(&text, limits);
    inf.strings = inf.sections.iter().filter_map(strings).collect();
    inf.index();
    Ok(Parsed { value: inf, deviations: decoded.deviations })
}

impl Inf {
    /// A section by name, whatever its case.
    #[must_use]
    pub fn section(&self, name: &str) -> Option<&Section> {
        let name = name.to_lowercase();
        self.names.get(&name).and_then(|n| self.sections.get(*n))
    }

    /// What a field says once its `%tokens%` are replaced. A token without a string stays as it is, as
    /// `%12%` does, which stands for a directory.
    #[must_use]
    pub fn expand<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.expand_for(text, None)
    }

    /// The same for a language: its strings come first, then those of its primary language, then those
    /// without a language.
    #[must_use]
    pub fn expand_for<'t>(&self, text: &'t str, language: Option<u16>) -> Cow<'t, str> {
        if !text.contains('%') {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('%') {
            out.push_str(before);
            let Some((token, after)) = behind.split_once('%') else {
                out.push('%');
                rest = behind;
                break;
            };
            match (token, self.string(token, language)) {
                ("", _) => out.push('%'),
                (_, Some(value)) => out.push_str(value),
                (token, None) => {
                    // The second percent sign may begin the next token.
                    out.push('%');
                    out.push_str(token);
                    if token.contains(|c: char| c.is_whitespace() || c == '\\') {
                        rest = behind.get(token.len()..).unwrap_or_default();
                        continue;
                    }
                    out.push('%');
                }
            }
            rest = after;
            if out.len() > EXPANDED {
                break;
            }
        }
        out.push_str(rest);
        if out.len() > EXPANDED {
            out.truncate(out.floor_char_boundary(EXPANDED));
        }
        Cow::Owned(out)
    }

    /// The string behind a token.
    #[must_use]
    pub fn string(&self, token: &str, language: Option<u16>) -> Option<&str> {
        let token = token.to_lowercase();
        let of = |wanted: Option<u16>| {
            self.strings
                .iter()
                .filter(move |s| s.language == wanted)
                .find_map(|s| s.values.get(&token))
        };
        let asked = language.and_then(|id| of(Some(id)).or_else(|| of(Some(id & 0x3ff))));
        asked
            .or_else(|| of(None))
            .or_else(|| of(Some(ENGLISH)))
            .or_else(|| self.strings.iter().find_map(|s| s.values.get(&token)))
            .map(String::as_str)
    }

    /// A field of a line, expanded; nothing where it is missing or empty.
    #[must_use]
    pub fn value<'l>(&self, line: &'l Line, number: usize) -> Option<Cow<'l, str>> {
        let value = self.expand(&line.field(number)?.text);
        (!value.is_empty()).then_some(value)
    }

    /// The first field behind a key of a section, expanded.
    #[must_use]
    pub fn value_of<'s>(&self, section: &'s Section, key: &str) -> Option<Cow<'s, str>> {
        self.value(section.first(key)?, 0)
    }

    fn fill(&mut self, text: &str, limits: &Limits) {
        // A line of a real INF has four fields.
        let mut left = limits.items.saturating_mul(4);
        let mut lexer = Lexer::new(text);
        let mut current = None;
        let mut homeless = false;
        while let Some(logical) = lexer.next() {
            let line = match logical {
                Logical::Header(name) => {
                    current = Some(self.enter(name));
                    left = left.saturating_sub(1);
                    continue;
                }
                Logical::Line(line) => line,
            };
            let cost = line.fields.len().saturating_add(1);
            if cost > left {
                lexer.faults.push(Fault { at: line.at(), what: What::TooMany });
                break;
            }
            left = left.saturating_sub(cost);
            match current.and_then(|n| self.sections.get_mut(n)) {
                Some(section) => section.lines.push(line),
                None if !homeless => {
                    homeless = true;
                    lexer.faults.push(Fault { at: line.at(), what: What::OutsideSection });
                }
                None => {}
            }
        }
        self.faults = lexer.faults;
        self.faults.sort_by_key(|fault| fault.at);
    }

    /// Makes looking up a file cheap; the keys of these sections are file names, which may hold tokens.
    fn index(&mut self) {
        for number in 0..self.sections.len() {
            let Some(section) = self.sections.get(number) else { continue };
            let name = section.name.to_lowercase();
            if !name.starts_with("sourcedisks") && name != "destinationdirs" {
                continue;
            }
            let mut index = BTreeMap::new();
            for (n, line) in section.lines.iter().enumerate() {
                if let Some(key) = &line.key {
                    index.entry(self.expand(&key.text).to_lowercase()).or_insert(n);
                }
            }
            if let Some(section) = self.sections.get_mut(number) {
                section.index = Some(index);
            }
        }
    }

    fn enter(&mut self, name: Field) -> usize {
        let next = self.sections.len();
        let number = *self.names.entry(name.text.to_lowercase()).or_insert(next);
        if number == next {
            self.sections.push(Section {
                name: name.text,
                at: name.at,
                again: Vec::new(),
                lines: Vec::new(),
                index: None,
            });
        } else if let Some(section) = self.sections.get_mut(number) {
            section.again.push(name.at);
        }
        number
    }
}

fn strings(section: &Section) -> Option<Strings> {
    let name = section.name.to_lowercase();
    let language = match name.strip_prefix("strings")? {
        "" => None,
        suffix => Some(u16::from_str_radix(suffix.strip_prefix('.')?, 16).ok()?),
    };
    let mut values = BTreeMap::new();
    for line in &section.lines {
        if let (Some(key), Some(value)) = (&line.key, line.fields.first()) {
            values.entry(key.text.to_lowercase()).or_insert_with(|| value.text.clone());
        }
    }
    Some(Strings { language, values })
}
