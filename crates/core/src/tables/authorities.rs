//! *Whose key is that?* Authorities that Windows and firmware tell apart, and Microsoft's root list.
//!
//! A name is never enough: a row is looked up by name and believed by its key.

use crate::tables::shims::Hex;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use serde::Deserialize;

/// What an authority stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A product root of Microsoft: hardware certification, attestation and Windows end there.
    Product,
    /// Another root of Microsoft.
    Microsoft,
    /// The root that issued cross-certificates to public authorities.
    CodeVerification,
    /// A root for tests.
    Test,
    /// The root of preview builds.
    Flight,
    /// An authority that firmware trusts for other people's code.
    UefiCa,
    /// A public authority.
    Public,
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Microsoft => "microsoft",
            Self::CodeVerification => "code-verification",
            Self::Test => "test",
            Self::Flight => "flight",
            Self::UefiCa => "uefi-ca",
            Self::Public => "public",
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    kind: Kind,
    well_known: Option<u8>,
    not_after: Option<String>,
    source: String,
    key: Hex,
}

/// Both tables.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authorities {
    authority: Vec<Row>,
    #[serde(skip)]
    roots: Roots,
}

/// An authority that may be the one of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// Its name.
    pub name: Arc<str>,
    /// What it stands for.
    pub kind: Kind,
    /// The number that App Control policies use for it.
    pub well_known: Option<u8>,
    /// The last day of its certificate, `2035-06-23`.
    pub not_after: Option<Arc<str>>,
    /// SHA-1 of its certificate, where Microsoft's list tells it.
    pub sha1: Option<Arc<str>>,
    /// What Microsoft's list takes it for; `None`: it is not from that list.
    pub uses: Option<Uses>,
    /// Its key: `SubjectPublicKeyInfo`.
    pub key: Arc<[u8]>,
}

/// What Microsoft's root list takes a root for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uses {
    /// Code signing.
    pub code: bool,
    /// Time-stamps.
    pub time: bool,
    /// The day from which what it signs counts no more; `0000-00-00`: nothing counts.
    pub until: Option<Arc<str>>,
}

/// Microsoft's root list as text: lines sorted by name, columns apart by tabs.
#[derive(Clone, Debug)]
struct Roots(Cow<'static, str>);

impl Default for Roots {
    fn default() -> Self {
        Self(Cow::Borrowed(include_str!("../../knowledge/windows/roots.tsv")))
    }
}

impl Authorities {
    /// A table without rows.
    #[must_use]
    pub const fn nobody() -> Self {
        Self { authority: Vec::new(), roots: Roots(Cow::Borrowed("")) }
    }

    /// The same with another root list in place of the one that is built in.
    ///
    /// # Errors
    /// When it names no day, or has a line that is none of a root.
    pub fn with_roots(mut self, roots: String) -> Result<Self, String> {
        let mut before = "";
        for line in roots.lines().filter(|line| !line.starts_with('#')) {
            let name = line.split('\t').next().unwrap_or_default();
            if line.split('\t').count() != 5 || name < before {
                return Err(alloc::format!("no line of a root in its place: {name:?}"));
            }
            before = name;
        }
        self.roots = Roots(Cow::Owned(roots));
        if self.day().is_empty() {
            return Err("its first line names no day".into());
        }
        Ok(self)
    }

    /// The same with the root list of another table.
    #[must_use]
    pub fn with_roots_of(mut self, other: Self) -> Self {
        self.roots = other.roots;
        self
    }

    /// The day of the root list, as its first line names it: `2026-10-23`.
    #[must_use]
    pub fn day(&self) -> &str {
        let first = self.roots.0.lines().next().unwrap_or_default();
        let is_day =
            |word: &&str| word.len() == 10 && word.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        first.split([' ', ',', '.']).find(is_day).unwrap_or_default()
    }

    /// The authorities of this name (common name; without one the first unit; without one the
    /// organization). Whether a certificate is really theirs, their key tells.
    #[must_use]
    pub fn named(&self, name: &str) -> Vec<Authority> {
        let own = self.authority.iter().filter(|row| row.name == name).map(|row| Authority {
            name: Arc::from(name),
            kind: row.kind,
            well_known: row.well_known,
            not_after: row.not_after.as_deref().map(Arc::from),
            sha1: None,
            uses: None,
            key: Arc::clone(&row.key.0),
        });
        let mut found: Vec<Authority> = own.collect();
        found.extend(self.roots.named(name));
        found
    }

    /// The source of the row of this name in the table of authorities.
    #[must_use]
    pub fn source(&self, name: &str) -> Option<&str> {
        self.authority.iter().find(|row| row.name == name).map(|row| row.source.as_str())
    }
}

impl Roots {
    fn named<'t>(&'t self, name: &'t str) -> impl Iterator<Item = Authority> + 't {
        let lines = self.0.get(self.first(name)..).unwrap_or_default().lines();
        lines
            .skip_while(|line| line.starts_with('#'))
            .map_while(move |line| line.strip_prefix(name)?.strip_prefix('\t'))
            .filter_map(move |rest| {
                let mut columns = rest.split('\t');
                let (sha1, not_after) = (columns.next()?, columns.next()?);
                let (uses, until) =
                    columns.next().map(|uses| match uses.split_once(" until ") {
                        Some((uses, until)) => (uses, Some(until)),
                        None => (uses, None),
                    })?;
                Some(Authority {
                    name: Arc::from(name),
                    kind: Kind::Public,
                    well_known: None,
                    not_after: Some(Arc::from(not_after)),
                    sha1: Some(Arc::from(sha1)),
                    uses: Some(Uses {
                        code: uses.contains('c'),
                        time: uses.contains('t'),
                        until: until.map(Arc::from),
                    }),
                    key: Hex::try_from(String::from(columns.next()?)).ok()?.0,
                })
            })
    }

    /// Where the first line begins whose name is not before `name`.
    fn first(&self, name: &str) -> usize {
        let text = self.0.as_bytes();
        let (mut low, mut high) = (0_usize, text.len());
        while low < high {
            let middle = low.midpoint(high);
            let before = text.get(low..middle).unwrap_or_default();
            let start = before
                .iter()
                .rposition(|b| *b == b'\n')
                .map_or(low, |at| low.saturating_add(at).saturating_add(1));
            let line = text.get(start..high).unwrap_or_default();
            let end = line
                .iter()
                .position(|b| *b == b'\n')
                .map_or(high, |at| start.saturating_add(at).saturating_add(1));
            let key = line.split(|b| *b == b'\t' || *b == b'\n').next().unwrap_or_default();
            // Lines of explanation stand in front.
            if key.starts_with(b"#") || key < name.as_bytes() {
                low = end;
            } else {
                high = start;
            }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use crate::tables::Tables;

    #[test]
    fn every_root_of_the_list_is_found_by_its_name() {
        let authorities = Tables::built_in().unwrap().authorities;
        let mut before = "";
        let mut count = 0;
        for line in authorities.roots.0.lines().filter(|line| !line.starts_with('#')) {
            let mut columns = line.split('\t');
            let (name, sha1) = (columns.next().unwrap(), columns.next().unwrap());
            assert!(before <= name, "{before} > {name}");
            before = name;
            let found = authorities.named(name);
            assert!(found.iter().any(|a| a.sha1.as_deref() == Some(sha1)), "{name}");
            count += 1;
        }
        assert!(count > 500);
        assert!(authorities.named("").is_empty());
        assert!(authorities.named("# Sorted by name").is_empty());
    }

    #[test]
    fn drivers_certified_before_2003_lead_to_microsoft() {
        // KB329115: the certificate without basic constraints through which no path leads.
        let authorities = Tables::built_in().unwrap().authorities;
        let found = authorities.named("Microsoft Windows Hardware Compatibility");
        let [one] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((one.kind, one.well_known), (super::Kind::Product, Some(4)));
    }

    #[test]
    fn keys_are_those_that_others_have_measured() {
        use crate::crypt::digest::{DigestAlgorithm, digest};
        use alloc::string::ToString;
        // SHA-256 of SubjectPublicKeyInfo, from certificates that Microsoft's own files carry.
        let authorities = Tables::built_in().unwrap().authorities;
        for (name, sha256) in [
            (
                "Microsoft Root Authority",
                "4462c107c485dd6a5443f5e7a1604416034a374c3f4d10875f1c3715027563af",
            ),
            (
                "Microsoft Root Certificate Authority",
                "df530bac9fcd914c252c2fbdceddc6183d4ae8c680ad65f03e204861dd7b1c73",
            ),
            (
                "Microsoft Root Certificate Authority 2010",
                "c9905b0ee01202293ca026e64f08412442c5504c06e44ca7e9726d61f20e4089",
            ),
            (
                "Microsoft Root Certificate Authority 2011",
                "02376d0908ac23041cc7d666d9daf192554f7fc36317aa9cb800908616b28af8",
            ),
            (
                "Microsoft Code Verification Root",
                "296b274011cfcbaaf337e9d7950e256a651aa5071a24e8a8393e87249b00d62f",
            ),
            (
                "Microsoft Authenticode(tm) Root Authority",
                "85c4c9d96aa2b0003c7ff0ea1ecf61c1122054513d7c8bb6634449c9caac328d",
            ),
        ] {
            let found = authorities.named(name);
            let [one] = found.as_slice() else { panic!("{name}") };
            assert_eq!(digest(DigestAlgorithm::Sha256, &one.key).to_string(), sha256);
        }
    }
}
