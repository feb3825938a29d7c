//! `CertificateTrustList`: what it is for, its members, its extensions.

use super::member::{self, Member};
use crate::authenticode::signature::must;
use crate::der::element::{Elements, Tlv};
use crate::der::grammar::tag;
use crate::error::{Deviation, Error, Kind, Parsed};
use crate::limits::Limits;
use crate::reader::wide;
use crate::x509::time;

/// `szOID_CTL` (1.3.6.1.4.1.311.10.1): the content type of a signed list.
pub const TRUST_LIST: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 10, 1];
/// `szOID_CATALOG_LIST` (1.3.6.1.4.1.311.12.1.1): the usage that makes a list a catalog.
pub const CATALOG: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 12, 1, 1];
/// `szOID_CATALOG_LIST_MEMBER` (1.3.6.1.4.1.311.12.1.2).
pub const VERSION_1: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 12, 1, 2];
/// `szOID_CATALOG_LIST_MEMBER2` (1.3.6.1.4.1.311.12.1.3).
pub const VERSION_2: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 12, 1, 3];

/// A trust list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<'a> {
    /// What it is for: contents of object identifiers.
    pub usages: Vec<&'a [u8]>,
    /// `listIdentifier`: sixteen random bytes in catalogs.
    pub identifier: Option<&'a [u8]>,
    /// `sequenceNumber`: contents octets.
    pub sequence: Option<&'a [u8]>,
    /// When it was made, in seconds since 1970.
    pub this_update: Option<i64>,
    /// When the next is due, in seconds since 1970.
    pub next_update: Option<i64>,
    /// What its members' identifiers are: contents of an object identifier.
    pub subject_algorithm: &'a [u8],
    /// Its members in order.
    pub members: Vec<Member<'a>>,
    /// Name and value pairs among the extensions.
    pub attributes: Vec<member::NameValue>,
}

impl List<'_> {
    /// Whether it is a catalog of files.
    #[must_use]
    pub fn is_catalog(&self) -> bool {
        self.usages.contains(&CATALOG)
    }

    /// The version of a catalog; `None`: neither of the two.
    #[must_use]
    pub fn version(&self) -> Option<u8> {
        match self.subject_algorithm {
            VERSION_1 => Some(1),
            VERSION_2 => Some(2),
            _ => None,
        }
    }

    /// Hardware identifiers `HWID1`, `HWID2`, … in the order of their numbers.
    #[must_use]
    pub fn hardware_ids(&self) -> Vec<&str> {
        let mut ids: Vec<(u32, &str)> = self
            .attributes
            .iter()
            .filter_map(|a| Some((number_of_hwid(&a.name)?, a.value.as_str())))
            .collect();
        ids.sort_by_key(|(number, _)| *number);
        ids.into_iter().map(|(_, id)| id).collect()
    }

    /// The systems it was made for: tokens such as `_v100_X64` of its attribute `OS`.
    #[must_use]
    pub fn systems(&self) -> Vec<&str> {
        let lists = self.attributes.iter().filter(|a| a.name.eq_ignore_ascii_case("OS"));
        let tokens = lists.flat_map(|a| a.value.split(',')).map(str::trim);
        tokens.filter(|token| !token.is_empty()).collect()
    }

    /// The other name and value pairs.
    pub fn other_attributes(&self) -> impl Iterator<Item = &member::NameValue> {
        self.attributes
            .iter()
            .filter(|a| !a.name.eq_ignore_ascii_case("OS") && number_of_hwid(&a.name).is_none())
    }
}

fn number_of_hwid(name: &str) -> Option<u32> {
    let (prefix, number) = name.split_at_checked(4)?;
    prefix.eq_ignore_ascii_case("HWID").then(|| number.parse().ok()).flatten()
}

/// Reads the content of a signed list: the list's `SEQUENCE` with tag and length.
///
/// Members behind one that is malformed are not read; that is the last deviation.
///
/// # Errors
/// When it is no trust list.
pub fn read<'a>(content: &'a [u8], limits: &Limits) -> Result<Parsed<List<'a>>, Error> {
    let mut parts = must(&mut Elements::new(content), tag::SEQUENCE)?.inside();
    let _version = parts.optional(tag::INTEGER);
    let mut usages = Vec::new();
    let mut usage = must(&mut parts, tag::SEQUENCE)?.inside();
    while let Some(one) = usage.optional(tag::OID) {
        usages.push(one.value);
    }
    let identifier = parts.optional(tag::OCTET_STRING).map(|e| e.value);
    let sequence = parts.optional(tag::INTEGER).map(|e| e.value);
    let first = time_of(&mut parts).ok_or(Error::new("trust list thisUpdate", 0, Kind::Missing))?;
    let next_update = time_of(&mut parts).flatten();
    let subject_algorithm = must(&mut must(&mut parts, tag::SEQUENCE)?.inside(), tag::OID)?.value;
    let mut deviations = Vec::new();
    let subjects = parts.optional(tag::SEQUENCE);
    let members = subjects.map(|s| members(s, limits, &mut deviations)).unwrap_or_default();
    let attributes = match parts.optional(tag::context_constructed(0)) {
        Some(extensions) => attributes(extensions, limits, &mut deviations),
        None => Vec::new(),
    };
    if let Ok(more) = parts.next_element() {
        let kind = Kind::Illegal { value: more.tag.into() };
        deviations.push(Error::new("trust list", more.at, kind));
    }
    let list = List {
        usages,
        identifier,
        sequence,
        this_update: first,
        next_update,
        subject_algorithm,
        members,
        attributes,
    };
    Ok(Parsed { value: list, deviations })
}

fn time_of(parts: &mut Elements<'_>) -> Option<Option<i64>> {
    let found = parts.optional(tag::UTC_TIME).or_else(|| parts.optional(tag::GENERALIZED_TIME))?;
    Some(time::seconds(found.tag, found.value))
}

fn members<'a>(
    subjects: Tlv<'a>,
    limits: &Limits,
    deviations: &mut Vec<Deviation>,
) -> Vec<Member<'a>> {
    let mut found = Vec::new();
    let mut inside = subjects.inside();
    while !inside.is_done() {
        if found.len() >= limits.items {
            let kind = Kind::TooMany { limit: wide(limits.items) };
            deviations.push(Error::new("trust list members", subjects.at, kind));
            break;
        }
        match inside.next_element().and_then(member::read) {
            Ok(member) => found.push(member),
            Err(stopped) => {
                deviations.push(stopped);
                break;
            }
        }
    }
    found
}

fn attributes(
    extensions: Tlv<'_>,
    limits: &Limits,
    deviations: &mut Vec<Deviation>,
) -> Vec<member::NameValue> {
    let mut found = Vec::new();
    let Some(list) = extensions.inside().optional(tag::SEQUENCE) else { return found };
    let mut inside = list.inside();
    while !inside.is_done() && found.len() < limits.items {
        let Ok(extension) = inside.next_element() else {
            deviations.push(Error::new("trust list extension", list.at, Kind::Corrupt));
            break;
        };
        let mut parts = extension.inside();
        let kind = parts.optional(tag::OID).map(|oid| oid.value);
        let _critical = parts.optional(tag::BOOLEAN);
        if kind == Some(member::NAME_VALUE)
            && let Some(value) = parts.optional(tag::OCTET_STRING)
            && let Some(pair) = member::name_value(Elements::new(value.value))
        {
            found.push(pair);
        }
    }
    found
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::catalog::member::Kind as MemberKind;

    /// A catalog of one file, `abc`, made by the rules of Inf2Cat for `a.inf`, `2:10.0`,
    /// `_v100_X64_22H2` and `root\toy`; `osslsigncode` takes it for signing.
    pub(crate) const CATALOG_1: &str = "\
        3082027706092a864886f70d010702a08202683082026402010131003082025906092b0601040182370a01a0\
        82024a30820246300c060a2b0601040182370c0101041000000000000000000000000000000000170d323630\
        3130313030303030305a300e060a2b0601040182370c01020500308201893082018504524100390039003900\
        3300450033003600340037003000360038003100360041004200410033004500320035003700310037003800\
        35003000430032003600430039004300440030004400380039004400000031820 12d302e060a2b0601040182\
        370c02013120301e1e0800460069006c0065020410010001040c61002e0069006e006600000030340 60a2b06\
        01040182370c0201312630241e0c004f00530041007400740072020410010001040e32003a00310030002e00\
        300000003061060a2b06010401823702010431533051302c060a2b060104018237020119a21e801c003c003c\
        003c004f00620073006f006c006500740065003e003e003e3021300906052b0e03021a05000414a9993e3647\
        06816aba3e25717850c26c9cd0d89d3062060a2b0601040182370c0202315430521e4c007b00440045003300\
        35003100410034003200 2d0038004500350039002d0031003100440030002d0038004300340037002d003000\
        300043003000340046004300320039003500450045007d02020200a0783076303c060a2b0601040182370c02\
        01042e302c1e04004f0053020410010001041e5f0076003100300030005f005800360034005f003200320048\
        0032000000 3036060a2b0601040182370c0201042830261e0a00480057004900440031020410010001041272\
        006f006f0074005c0074006f00790000003100";

    pub(crate) fn unhex(text: &str) -> Vec<u8> {
        let digit = |b: u8| u8::try_from(char::from(b).to_digit(16)?).ok();
        let digits: Vec<u8> = text.bytes().filter_map(digit).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    #[test]
    fn a_catalog_by_the_rules_is_read_to_its_end() {
        let bytes = unhex(CATALOG_1);
        let signed = crate::authenticode::signature::read(&bytes, &Limits::DEFAULT).unwrap();
        assert_eq!(signed.content_type, TRUST_LIST);
        assert!(signed.signers.is_empty());
        let read = read(signed.content_whole.unwrap(), &Limits::DEFAULT).unwrap();
        assert_eq!(read.deviations, []);
        let list = read.value;
        assert!(list.is_catalog());
        assert_eq!((list.version(), list.this_update), (Some(1), Some(1_767_225_600)));
        assert_eq!(list.systems(), ["_v100_X64_22H2"]);
        assert_eq!(list.hardware_ids(), ["root\\toy"]);
        assert_eq!(list.other_attributes().count(), 0);
        let [member] = list.members.as_slice() else { panic!() };
        assert_eq!(member.tag_text().as_deref(), Some("A9993E364706816ABA3E25717850C26C9CD0D89D"));
        assert_eq!(member.kind(), MemberKind::Flat);
        assert_eq!(member.attribute("File"), Some("a.inf"));
        assert_eq!(member.attribute("OSAttr"), Some("2:10.0"));
        let indirect = member.indirect.unwrap();
        assert_eq!(indirect.digest, unhex("a9993e364706816aba3e25717850c26c9cd0d89d"));
        for end in 0..bytes.len() {
            assert!(crate::authenticode::signature::read(&bytes[..end], &Limits::DEFAULT).is_err());
        }
    }
}
