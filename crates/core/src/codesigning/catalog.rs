//! A catalog: which files it names, and who signed it.

use super::signature::{Over, Reading, Signature};
use crate::authenticode::Digests;
use crate::crypt::digest::{Digest, DigestAlgorithm};
use crate::package::transform;
use crate::tables::authorities::Authorities;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use loadworthy_formats::authenticode::signature;
use loadworthy_formats::catalog::list;
use loadworthy_formats::catalog::member::{self, Kind};
use loadworthy_formats::error::{Deviation, Error, Kind as Trouble};
use loadworthy_formats::limits::Limits;
use loadworthy_formats::text::hex;

/// A catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalog {
    /// 1 or 2; `None`: neither.
    pub version: Option<u8>,
    /// Its random identifier.
    pub list_id: Arc<[u8]>,
    /// When it was made, in seconds since 1970.
    pub this_update: Option<i64>,
    /// Its members, in order.
    pub members: Vec<Member>,
    /// Systems it was made for: tokens such as `_v100_X64`.
    pub systems: Vec<Arc<str>>,
    /// Hardware identifiers, in the order of their numbers.
    pub hardware_ids: Vec<Arc<str>>,
    /// Its other name and value pairs, in order.
    pub attributes: Vec<(Arc<str>, Arc<str>)>,
    /// Its signatures; empty: it has no signer.
    pub signatures: Vec<Signature>,
    /// Whether its members are in the order that Windows searches in.
    pub is_sorted: bool,
    /// Whether the certificates of its signature are in the order of their bytes, which Windows' own
    /// tools demand.
    pub certificates_are_sorted: bool,
    /// What could not be read of its signatures.
    pub problems: Vec<Error>,
    /// What is odd about it.
    pub deviations: Vec<Deviation>,
}

/// A file that a catalog names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// What it is found by.
    pub tag: Arc<[u8]>,
    /// The same as text: version 1 writes text, version 2 is shown in hexadecimal digits.
    pub tag_text: Arc<str>,
    /// The digest in what is said of the file; `None`: the companion entries of version 2 have none.
    pub digest: Option<(DigestAlgorithm, Digest)>,
    /// What the file is taken for.
    pub kind: Kind,
    /// The attribute `File`.
    pub file: Option<Arc<str>>,
    /// The attribute `OSAttr`.
    pub systems: Option<Arc<str>>,
    /// Digests of the pages of an image: 1: SHA-1, 2: SHA-256.
    pub page_hashes: Option<u8>,
}

/// How a catalog covers a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covers {
    /// By which digests.
    pub by: Vec<DigestAlgorithm>,
    /// As what.
    pub kind: Kind,
    /// Numbers of the members.
    pub members: Vec<usize>,
}

/// Reads a catalog.
///
/// # Errors
/// When it is no signed message, or holds no list of files.
pub fn read(bytes: &[u8], authorities: &Authorities, limits: &Limits) -> Result<Catalog, Error> {
    let message = signature::read(bytes, limits)?;
    let content = message.content_whole.filter(|_| message.content_type == list::TRUST_LIST);
    let content = content.ok_or(Error::new("catalog content", 0, Trouble::Missing))?;
    let parsed = list::read(content, limits)?;
    let list = parsed.value;
    if !list.is_catalog() {
        return Err(Error::new("catalog usage", 0, Trouble::Unsupported));
    }
    let mut reading = Reading::new(authorities, limits);
    reading.outermost(&message, Over::List(content));
    let owned = |texts: Vec<&str>| texts.into_iter().map(Arc::from).collect();
    Ok(Catalog {
        version: list.version(),
        list_id: Arc::from(list.identifier.unwrap_or_default()),
        this_update: list.this_update,
        systems: owned(list.systems()),
        hardware_ids: owned(list.hardware_ids()),
        attributes: list
            .other_attributes()
            .map(|a| (Arc::from(a.name.as_str()), Arc::from(a.value.as_str())))
            .collect(),
        is_sorted: list.members.is_sorted_by_key(|m| m.tag),
        certificates_are_sorted: message.certificates.is_sorted(),
        members: list.members.iter().map(|m| Member::of(m, list.version())).collect(),
        signatures: reading.found,
        problems: reading.problems.into_iter().map(|(_, problem)| problem).collect(),
        deviations: parsed.deviations,
    })
}

impl Member {
    fn of(member: &member::Member<'_>, version: Option<u8>) -> Self {
        let text = if version == Some(2) { None } else { member.tag_text() };
        let digest = member.indirect.and_then(|i| {
            let by = DigestAlgorithm::from_oid(i.digest_algorithm)?;
            Some((by, Digest::from_bytes(i.digest)?))
        });
        Self {
            tag: Arc::from(member.tag),
            tag_text: Arc::from(text.unwrap_or_else(|| hex(member.tag))),
            digest,
            kind: member.kind(),
            file: member.attribute("File").map(Arc::from),
            systems: member.attribute("OSAttr").map(Arc::from),
            page_hashes: member.page_hashes().map(|pages| pages.version),
        }
    }

    /// The digest that the tag is: raw bytes, or hexadecimal digits as text.
    #[must_use]
    pub fn tag_digest(&self) -> Option<(DigestAlgorithm, Digest)> {
        let by = |bytes: &[u8]| match bytes.len() {
            20 => Some(DigestAlgorithm::Sha1),
            32 => Some(DigestAlgorithm::Sha256),
            48 => Some(DigestAlgorithm::Sha384),
            64 => Some(DigestAlgorithm::Sha512),
            _ => None,
        };
        if let Some(algorithm) = by(&self.tag) {
            return Some((algorithm, Digest::from_bytes(&self.tag)?));
        }
        let bytes = crate::tables::shims::Hex::try_from(String::from(&*self.tag_text)).ok()?.0;
        Some((by(&bytes)?, Digest::from_bytes(&bytes)?))
    }
}

impl Catalog {
    /// How it covers a file with these digests: `image` are its Authenticode digests where it is an
    /// image, `flat` those of its bytes. `None`: it does not.
    ///
    /// A member is found by its tag; where it also holds a digest, that must be the file's too.
    #[must_use]
    pub fn covers(&self, image: Option<&Digests>, flat: &Digests) -> Option<Covers> {
        let mut found: Option<Covers> = None;
        let sides = [(image, Kind::Pe), (Some(flat), Kind::Flat)];
        for (digests, kind) in sides {
            let Some(digests) = digests else { continue };
            for (number, member) in self.members.iter().enumerate() {
                let Some((by, digest)) = member.digest.or_else(|| member.tag_digest()) else {
                    continue;
                };
                // A member that is taken for an image is looked for by the digest of an image.
                if (member.kind == Kind::Pe) != (kind == Kind::Pe) && member.kind != Kind::Unknown {
                    continue;
                }
                if digests.get(&by) != Some(&digest) {
                    continue;
                }
                let covers = found.get_or_insert_with(|| Covers {
                    by: Vec::new(),
                    kind: if member.kind == Kind::Unknown { kind } else { member.kind },
                    members: Vec::new(),
                });
                if !covers.by.contains(&by) {
                    covers.by.push(by);
                }
                covers.members.push(number);
            }
            if found.is_some() {
                break;
            }
        }
        if let Some(covers) = &mut found {
            covers.by.sort_unstable();
        }
        found
    }

    /// What would have to be done to these bytes for the catalog to name them, in words; `None`: nothing
    /// that is known of.
    #[must_use]
    pub fn changes(&self, bytes: &[u8], limits: &Limits) -> Option<String> {
        let listed = |wanted: &Digest| {
            self.members.iter().any(|m| {
                let own = m.digest.or_else(|| m.tag_digest());
                own.is_some_and(|(_, digest)| digest == *wanted)
            })
        };
        let changes = transform::find(bytes, limits, &listed)?.changes;
        Some(changes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
    }
}
