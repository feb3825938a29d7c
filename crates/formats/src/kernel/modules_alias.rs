//! `modules.alias`: which modules answer to a device's `modalias`.
//!
//! Patterns are matched as `fnmatch` does without flags, on names in which `-` became `_`. Fast for
//! thousands of questions to tens of thousands of patterns: they are filed under the letters before
//! their first wildcard. Sources: kmod `libkmod-index.c` (`index_mm_searchwild`),
//! `shared/util.c` (`alias_normalize`), POSIX 2.13 (pattern matching notation).

use std::collections::HashSet;
use std::ops::Range;

use crate::error::{Error, Kind, Parsed};
use crate::kernel::name;
use crate::limits::Limits;
use crate::reader::wide;
use crate::text;

/// How many letters a pattern is filed under at most: a PCI vendor, most of a USB product.
const FILED: usize = 15;

/// Aliases that can be searched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aliases {
    /// All patterns, normalised, and modules, as written, one behind the other: a list has tens of thousands.
    text: String,
    rows: Vec<Row>,
    /// Rows by what their patterns are filed under.
    filed: Vec<([u8; FILED + 1], usize)>,
}

/// Where the two words of an alias are.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    pattern: Range<usize>,
    module: Range<usize>,
}

impl Aliases {
    /// Aliases out of patterns and modules; those whose pattern kmod would refuse are left out.
    pub(crate) fn of<'a>(all: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut aliases = Self::default();
        for (pattern, module) in all {
            aliases.add(pattern, module);
        }
        aliases.in_order()
    }

    /// Adds an alias; `false` when kmod would refuse its pattern.
    fn add(&mut self, pattern: &str, module: &str) -> bool {
        let Some(pattern) = name::normalized(pattern) else { return false };
        let wild = |b: &u8| matches!(b, b'*' | b'?' | b'[' | b'\\');
        let fixed = pattern.bytes().take(FILED).take_while(|b| !wild(b)).count();
        let prefix = pattern.as_bytes().get(..fixed).unwrap_or_default();
        self.filed.push((key(prefix), self.rows.len()));
        let mut put = |word: &str| {
            let from = self.text.len();
            self.text.push_str(word);
            from..self.text.len()
        };
        let row = Row { pattern: put(&pattern), module: put(module) };
        self.rows.push(row);
        true
    }

    fn in_order(mut self) -> Self {
        self.filed.sort_unstable();
        self
    }

    fn word(&self, at: &Range<usize>) -> &str {
        self.text.get(at.clone()).unwrap_or_default()
    }

    /// All aliases in their order: pattern and module.
    pub fn all(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.rows.iter().map(|row| (self.word(&row.pattern), self.word(&row.module)))
    }

    /// The modules that answer to `modalias`, each once, in the order of the file.
    #[must_use]
    pub fn find(&self, modalias: &str) -> Vec<&str> {
        let Some(asked) = name::normalized(modalias) else { return Vec::new() };
        let asked = asked.as_bytes();
        let mut met: Vec<(usize, &Row)> = Vec::new();
        for length in 0..=asked.len().min(FILED) {
            let Some((prefix, rest)) = asked.split_at_checked(length) else { break };
            let key = key(prefix);
            let from = self.filed.partition_point(|(filed, _)| *filed < key);
            let filed = self.filed.iter().skip(from).take_while(|(filed, _)| *filed == key);
            let rows = filed.filter_map(|(_, at)| Some((*at, self.rows.get(*at)?)));
            met.extend(rows.filter(|(_, row)| {
                let pattern = self.word(&row.pattern).as_bytes();
                matches(pattern.get(length..).unwrap_or_default(), rest)
            }));
        }
        met.sort_unstable_by_key(|(at, _)| *at);
        let mut seen = HashSet::new();
        let modules = met.iter().map(|(_, row)| self.word(&row.module));
        modules.filter(|module| seen.insert(*module)).collect()
    }
}

/// What stands for the letters that a pattern is filed under: they and how many they are.
fn key(prefix: &[u8]) -> [u8; FILED + 1] {
    let mut key = [0; FILED + 1];
    let (letters, count) = key.split_at_mut(FILED);
    letters.iter_mut().zip(prefix).for_each(|(letter, b)| *letter = *b);
    count.fill(u8::try_from(prefix.len()).unwrap_or(u8::MAX));
    key
}

/// Whether `text` is matched by `pattern` as a whole: `*`, `?`, `[…]` and `\` as `fnmatch` without
/// flags takes them. A bracket that never closes stands for itself.
#[must_use]
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (pattern, text);
    // Where to go back to: the pattern after the last star, and the text it began to match.
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        let step = match p.split_first() {
            Some((b'*', after)) => {
                star = Some((after, t));
                p = after;
                continue;
            }
            None if t.is_empty() => return true,
            None => None,
            Some((first, after)) => t.split_first().and_then(|(c, rest)| {
                let after = match first {
                    b'?' => after,
                    b'[' => match bracket(after, *c) {
                        Some((true, after)) => after,
                        Some((false, _)) => return None,
                        None if *c == b'[' => after,
                        None => return None,
                    },
                    b'\\' => match after.split_first() {
                        Some((literal, after)) if literal == c => after,
                        _ => return None,
                    },
                    literal if literal == c => after,
                    _ => return None,
                };
                Some((after, rest))
            }),
        };
        if let Some((after, rest)) = step {
            (p, t) = (after, rest);
            continue;
        }
        // Let the last star take one more byte.
        let Some((after, from)) = star else { return false };
        let Some((_, from)) = from.split_first() else { return false };
        star = Some((after, from));
        (p, t) = (after, from);
    }
}

/// Whether `c` is in the set whose inside begins here, and what follows its closing bracket.
fn bracket(inside: &[u8], c: u8) -> Option<(bool, &[u8])> {
    let (negated, mut rest) = match inside.split_first() {
        Some((b'!' | b'^', rest)) => (true, rest),
        _ => (false, inside),
    };
    let (mut met, mut first) = (false, true);
    loop {
        let (&low, after) = rest.split_first()?;
        rest = match (low, after) {
            (b']', after) if !first => return Some((met != negated, after)),
            (low, [b'-', high, after @ ..]) if *high != b']' => {
                met |= low <= c && c <= *high;
                after
            }
            (low, after) => {
                met |= low == c;
                after
            }
        };
        first = false;
    }
}

/// Reads `modules.alias`, or any list of `alias PATTERN MODULE` lines.
///
/// # Errors
/// `TooLarge` or `TooMany` beyond [`Limits`]. An empty file is an empty index.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<Aliases>, Error> {
    text::bounded("modules.alias", bytes, limits)?;
    let mut parsed = Parsed::clean(Aliases::default());
    for (number, line) in text::lines(bytes) {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        if parsed.value.rows.len() >= limits.items {
            let limit = wide(limits.items);
            return Err(Error::new("modules.alias", number, Kind::TooMany { limit }));
        }
        let mut words = line.split_ascii_whitespace();
        let added = match (words.next(), words.next(), words.next()) {
            (Some("alias"), Some(pattern), Some(module)) => parsed.value.add(pattern, module),
            _ => false,
        };
        if !added {
            parsed.deviations.push(Error::new("modules.alias line", number, Kind::Unsupported));
        }
    }
    parsed.value = parsed.value.in_order();
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matching_is_that_of_fnmatch() {
        // Each line was asked of fnmatch(3) of glibc 2.36 with flags 0.
        for (pattern, text, answer) in [
            ("pci:v*d*sv*", "pci:v1d2sv3", true),
            ("*a*b", "xaxbxb", true),
            ("*a*b", "xaxbxc", false),
            ("[0-9a]x", "ax", true),
            ("[!0-9]x", "5x", false),
            ("[^0-9]x", "bx", true),
            ("[]]x", "]x", true),
            ("[a-]x", "-x", true),
            ("?", "", false),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("*", "", true),
            ("a[b", "a[b", true),
            ("", "", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), answer, "{pattern} {text}");
        }
    }

    #[test]
    fn a_device_finds_its_modules_in_order() {
        let file =
            b"# x\nalias pci:v00008086d*sv*sd*bc*sc*i* two\nalias pci:v00008086d00001234sv* one\n\
            alias usb:v0[1-3]p* three\nalias a-b c_d\nalias pci:v00008086* two\nalias x:] y\n";
        let got = read(file, &Limits::DEFAULT).unwrap();
        let of = |modalias| got.value.find(modalias);
        assert_eq!(of("pci:v00008086d00001234sv0sd0bc0sc0i0"), ["two", "one"]);
        assert_eq!(of("usb:v02p1"), ["three"]);
        assert!(of("usb:v04p1").is_empty());
        // As many letters before the wildcard as it is filed under, one fewer and one more.
        let file =
            b"alias 12345678901234* a\nalias 123456789012345* b\nalias 1234567890123456? c\n";
        let other = read(file, &Limits::DEFAULT).unwrap();
        assert_eq!(other.value.find("12345678901234567"), ["a", "b", "c"]);
        assert_eq!(other.value.find("123456789012345"), ["a", "b"]);
        assert_eq!(other.value.find("12345678901234"), ["a"]);
        assert_eq!(of("a_b"), ["c_d"]);
        assert_eq!(of("a-b"), ["c_d"]);
        assert_eq!(got.deviations.len(), 1);
    }
}
