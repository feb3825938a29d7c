//! `SpcIndirectDataContent` and `SpcSpOpusInfo` written down: what a signature or a catalog says of a file.
//!
//! Source: *Windows Authenticode Portable Executable Signature Format* (2008); catalogs of several
//! makers for the links that it leaves open.

use super::indirect::{PAGE_HASHES, PAGE_HASHES_CLASS, PE_IMAGE};
use super::signature::Indirect;
use crate::der::grammar::tag;
use crate::der::write::{algorithm, element, holding, sequence};

/// `SPC_CAB_DATA_OBJID` (1.3.6.1.4.1.311.2.1.25): a file that is no image.
pub const FLAT_DATA: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 1, 25];
/// `SpcPeImageData.flags`: the default, *include resources*, as every maker writes it.
const FLAGS: &[u8] = &[5, 0xa0];

/// What makers put where the specification wants a link to the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// An empty text: Inf2Cat and the portal.
    #[default]
    Empty,
    /// The text `<<<Obsolete>>>`: the specification, older tools and `SignTool`.
    Obsolete,
}

impl Link {
    /// `SpcLink`: `file`, `unicode`.
    fn written(self) -> Vec<u8> {
        let text = match self {
            Self::Empty => "",
            Self::Obsolete => "<<<Obsolete>>>",
        };
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        holding(tag::context_constructed(2), &[element(tag::context(0), &units)])
    }
}

/// `SpcIndirectDataContent` with tag and length.
#[must_use]
pub fn indirect(of: &Indirect<'_>) -> Vec<u8> {
    let digest = [algorithm(of.digest_algorithm), element(tag::OCTET_STRING, of.digest)];
    sequence(&[element(tag::SEQUENCE, of.data), sequence(&digest)])
}

/// [`Indirect::data`] of a file that is no image.
#[must_use]
pub fn flat_data(link: Link) -> Vec<u8> {
    [element(tag::OID, FLAT_DATA), link.written()].concat()
}

/// [`Indirect::data`] of an image.
#[must_use]
pub fn image_data(link: Link) -> Vec<u8> {
    image(link.written())
}

/// [`Indirect::data`] of an image with digests of its pages: `version` 1 SHA-1, 2 SHA-256; `table` as
/// [`super::indirect::PageHashes::table`].
#[must_use]
pub fn image_data_with_pages(version: u8, table: &[u8]) -> Vec<u8> {
    let kind = [PAGE_HASHES, &[version]].concat();
    let set = holding(tag::SET, &[element(tag::OCTET_STRING, table)]);
    let attribute = sequence(&[element(tag::OID, &kind), set]);
    let object = [
        element(tag::OCTET_STRING, PAGE_HASHES_CLASS),
        element(tag::OCTET_STRING, &holding(tag::SET, &[attribute])),
    ];
    image(holding(tag::context_constructed(1), &object))
}

fn image(link: Vec<u8>) -> Vec<u8> {
    let file = holding(tag::context_constructed(0), &[link]);
    let value = sequence(&[element(tag::BIT_STRING, FLAGS), file]);
    [element(tag::OID, PE_IMAGE), value].concat()
}

/// `SpcSpOpusInfo` with tag and length: what the signer calls the program, and where more is told. Empty
/// where nothing is said, as `SignTool` writes it.
#[must_use]
pub fn opus(program: Option<&str>, more: Option<&str>) -> Vec<u8> {
    let name = program.map(|name| {
        let units: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
        holding(tag::context_constructed(0), &[element(tag::context(0), &units)])
    });
    let url = more.map(|url| {
        holding(tag::context_constructed(1), &[element(tag::context(0), url.as_bytes())])
    });
    sequence(&name.into_iter().chain(url).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authenticode::indirect::{opus as read_opus, page_hashes, subject};
    use crate::der::element::Elements;

    #[test]
    fn what_a_signer_calls_the_program_is_read_as_written() {
        for (program, more) in
            [(None, None), (Some("Démo 1.0"), None), (Some("a"), Some("https://example.org/"))]
        {
            let written = opus(program, more);
            let read = read_opus(Elements::new(&written).next_element().unwrap());
            assert_eq!((read.program.as_deref(), read.more.as_deref()), (program, more));
        }
        assert_eq!(opus(None, None), [0x30, 0]);
    }

    #[test]
    fn the_bytes_of_real_makers() {
        // Inf2Cat for images, the portal for other files.
        let data = image_data(Link::Obsolete);
        assert_eq!(subject(&data), Some(PE_IMAGE));
        assert_eq!(data[12..20], [0x30, 0x26, 3, 2, 5, 0xa0, 0xa0, 0x20]);
        assert_eq!(
            image_data(Link::Empty)[12..],
            [0x30, 0x0a, 3, 2, 5, 0xa0, 0xa0, 4, 0xa2, 2, 0x80, 0]
        );
        assert_eq!(flat_data(Link::Empty)[12..], [0xa2, 2, 0x80, 0]);
        assert_eq!(flat_data(Link::Obsolete)[12..16], [0xa2, 0x1e, 0x80, 0x1c]);
    }

    #[test]
    fn pages_are_read_as_written() {
        let table = [7; 48];
        let data = image_data_with_pages(1, &table);
        let read = page_hashes(&data).unwrap();
        assert_eq!((read.version, read.table), (1, &table[..]));
    }
}
