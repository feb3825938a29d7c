//! What a certificate says, without an opinion about it.

use core::ops::Range;

use super::name::Name;
use super::parts::{self, Part};
use super::time;
use crate::der::decode::{Ended, Event};
use crate::der::element::Elements;
use crate::der::grammar::tag;
use crate::error::{Deviation, Error, Kind, Parsed};
use crate::reader::wide;

/// A certificate, borrowed from its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate<'a> {
    /// The whole certificate, without bytes after it.
    pub raw: &'a [u8],
    /// What is signed: the whole `TBSCertificate` element.
    pub signed: &'a [u8],
    /// The serial number: contents octets, most significant first.
    pub serial: &'a [u8],
    /// Who issued it.
    pub issuer: Name<'a>,
    /// Whom it names.
    pub subject: Name<'a>,
    /// Start of validity, in seconds since 1970.
    pub not_before: Option<i64>,
    /// End of validity, in seconds since 1970.
    pub not_after: Option<i64>,
    /// The key's algorithm: contents octets of an object identifier.
    pub key_algorithm: &'a [u8],
    /// Parameters of the key's algorithm, as a whole element; for elliptic curves, the curve.
    pub key_parameters: Option<&'a [u8]>,
    /// The key itself, without the count of unused bits.
    pub key: &'a [u8],
    /// The algorithm the certificate was signed with.
    pub signature_algorithm: &'a [u8],
    /// The signature, without the count of unused bits.
    pub signature: &'a [u8],
    /// Subject key identifier.
    pub subject_key_id: Option<&'a [u8]>,
    /// Key identifier of the issuer's key.
    pub authority_key_id: Option<&'a [u8]>,
    /// Basic constraints: whether it may sign certificates. `None` when the extension is not there.
    pub is_ca: Option<bool>,
    /// Key usage: the first two octets of the bit string, first bit highest.
    pub key_usage: Option<u16>,
    /// Extended key usage: object identifiers.
    pub extended_key_usage: Vec<&'a [u8]>,
}

const SUBJECT_KEY_ID: &[u8] = &[0x55, 0x1d, 14];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
const AUTHORITY_KEY_ID: &[u8] = &[0x55, 0x1d, 35];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37];

/// Reads the certificate that `bytes` begin with.
///
/// # Errors
/// `Illegal` where the encoding is not a certificate, `TooLarge` above 65535 bytes.
pub fn read(bytes: &[u8]) -> Result<Parsed<Certificate<'_>>, Error> {
    let decoded = parts::read(bytes);
    match decoded.ended {
        Ended::Well => {}
        Ended::TooLong => {
            let limit = wide(crate::der::decode::LONGEST);
            return Err(Error::new("certificate", 0, Kind::TooLarge { limit }));
        }
        Ended::Malformed(fault) => {
            let value = bytes.get(fault.at).copied().map_or(0, u64::from);
            return Err(Error::new("certificate", fault.at, Kind::Illegal { value }));
        }
    }
    let mut reading = Reading { bytes, oid: &[], deviations: Vec::new() };
    let mut certificate = Certificate {
        raw: bytes,
        signed: &[],
        serial: &[],
        issuer: Name { raw: &[] },
        subject: Name { raw: &[] },
        not_before: None,
        not_after: None,
        key_algorithm: &[],
        key_parameters: None,
        key: &[],
        signature_algorithm: &[],
        signature: &[],
        subject_key_id: None,
        authority_key_id: None,
        is_ca: None,
        key_usage: None,
        extended_key_usage: Vec::new(),
    };
    for event in &decoded.events {
        reading.note(&mut certificate, event);
    }
    let end = decoded.events.last().map_or(bytes.len(), |e| e.whole().end);
    certificate.raw = bytes.get(..end).unwrap_or(bytes);
    if end < bytes.len() {
        let left = wide(bytes.len().saturating_sub(end));
        reading.deviations.push(Error::new("certificate", end, Kind::Trailing { left }));
    }
    Ok(Parsed { value: certificate, deviations: reading.deviations })
}

struct Reading<'a> {
    bytes: &'a [u8],
    oid: &'a [u8],
    deviations: Vec<Deviation>,
}

impl<'a> Reading<'a> {
    fn whole(&self, range: Range<usize>) -> &'a [u8] {
        self.bytes.get(range).unwrap_or_default()
    }

    fn odd(&mut self, what: &'static str, event: &Event<'a, Part>) {
        self.deviations.push(Error::new(what, event.at, Kind::Unsupported));
    }

    fn bits(&mut self, what: &'static str, event: &Event<'a, Part>) -> &'a [u8] {
        match event.value.split_first() {
            Some((0, bits)) => bits,
            _ => {
                self.odd(what, event);
                event.value
            }
        }
    }

    fn note(&mut self, to: &mut Certificate<'a>, event: &Event<'a, Part>) {
        match event.action {
            Part::Oid => self.oid = event.value,
            Part::Parameters if !to.subject.raw.is_empty() && to.key.is_empty() => {
                to.key_parameters = Some(self.whole(event.whole()));
            }
            Part::Parameters
            | Part::NameValue
            | Part::AuthorityKey
            | Part::AuthorityName
            | Part::AuthoritySerial => {}
            Part::Serial => to.serial = event.value,
            Part::SignedAlgorithm => to.signature_algorithm = self.oid,
            Part::Issuer => to.issuer = Name { raw: event.value },
            Part::Subject => to.subject = Name { raw: event.value },
            Part::NotBefore => to.not_before = self.time("certificate notBefore", event),
            Part::NotAfter => to.not_after = self.time("certificate notAfter", event),
            Part::Key => {
                to.key_algorithm = self.oid;
                to.key = self.bits("certificate key", event);
            }
            Part::Signed => to.signed = self.whole(event.whole()),
            Part::Signature => {
                if to.signature_algorithm != self.oid {
                    self.odd("certificate signatureAlgorithm", event);
                }
                to.signature = self.bits("certificate signature", event);
            }
            Part::Extension => self.extension(to, event),
        }
    }

    fn time(&mut self, what: &'static str, event: &Event<'a, Part>) -> Option<i64> {
        let seconds = time::seconds(event.tag, event.value);
        if seconds.is_none() {
            self.odd(what, event);
        }
        seconds
    }

    fn extension(&mut self, to: &mut Certificate<'a>, event: &Event<'a, Part>) {
        let mut value = Elements::new(event.value);
        let read = match self.oid {
            SUBJECT_KEY_ID => {
                to.subject_key_id = value.optional(tag::OCTET_STRING).map(|e| e.value);
                to.subject_key_id.is_some()
            }
            AUTHORITY_KEY_ID => {
                let decoded = parts::read_authority_key_identifier(event.value);
                let key = decoded.events.iter().find(|e| e.action == Part::AuthorityKey);
                to.authority_key_id = key.map(|e| e.value);
                decoded.ended == Ended::Well
            }
            BASIC_CONSTRAINTS => {
                let ca = value
                    .optional(tag::SEQUENCE)
                    .map(|e| e.inside().optional(tag::BOOLEAN).is_some_and(|b| b.value != [0]));
                to.is_ca = ca;
                ca.is_some()
            }
            KEY_USAGE => {
                let bits = value.optional(tag::BIT_STRING).map(|e| e.value);
                to.key_usage = bits.and_then(|b| {
                    let first = u16::from(*b.get(1)?).wrapping_shl(8);
                    Some(first | b.get(2).copied().map_or(0, u16::from))
                });
                to.key_usage.is_some()
            }
            EXTENDED_KEY_USAGE => {
                let mut list = value.optional(tag::SEQUENCE).map(|e| e.inside());
                while let Some(e) = list.as_mut().and_then(|l| l.optional(tag::OID)) {
                    to.extended_key_usage.push(e.value);
                }
                list.is_some_and(|l| l.is_done())
            }
            _ => true,
        };
        if !read {
            self.odd("certificate extension", event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::oid::to_dotted;

    /// `openssl req -x509 -subj "/O=Example/CN=EC key" -set_serial 5 -addext keyUsage=digitalSignature
    /// -addext basicConstraints=critical,CA:FALSE` with a P-256 key.
    const CERTIFICATE: &str = "\
        308201943082013aa003020102020105300a06082a8648ce3d04030230233110300e060355040a0c\
        074578616d706c65310f300d06035504030c064543206b65793020170d3236313132313131323335\
        335a180f32313236313032383131323335335a30233110300e060355040a0c074578616d706c6531\
        0f300d06035504030c064543206b65793059301306072a8648ce3d020106082a8648ce3d03010703\
        420004ad171be3f507fd05c7817155e7486a0bf00ba4e73a4179e4f7ceddc81aceb1cb0798f67e0a\
        3aac31387dd82d141acb0aef3f5a6f429d0f35821ee3d7f3650110a35d305b301d0603551d0e0416\
        0414f2309ed55f6b38b73ac1dc7444d1a8d000eb03b1301f0603551d23041830168014f2309ed55f\
        6b38b73ac1dc7444d1a8d000eb03b1300b0603551d0f040403020780300c0603551d130101ff0402\
        3000300a06082a8648ce3d040302034800304502203655a607c75987d05f02482d883cadb636c816\
        fd7970b506f5901b12d0357170022100e0dc377f1abe26c9d07ac3667acecbf9d164ca009e0d17fe\
        7bdfff569f87c59b";

    fn unhex(text: &str) -> Vec<u8> {
        let digit = |b: u8| u8::try_from(char::from(b).to_digit(16)?).ok();
        let digits: Vec<u8> = text.bytes().filter_map(digit).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    #[test]
    fn a_certificate_says_what_openssl_put_in() {
        let bytes = unhex(CERTIFICATE);
        let Parsed { value, deviations } = read(&bytes).unwrap();
        assert_eq!(deviations, []);
        assert_eq!(value.raw, bytes);
        assert_eq!(value.serial, [5]);
        assert_eq!(value.subject.to_string(), "O = Example, CN = EC key");
        assert_eq!(value.subject, value.issuer);
        assert_eq!(to_dotted(value.key_algorithm), "1.2.840.10045.2.1");
        assert_eq!(to_dotted(value.signature_algorithm), "1.2.840.10045.4.3.2");
        assert_eq!((value.key.len(), value.key.first()), (65, Some(&4)));
        assert_eq!(value.key_usage, Some(0x8000));
        assert_eq!(value.is_ca, Some(false));
        assert_eq!(value.subject_key_id, value.authority_key_id);
        assert_eq!(value.not_after.zip(value.not_before).map(|(a, b)| a - b), Some(36500 * 86400));
    }

    #[test]
    fn bytes_after_a_certificate_are_told() {
        let bytes = [&unhex(CERTIFICATE)[..], b"more"].concat();
        let parsed = read(&bytes).unwrap();
        assert_eq!(parsed.value.raw.len() + 4, bytes.len());
        assert_eq!(parsed.deviations[0].kind, Kind::Trailing { left: 4 });
        assert!(read(&bytes[..100]).is_err());
    }
}
