//! `TimeStampReq`: what an authority is asked to stamp.

use crate::authenticode::signature::must;
use crate::der::element::Elements;
use crate::der::grammar::tag;
use crate::der::write::{algorithm, element, integer, sequence};
use crate::error::{Error, Kind};

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// Digest algorithm of the imprint: contents of an object identifier.
    pub digest_algorithm: &'a [u8],
    /// Digest of what is to be stamped.
    pub imprint: &'a [u8],
    /// The policy that is asked for: contents of an object identifier.
    pub policy: Option<&'a [u8]>,
    /// A number that comes back in the answer: contents octets.
    pub nonce: Option<&'a [u8]>,
    /// Whether the authority's certificates are to be in the answer.
    pub wants_certificates: bool,
}

/// Reads a request.
///
/// # Errors
/// When it is none, or of another version than 1.
pub fn read(bytes: &[u8]) -> Result<Request<'_>, Error> {
    let whole = must(&mut Elements::new(bytes), tag::SEQUENCE)?;
    let mut parts = whole.inside();
    let version = must(&mut parts, tag::INTEGER)?;
    if version.value != [1] {
        return Err(Error::new("TimeStampReq version", version.at, Kind::Unsupported));
    }
    let mut imprint = must(&mut parts, tag::SEQUENCE)?.inside();
    let digest_algorithm = must(&mut must(&mut imprint, tag::SEQUENCE)?.inside(), tag::OID)?.value;
    let digest = must(&mut imprint, tag::OCTET_STRING)?.value;
    let policy = parts.optional(tag::OID).map(|policy| policy.value);
    let nonce = parts.optional(tag::INTEGER).map(|nonce| nonce.value);
    let wants = parts.optional(tag::BOOLEAN).map(|wants| wants.value);
    Ok(Request {
        digest_algorithm,
        imprint: digest,
        policy,
        nonce,
        wants_certificates: wants.is_some_and(|value| value != [0]),
    })
}

/// Writes a request.
#[must_use]
pub fn write(request: &Request<'_>) -> Vec<u8> {
    let mut parts = vec![
        integer(&[1]),
        sequence(&[
            algorithm(request.digest_algorithm),
            element(tag::OCTET_STRING, request.imprint),
        ]),
    ];
    parts.extend(request.policy.map(|policy| element(tag::OID, policy)));
    parts.extend(request.nonce.map(|nonce| element(tag::INTEGER, nonce)));
    if request.wants_certificates {
        parts.push(element(tag::BOOLEAN, &[0xff]));
    }
    sequence(&parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_openssl_asks_is_read_and_written_again() {
        // `printf abc | openssl ts -query -sha256 -cert`
        let asked = b"\x30\x43\x02\x01\x01\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\
            \x01\x05\x00\x04\x20\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde\x5d\xae\
            \x22\x23\xb0\x03\x61\xa3\x96\x17\x7a\x9c\xb4\x10\xff\x61\xf2\x00\x15\xad\x02\
            \x08\x3e\x48\xcb\x54\x24\x5f\xf3\xac\x01\x01\xff";
        let read_back = read(asked).unwrap();
        assert_eq!((read_back.imprint.len(), read_back.wants_certificates), (32, true));
        assert_eq!(read_back.nonce, Some(&b"\x3e\x48\xcb\x54\x24\x5f\xf3\xac"[..]));
        assert_eq!(write(&read_back), asked);
        for end in 0..asked.len() {
            assert!(read(&asked[..end]).is_err());
        }
    }
}
