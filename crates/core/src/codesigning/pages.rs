//! Which pages of an image are not what was signed.

use crate::crypt::digest::{DigestAlgorithm, DigestSet, Hasher};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use loadworthy_formats::authenticode::indirect::PageHashes;
use loadworthy_formats::authenticode::pages;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::pe::header::Image;

/// What the digests of pages say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pages {
    /// How many rows the signature has, the last one left out.
    pub count: usize,
    /// The pages that differ, or that only one side knows.
    pub differ: Vec<Differs>,
}

/// A page that is not what was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differs {
    /// Where it begins in the file.
    pub at: u32,
    /// The name of its section; `None`: it belongs to the headers, or to no section.
    pub section: Option<Arc<str>>,
}

/// Compares the pages of `image` with what was signed.
#[must_use]
pub fn check(image: &Image<'_>, signed: PageHashes<'_>, limits: &Limits) -> Pages {
    let by = if signed.version == 1 { DigestAlgorithm::Sha1 } else { DigestAlgorithm::Sha256 };
    let name = |number: Option<usize>| {
        let section = image.sections.get(number?)?;
        Some(Arc::from(section.name.as_str()))
    };
    let mut rows: Vec<(u32, &[u8])> = signed.rows().take(limits.items).collect();
    // The last row names the end of the last section; its digest is zeros.
    if rows.last().is_some_and(|(_, digest)| digest.iter().all(|byte| *byte == 0)) {
        rows.pop();
    }
    let count = rows.len();
    let mut differ = Vec::new();
    let mut rest = rows.into_iter();
    for page in pages::of(image, limits) {
        let now = hash(image, &page, by);
        let same = rest.next().is_some_and(|(at, digest)| {
            usize::try_from(at).is_ok_and(|at| at == page.at) && now == digest
        });
        if !same {
            let at = u32::try_from(page.at).unwrap_or(u32::MAX);
            differ.push(Differs { at, section: name(page.section) });
        }
    }
    differ.extend(rest.map(|(at, _)| Differs { at, section: None }));
    Pages { count, differ }
}

/// The digests of the pages of `image` as a signature holds them: `version` 1 SHA-1, 2 SHA-256. Rows of
/// an offset and a digest; the last names the end of the last section, with zeros for a digest.
#[must_use]
pub fn table(image: &Image<'_>, version: u8, limits: &Limits) -> Vec<u8> {
    let by = if version == 1 { DigestAlgorithm::Sha1 } else { DigestAlgorithm::Sha256 };
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX).to_le_bytes();
    let (mut table, mut end, mut zeros) = (Vec::new(), 0, 0);
    for page in pages::of(image, limits) {
        let digest = hash(image, &page, by);
        zeros = digest.len();
        table.extend(offset(page.at));
        table.extend(digest);
        end = page.ranges.last().map_or(end, |range| range.end);
    }
    table.extend(offset(end));
    table.resize(table.len().saturating_add(zeros), 0);
    table
}

fn hash(image: &Image<'_>, page: &pages::Page, by: DigestAlgorithm) -> Vec<u8> {
    const ZEROS: [u8; pages::PAGE] = [0; pages::PAGE];
    let mut hasher = Hasher::new(DigestSet::of(by));
    for range in &page.ranges {
        hasher.update(image.bytes.get(range.clone()).unwrap_or_default());
    }
    hasher.update(ZEROS.get(..page.zeros).unwrap_or_default());
    hasher.finish().first().map(|(_, digest)| digest.as_bytes().to_vec()).unwrap_or_default()
}

impl Pages {
    /// The first page that differs, in words: `page at 0x1400 of .text`.
    #[must_use]
    pub fn first_difference(&self) -> Option<String> {
        let first = self.differ.first()?;
        Some(match &first.section {
            Some(section) => alloc::format!("page at {:#x} of {section}", first.at),
            None => alloc::format!("page at {:#x}", first.at),
        })
    }
}
