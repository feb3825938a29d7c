//! What a signature says of a file beside its digest: what sort it is, digests of its pages; and what
//! it says of the signer's purpose.
//!
//! Source: *Windows Authenticode Portable Executable Signature Format* (2008), `SpcIndirectDataContent`,
//! `SpcLink`, `SpcSpOpusInfo`.

use crate::der::element::{Elements, Tlv};
use crate::der::grammar::tag;

/// `SPC_PE_IMAGE_DATAOBJ` (1.3.6.1.4.1.311.2.1.15).
pub const PE_IMAGE: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 1, 15];
/// `SPC_SP_OPUS_INFO_OBJID` (1.3.6.1.4.1.311.2.1.12).
pub const OPUS_INFO: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 1, 12];
/// `SPC_PE_IMAGE_PAGE_HASHES_V1` and `_V2` without their last arc (1.3.6.1.4.1.311.2.3).
pub(super) const PAGE_HASHES: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 3];
/// `SpcSerializedObject.classId` of page hashes: a6b586d5-b4a1-2466-ae05-a217da8e60d6 as it is stored.
pub(super) const PAGE_HASHES_CLASS: &[u8] = &[
    0xa6, 0xb5, 0x86, 0xd5, 0xb4, 0xa1, 0x24, 0x66, 0xae, 0x05, 0xa2, 0x17, 0xda, 0x8e, 0x60, 0xd6,
];

/// Digests of single pages, as a signature holds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageHashes<'a> {
    /// 1: SHA-1, 2: SHA-256.
    pub version: u8,
    /// Rows of an offset in the file (four bytes, least significant first) and a digest.
    pub table: &'a [u8],
}

impl<'a> PageHashes<'a> {
    /// Bytes of a digest.
    #[must_use]
    pub const fn digest_size(&self) -> usize {
        if self.version == 1 { 20 } else { 32 }
    }

    /// The rows: where a page begins, and its digest. The last names the end, with zeros for a digest.
    pub fn rows(&self) -> impl Iterator<Item = (u32, &'a [u8])> {
        self.table.chunks_exact(self.digest_size().saturating_add(4)).filter_map(|row| {
            let (at, digest) = row.split_first_chunk::<4>()?;
            Some((u32::from_le_bytes(*at), digest))
        })
    }
}

/// What sort of file the data speaks of: contents of an object identifier.
#[must_use]
pub fn subject(data: &[u8]) -> Option<&[u8]> {
    Elements::new(data).optional(tag::OID).map(|oid| oid.value)
}

/// The page hashes in the data of an image; `data` is [`super::signature::Indirect::data`].
#[must_use]
pub fn page_hashes(data: &[u8]) -> Option<PageHashes<'_>> {
    let mut parts = Elements::new(data);
    parts.optional(tag::OID)?;
    let mut image = parts.optional(tag::SEQUENCE)?.inside();
    let _flags = image.optional(tag::BIT_STRING);
    let link = image.optional(tag::context_constructed(0))?;
    let mut object = link.inside().optional(tag::context_constructed(1))?.inside();
    if object.optional(tag::OCTET_STRING)?.value != PAGE_HASHES_CLASS {
        return None;
    }
    let serialized = object.optional(tag::OCTET_STRING)?.value;
    let mut sets = Elements::new(serialized).optional(tag::SET)?.inside();
    while let Some(attribute) = sets.optional(tag::SEQUENCE) {
        let mut pair = attribute.inside();
        let kind = pair.optional(tag::OID)?.value;
        let table = pair.optional(tag::SET)?.inside().optional(tag::OCTET_STRING)?.value;
        if let Some([version @ (1 | 2)]) = kind.strip_prefix(PAGE_HASHES) {
            return Some(PageHashes { version: *version, table });
        }
    }
    None
}

/// `SpcSpOpusInfo`: what the signer calls the program, and where more is told of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opus {
    /// `programName`.
    pub program: Option<String>,
    /// `moreInfo`: a URL or a file name.
    pub more: Option<String>,
}

/// Reads the value of the attribute [`OPUS_INFO`].
#[must_use]
pub fn opus(value: Tlv<'_>) -> Opus {
    let mut parts = value.inside();
    let program = parts.optional(tag::context_constructed(0));
    let more = parts.optional(tag::context_constructed(1));
    Opus {
        program: program.and_then(|name| spc_string(name.inside().next_element().ok()?)),
        more: more.and_then(|link| {
            let choice = link.inside().next_element().ok()?;
            match choice.tag & 0x1f {
                0 => Some(String::from_utf8_lossy(choice.value).into_owned()),
                2 => spc_string(choice.inside().next_element().ok()?),
                _ => None,
            }
        }),
    }
}

/// `SpcString`: UTF-16 or ASCII, by its number.
fn spc_string(choice: Tlv<'_>) -> Option<String> {
    match choice.tag & 0x1f {
        0 => {
            let units =
                choice.value.as_chunks::<2>().0.iter().map(|unit| u16::from_be_bytes(*unit));
            let decoded = char::decode_utf16(units);
            Some(decoded.map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
        }
        1 => Some(String::from_utf8_lossy(choice.value).into_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opus_info_of_a_signature() {
        // As `osslsigncode sign -n abc -i https://e/` writes it.
        let value = b"\x30\x19\xa0\x08\x80\x06\0a\0b\0c\xa1\x0d\x80\x0bhttps://e/.";
        let read = opus(Elements::new(value).next_element().unwrap());
        assert_eq!(read.program.as_deref(), Some("abc"));
        assert_eq!(read.more.as_deref(), Some("https://e/."));
        let empty = Elements::new(&[0x30, 0]).next_element().unwrap();
        assert_eq!(opus(empty), Opus::default());
    }

    #[test]
    fn rows_of_page_hashes() {
        let mut table = vec![0; 4];
        table.extend([7; 20]);
        table.extend([0, 4, 0, 0]);
        table.extend([0; 20]);
        let rows: Vec<_> = PageHashes { version: 1, table: &table }.rows().collect();
        assert_eq!(rows, [(0, &[7; 20][..]), (0x400, &[0; 20][..])]);
        assert_eq!(page_hashes(&table), None);
    }
}
