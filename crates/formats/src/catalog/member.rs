//! `TrustedSubject`: one member of a list, and what is said of it.

use crate::authenticode::indirect::{self, PageHashes};
use crate::authenticode::signature::{self, INDIRECT_DATA, Indirect, must};
use crate::authenticode::write::FLAT_DATA;
use crate::der::element::{Elements, Tlv};
use crate::der::grammar::tag;
use crate::error::Error;

/// `CAT_NAMEVALUE_OBJID` (1.3.6.1.4.1.311.12.2.1).
pub(super) const NAME_VALUE: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 12, 2, 1];
/// `CAT_MEMBERINFO_OBJID` (1.3.6.1.4.1.311.12.2.2).
pub(super) const MEMBER_INFO: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 12, 2, 2];
/// `CAT_MEMBERINFO2_OBJID` (1.3.6.1.4.1.311.12.2.3).
pub(super) const MEMBER_INFO_2: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 12, 2, 3];

/// `CRYPTCAT_ATTR_DATABASE64`: the value of a pair is bytes, not text.
pub const BYTES: u32 = 0x0002_0000;

/// What Windows takes the file of a member for, and so how it is digested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An image: by its Authenticode digest.
    Pe,
    /// Anything: the bytes as they are.
    Flat,
    /// A cabinet or another structured file.
    Cab,
    /// Not told, or not known here.
    Unknown,
}

/// A text with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameValue {
    /// The name.
    pub name: String,
    /// `CRYPTCAT_ATTR_…` bits.
    pub flags: u32,
    /// The value without the zero at its end.
    pub value: String,
}

/// One member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    /// `subjectIdentifier`.
    pub tag: &'a [u8],
    /// The digest of the file, where it is told apart from the tag.
    pub indirect: Option<Indirect<'a>>,
    /// The subject type of version 1: a GUID in braces.
    pub subject_type: Option<String>,
    /// The subject type of version 2: the number of its tag.
    pub marker: Option<u8>,
    /// Name and value pairs, in order.
    pub attributes: Vec<NameValue>,
    /// How many attributes are of other types.
    pub other_attributes: usize,
}

impl<'a> Member<'a> {
    /// The tag as text, as version 1 writes it; `None` where it is none.
    #[must_use]
    pub fn tag_text(&self) -> Option<String> {
        let text = utf16(self.tag)?;
        let printable = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
        printable.then_some(text)
    }

    /// The value of the first attribute with this name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|a| a.name == name).map(|a| a.value.as_str())
    }

    /// What the file is taken for.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match (self.marker, self.subject_type.as_deref()) {
            (Some(0), _) => return Kind::Pe,
            (Some(1), _) => return Kind::Cab,
            (Some(2), _) => return Kind::Flat,
            (Some(_), _) => return Kind::Unknown,
            (None, Some(guid)) => {
                for (known, kind) in SUBJECT_TYPES {
                    if guid.eq_ignore_ascii_case(known) {
                        return kind;
                    }
                }
            }
            (None, None) => {}
        }
        match self.indirect.and_then(|i| indirect::subject(i.data)) {
            Some(indirect::PE_IMAGE) => Kind::Pe,
            Some(FLAT_DATA) => Kind::Flat,
            _ => Kind::Unknown,
        }
    }

    /// Digests of the pages of an image.
    #[must_use]
    pub fn page_hashes(&self) -> Option<PageHashes<'a>> {
        indirect::page_hashes(self.indirect?.data)
    }
}

/// The subject type of images.
pub const PE_TYPE: &str = "{C689AAB8-8E78-11D0-8C47-00C04FC295EE}";
/// The subject type of files that are no images.
pub const FLAT_TYPE: &str = "{DE351A42-8E59-11D0-8C47-00C04FC295EE}";
/// Subject types of version 1: image, flat file, cabinet (`softpub.h`, registered SIPs).
const SUBJECT_TYPES: [(&str, Kind); 3] = [
    (PE_TYPE, Kind::Pe),
    (FLAT_TYPE, Kind::Flat),
    ("{C689AABA-8E78-11D0-8C47-00C04FC295EE}", Kind::Cab),
];

/// Reads a member.
///
/// # Errors
/// When it is none; an attribute that cannot be read is counted among the others.
pub(super) fn read(subject: Tlv<'_>) -> Result<Member<'_>, Error> {
    let mut parts = subject.inside();
    let mut member = Member {
        tag: must(&mut parts, tag::OCTET_STRING)?.value,
        indirect: None,
        subject_type: None,
        marker: None,
        attributes: Vec::new(),
        other_attributes: 0,
    };
    let Some(set) = parts.optional(tag::SET) else { return Ok(member) };
    let mut attributes = set.inside();
    while !attributes.is_done() {
        let mut pair = attributes.next_element()?.inside();
        let kind = must(&mut pair, tag::OID)?.value;
        let values = must(&mut pair, tag::SET)?.inside();
        if !note(&mut member, kind, values) {
            member.other_attributes = member.other_attributes.saturating_add(1);
        }
    }
    Ok(member)
}

fn note<'a>(member: &mut Member<'a>, kind: &[u8], mut values: Elements<'a>) -> bool {
    match kind {
        NAME_VALUE => name_value(values).map(|pair| member.attributes.push(pair)).is_some(),
        MEMBER_INFO => {
            let guid = values.optional(tag::SEQUENCE).and_then(|v| v.inside().next_element().ok());
            member.subject_type = guid.map(|text| bmp(text.value));
            guid.is_some()
        }
        MEMBER_INFO_2 => {
            member.marker = values.next_element().ok().map(|marker| marker.tag & 0x1f);
            member.marker.is_some()
        }
        INDIRECT_DATA => {
            member.indirect = values.next_element().and_then(signature::indirect).ok();
            member.indirect.is_some()
        }
        _ => false,
    }
}

/// Reads `SEQUENCE { BMPString, INTEGER, OCTET STRING }`.
pub(super) fn name_value(mut values: Elements<'_>) -> Option<NameValue> {
    let mut parts = values.optional(tag::SEQUENCE)?.inside();
    let name = parts.next_element().ok()?;
    let flags = parts.optional(tag::INTEGER)?.value;
    let value = parts.optional(tag::OCTET_STRING)?.value;
    let flags = flags.iter().fold(0_u32, |n, b| n.wrapping_shl(8) | u32::from(*b));
    // What is no UTF-16 is shown byte by byte.
    let value =
        utf16(value).unwrap_or_else(|| value.iter().map(|byte| char::from(*byte)).collect());
    Some(NameValue { name: bmp(name.value), flags, value })
}

fn bmp(bytes: &[u8]) -> String {
    let units = bytes.as_chunks::<2>().0.iter().map(|unit| u16::from_be_bytes(*unit));
    let decoded = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
    decoded.collect::<String>().trim_end_matches('\0').to_owned()
}

/// UTF-16, least significant byte first, without zeros at the end; `None` for an odd number of bytes.
fn utf16(bytes: &[u8]) -> Option<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|unit| u16::from_le_bytes(*unit));
    let decoded = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
    let text: String = decoded.collect();
    rest.is_empty().then(|| text.trim_end_matches('\0').to_owned())
}
