//! A signed message, written.
//!
//! What belongs into it is for others to say; here it gets its form. Source: RFC 5652, section 5;
//! RFC 2315, section 9, whose form is the same where the content is a single element.

use crate::der::grammar::tag;
use crate::der::write::{element, holding, integer, sequence, set_of};

/// `signedData` (1.2.840.113549.1.7.2).
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];

/// A message to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// `version`: 1; 3 where a signer is named by key identifier, or where CMS content is not data.
    pub version: u8,
    /// Digest algorithms: whole identifiers.
    pub digest_algorithms: &'a [Vec<u8>],
    /// What the content is: contents of an object identifier.
    pub content_type: &'a [u8],
    /// The content as a whole element; `None`: it is elsewhere.
    pub content: Option<&'a [u8]>,
    /// Certificates, whole.
    pub certificates: &'a [&'a [u8]],
    /// Signers.
    pub signers: &'a [Signer<'a>],
}

/// A signer to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer<'a> {
    /// Whose certificate.
    pub id: SignerId<'a>,
    /// Digest algorithm: a whole identifier.
    pub digest_algorithm: &'a [u8],
    /// Signed attributes: contents of the set, in order.
    pub signed_attributes: Option<&'a [u8]>,
    /// Signature algorithm: a whole identifier.
    pub signature_algorithm: &'a [u8],
    /// The signature.
    pub signature: &'a [u8],
    /// Unsigned attributes: contents of the set, in order.
    pub unsigned_attributes: Option<&'a [u8]>,
}

/// How a signer's certificate is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignerId<'a> {
    /// By issuer and serial number: contents of both elements.
    IssuerSerial {
        /// The issuer's name.
        issuer: &'a [u8],
        /// The serial number.
        serial: &'a [u8],
    },
    /// By subject key identifier.
    KeyId(&'a [u8]),
}

/// Writes a `ContentInfo` with `SignedData` inside.
#[must_use]
pub fn write(message: &Message<'_>) -> Vec<u8> {
    let mut content = vec![element(tag::OID, message.content_type)];
    content.extend(message.content.map(|whole| element(tag::context_constructed(0), whole)));
    let mut signed = vec![
        integer(&[message.version]),
        set_of(message.digest_algorithms.to_vec()),
        sequence(&content),
    ];
    if !message.certificates.is_empty() {
        let certificates = in_order(message.certificates.iter().map(|one| one.to_vec()).collect());
        signed.push(element(tag::context_constructed(0), &certificates));
    }
    signed.push(set_of(message.signers.iter().map(signer).collect()));
    let explicit = holding(tag::context_constructed(0), &[sequence(&signed)]);
    sequence(&[element(tag::OID, SIGNED_DATA), explicit])
}

fn signer(signer: &Signer<'_>) -> Vec<u8> {
    let (version, id) = match signer.id {
        SignerId::IssuerSerial { issuer, serial } => {
            let parts = [element(tag::SEQUENCE, issuer), element(tag::INTEGER, serial)];
            (1, sequence(&parts))
        }
        SignerId::KeyId(id) => (3, element(tag::context(0), id)),
    };
    let attributes = |number, set: Option<&[u8]>| {
        set.map(|set| element(tag::context_constructed(number), set)).unwrap_or_default()
    };
    sequence(&[
        integer(&[version]),
        id,
        signer.digest_algorithm.to_vec(),
        attributes(0, signer.signed_attributes),
        signer.signature_algorithm.to_vec(),
        element(tag::OCTET_STRING, signer.signature),
        attributes(1, signer.unsigned_attributes),
    ])
}

/// One attribute: its type (contents of an object identifier) and its value, a whole element.
#[must_use]
pub fn attribute(kind: &[u8], value: &[u8]) -> Vec<u8> {
    sequence(&[element(tag::OID, kind), element(tag::SET, value)])
}

/// The contents of a SET OF: whole elements in the order that DER wants (X.690, 11.6).
#[must_use]
pub fn in_order(mut elements: Vec<Vec<u8>>) -> Vec<u8> {
    elements.sort();
    elements.concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authenticode::signature;
    use crate::cms::signed_data::{self, Part};
    use crate::der::decode::Ended;
    use crate::der::write::algorithm;
    use crate::limits::Limits;

    const SHA256: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
    const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];

    #[test]
    fn a_written_message_is_read_by_both_readers() {
        let sha256 = sequence(&[element(tag::OID, SHA256)]);
        let rsa = algorithm(RSA);
        let attributes = attribute(DATA, &integer(&[5]));
        let content = element(tag::OCTET_STRING, b"content");
        let certificate = sequence(&[integer(&[7])]);
        let name = [element(tag::OID, &[0x55, 4, 3]), element(0x0c, b"name")];
        let issuer = holding(tag::SET, &[sequence(&name)]);
        for id in
            [SignerId::IssuerSerial { issuer: &issuer, serial: &[9, 1] }, SignerId::KeyId(b"id")]
        {
            for content in [None, Some(&content[..])] {
                for set in [None, Some(&attributes[..])] {
                    let one = Signer {
                        id,
                        digest_algorithm: &sha256,
                        signed_attributes: set,
                        signature_algorithm: &rsa,
                        signature: &[0x5a; 300],
                        unsigned_attributes: set,
                    };
                    let written = write(&Message {
                        version: 1,
                        digest_algorithms: std::slice::from_ref(&sha256),
                        content_type: DATA,
                        content,
                        certificates: &[&certificate],
                        signers: std::slice::from_ref(&one),
                    });
                    let read = signature::read(&written, &Limits::DEFAULT).unwrap();
                    assert_eq!(read.content_whole, content);
                    assert_eq!(read.certificates, [&certificate[..]]);
                    let [signer] = &read.signers[..] else { panic!("not one signer") };
                    assert_eq!((signer.signature, signer.attributes), (one.signature, set));
                    assert_eq!(signer.unsigned_attributes, set);
                    assert_eq!(signer.digest_algorithm, SHA256);
                    match id {
                        SignerId::IssuerSerial { serial, .. } => assert_eq!(signer.serial, serial),
                        SignerId::KeyId(id) => assert_eq!(signer.key_id, Some(id)),
                    }
                    let kernel = signed_data::read(&written);
                    assert_eq!(kernel.ended, Ended::Well);
                    assert!(kernel.events.iter().any(|e| e.action == Part::Signer));
                }
            }
        }
    }
}
