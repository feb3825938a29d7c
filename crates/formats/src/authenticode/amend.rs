//! Messages that are there already, with something more or less: everything else stays byte for byte.
//!
//! Source: RFC 5652, sections 5.1 and 5.3.

use super::signature::{all, must};
use crate::cms::write::in_order;

use crate::der::element::{Elements, Tlv};
use crate::der::grammar::tag;
use crate::der::write::{element, holding, integer, sequence};
use crate::error::{Error, Kind};
use crate::limits::Limits;

/// The message with one more value of the unsigned attribute `kind` of its first signer; as it was where
/// that value is there already.
///
/// # Errors
/// When it is no signed message, or nobody signed it.
pub fn with_unsigned(
    message: &[u8],
    kind: &[u8],
    value: &[u8],
    limits: &Limits,
) -> Result<Vec<u8>, Error> {
    edited(message, kind, limits, &mut |values| {
        // In the order in which they were added: the first is what older systems look at.
        if !values.iter().any(|there| there == value) {
            values.push(value.to_vec());
        }
    })
}

/// The message with every value of the unsigned attribute `kind` of its first signer as `change` makes it.
///
/// # Errors
/// As [`with_unsigned`].
pub fn with_changed(
    message: &[u8],
    kind: &[u8],
    change: &mut dyn FnMut(&[u8]) -> Vec<u8>,
    limits: &Limits,
) -> Result<Vec<u8>, Error> {
    edited(message, kind, limits, &mut |values| {
        values.iter_mut().for_each(|value| *value = change(value));
    })
}

/// The message with more certificates inside, in the order of their bytes.
///
/// # Errors
/// When it is no signed message.
pub fn with_certificates(
    message: &[u8],
    more: &[Vec<u8>],
    limits: &Limits,
) -> Result<Vec<u8>, Error> {
    let signed = Signed::of(message, limits)?;
    let is_set = |part: &Tlv<'_>| part.tag == tag::context_constructed(0);
    let old = signed.before.iter().find(|part| is_set(part)).copied();
    let there = old.map(|old| all(old, limits)).transpose()?.unwrap_or_default();
    let mut inside: Vec<Vec<u8>> = there.iter().map(|one| one.whole.to_vec()).collect();
    inside.extend(more.iter().cloned());
    inside.sort_unstable();
    inside.dedup();
    let set = holding(tag::context_constructed(0), &inside);
    let is_list = |part: &Tlv<'_>| part.tag == tag::context_constructed(1);
    let (lists, others): (Vec<_>, Vec<_>) =
        signed.before.iter().filter(|part| !is_set(part)).partition(|part| is_list(part));
    let bytes = |parts: Vec<&Tlv<'_>>| -> Vec<Vec<u8>> {
        parts.iter().map(|part| part.whole.to_vec()).collect()
    };
    // They stand between the content and lists of what is revoked.
    let mut body = bytes(others);
    body.push(set);
    body.extend(bytes(lists));
    body.push(signed.signers.whole.to_vec());
    Ok(signed.around(&sequence(&body)))
}

/// The message with the values of an unsigned attribute of its first signer edited.
fn edited(
    message: &[u8],
    kind: &[u8],
    limits: &Limits,
    edit: &mut dyn FnMut(&mut Vec<Vec<u8>>),
) -> Result<Vec<u8>, Error> {
    let signed = Signed::of(message, limits)?;
    let nobody = Error::new("PKCS#7 signerInfos", signed.signers.at, Kind::Missing);
    let signers = all(signed.signers, limits)?;
    let (first, others) = signers.split_first().ok_or(nobody)?;
    let mut parts = all(*first, limits)?;
    let old = parts.pop_if(|part| part.tag == tag::context_constructed(1));
    let mut attributes = Vec::new();
    let mut values: Vec<Vec<u8>> = Vec::new();
    for attribute in old.map(|old| all(old, limits)).transpose()?.unwrap_or_default() {
        let mut pair = attribute.inside();
        if must(&mut pair, tag::OID)?.value != kind {
            attributes.push(attribute.whole.to_vec());
            continue;
        }
        let there = all(must(&mut pair, tag::SET)?, limits)?;
        values.extend(there.iter().map(|there| there.whole.to_vec()));
    }
    let before = values.clone();
    edit(&mut values);
    if values == before {
        return Ok(signed.whole.whole.to_vec());
    }
    attributes.push(sequence(&[element(tag::OID, kind), holding(tag::SET, &values)]));
    let mut signer: Vec<Vec<u8>> = parts.iter().map(|part| part.whole.to_vec()).collect();
    signer.push(element(tag::context_constructed(1), &in_order(attributes)));
    let mut all = vec![sequence(&signer)];
    all.extend(others.iter().map(|other| other.whole.to_vec()));
    let mut body: Vec<Vec<u8>> = signed.before.iter().map(|part| part.whole.to_vec()).collect();
    body.push(element(tag::SET, &in_order(all)));
    Ok(signed.around(&sequence(&body)))
}

/// The message as if nobody had signed it: its content, and no digest algorithms, certificates or signers.
///
/// # Errors
/// When it is no signed message.
pub fn without_signers(message: &[u8], limits: &Limits) -> Result<Vec<u8>, Error> {
    let signed = Signed::of(message, limits)?;
    let content = signed.before.iter().find(|part| part.tag == tag::SEQUENCE);
    let missing = Error::new("PKCS#7 contentInfo", signed.whole.at, Kind::Missing);
    let content = content.ok_or(missing)?.whole.to_vec();
    let none = element(tag::SET, &[]);
    Ok(signed.around(&sequence(&[integer(&[1]), none.clone(), content, none])))
}

/// A message taken apart.
struct Signed<'a> {
    whole: Tlv<'a>,
    /// What the message is: an object identifier.
    kind: Tlv<'a>,
    /// Everything before the signers.
    before: Vec<Tlv<'a>>,
    signers: Tlv<'a>,
}

impl<'a> Signed<'a> {
    fn of(message: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        let whole = must(&mut Elements::new(message), tag::SEQUENCE)?;
        let mut outer = whole.inside();
        let kind = must(&mut outer, tag::OID)?;
        let explicit = must(&mut outer, tag::context_constructed(0))?;
        let body = must(&mut explicit.inside(), tag::SEQUENCE)?;
        let mut before = all(body, limits)?;
        let signers = before.pop_if(|last| last.tag == tag::SET && last.at > kind.at);
        let missing = Error::new("PKCS#7 signerInfos", body.at, Kind::Missing);
        Ok(Self { whole, kind, before, signers: signers.ok_or(missing)? })
    }

    fn around(&self, body: &[u8]) -> Vec<u8> {
        let explicit = element(tag::context_constructed(0), body);
        sequence(&[self.kind.whole.to_vec(), explicit])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authenticode::signature;
    use crate::catalog::list::tests::{CATALOG_1, unhex};
    use crate::cms::write::{Message, Signer, SignerId, write};
    use crate::der::write::algorithm;

    const KIND: &[u8] = &[0x2a, 1];
    const SHA256: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];

    fn message(unsigned: Option<&[u8]>) -> Vec<u8> {
        let digest = algorithm(SHA256);
        let signer = Signer {
            id: SignerId::IssuerSerial { issuer: &[], serial: &[9] },
            digest_algorithm: &digest,
            signed_attributes: None,
            signature_algorithm: &digest,
            signature: &[0x5a; 200],
            unsigned_attributes: unsigned,
        };
        write(&Message {
            version: 1,
            digest_algorithms: std::slice::from_ref(&digest),
            content_type: &[0x2a, 3],
            content: Some(&integer(&[5])),
            certificates: &[&sequence(&[integer(&[7])])],
            signers: &[signer],
        })
    }

    #[test]
    fn values_are_added_and_nothing_else_changes() {
        let limits = &Limits::DEFAULT;
        let set = |values: &[&[u8]]| sequence(&[element(6, KIND), element(0x31, &values.concat())]);
        let (one, two) = (integer(&[9]), integer(&[1]));
        let once = with_unsigned(&message(None), KIND, &one, limits).unwrap();
        assert_eq!(once, message(Some(&set(&[&one]))));
        // Zeros behind it, as entries of a certificate table have, are no part of it.
        let padded = [&once[..], &[0; 5]].concat();
        let twice = with_unsigned(&padded, KIND, &two, limits).unwrap();
        assert_eq!(twice, message(Some(&set(&[&one, &two]))));
        assert_eq!(with_unsigned(&twice, KIND, &one, limits).unwrap(), twice);
        for end in 0..twice.len() {
            assert!(with_unsigned(&twice[..end], KIND, &one, limits).is_err());
        }
    }

    #[test]
    fn certificates_are_added_in_order() {
        let limits = &Limits::DEFAULT;
        let certificate = |n: u8| sequence(&[integer(&[n])]);
        let more = [certificate(9), certificate(7), certificate(1)];
        let with = with_certificates(&message(None), &more, limits).unwrap();
        let read = signature::read(&with, limits).unwrap();
        assert_eq!(read.certificates, [&certificate(1)[..], &certificate(7), &certificate(9)]);
        assert_eq!((read.signers.len(), read.content), (1, &[5][..]));
        let changed = with_unsigned(&with, KIND, &integer(&[9]), limits).unwrap();
        let changed = with_changed(&changed, KIND, &mut |_| integer(&[8]), limits).unwrap();
        assert_eq!(changed, with_unsigned(&with, KIND, &integer(&[8]), limits).unwrap());
    }

    #[test]
    fn a_catalog_whose_signers_are_taken_off_is_as_it_was_made() {
        // What others read and write without signers.
        let made = unhex(CATALOG_1);
        assert_eq!(without_signers(&made, &Limits::DEFAULT).unwrap(), made);
        assert!(with_unsigned(&made, KIND, &[5, 0], &Limits::DEFAULT).is_err());
        let bare = without_signers(&message(None), &Limits::DEFAULT).unwrap();
        let read = signature::read(&bare, &Limits::DEFAULT).unwrap();
        assert_eq!((read.signers.len(), read.certificates.len(), read.content), (0, 0, &[5][..]));
    }
}
