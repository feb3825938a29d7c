//! `/sys/kernel/security/lockdown`: one line with the level in force in brackets.
//!
//! Sources: `security/lockdown/lockdown.c` (`lockdown_read`); RHEL 8 has two words only.

use crate::error::{Error, Kind, Parsed};
use crate::limits::Limits;
use crate::text;

/// How far the kernel is locked down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Not at all.
    None,
    /// Nothing may change the running kernel.
    Integrity,
    /// And nothing may read its secrets.
    Confidentiality,
}

impl Level {
    /// The level a word names, in this file or after `lockdown=`.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "none" => Some(Self::None),
            "integrity" => Some(Self::Integrity),
            "confidentiality" => Some(Self::Confidentiality),
            _ => None,
        }
    }
}

/// The state of lockdown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lockdown {
    /// The level in force.
    pub level: Level,
    /// The levels this kernel knows, in its order.
    pub offered: Vec<Level>,
}

/// Reads the file.
///
/// # Errors
/// `Missing` when no known level stands in brackets; `TooLarge` for what is no such line.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<Lockdown>, Error> {
    text::bounded("lockdown", bytes, limits)?;
    let line = String::from_utf8_lossy(bytes);
    let (mut level, mut offered, mut deviations) = (None, Vec::new(), Vec::new());
    for word in line.split_ascii_whitespace() {
        let chosen = word.strip_prefix('[').and_then(|word| word.strip_suffix(']'));
        match Level::named(chosen.unwrap_or(word)) {
            Some(named) => {
                offered.push(named);
                level = chosen.map(|_| named).or(level);
            }
            None => deviations.push(Error::new("lockdown level", 0, Kind::Unsupported)),
        }
    }
    match level {
        Some(level) => Ok(Parsed { value: Lockdown { level, offered }, deviations }),
        None => Err(Error::new("lockdown level in force", 0, Kind::Missing)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_in_brackets_is_in_force() {
        let got = read(b"none [integrity] confidentiality\n", &Limits::DEFAULT).unwrap().value;
        assert_eq!(got.level, Level::Integrity);
        assert_eq!(got.offered.len(), 3);
        // The form of RHEL 8.
        let got = read(b"[none] integrity\n", &Limits::DEFAULT).unwrap().value;
        assert_eq!((got.level, got.offered.len()), (Level::None, 2));
        assert!(read(b"none integrity", &Limits::DEFAULT).is_err());
    }
}
