//! `SignedData` as a list of noted elements.

use crate::der::decode::{self, Decoded};
use crate::der::grammar::{Need, Step, tag};

/// What is noted of a signed message, each where the element ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// An object identifier that the kernel looks up: content types, algorithms, attribute types,
    /// the types in a signer's issuer name. What an algorithm or attribute is follows from the last
    /// one seen.
    Oid,
    /// The outer content type is complete.
    OuterType,
    /// `SignedData.version`.
    Version,
    /// `encapContentInfo` is complete; its type was the last [`Part::Oid`].
    ContentType,
    /// The content, if it is inside.
    Content,
    /// A certificate, also where it stands in a revocation list (Linux reads these so).
    Certificate,
    /// The certificates are complete, or there were none.
    Certificates,
    /// `SignerInfo.version`.
    SignerVersion,
    /// The signer's certificate by its issuer: contents of the name.
    Issuer,
    /// The signer's certificate by its issuer: the serial number.
    Serial,
    /// The signer's certificate by subject key identifier.
    KeyIdentifier,
    /// The digest algorithm is complete.
    DigestAlgorithm,
    /// One value of a signed attribute; its type was the last [`Part::Oid`].
    SignedAttribute,
    /// The signed attributes, tagged `[0]`, are complete.
    SignedAttributes,
    /// The signature algorithm is complete.
    SignatureAlgorithm,
    /// The signature.
    Signature,
    /// A signer is complete.
    Signer,
}

type S = Step<Part>;

const ALGORITHM: &[S] = &[S::must(tag::OID).noted(Part::Oid), S::any(Need::May)];

const NAME: &[S] =
    &[S::must(tag::SET)
        .holding_many(&[S::must(tag::SEQUENCE)
            .holding(&[S::must(tag::OID).noted(Part::Oid), S::any(Need::Must)])])];

const CERTIFICATES: &[S] = &[S::any(Need::Must).noted(Part::Certificate)];

const CERTIFICATE_LISTS: &[S] = &[S::must(tag::SEQUENCE).holding_many(CERTIFICATES).apart()];

const SIGNED_ATTRIBUTE: &[S] = &[
    S::must(tag::OID).noted(Part::Oid),
    S::must(tag::SET).holding_many(&[S::any(Need::Must).noted(Part::SignedAttribute)]),
];

const SIGNED_ATTRIBUTES: &[S] = &[S::must(tag::SEQUENCE).holding(SIGNED_ATTRIBUTE).apart()];

const UNSIGNED_ATTRIBUTES: &[S] = &[S::must(tag::SEQUENCE)
    .holding(&[S::must(tag::OID), S::must(tag::SET).holding_many(&[S::any(Need::Must)])])
    .apart()];

const SIGNER: &[S] = &[
    S::must(tag::INTEGER).noted(Part::SignerVersion),
    S::may(tag::SEQUENCE)
        .holding(&[
            S::must(tag::SEQUENCE).holding_many(NAME),
            S::Note(Part::Issuer),
            S::must(tag::INTEGER),
            S::Note(Part::Serial),
        ])
        .apart(),
    S::or_else(tag::context(0)).noted(Part::KeyIdentifier),
    S::Chosen,
    S::must(tag::SEQUENCE).holding(ALGORITHM).apart(),
    S::Note(Part::DigestAlgorithm),
    S::may(tag::context_constructed(0)).holding_many(SIGNED_ATTRIBUTES).apart(),
    S::NoteIfFound(Part::SignedAttributes),
    S::or_else(tag::context_constructed(2))
        .holding(&[S::must(tag::SEQUENCE).holding_many(SIGNED_ATTRIBUTES)])
        .apart(),
    S::must(tag::SEQUENCE).holding(ALGORITHM),
    S::Note(Part::SignatureAlgorithm),
    S::must(tag::OCTET_STRING).noted(Part::Signature),
    S::may(tag::context_constructed(1)).holding_many(UNSIGNED_ATTRIBUTES).apart(),
    S::or_else(tag::context_constructed(3)).holding_many(UNSIGNED_ATTRIBUTES).apart(),
];

const SIGNERS: &[S] = &[S::must(tag::SEQUENCE).holding(SIGNER).apart(), S::Note(Part::Signer)];

const DIGEST_ALGORITHMS: &[S] = &[S::must(tag::SEQUENCE).holding(ALGORITHM).apart()];

const SIGNED_DATA: &[S] = &[S::must(tag::SEQUENCE).holding(&[
    S::must(tag::INTEGER).noted(Part::Version),
    S::may(tag::SET).holding_many(DIGEST_ALGORITHMS).apart(),
    S::or_else(tag::SEQUENCE).holding_many(DIGEST_ALGORITHMS).apart(),
    S::Chosen,
    S::must(tag::SEQUENCE).holding(&[
        S::must(tag::OID).noted(Part::Oid),
        // The kernel's grammar notes this one twice: at its definition and at its use.
        S::Note(Part::Oid),
        S::may(tag::context_constructed(0))
            .holding(&[S::any(Need::Must).noted(Part::Content)])
            .apart(),
    ]),
    S::Note(Part::ContentType),
    S::may(tag::context_constructed(0))
        .holding_many(&[
            S::any(Need::May).noted(Part::Certificate),
            S::any(Need::Else).noted(Part::Certificate),
            S::Chosen,
        ])
        .apart(),
    S::or_else(tag::context_constructed(2)).holding_many(CERTIFICATES).apart(),
    S::Note(Part::Certificates),
    S::may(tag::context_constructed(1)).holding_many(CERTIFICATE_LISTS).apart(),
    S::or_else(tag::context_constructed(3)).holding_many(CERTIFICATE_LISTS).apart(),
    S::may(tag::SET).holding_many(SIGNERS).apart(),
    S::or_else(tag::SEQUENCE).holding_many(SIGNERS).apart(),
    S::Chosen,
])];

const CONTENT_INFO: &[S] = &[S::must(tag::SEQUENCE).holding(&[
    S::must(tag::OID).noted(Part::Oid),
    S::Note(Part::OuterType),
    S::may(tag::context_constructed(0)).holding(SIGNED_DATA).apart(),
])];

/// Reads a signed message.
#[must_use]
pub fn read(message: &[u8]) -> Decoded<'_, Part> {
    decode::decode(CONTENT_INFO, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::decode::Ended;

    fn check(message: &[u8], want: &[Part], ended: bool) {
        let got = read(message);
        let parts: Vec<_> = got.events.iter().map(|e| e.action).collect();
        assert_eq!(parts, want);
        assert_eq!(got.ended == Ended::Well, ended, "{:?}", got.ended);
    }

    #[test]
    fn a_message_without_signers_is_read_to_its_end() {
        // ContentInfo { signedData, [0] { version 1, digestAlgorithms { {sha256} }, { data } } }:
        // the kernel's grammar lets the signers be missing at the end of the data.
        let mut bytes = vec![0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
        let mut inner = vec![0x02, 1, 1, 0x31, 13, 0x30, 11, 0x06, 9];
        inner.extend([0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1]);
        inner.extend([0x30, 11, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1]);
        let size = u8::try_from(inner.len()).unwrap();
        bytes.extend([0xa0, size + 2, 0x30, size]);
        bytes.extend(inner);
        let mut message = vec![0x30, u8::try_from(bytes.len()).unwrap()];
        message.extend(bytes);
        use Part::{Certificates, ContentType, Oid, OuterType, Version};
        let want = [Oid, OuterType, Version, Oid, Oid, Oid, ContentType, Certificates];
        check(&message, &want, true);
        check(&message[..message.len() - 1], &[], false);
        // An unknown element after the content type is nobody's.
        message.extend([0; 8]);
        check(&message, &want, true);
    }

    #[test]
    fn any_bytes_end() {
        let mut state = 1_u32;
        for len in 0..400_usize {
            let bytes: Vec<u8> = (0..len)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let pick = [0x30, 0x31, 0x06, 0xa0, 0x02, 0x80, 0, 1, 3, 4, 9, 0x82];
                    pick[usize::try_from(state >> 24).unwrap() % pick.len()]
                })
                .collect();
            let _ = read(&bytes);
        }
    }
}
