//! A catalog written down, as Inf2Cat does: `read(write(list)) == list`.
//!
//! Sources: MS-CAESO; `mscat.h`; every byte order here was held against catalogs of several makers.

use super::list::{CATALOG, List, TRUST_LIST};
use super::member::{BYTES, MEMBER_INFO, MEMBER_INFO_2, Member, NAME_VALUE, NameValue};
use crate::authenticode::signature::{INDIRECT_DATA, SIGNED_DATA};
use crate::authenticode::write::indirect;
use crate::der::grammar::tag;
use crate::der::write::{algorithm, element, holding, integer, sequence, set_of};
use crate::x509::time;

/// The version that every subject type of version 1 carries beside its GUID.
const SUBJECT_VERSION: u32 = 0x200;

/// The list with tag and length: what a signer of the catalog digests, without them.
///
/// Members and attributes are written in the order in which they stand. `None` when the time is none
/// that `UTCTime` can hold.
#[must_use]
pub fn list(list: &List<'_>) -> Option<Vec<u8>> {
    let mut parts = vec![
        sequence(&list.usages.iter().map(|oid| element(tag::OID, oid)).collect::<Vec<_>>()),
        element(tag::OCTET_STRING, list.identifier.unwrap_or_default()),
        element(tag::UTC_TIME, &time::utc_time(list.this_update?)?),
        algorithm(list.subject_algorithm),
        sequence(&list.members.iter().map(member).collect::<Vec<_>>()),
    ];
    if !list.attributes.is_empty() {
        let extension = |pair: &NameValue| {
            let value = element(tag::OCTET_STRING, &name_value(pair));
            sequence(&[element(tag::OID, NAME_VALUE), value])
        };
        let all = sequence(&list.attributes.iter().map(extension).collect::<Vec<_>>());
        parts.push(holding(tag::context_constructed(0), &[all]));
    }
    Some(sequence(&parts))
}

/// The same as a file that nobody signed yet: no digest algorithms, certificates or signers.
#[must_use]
pub fn unsigned(catalog: &List<'_>) -> Option<Vec<u8>> {
    let content =
        [element(tag::OID, TRUST_LIST), holding(tag::context_constructed(0), &[list(catalog)?])];
    let data =
        sequence(&[integer(&[1]), set_of(Vec::new()), sequence(&content), set_of(Vec::new())]);
    let whole = [element(tag::OID, SIGNED_DATA), holding(tag::context_constructed(0), &[data])];
    Some(sequence(&whole))
}

/// The usage of catalogs, as [`List::usages`] holds it.
#[must_use]
pub fn usages() -> Vec<&'static [u8]> {
    vec![CATALOG]
}

fn member(member: &Member<'_>) -> Vec<u8> {
    let attribute = |kind: &[u8], value: Vec<u8>| {
        sequence(&[element(tag::OID, kind), holding(tag::SET, &[value])])
    };
    let mut attributes: Vec<_> =
        member.attributes.iter().map(|pair| attribute(NAME_VALUE, name_value(pair))).collect();
    if let Some(guid) = &member.subject_type {
        let version = integer(&SUBJECT_VERSION.to_be_bytes());
        attributes.push(attribute(MEMBER_INFO, sequence(&[bmp(guid), version])));
    }
    if let Some(marker) = member.marker {
        attributes.push(attribute(MEMBER_INFO_2, element(tag::context(marker), &[])));
    }
    if let Some(data) = &member.indirect {
        attributes.push(attribute(INDIRECT_DATA, indirect(data)));
    }
    sequence(&[element(tag::OCTET_STRING, member.tag), set_of(attributes)])
}

fn name_value(pair: &NameValue) -> Vec<u8> {
    let value = match pair.flags & BYTES {
        0 => text(&pair.value),
        _ => pair.value.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect(),
    };
    let flags = integer(&pair.flags.to_be_bytes());
    sequence(&[bmp(&pair.name), flags, element(tag::OCTET_STRING, &value)])
}

/// UTF-16, least significant byte first, with a zero behind it: how values and tags are kept.
#[must_use]
pub fn text(value: &str) -> Vec<u8> {
    value.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

fn bmp(value: &str) -> Vec<u8> {
    let units: Vec<u8> = value.encode_utf16().flat_map(u16::to_be_bytes).collect();
    element(tag::BMP_STRING, &units)
}

#[cfg(test)]
mod tests {
    use crate::authenticode::signature;
    use crate::catalog::list;
    use crate::catalog::list::tests::{CATALOG_1, unhex};
    use crate::limits::Limits;

    #[test]
    fn what_others_read_is_written_byte_for_byte() {
        let bytes = unhex(CATALOG_1);
        let signed = signature::read(&bytes, &Limits::DEFAULT).unwrap();
        let read = list::read(signed.content_whole.unwrap(), &Limits::DEFAULT).unwrap().value;
        assert_eq!(super::list(&read).as_deref(), signed.content_whole);
        assert_eq!(super::unsigned(&read), Some(bytes));
    }
}
