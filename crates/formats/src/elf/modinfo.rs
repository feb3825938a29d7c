//! `.modinfo`: `key=value` strings separated by NUL bytes.
//!
//! Source: `next_string` and `get_next_modinfo` in `kernel/module/main.c`: padding is skipped, the first
//! entry with a key is the one that counts, and a value ends at its NUL byte and nowhere else.

use std::iter;

use memchr::{memchr, memmem};

use crate::elf::text::until_nul;
use crate::text::printable;
use serde::{Deserialize, Serialize};

/// The raw bytes of a `.modinfo` section, kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Modinfo {
    #[serde(with = "serde_bytes")]
    raw: Vec<u8>,
}

impl Modinfo {
    /// The entries of a section's bytes.
    #[must_use]
    pub fn read(section: &[u8]) -> Self {
        Self { raw: section.to_vec() }
    }

    /// The entries of a section at the start of `rest`, which is the file from there on. The kernel reads the
    /// last string to its NUL byte even where the section ends before.
    pub(crate) fn read_on(section: &[u8], rest: &[u8]) -> Self {
        let over = match section.last() {
            Some(last) if *last != 0 => until_nul(rest.get(section.len()..).unwrap_or_default()),
            _ => &[],
        };
        let mut raw = Vec::with_capacity(section.len().saturating_add(over.len()));
        raw.extend_from_slice(section);
        raw.extend_from_slice(over);
        Self { raw }
    }

    /// Every key with its raw value, in the order of the file; repeated keys as often as they stand.
    /// Strings without `=` are left out, as the kernel never finds them.
    pub fn entries(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let mut left = self.raw.as_slice();
        let strings = iter::from_fn(move || {
            let (string, rest) = match memchr(0, left) {
                Some(end) => left.split_at_checked(end)?,
                None if left.is_empty() => return None,
                None => (left, &[][..]),
            };
            left = rest.get(1..).unwrap_or_default();
            Some(string)
        });
        strings.filter_map(|entry| {
            let (key, value) = entry.split_at_checked(memchr(b'=', entry)?)?;
            Some((key, value.get(1..)?))
        })
    }

    /// The first value of `key`, raw: the one that counts.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&[u8]> {
        self.all(key).next()
    }

    /// Every value of `key`, raw, in order.
    pub fn all<'a, 'k>(&'a self, key: &'k str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'k> {
        memmem::find_iter(&self.raw, key).filter_map(move |at| {
            let (before, rest) = self.raw.split_at_checked(at)?;
            let begins = before.last().is_none_or(|b| *b == 0);
            let value = rest.get(key.len()..).filter(|_| begins)?.strip_prefix(b"=")?;
            Some(until_nul(value))
        })
    }

    /// The first value of `key`, safe to print.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<String> {
        self.get(key).map(printable)
    }

    /// The section's bytes.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_skipped_and_repeats_are_kept() {
        let m = Modinfo::read(b"\0\0license=GPL\0\0\0alias=a\0alias=b=c\0bare\0vermagic=6.1 SMP ");
        let keys: Vec<_> = m.entries().map(|(k, _)| printable(k)).collect();
        assert_eq!(keys, ["license", "alias", "alias", "vermagic"]);
        assert_eq!(m.all("alias").collect::<Vec<_>>(), [&b"a"[..], b"b=c"]);
        assert_eq!(m.text("vermagic").unwrap(), "6.1 SMP ");
        assert_eq!(m.get("lic"), None);
    }

    #[test]
    fn the_last_value_runs_to_its_nul() {
        let file = b"name=abc\0rest";
        let m = Modinfo::read_on(&file[..7], file);
        assert_eq!(m.get("name"), Some(&b"abc"[..]));
    }
}
