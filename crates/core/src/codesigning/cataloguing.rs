//! A planned catalog and the bytes of its files → the list of a catalog, as Inf2Cat writes it.

use crate::authenticode::Digests;
use crate::codesigning::{image, pages};
use crate::crypt::digest::{DigestAlgorithm, DigestSet, Hasher};
use crate::package::catalog::{Entry, Planned, pair};
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use loadworthy_formats::authenticode::extent;
use loadworthy_formats::authenticode::signature::Indirect;
use loadworthy_formats::authenticode::write::{Link, flat_data, image_data, image_data_with_pages};
use loadworthy_formats::catalog::list::{List, VERSION_1, VERSION_2};
use loadworthy_formats::catalog::member::{FLAT_TYPE, Member, NameValue, PE_TYPE};
use loadworthy_formats::catalog::write;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::pe::header;
use loadworthy_formats::text::hex;

/// How a catalog is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct How {
    /// 1: SHA-1, tags are text; 2: SHA-256 with companions of SHA-1, tags are bytes.
    pub version: u8,
    /// Its identifier.
    pub identifier: [u8; 16],
    /// When it was made, in seconds since 1970.
    pub time: i64,
    /// Whether images get digests of their pages.
    pub page_hashes: bool,
    /// What stands where a link to the file is wanted.
    pub link: Link,
    /// Further name and value pairs, before the others: what the portal adds.
    pub attributes: Vec<(String, String)>,
}

/// The bit of a pair that companions of SHA-1 do not get (*MakeCat*).
const NOT_BESIDE: u32 = 0x0100_0000;

/// What a catalog says of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    attributes: Vec<NameValue>,
    is_image: bool,
    tag: Vec<u8>,
    digest: Vec<u8>,
    data: Vec<u8>,
    /// The companion of version 2 says nothing of the file but its tag.
    is_companion: bool,
}

/// What a catalog says of each file, in the order in which it stands there; `bytes` brings the bytes of a
/// file of the package.
///
/// # Errors
/// What `bytes` says.
pub fn digested<E>(
    planned: &Planned,
    how: &How,
    bytes: &mut dyn FnMut(usize) -> Result<Vec<u8>, E>,
    limits: &Limits,
) -> Result<Vec<Said>, E> {
    let mut said: Vec<Said> = Vec::new();
    for entry in &planned.entries {
        let content = bytes(entry.file)?;
        for one in of(entry, &content, how, limits) {
            let same = |s: &Said| (&s.tag, &s.attributes) == (&one.tag, &one.attributes);
            if !said.iter().any(same) {
                said.push(one);
            }
        }
    }
    // Windows looks members up by their tags; equal ones stay in the order in which they came.
    said.sort_by(|a, b| a.tag.cmp(&b.tag));
    Ok(said)
}

/// The unsigned catalog; `None`: its time is none that a catalog can hold.
#[must_use]
pub fn catalog(planned: &Planned, said: &[Said], how: &How) -> Option<Vec<u8>> {
    let sha1 = DigestAlgorithm::Sha1.oid();
    let sha256 = DigestAlgorithm::Sha256.oid();
    let members = said.iter().map(|s| Member {
        tag: &s.tag,
        indirect: (!s.is_companion).then_some(Indirect {
            data: &s.data,
            digest_algorithm: if how.version == 1 { sha1 } else { sha256 },
            digest: &s.digest,
        }),
        subject_type: (how.version == 1)
            .then(|| if s.is_image { PE_TYPE } else { FLAT_TYPE }.to_owned()),
        marker: (how.version != 1).then_some(if s.is_image { 0 } else { 2 }),
        attributes: s.attributes.clone(),
        other_attributes: 0,
    });
    let mut attributes: Vec<NameValue> = how.attributes.iter().map(|(n, v)| pair(n, v)).collect();
    attributes.extend(planned.attributes.iter().cloned());
    if !planned.systems.is_empty() {
        attributes.push(pair("OS", &planned.systems.join(",")));
    }
    let ids = planned.hardware_ids.iter().enumerate().rev();
    attributes.extend(ids.map(|(n, id)| pair(&format!("HWID{}", n.saturating_add(1)), id)));
    let list = List {
        usages: write::usages(),
        identifier: Some(&how.identifier),
        sequence: None,
        this_update: Some(how.time),
        next_update: None,
        subject_algorithm: if how.version == 1 { VERSION_1 } else { VERSION_2 },
        members: members.collect(),
        attributes,
    };
    write::unsigned(&list)
}

/// What is said of a file with these bytes: once, or in version 2 twice.
fn of(entry: &Entry, content: &[u8], how: &How, limits: &Limits) -> Vec<Said> {
    let (one, two) = (DigestAlgorithm::Sha1, DigestAlgorithm::Sha256);
    let mut wanted = DigestSet::of(one);
    if how.version != 1 {
        wanted.insert(two);
    }
    let read = (!entry.is_flat).then(|| header::read(content, limits).ok()).flatten();
    let (digests, data): (Digests, Vec<u8>) = match &read {
        Some(read) => {
            let covered = extent::of(&read.value).value;
            // MakeCat: of the files whose digest is the tag.
            let data = match how.page_hashes && entry.tag.is_none() {
                true => {
                    let table = pages::table(&read.value, how.version, limits);
                    image_data_with_pages(how.version, &table)
                }
                false => image_data(how.link),
            };
            (image::digests(&covered, content, wanted), data)
        }
        None => {
            let mut hasher = Hasher::new(wanted);
            hasher.update(content);
            (hasher.finish().into_iter().collect(), flat_data(how.link))
        }
    };
    let digest = |by| digests.get(&by).map(|d| d.as_bytes().to_vec()).unwrap_or_default();
    let said = |tag, digest, is_companion| Said {
        attributes: entry
            .attributes
            .iter()
            .filter(|pair| !(is_companion && pair.flags & NOT_BESIDE != 0))
            .cloned()
            .collect(),
        is_image: read.is_some(),
        tag,
        digest,
        data: data.clone(),
        is_companion,
    };
    match how.version {
        1 => {
            let named = entry.tag.clone();
            let tag = named.unwrap_or_else(|| hex(&digest(one)).to_uppercase());
            vec![said(write::text(&tag), digest(one), false)]
        }
        _ => vec![said(digest(one), Vec::new(), true), said(digest(two), digest(two), false)],
    }
}
