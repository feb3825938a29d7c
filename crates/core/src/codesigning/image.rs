//! An image, its digests, and the signatures in its certificate table.

use super::pages::{self, Pages};
use super::signature::{NESTED, Over, Reading, Signature};
use crate::authenticode::Digests;
use crate::crypt::digest::{DigestAlgorithm, DigestSet, Hasher};
use crate::tables::authorities::Authorities;
use alloc::vec::Vec;
use loadworthy_formats::authenticode::coverage::Coverage;
use loadworthy_formats::authenticode::{extent, indirect, signature};
use loadworthy_formats::error::{Deviation, Error};
use loadworthy_formats::limits::Limits;
use loadworthy_formats::pe::attribute_certificates::{self, Entry, PKCS_SIGNED_DATA};
use loadworthy_formats::pe::header::Image;

/// What an image and its signatures say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Its Authenticode digests as Windows makes them: those asked for and those that signatures name.
    pub digests: Digests,
    /// Its signatures, nested ones after the one that holds them.
    pub signatures: Vec<Signature>,
    /// What the digests of pages say: the number of the signature, and the pages.
    pub pages: Vec<(usize, Pages)>,
    /// How many entries the certificate table has, of any type.
    pub entries: usize,
    /// Bytes behind the signatures in their entries that are not zero.
    pub hidden: usize,
    /// What could not be read: the number of the table entry, and why.
    pub problems: Vec<(usize, Error)>,
    /// What is odd about the certificate table and what it leaves out.
    pub deviations: Vec<Deviation>,
}

/// Subsystems of EFI: application, boot service driver, runtime driver, ROM.
const EFI: core::ops::RangeInclusive<u16> = 10..=13;

/// Reads the signatures of `image`; `wanted` are digests that are made in any case.
#[must_use]
pub fn read(
    image: &Image<'_>,
    wanted: DigestSet,
    authorities: &Authorities,
    limits: &Limits,
) -> Signed {
    let by = declared(image, wanted, limits);
    let digests = digests(&extent::of(image).value, image.bytes, by);
    read_digested(image, digests, authorities, limits)
}

/// The digest algorithms that signatures of `image` name for it, and those that are `wanted`.
#[must_use]
pub fn declared(image: &Image<'_>, wanted: DigestSet, limits: &Limits) -> DigestSet {
    let mut declared = wanted;
    for entry in attribute_certificates::read(image, limits).value {
        if entry.kind == PKCS_SIGNED_DATA {
            named(entry.content, 0, limits, &mut declared);
        }
    }
    declared
}

/// Reads the signatures of `image`, whose `digests` were made already: those that [`declared`] names.
#[must_use]
pub fn read_digested(
    image: &Image<'_>,
    digests: Digests,
    authorities: &Authorities,
    limits: &Limits,
) -> Signed {
    let table = attribute_certificates::read(image, limits);
    let covered = extent::of(image);
    let messages = || {
        let entries = table.value.iter().enumerate();
        entries.filter(|(_, entry)| entry.kind == PKCS_SIGNED_DATA)
    };
    let over = Over::Image { digests: &digests, is_efi: EFI.contains(&image.subsystem) };
    let mut reading = Reading::new(authorities, limits);
    for (number, entry) in messages() {
        reading.entry(number, entry.content, over);
    }
    let Reading { found: signatures, problems, .. } = reading;
    let mut deviations = table.deviations;
    deviations.extend(covered.deviations);
    let pages = messages().flat_map(|(_, entry)| page_tables(entry.content, 0, limits));
    let checked: Vec<Pages> = pages.map(|t| pages::check(image, t, limits)).collect();
    let holders = signatures.iter().filter(|s| s.page_hashes.is_some()).map(|s| s.index);
    Signed {
        pages: holders.zip(checked).collect(),
        entries: table.value.len(),
        hidden: messages().map(|(_, entry)| hidden(entry)).sum(),
        digests,
        signatures,
        problems,
        deviations,
    }
}

/// The digests of what is covered.
#[must_use]
pub fn digests(covered: &Coverage, bytes: &[u8], by: DigestSet) -> Digests {
    let mut hasher = Hasher::new(by);
    covered.pieces(bytes).for_each(|piece| hasher.update(piece));
    hasher.finish().into_iter().collect()
}

/// The digest algorithms that signatures in a message name for the image.
fn named(message: &[u8], depth: usize, limits: &Limits, into: &mut DigestSet) {
    let Ok(read) = signature::read(message, limits) else { return };
    if let Some(by) = read.indirect.and_then(|i| DigestAlgorithm::from_oid(i.digest_algorithm)) {
        into.insert(by);
    }
    if depth < limits.depth {
        for signer in &read.signers {
            for (_, nested) in signer.unsigned_all(&[NESTED], limits) {
                named(nested.whole, depth.saturating_add(1), limits, into);
            }
        }
    }
}

/// The tables of page digests in a message, in the order of its signatures.
fn page_tables<'a>(
    message: &'a [u8],
    depth: usize,
    limits: &Limits,
) -> Vec<indirect::PageHashes<'a>> {
    let Ok(read) = signature::read(message, limits) else { return Vec::new() };
    let own = read.indirect.and_then(|i| indirect::page_hashes(i.data));
    let mut found = Vec::new();
    for signer in &read.signers {
        found.extend(own);
        if depth < limits.depth {
            for (_, nested) in signer.unsigned_all(&[NESTED], limits) {
                found.extend(page_tables(nested.whole, depth.saturating_add(1), limits));
            }
        }
    }
    found
}

/// Bytes behind the signature of an entry, from the first that is not zero: tools fill entries up with
/// zeros, and nothing covers them.
fn hidden(entry: &Entry<'_>) -> usize {
    let Ok(message) = loadworthy_formats::der::element::Elements::new(entry.content).next_element()
    else {
        return 0;
    };
    let behind = entry.content.get(message.whole.len()..).unwrap_or_default();
    if behind.iter().all(|byte| *byte == 0) { 0 } else { behind.len() }
}
