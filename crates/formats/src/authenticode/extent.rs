//! Which bytes of a file a Windows signature is over: all of them but three.
//!
//! Windows digests a file as it lies, from its first byte to its certificate table, and leaves out
//! the checksum and the directory entry of that table. Firmware goes by sections instead
//! ([`super::coverage`]); both agree where sections follow each other without gaps, as linkers write
//! them.
//!
//! The certificate table is left out only where it can hold nothing that runs: behind the headers and
//! behind every section, whole, inside the file. Otherwise it is digested like everything else, and no
//! signature can match. What follows the table is digested too, for the same reason.
//!
//! Sources: *Windows Authenticode Portable Executable Signature Format* (2008), "Calculating the PE
//! Image Hash"; the flat reading is what signing tools write.

use core::ops::Range;

use super::coverage::Coverage;
use crate::error::{Error, Kind, Parsed};
use crate::pe::header::Image;
use crate::reader::{index, wide};

/// What a Windows signature over `image` covers.
///
/// Deviations: a certificate table that something else claims, or that is not the last thing in the
/// file; sections that overlap the headers.
#[must_use]
pub fn of(image: &Image<'_>) -> Parsed<Coverage> {
    let length = image.bytes.len();
    let mut deviations = Vec::new();
    let table = image.certificate_table().map(|(offset, size)| {
        let start = index(offset.into());
        start..start.saturating_add(index(size.into()))
    });
    let left_out = table.filter(|table| match claimed(image, table) {
        None => true,
        Some(odd) => {
            deviations.push(odd);
            false
        }
    });
    let checksum = image.checksum_at..image.checksum_at.saturating_add(4);
    let entry = image.certificate_entry_at.map(|at| at..at.saturating_add(8));
    let mut holes: Vec<Range<usize>> = [Some(checksum), entry].into_iter().flatten().collect();
    for section in image.sections.iter().filter(|s| s.size > 0) {
        let at = index(section.at.into());
        if holes.iter().any(|hole| at < hole.end) {
            let kind = Kind::Overlap { with: wide(image.checksum_at) };
            deviations.push(Error::new("PE section over the checksum", at, kind));
        }
    }
    let padding = if left_out.is_none() { length.wrapping_neg() & 7 } else { 0 };
    if let Some(table) = &left_out
        && table.end < length
    {
        let kind = Kind::Trailing { left: wide(length.saturating_sub(table.end)) };
        deviations.push(Error::new("bytes behind the certificate table", table.end, kind));
    }
    holes.extend(left_out);
    Parsed { value: Coverage { ranges: between(&holes, length), padding }, deviations }
}

/// What else claims the bytes of the table; `None`: nothing, it may be left out.
fn claimed(image: &Image<'_>, table: &Range<usize>) -> Option<Error> {
    const WHAT: &str = "certificate table";
    if table.end > image.bytes.len() {
        let have = wide(image.bytes.len().saturating_sub(table.start));
        let kind = Kind::Truncated { need: wide(table.len()), have };
        return Some(Error::new(WHAT, table.start, kind));
    }
    let headers = image.headers_end().max(index(image.headers_size.into()));
    if table.start < headers {
        return Some(Error::new(WHAT, table.start, Kind::Overlap { with: 0 }));
    }
    image.sections.iter().filter(|s| s.size > 0).find_map(|section| {
        let at = index(section.at.into());
        let end = at.saturating_add(index(section.size.into()));
        // Also a section behind the table: its bytes would be digested, but what lies before it in
        // memory is nobody's to say.
        (end > table.start).then(|| Error::new(WHAT, table.start, Kind::Overlap { with: wide(at) }))
    })
}

/// What is left of `0..length` without the holes, which are in order.
fn between(holes: &[Range<usize>], length: usize) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut at = 0_usize;
    for hole in holes {
        let start = hole.start.clamp(at, length);
        ranges.push(at..start);
        at = hole.end.clamp(start, length);
    }
    ranges.push(at..length);
    ranges.retain(|range| !range.is_empty());
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::pe::header::{self, tests::forged};

    fn covered(bytes: &[u8]) -> (Vec<Range<usize>>, usize, Vec<String>) {
        let image = header::read(bytes, &Limits::DEFAULT).unwrap().value;
        let read = of(&image);
        let odd = read.deviations.iter().map(ToString::to_string).collect();
        (read.value.ranges, read.value.padding, odd)
    }

    #[test]
    fn everything_counts_but_checksum_entry_and_table() {
        let bytes = forged(b".text\0\0\0", &[7; 32], &[0; 16]);
        let (ranges, padding, odd) = covered(&bytes);
        assert_eq!(ranges, [0..0x98, 0x9c..0xe8, 0xf0..0x220]);
        assert_eq!((padding, odd), (0, Vec::new()));
        let (ranges, padding, _) = covered(&forged(b".text\0\0\0", &[7; 33], &[]));
        assert_eq!((ranges.last(), padding), (Some(&(0xf0..0x221)), 7));
    }

    #[test]
    fn bytes_behind_the_table_count() {
        let mut bytes = forged(b".text\0\0\0", &[7; 32], &[0; 16]);
        bytes.extend([9; 5]);
        let (ranges, _, odd) = covered(&bytes);
        assert_eq!(ranges.last(), Some(&(0x230..0x235)));
        assert_eq!(odd, ["bytes behind the certificate table at 0x230: 5 bytes left over"]);
    }

    #[test]
    fn a_table_that_a_section_or_the_headers_claim_counts() {
        let mut bytes = forged(b".text\0\0\0", &[7; 32], &[0; 16]);
        // SizeOfRawData reaches into the table.
        bytes[0x158] = 40;
        let (ranges, _, odd) = covered(&bytes);
        assert_eq!(ranges.last(), Some(&(0xf0..0x230)));
        assert_eq!(odd, ["certificate table at 0x220: overlaps what begins at 0x200"]);
        let mut bytes = forged(b".text\0\0\0", &[7; 32], &[0; 16]);
        bytes[0xe9] = 1;
        let (ranges, _, odd) = covered(&bytes);
        assert_eq!(ranges.last(), Some(&(0xf0..0x230)));
        assert_eq!(odd, ["certificate table at 0x120: overlaps what begins at 0x0"]);
    }
}
