//! Which bytes of an image its digest covers, in order.

use core::ops::Range;

use crate::error::{Error, Kind, Parsed};
use crate::pe::header::Image;
use crate::reader::{index, wide};

/// What is digested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// Ranges of the file, in the order in which they are digested.
    pub ranges: Vec<Range<usize>>,
    /// Zero bytes digested after them: what an unsigned image is filled up with to a multiple of
    /// eight bytes, as it would be when signed.
    pub padding: usize,
}

impl Coverage {
    /// The pieces of `bytes`, in order, padding included.
    pub fn pieces<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let ranges = self.ranges.iter().map(|r| bytes.get(r.clone()).unwrap_or_default());
        ranges.chain([self.zeros()])
    }

    /// The zero bytes that are digested last.
    #[must_use]
    pub fn zeros(&self) -> &'static [u8] {
        const ZEROS: [u8; 8] = [0; 8];
        ZEROS.get(..self.padding).unwrap_or_default()
    }

    /// What of `part` is digested. Part by part this is the whole only where the ranges are in the
    /// order of the file, as those of [`super::extent`] are.
    pub fn within(&self, part: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        self.ranges.iter().filter_map(move |range| {
            let cut = range.start.max(part.start)..range.end.min(part.end);
            (!cut.is_empty()).then_some(cut)
        })
    }
}

/// What the digest of `image` covers: the headers without checksum and without the entry of the
/// attribute certificate table; the sections in the order of their places in the file; what is
/// left of the file, without the attribute certificates.
///
/// Deviations: sections that reach past the end, certificates that are not the last thing in the file.
#[must_use]
pub fn of(image: &Image<'_>) -> Parsed<Coverage> {
    let length = image.bytes.len();
    let headers = index(image.headers_size.into()).min(length);
    let mut ranges = Vec::new();
    let after_checksum = image.checksum_at.saturating_add(4);
    ranges.push(0..image.checksum_at);
    match image.certificate_entry_at {
        Some(entry) => {
            ranges.push(after_checksum..entry);
            ranges.push(entry.saturating_add(8)..headers.max(entry.saturating_add(8)));
        }
        None => ranges.push(after_checksum..headers.max(after_checksum)),
    }
    let mut deviations = Vec::new();
    let mut sections: Vec<_> = image.sections.iter().filter(|s| s.size > 0).collect();
    sections.sort_by_key(|s| s.at);
    let mut covered = headers;
    for section in sections {
        let start = index(section.at.into()).min(length);
        let end = start.saturating_add(index(section.size.into())).min(length);
        if section.data.is_none() {
            let kind = Kind::Truncated {
                need: section.size.into(),
                have: wide(length.saturating_sub(start)),
            };
            deviations.push(Error::new("Authenticode section", start, kind));
        }
        ranges.push(start..end);
        covered = covered.saturating_add(end.saturating_sub(start));
    }
    let table = image.certificate_table();
    let certificates = table.map_or(0, |(_, size)| index(size.into()));
    let end = length.saturating_sub(certificates);
    if covered < end {
        ranges.push(covered..end);
    }
    if let Some((offset, _)) = table
        && index(offset.into()) != end.max(covered)
    {
        let kind = Kind::Illegal { value: offset.into() };
        deviations.push(Error::new("Authenticode certificate table", index(offset.into()), kind));
    }
    let padding = if table.is_none() && covered < end { end.wrapping_neg() & 7 } else { 0 };
    Parsed { value: Coverage { ranges, padding }, deviations }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::pe::header::{self, tests::forged};

    fn covered(bytes: &[u8]) -> (Vec<Range<usize>>, usize) {
        let image = header::read(bytes, &Limits::DEFAULT).unwrap().value;
        let read = of(&image);
        assert_eq!(read.deviations, []);
        (read.value.ranges, read.value.padding)
    }

    #[test]
    fn checksum_certificate_entry_and_certificates_are_left_out() {
        let bytes = forged(b".text\0\0\0", &[7; 32], &[0; 16]);
        let (ranges, padding) = covered(&bytes);
        assert_eq!(ranges, [0..0x98, 0x9c..0xe8, 0xf0..0x200, 0x200..0x220]);
        assert_eq!(padding, 0);
    }

    #[test]
    fn what_is_behind_the_sections_counts_and_is_filled_up() {
        let mut bytes = forged(b".text\0\0\0", &[7; 32], &[]);
        bytes.extend([9; 3]);
        let (ranges, padding) = covered(&bytes);
        assert_eq!(ranges.last(), Some(&(0x220..0x223)));
        assert_eq!(padding, 5);
    }
}
