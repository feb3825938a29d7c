//! Which pages of an image have a digest of their own, and what each covers.
//!
//! Source: *Windows Authenticode Portable Executable Signature Format* (2008), "Page hashes"; the layout
//! as signing tools write it: headers, then each section with bytes in the file in the order of the
//! section table, page by page, the rest of a page filled with zeros.

use core::ops::Range;

use crate::limits::Limits;
use crate::pe::header::Image;
use crate::reader::index;

/// Bytes of a page.
pub const PAGE: usize = 4096;

/// One page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Where it begins in the file.
    pub at: usize,
    /// The section it belongs to, by its number; `None`: the headers.
    pub section: Option<usize>,
    /// What is digested of the file, in order.
    pub ranges: Vec<Range<usize>>,
    /// Zeros digested after that.
    pub zeros: usize,
}

/// The pages of `image`, in the order of their digests, as far as the file reaches.
///
/// The certificate table is not among them; bounded by the limit of items.
#[must_use]
pub fn of(image: &Image<'_>, limits: &Limits) -> Vec<Page> {
    let length = image.bytes.len();
    let headers = index(image.headers_size.into()).min(length);
    let holes = [
        Some(image.checksum_at..image.checksum_at.saturating_add(4)),
        image.certificate_entry_at.map(|at| at..at.saturating_add(8)),
    ];
    let mut ranges = Vec::new();
    let mut at = 0_usize;
    for hole in holes.into_iter().flatten() {
        ranges.push(at..hole.start.clamp(at, headers));
        at = hole.end.min(headers).max(at);
    }
    ranges.push(at..headers);
    ranges.retain(|range| !range.is_empty());
    let zeros = PAGE.saturating_sub(headers);
    let mut pages = vec![Page { at: 0, section: None, ranges, zeros }];
    for (number, section) in image.sections.iter().enumerate() {
        let start = index(section.at.into());
        let end = start.saturating_add(index(section.size.into())).min(length);
        let mut at = start;
        while at < end && pages.len() < limits.items {
            let until = at.saturating_add(PAGE).min(end);
            let zeros = PAGE.saturating_sub(until.saturating_sub(at));
            pages.push(Page {
                at,
                section: Some(number),
                ranges: core::iter::once(at..until).collect(),
                zeros,
            });
            at = until;
        }
    }
    pages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pe::header::{self, tests::forged};

    #[test]
    fn headers_then_sections_page_by_page() {
        let bytes = forged(b".text\0\0\0", &[7; 5000], &[]);
        let image = header::read(&bytes, &Limits::DEFAULT).unwrap().value;
        let pages = of(&image, &Limits::DEFAULT);
        assert_eq!(pages.len(), 3);
        assert_eq!(pages[0].ranges, [0..0x98, 0x9c..0xe8, 0xf0..0x200]);
        assert_eq!(pages[0].zeros, 4096 - 512);
        assert_eq!(pages[2].ranges.first(), Some(&(0x1200..0x1588)));
        assert_eq!((pages[2].at, pages[2].section, pages[2].zeros), (0x1200, Some(0), 4096 - 904));
    }
}
