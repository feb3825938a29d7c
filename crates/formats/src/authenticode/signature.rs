//! One signature: PKCS #7 `SignedData` over the digest of an image.
//!
//! Read element by element and not by the kernel's grammar: firmware reads it with OpenSSL, which
//! takes any DER. Signatures are read whole or not at all.

use crate::der::element::{Elements, Tlv};
use crate::der::grammar::tag;
use crate::error::{Error, Kind};
use crate::limits::Limits;
use crate::reader::wide;

/// `signedData` (1.2.840.113549.1.7.2).
pub const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
/// `SPC_INDIRECT_DATA_OBJID` (1.3.6.1.4.1.311.2.1.4).
pub const INDIRECT_DATA: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 1, 4];
/// `messageDigest` (1.2.840.113549.1.9.4).
const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 4];
/// `contentType` (1.2.840.113549.1.9.3).
const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 3];

/// A signature, borrowed from its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature<'a> {
    /// Digest algorithms named for the whole: contents of object identifiers.
    pub digest_algorithms: Vec<&'a [u8]>,
    /// What the content is: contents of an object identifier.
    pub content_type: &'a [u8],
    /// `version`: 1 for PKCS #7; CMS has 3 where the content is no plain data.
    pub version: &'a [u8],
    /// What is digested of the content: contents octets without tag and length.
    pub content: &'a [u8],
    /// The content with tag and length; `None`: it is not inside.
    pub content_whole: Option<&'a [u8]>,
    /// What the content says of the image, where it is [`INDIRECT_DATA`].
    pub indirect: Option<Indirect<'a>>,
    /// Certificates, whole. Attribute certificates, which some time-stamps carry, are not among them.
    pub certificates: Vec<&'a [u8]>,
    /// How many elements the set of certificates has, attribute certificates included.
    pub certificate_count: usize,
    /// Signers.
    pub signers: Vec<Signer<'a>>,
}

/// `SpcIndirectDataContent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Indirect<'a> {
    /// `SpcAttributeTypeAndOptionalValue`: what sort of file it is, and page hashes.
    pub data: &'a [u8],
    /// Digest algorithm of the image: contents of an object identifier.
    pub digest_algorithm: &'a [u8],
    /// The image's digest.
    pub digest: &'a [u8],
}

/// One signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer<'a> {
    /// Issuer of the signer's certificate: contents octets of the name.
    pub issuer: &'a [u8],
    /// Serial number of the signer's certificate: contents octets.
    pub serial: &'a [u8],
    /// Subject key identifier of the signer's certificate, where CMS names the signer so; issuer and
    /// serial number are empty then.
    pub key_id: Option<&'a [u8]>,
    /// Digest algorithm: contents of an object identifier.
    pub digest_algorithm: &'a [u8],
    /// Signed attributes: contents octets; the digest is over them with the tag of a SET.
    pub attributes: Option<&'a [u8]>,
    /// The same with the tag and length they stand under.
    pub attributes_whole: Option<&'a [u8]>,
    /// The attribute `contentType`.
    pub content_type: Option<&'a [u8]>,
    /// The attribute `messageDigest`.
    pub message_digest: Option<&'a [u8]>,
    /// Signature algorithm: contents of an object identifier.
    pub signature_algorithm: &'a [u8],
    /// Its parameters, as they stand.
    pub signature_parameters: Option<Tlv<'a>>,
    /// The signature.
    pub signature: &'a [u8],
    /// Unsigned attributes: contents octets.
    pub unsigned_attributes: Option<&'a [u8]>,
}

impl<'a> Signer<'a> {
    /// The signed attributes as they are digested: the tag and length of a SET, then the contents.
    #[must_use]
    pub fn attributes_as_set(&self) -> Option<Vec<u8>> {
        let contents = self.attributes?;
        let mut set = vec![tag::SET];
        let length = contents.len();
        let octets: Vec<u8> =
            wide(length).to_be_bytes().into_iter().skip_while(|b| *b == 0).collect();
        if length >= 0x80 {
            set.push(0x80 | u8::try_from(octets.len()).unwrap_or(8));
        }
        set.extend(if length == 0 { vec![0] } else { octets });
        set.extend(contents);
        Some(set)
    }

    /// The values of the signed attribute `oid`, in order.
    pub fn signed(&self, oid: &[u8]) -> impl Iterator<Item = Tlv<'a>> {
        attribute(self.attributes.unwrap_or_default(), oid)
    }

    /// The values of those unsigned attributes that have one of these types, each with its type, in
    /// the order in which they stand.
    #[must_use]
    pub fn unsigned_all(&self, types: &[&[u8]], limits: &Limits) -> Vec<(&'a [u8], Tlv<'a>)> {
        let mut found = Vec::new();
        let mut all = Elements::new(self.unsigned_attributes.unwrap_or_default());
        while let Ok(attribute) = all.next_element() {
            let mut parts = attribute.inside();
            let kind = parts.optional(tag::OID).filter(|oid| types.contains(&oid.value));
            let (Some(kind), Some(set)) = (kind, parts.optional(tag::SET)) else { continue };
            let mut values = set.inside();
            while found.len() < limits.items
                && let Ok(value) = values.next_element()
            {
                found.push((kind.value, value));
            }
        }
        found
    }

    /// The values of the unsigned attribute `oid`, in order.
    pub fn unsigned(&self, oid: &[u8]) -> impl Iterator<Item = Tlv<'a>> {
        attribute(self.unsigned_attributes.unwrap_or_default(), oid)
    }
}

fn attribute<'a>(attributes: &'a [u8], oid: &[u8]) -> impl Iterator<Item = Tlv<'a>> + use<'a> {
    let mut values = Vec::new();
    let mut all = Elements::new(attributes);
    while let Ok(attribute) = all.next_element() {
        let mut parts = attribute.inside();
        if parts.next_element().is_ok_and(|o| o.tag == tag::OID && o.value == oid)
            && let Ok(set) = parts.next_element()
        {
            let mut inside = set.inside();
            while let Ok(value) = inside.next_element() {
                values.push(value);
            }
        }
    }
    values.into_iter()
}

/// Reads the signature that `bytes` begin with; zeros that pad an entry may follow.
///
/// # Errors
/// When it is no `SignedData`, or not DER to the end.
pub fn read<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Signature<'a>, Error> {
    let mut outer = must(&mut Elements::new(bytes), tag::SEQUENCE)?.inside();
    let kind = must(&mut outer, tag::OID)?;
    if kind.value != SIGNED_DATA {
        return Err(Error::new("PKCS#7 contentType", kind.at, Kind::Unsupported));
    }
    let mut explicit = must(&mut outer, tag::context_constructed(0))?.inside();
    read_signed_data(must(&mut explicit, tag::SEQUENCE)?, limits)
}

fn read_signed_data<'a>(signed: Tlv<'a>, limits: &Limits) -> Result<Signature<'a>, Error> {
    let mut parts = signed.inside();
    let version = must(&mut parts, tag::INTEGER)?.value;
    let mut digest_algorithms = Vec::new();
    for algorithm in all(must(&mut parts, tag::SET)?, limits)? {
        digest_algorithms.push(must(&mut algorithm.inside(), tag::OID)?.value);
    }
    let mut content_info = must(&mut parts, tag::SEQUENCE)?.inside();
    let content_type = must(&mut content_info, tag::OID)?.value;
    let content = match content_info.optional(tag::context_constructed(0)) {
        Some(explicit) => Some(explicit.inside().next_element()?),
        None => None,
    };
    let mut certificates = Vec::new();
    let mut certificate_count = 0;
    if let Some(set) = parts.optional(tag::context_constructed(0)) {
        let elements = all(set, limits)?;
        certificate_count = elements.len();
        let is_plain = |c: &Tlv<'_>| c.tag == tag::SEQUENCE;
        certificates = elements.into_iter().filter(is_plain).map(|c| c.whole).collect();
    }
    let _ = parts.optional(tag::context_constructed(1));
    let mut signers = Vec::new();
    for one in all(must(&mut parts, tag::SET)?, limits)? {
        signers.push(signer(one)?);
    }
    let indirect = match content {
        // CMS wraps the content into an OCTET STRING, PKCS #7 does not.
        Some(content) if content_type == INDIRECT_DATA && content.tag == tag::OCTET_STRING => {
            Some(indirect(must(&mut Elements::new(content.value), tag::SEQUENCE)?)?)
        }
        Some(content) if content_type == INDIRECT_DATA => Some(indirect(content)?),
        Some(_) | None => None,
    };
    Ok(Signature {
        digest_algorithms,
        content_type,
        version,
        content: content.map(|c| c.value).unwrap_or_default(),
        content_whole: content.map(|c| c.whole),
        indirect,
        certificates,
        certificate_count,
        signers,
    })
}

pub(crate) fn indirect(content: Tlv<'_>) -> Result<Indirect<'_>, Error> {
    let mut parts = content.inside();
    let data = must(&mut parts, tag::SEQUENCE)?.value;
    let mut digest = must(&mut parts, tag::SEQUENCE)?.inside();
    let digest_algorithm = must(&mut must(&mut digest, tag::SEQUENCE)?.inside(), tag::OID)?.value;
    Ok(Indirect { data, digest_algorithm, digest: must(&mut digest, tag::OCTET_STRING)?.value })
}

/// Reads one `SignerInfo`, as a counter-signature is on its own.
///
/// # Errors
/// When it is none, or not DER to the end.
pub fn signer(signer: Tlv<'_>) -> Result<Signer<'_>, Error> {
    let mut parts = signer.inside();
    must(&mut parts, tag::INTEGER)?;
    let key_id = parts.optional(tag::context(0)).map(|id| id.value);
    let (mut issuer, mut serial): (&[u8], &[u8]) = (&[], &[]);
    if key_id.is_none() {
        let mut who = must(&mut parts, tag::SEQUENCE)?.inside();
        issuer = must(&mut who, tag::SEQUENCE)?.value;
        serial = must(&mut who, tag::INTEGER)?.value;
    }
    let digest_algorithm = must(&mut must(&mut parts, tag::SEQUENCE)?.inside(), tag::OID)?.value;
    let tagged = parts.optional(tag::context_constructed(0));
    let attributes = tagged.map(|a| a.value);
    let mut signed_by = must(&mut parts, tag::SEQUENCE)?.inside();
    let signature_algorithm = must(&mut signed_by, tag::OID)?.value;
    let signature_parameters = signed_by.next_element().ok();
    let signature = must(&mut parts, tag::OCTET_STRING)?.value;
    let unsigned_attributes = parts.optional(tag::context_constructed(1)).map(|a| a.value);
    let one = |oid: &[u8]| attribute(attributes.unwrap_or_default(), oid).next().map(|v| v.value);
    Ok(Signer {
        issuer,
        serial,
        key_id,
        digest_algorithm,
        attributes,
        attributes_whole: tagged.map(|a| a.whole),
        content_type: one(CONTENT_TYPE),
        message_digest: one(MESSAGE_DIGEST),
        signature_algorithm,
        signature_parameters,
        signature,
        unsigned_attributes,
    })
}

pub(crate) fn must<'a>(from: &mut Elements<'a>, tag: u8) -> Result<Tlv<'a>, Error> {
    let element = from.next_element()?;
    if element.tag != tag {
        let kind = Kind::Illegal { value: element.tag.into() };
        return Err(Error::new("PKCS#7 element", element.at, kind));
    }
    Ok(element)
}

pub(crate) fn all<'a>(set: Tlv<'a>, limits: &Limits) -> Result<Vec<Tlv<'a>>, Error> {
    let mut inside = set.inside();
    let mut found = Vec::new();
    while !inside.is_done() {
        if found.len() >= limits.items {
            let kind = Kind::TooMany { limit: wide(limits.items) };
            return Err(Error::new("PKCS#7 set", set.at, kind));
        }
        found.push(inside.next_element()?);
    }
    Ok(found)
}
