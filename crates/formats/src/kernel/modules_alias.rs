//! `modules.alias`: which modules answer to a device's `modalias`.
//!
//! Patterns are matched as `fnmatch` does without flags, on names in which `-` became `_`. Fast for
//! thousands of questions to tens of thousands of patterns: they are filed under the letters before
//! their first wildcard. Sources: kmod `libkmod-index.c` (`index_mm_searchwild`),
//! `shared/util.c` (`alias_normalize`), POSIX 2.13 (pattern matching notation).

use crate::error::{Error, Kind, Parsed};
use crate::kernel::name;
use crate::limits::Limits;
use crate::reader::wide;
use crate::text;
use std::collections::{BTreeSet, HashMap, HashSet};

/// One alias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The pattern, normalised.
    pub pattern: String,
    /// The module that answers, as written.
    pub module: String,
}

/// Aliases that can be searched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aliases {
    aliases: Vec<Alias>,
    by_prefix: HashMap<Box<[u8]>, Vec<usize>>,
    prefix_lengths: BTreeSet<usize>,
}

impl Aliases {
    /// Adds an alias; `false` when kmod would refuse its pattern.
    pub fn add(&mut self, pattern: &str, module: &str) -> bool {
        let Some(pattern) = name::normalized(pattern) else { return false };
        let fixed =
            pattern.bytes().take_while(|b| !matches!(b, b'*' | b'?' | b'[' | b'\\')).count();
        let prefix = pattern.as_bytes().get(..fixed).unwrap_or_default();
        self.prefix_lengths.insert(fixed);
        self.by_prefix.entry(prefix.into()).or_default().push(self.aliases.len());
        self.aliases.push(Alias { pattern, module: module.to_owned() });
        true
    }

    /// All aliases in their order.
    #[must_use]
    pub fn all(&self) -> &[Alias] {
        &self.aliases
    }

    /// The modules that answer to `modalias`, each once, in the order of the file.
    #[must_use]
    pub fn find(&self, modalias: &str) -> Vec<&str> {
        let Some(key) = name::normalized(modalias) else { return Vec::new() };
        let key = key.as_bytes();
        let mut met: Vec<usize> = Vec::new();
        for length in self.prefix_lengths.range(..=key.len()) {
            let Some((prefix, _)) = key.split_at_checked(*length) else { break };
            let filed = self.by_prefix.get(prefix).into_iter().flatten();
            met.extend(filed.filter(|at| {
                let pattern = self.aliases.get(**at).map(|alias| alias.pattern.as_bytes());
                pattern.is_some_and(|p| {
                    matches(
                        p.get(*length..).unwrap_or_default(),
                        key.get(*length..).unwrap_or_default(),
                    )
                })
            }));
        }
        met.sort_unstable();
        let mut seen = HashSet::new();
        met.iter()
            .filter_map(|at| self.aliases.get(*at))
            .map(|alias| alias.module.as_str())
            .filter(|module| seen.insert(*module))
            .collect()
    }
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
        if parsed.value.aliases.len() >= limits.items {
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
        assert_eq!(of("a_b"), ["c_d"]);
        assert_eq!(of("a-b"), ["c_d"]);
        assert_eq!(got.deviations.len(), 1);
    }
}
