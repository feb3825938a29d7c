//! A certificate as a list of noted elements, in the kernel's grammar.

use crate::der::decode::{self, Decoded};
use crate::der::grammar::{Need, Step, tag};

/// What is noted of a certificate, each where the element ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// An object identifier: of an algorithm, a name attribute, an extension. What the next part is
    /// about follows from the last one seen.
    Oid,
    /// Parameters of an algorithm.
    Parameters,
    /// The serial number.
    Serial,
    /// The signature algorithm inside what is signed is complete.
    SignedAlgorithm,
    /// The value of a name attribute.
    NameValue,
    /// The issuer is complete: contents of the name.
    Issuer,
    /// `notBefore`.
    NotBefore,
    /// `notAfter`.
    NotAfter,
    /// The subject is complete: contents of the name.
    Subject,
    /// `subjectPublicKey`: contents of the bit string.
    Key,
    /// The value of an extension.
    Extension,
    /// What is signed is complete.
    Signed,
    /// The signature: contents of the bit string.
    Signature,
    /// Of an authority key identifier: `keyIdentifier`.
    AuthorityKey,
    /// Of an authority key identifier: a directory name, contents of the name.
    AuthorityName,
    /// Of an authority key identifier: `authorityCertSerialNumber`.
    AuthoritySerial,
}

type S = Step<Part>;

const ALGORITHM: &[S] =
    &[S::must(tag::OID).noted(Part::Oid), S::any(Need::May).noted(Part::Parameters)];

const NAME: &[S] = &[S::must(tag::SET).holding_many(&[S::must(tag::SEQUENCE)
    .holding(&[S::must(tag::OID).noted(Part::Oid), S::any(Need::Must).noted(Part::NameValue)])])];

const VALIDITY: &[S] = &[
    S::may(tag::UTC_TIME),
    S::or_else(tag::GENERALIZED_TIME),
    S::Chosen,
    S::Note(Part::NotBefore),
    S::may(tag::UTC_TIME),
    S::or_else(tag::GENERALIZED_TIME),
    S::Chosen,
    S::Note(Part::NotAfter),
];

const EXTENSIONS: &[S] =
    &[S::must(tag::SEQUENCE).holding_many(&[S::must(tag::SEQUENCE).holding(&[
        S::must(tag::OID).noted(Part::Oid),
        S::may(tag::BOOLEAN),
        S::must(tag::OCTET_STRING).noted(Part::Extension),
    ])])];

const CERTIFICATE: &[S] = &[S::must(tag::SEQUENCE).holding(&[
    S::must(tag::SEQUENCE).holding(&[
        S::may(tag::context_constructed(0)).holding(&[S::must(tag::INTEGER)]).apart(),
        S::must(tag::INTEGER),
        S::Note(Part::Serial),
        S::must(tag::SEQUENCE).holding(ALGORITHM).apart(),
        S::Note(Part::SignedAlgorithm),
        S::must(tag::SEQUENCE).holding_many(NAME).apart(),
        S::Note(Part::Issuer),
        S::must(tag::SEQUENCE).holding(VALIDITY),
        S::must(tag::SEQUENCE).holding_many(NAME).apart(),
        S::Note(Part::Subject),
        S::must(tag::SEQUENCE).holding(&[
            S::must(tag::SEQUENCE).holding(ALGORITHM).apart(),
            S::must(tag::BIT_STRING).noted(Part::Key),
        ]),
        S::may(tag::context(1)),
        S::may(tag::context(2)),
        S::may(tag::context_constructed(3)).holding(EXTENSIONS).apart(),
    ]),
    S::Note(Part::Signed),
    S::must(tag::SEQUENCE).holding(ALGORITHM).apart(),
    S::must(tag::BIT_STRING).noted(Part::Signature),
])];

const fn general_name(number: u8, inside: &'static [S]) -> S {
    S::or_else(tag::context_constructed(number)).holding(inside).apart()
}

const GENERAL_NAMES: &[S] = &[
    S::may(tag::context_constructed(0)).holding(&[S::any(Need::Must)]).apart(),
    general_name(1, &[S::must(tag::IA5_STRING)]),
    general_name(2, &[S::must(tag::IA5_STRING)]),
    general_name(3, &[S::any(Need::Must)]),
    general_name(4, &[S::must(tag::SEQUENCE).holding_many(NAME), S::Note(Part::AuthorityName)]),
    general_name(5, &[S::any(Need::Must)]),
    general_name(6, &[S::must(tag::IA5_STRING)]),
    general_name(7, &[S::must(tag::OCTET_STRING)]),
    general_name(8, &[S::must(tag::OID)]),
    S::Chosen,
];

const AUTHORITY_KEY_IDENTIFIER: &[S] = &[S::must(tag::SEQUENCE).holding(&[
    S::may(tag::context(0)).noted(Part::AuthorityKey),
    S::may(tag::context_constructed(1)).holding_many(GENERAL_NAMES).apart(),
    S::may(tag::context(2)).noted(Part::AuthoritySerial),
])];

/// Reads a certificate.
#[must_use]
pub fn read(certificate: &[u8]) -> Decoded<'_, Part> {
    decode::decode(CERTIFICATE, certificate)
}

/// Reads the value of an authority key identifier extension (RFC 5280 4.2.1.1).
#[must_use]
pub fn read_authority_key_identifier(value: &[u8]) -> Decoded<'_, Part> {
    decode::decode(AUTHORITY_KEY_IDENTIFIER, value)
}
