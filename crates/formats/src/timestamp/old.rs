//! The old protocol of Authenticode: a signature goes out, a counter-signature comes back.
//!
//! Both are base 64 around DER. What comes back is a PKCS#7 message over the signature; its one signer
//! becomes the attribute `countersignature`, its certificates go among the others. Source: *Time Stamping
//! Authenticode Signatures* (Microsoft); `SPC_TIME_STAMP_REQUEST_OBJID` of `wintrust.h`.

use crate::authenticode::signature::must;
use crate::der::element::Elements;
use crate::der::grammar::tag;
use crate::der::write::{element, sequence};
use crate::error::{Error, Kind};

/// `SPC_TIME_STAMP_REQUEST_OBJID` (1.3.6.1.4.1.311.3.2.1).
const REQUEST: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 3, 2, 1];
/// `data` (1.2.840.113549.1.7.1).
pub const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];

/// A request for this signature.
#[must_use]
pub fn request(signature: &[u8]) -> Vec<u8> {
    let octets = element(tag::OCTET_STRING, signature);
    let content = element(tag::context_constructed(0), &octets);
    let content = sequence(&[element(tag::OID, DATA), content]);
    sequence(&[element(tag::OID, REQUEST), content])
}

/// The signature that a request is for.
///
/// # Errors
/// When it is no such request.
pub fn read(bytes: &[u8]) -> Result<&[u8], Error> {
    let mut parts = must(&mut Elements::new(bytes), tag::SEQUENCE)?.inside();
    let kind = must(&mut parts, tag::OID)?;
    if kind.value != REQUEST {
        return Err(Error::new("time-stamp request", kind.at, Kind::Unsupported));
    }
    let _attributes = parts.optional(tag::SET);
    let mut content = must(&mut parts, tag::SEQUENCE)?.inside();
    must(&mut content, tag::OID)?;
    let explicit = must(&mut content, tag::context_constructed(0))?;
    Ok(must(&mut explicit.inside(), tag::OCTET_STRING)?.value)
}

/// The first signer of an answer, a whole element.
///
/// # Errors
/// When it is no message, or nobody signed it.
pub fn answer(bytes: &[u8]) -> Result<&[u8], Error> {
    let mut outer = must(&mut Elements::new(bytes), tag::SEQUENCE)?.inside();
    must(&mut outer, tag::OID)?;
    let explicit = must(&mut outer, tag::context_constructed(0))?;
    let body = must(&mut explicit.inside(), tag::SEQUENCE)?;
    let mut parts = body.inside();
    must(&mut parts, tag::INTEGER)?;
    must(&mut parts, tag::SET)?;
    must(&mut parts, tag::SEQUENCE)?;
    let _certificates = parts.optional(tag::context_constructed(0));
    let _lists = parts.optional(tag::context_constructed(1));
    let signers = must(&mut parts, tag::SET)?;
    Ok(must(&mut signers.inside(), tag::SEQUENCE)?.whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_as_written() {
        let written = request(&[7; 256]);
        assert_eq!(read(&written).unwrap(), [7; 256]);
        for end in 0..written.len() {
            assert!(read(&written[..end]).is_err());
        }
        assert!(answer(&written).is_err());
    }
}
