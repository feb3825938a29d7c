//! *Which drivers does the published list of vulnerable drivers name?*
//!
//! The table is Microsoft's recommended block rules in a compact form, and says of each rule by
//! which day it was on the list that comes with Windows.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The table: lines, columns apart by tabs.
#[derive(Clone, Debug)]
pub struct BlockRules(Cow<'static, str>);

impl Default for BlockRules {
    fn default() -> Self {
        Self(Cow::Borrowed(include_str!("../../knowledge/windows/block_rules.tsv")))
    }
}

/// A published list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published<'t> {
    /// The day by which it was published: `2026-05-15`.
    pub day: &'t str,
    /// Its version.
    pub policy: &'t str,
    /// Its rules.
    pub rules: Vec<BlockRule<'t>>,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockRule<'t> {
    /// The day by which it was on the list of a machine; `None`: it was only published.
    pub since: Option<&'t str>,
    /// What it names.
    pub what: Blocks<'t>,
}

/// What a rule names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blocks<'t> {
    /// A file by its name.
    File(BlockedFile<'t>),
    /// A digest, and what it is of.
    Digest(Vec<u8>, &'t str),
    /// A signer.
    Signer {
        /// The digest of the signed part of a certificate of the chain.
        part: Vec<u8>,
        /// The name of that certificate.
        issuer: &'t str,
        /// The name of the signer's own certificate.
        publisher: Option<&'t str>,
        /// The program that the signature names.
        program: Option<&'t str>,
        /// The files this is about; empty: all.
        files: Vec<BlockedFile<'t>>,
    },
}

/// A file by its version resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockedFile<'t> {
    /// Which text of the resource it is.
    pub text: NamedBy,
    /// The name.
    pub name: &'t str,
    /// The lowest version.
    pub least: [u16; 4],
    /// The highest version; `None`: the rule has none, which is read in two ways.
    pub most: Option<[u16; 4]>,
}

/// A text of the version resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedBy {
    /// `OriginalFilename`.
    Original,
    /// `ProductName`.
    Product,
    /// `InternalName`.
    Internal,
    /// `FileDescription`.
    Description,
}

impl BlockRules {
    /// Another table in place of the one that is built in.
    ///
    /// # Errors
    /// When it is not one, with the line.
    pub fn of(text: String) -> Result<Self, String> {
        let table = Self(Cow::Owned(text));
        table.read()?;
        Ok(table)
    }

    /// The list.
    ///
    /// # Errors
    /// When a line is not one of the table.
    pub fn read(&self) -> Result<Published<'_>, String> {
        let mut list = Published { day: "", policy: "", rules: Vec::new() };
        let mut files = BTreeMap::new();
        let mut issuers = BTreeMap::new();
        for line in self.0.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
            let wrong = || format!("no line of block rules: {line:?}");
            let mut columns = line.split('\t');
            let kind = columns.next().unwrap_or_default();
            let mut next = || columns.next().unwrap_or_default();
            match kind {
                "published" => (list.day, list.policy) = (next(), next()),
                "file" | "product" | "internal" | "description" => {
                    let by = match kind {
                        "file" => NamedBy::Original,
                        "product" => NamedBy::Product,
                        "internal" => NamedBy::Internal,
                        _ => NamedBy::Description,
                    };
                    let (key, name) = (next(), next());
                    files.insert(key, file(by, name, next()).ok_or_else(wrong)?);
                }
                "issuer" => {
                    let (key, part) = (next(), bytes(next()).ok_or_else(wrong)?);
                    issuers.insert(key, (part, next()));
                }
                _ => {
                    let since = Some(next()).filter(|s| *s != "-");
                    let what = match kind {
                        "name" => {
                            let name = next();
                            Blocks::File(file(NamedBy::Original, name, next()).ok_or_else(wrong)?)
                        }
                        "digest" => Blocks::Digest(bytes(next()).ok_or_else(wrong)?, next()),
                        "signer" | "oem" => {
                            let (part, issuer) = issuers.get(next()).cloned().ok_or_else(wrong)?;
                            let who = Some(next()).filter(|w| *w != "*");
                            let about = next().split(' ').filter(|f| !f.is_empty());
                            let about: Option<Vec<_>> =
                                about.map(|f| files.get(f).copied()).collect();
                            let is_signer = kind == "signer";
                            Blocks::Signer {
                                part,
                                issuer,
                                publisher: who.filter(|_| is_signer),
                                program: who.filter(|_| !is_signer),
                                files: about.ok_or_else(wrong)?,
                            }
                        }
                        _ => return Err(wrong()),
                    };
                    list.rules.push(BlockRule { since, what });
                }
            }
        }
        if list.day.is_empty() { Err("block rules without a day".into()) } else { Ok(list) }
    }
}

/// Versions: nothing (all), the highest, both, or the lowest and a line.
fn file<'t>(text: NamedBy, name: &'t str, versions: &str) -> Option<BlockedFile<'t>> {
    let (least, most) = match versions.split_once('-') {
        None if versions.is_empty() => ([0; 4], Some([u16::MAX; 4])),
        None => ([0; 4], Some(version(versions)?)),
        Some((least, "")) => (version(least)?, None),
        Some((least, most)) => (version(least)?, Some(version(most)?)),
    };
    Some(BlockedFile { text, name, least, most })
}

fn version(text: &str) -> Option<[u16; 4]> {
    let numbers: Option<Vec<u16>> = text.split('.').map(|n| n.parse().ok()).collect();
    numbers?.try_into().ok()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
    let one = |pair: &[u8; 2]| u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok();
    rest.is_empty().then(|| pairs.iter().map(one).collect()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::borrow::ToOwned;

    #[test]
    fn the_published_list_is_read() {
        let table = BlockRules::default();
        let list = table.read().unwrap();
        assert_eq!(list.policy, "10.0.29545.0");
        let named = |name: &str| {
            list.rules.iter().find(|r| matches!(&r.what, Blocks::File(f) if f.name == name))
        };
        // ID_DENY_PROCESSHACKER of the published policy, and the machines that have it.
        let hacker = named("kprocesshacker.sys").unwrap();
        assert_eq!(hacker.since, Some("2023-05-09"));
        let Blocks::File(file) = &hacker.what else { panic!("{hacker:?}") };
        assert_eq!((file.least, file.most), ([0; 4], Some([3, 1, u16::MAX, u16::MAX])));
        // ID_DENY_AGENT64_SHA256_PAGE: a first page, on a machine's list.
        let page = [0x68, 0xef, 0xba, 0xb6, 0xfe, 0xad, 0xab, 0x07];
        let agent = list.rules.iter().find(|r| {
            matches!(&r.what, Blocks::Digest(digest, of) if digest.starts_with(&page) && of.starts_with("Agent64"))
        });
        assert_eq!(agent.unwrap().since, Some("2023-05-09"));
        // ID_SIGNER_NVIDIA_2011: published, and not on the list of build 26100.1.
        let leaked = list.rules.iter().find(|r| {
            matches!(&r.what, Blocks::Signer { part, .. } if part.starts_with(&[0x15, 0xc3, 0x7d]))
        });
        assert_eq!(leaked.unwrap().since, None);
    }

    #[test]
    fn what_is_no_line_is_told() {
        let wrong = |text: &str| BlockRules::of(text.to_owned()).unwrap_err();
        assert!(wrong("published\t2026-01-01\t1\nsigner\t-\tnobody\t*\t").contains("nobody"));
        assert!(wrong("name\t-\ta.sys\t1.2").contains("a.sys"));
        assert!(wrong("").contains("without a day"));
    }
}
