//! `TimeStampResp`: what an authority answers.

use crate::authenticode::signature::{all, must};
use crate::der::element::{Elements, Tlv};
use crate::der::grammar::tag;
use crate::der::write::{algorithm, element, integer, sequence};
use crate::error::Error;
use crate::limits::Limits;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response<'a> {
    /// `PKIStatus`: 0 granted, 1 granted with changes; more is a refusal. `None`: no small number.
    pub status: Option<u8>,
    /// What the authority says to it.
    pub text: Vec<String>,
    /// Why it refuses: the number of the first bit of `PKIFailureInfo`.
    pub failure: Option<usize>,
    /// The token, a whole `ContentInfo`.
    pub token: Option<&'a [u8]>,
}

const UTF8_STRING: u8 = 0x0c;

/// Reads an answer.
///
/// # Errors
/// When it is none.
pub fn read<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Response<'a>, Error> {
    let mut parts = must(&mut Elements::new(bytes), tag::SEQUENCE)?.inside();
    let mut info = must(&mut parts, tag::SEQUENCE)?.inside();
    let status = match must(&mut info, tag::INTEGER)?.value {
        [small @ 0..=0x7f] => Some(*small),
        _ => None,
    };
    let said = info.optional(tag::SEQUENCE).map(|said| all(said, limits)).transpose()?;
    let text = |line: Tlv<'_>| String::from_utf8_lossy(line.value).into_owned();
    let failure = info.optional(tag::BIT_STRING).and_then(|bits| first_bit(bits.value));
    let token = parts.optional(tag::SEQUENCE).map(|token| token.whole);
    let text = said.unwrap_or_default().into_iter().map(text).collect();
    Ok(Response { status, text, failure, token })
}

/// The number of the first bit that is set in the contents of a BIT STRING.
fn first_bit(value: &[u8]) -> Option<usize> {
    let (_unused, bytes) = value.split_first()?;
    let at = bytes.iter().position(|byte| *byte != 0)?;
    let within = usize::try_from(bytes.get(at)?.leading_zeros()).ok()?;
    at.checked_mul(8)?.checked_add(within)
}

/// The word of RFC 3161, 2.4.2 for a failure.
#[must_use]
pub const fn failure_name(bit: usize) -> &'static str {
    match bit {
        0 => "badAlg",
        2 => "badRequest",
        5 => "badDataFormat",
        14 => "timeNotAvailable",
        15 => "unacceptedPolicy",
        16 => "unacceptedExtension",
        17 => "addInfoNotAvailable",
        25 => "systemFailure",
        _ => "a failure that RFC 3161 does not know",
    }
}

/// An answer that grants what was asked: a token.
#[must_use]
pub fn granted(token: &[u8]) -> Vec<u8> {
    sequence(&[sequence(&[integer(&[0])]), token.to_vec()])
}

/// An answer that refuses what was asked.
#[must_use]
pub fn refused(status: u8, text: &str, failure: usize) -> Vec<u8> {
    let said = sequence(&[element(UTF8_STRING, text.as_bytes())]);
    let (byte, bit) = (failure / 8, failure % 8);
    let mut bits = vec![u8::try_from(7_usize.saturating_sub(bit)).unwrap_or_default()];
    bits.resize(byte.saturating_add(1), 0);
    bits.push(0x80_u8.checked_shr(u32::try_from(bit).unwrap_or_default()).unwrap_or_default());
    sequence(&[sequence(&[integer(&[status]), said, element(tag::BIT_STRING, &bits)])])
}

/// What goes into a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info<'a> {
    /// The authority's policy: contents of an object identifier.
    pub policy: &'a [u8],
    /// Digest algorithm of the imprint: contents of an object identifier.
    pub digest_algorithm: &'a [u8],
    /// Digest of what is stamped.
    pub imprint: &'a [u8],
    /// The token's number, most significant byte first.
    pub serial: &'a [u8],
    /// When, as `20261121000000Z`.
    pub time: &'a str,
    /// The number that the request brought: contents octets.
    pub nonce: Option<&'a [u8]>,
}

/// `TSTInfo` with tag and length.
#[must_use]
pub fn info(of: &Info<'_>) -> Vec<u8> {
    let mut parts = vec![
        integer(&[1]),
        element(tag::OID, of.policy),
        sequence(&[algorithm(of.digest_algorithm), element(tag::OCTET_STRING, of.imprint)]),
        integer(of.serial),
        element(tag::GENERALIZED_TIME, of.time.as_bytes()),
    ];
    parts.extend(of.nonce.map(|nonce| element(tag::INTEGER, nonce)));
    sequence(&parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timestamp::token;

    #[test]
    fn refusals_are_read_as_written() {
        for bit in [0, 2, 5, 14, 15, 16, 17, 25] {
            let written = refused(2, "no time", bit);
            let answer = read(&written, &Limits::DEFAULT).unwrap();
            assert_eq!((answer.status, answer.failure), (Some(2), Some(bit)));
            assert_eq!((answer.text, answer.token), (vec!["no time".to_owned()], None));
        }
        // RFC 3161, 2.4.2: systemFailure is the last bit of four bytes.
        assert!(refused(2, "", 25).ends_with(&[3, 5, 6, 0, 0, 0, 0x40]));
        let written = granted(&sequence(&[]));
        let answer = read(&written, &Limits::DEFAULT).unwrap();
        assert_eq!((answer.status, answer.token), (Some(0), Some(&[0x30, 0][..])));
        for end in 0..written.len() {
            assert!(read(&written[..end], &Limits::DEFAULT).is_err());
        }
    }

    #[test]
    fn a_token_is_read_as_written() {
        let written = info(&Info {
            policy: &[0x2a, 3],
            digest_algorithm: &[0x2b, 14],
            imprint: &[7; 20],
            serial: &[0x80],
            time: "19700101000001Z",
            nonce: Some(&[5]),
        });
        let read = token::read(&written).unwrap();
        assert_eq!((read.imprint, read.time, read.nonce), (&[7; 20][..], Some(1), Some(&[5][..])));
        assert_eq!((read.policy, read.serial), (&[0x2a, 3][..], &[0, 0x80][..]));
    }
}
