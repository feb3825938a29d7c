//! Signed statements: an envelope (DSSE 1.0), and the in-toto Statement v1 inside.
//!
//! Nothing here verifies. Sources: secure-systems-lab/dsse, `envelope.md` and `protocol.md`; in-toto/attestation,
//! `spec/v1/statement.md`.

use base64ct::{Base64, Base64Unpadded, Base64UrlUnpadded, Encoding};
use serde::Deserialize;

use crate::error::{Error, Kind};
use crate::limits::Limits;
use crate::reader::wide;

/// What the payload of an envelope with an in-toto statement is called.
pub const IN_TOTO: &str = "application/vnd.in-toto+json";
/// The type of statements that are read.
pub const STATEMENT: &str = "https://in-toto.io/Statement/v1";
/// What our statements say of their subjects.
pub const LOADS: &str = "urn:loadworthy:load-statement:v1";

/// An envelope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// What the payload is.
    pub payload_type: String,
    /// What is signed, together with its type.
    pub payload: Vec<u8>,
    /// The signatures.
    pub signatures: Vec<Signature>,
}

/// A signature of an envelope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// How the signer calls the key; a hint.
    pub key: String,
    /// The signature.
    pub bytes: Vec<u8>,
    /// The signer's certificate (PEM), where it goes along.
    pub certificate: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    payload_type: String,
    payload: String,
    signatures: Vec<WrittenSignature>,
}

#[derive(Deserialize)]
struct WrittenSignature {
    #[serde(default)]
    keyid: Option<String>,
    sig: String,
    #[serde(default)]
    cert: Option<String>,
}

/// What is signed for a payload: the pre-authentication encoding.
#[must_use]
pub fn signed(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut out = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    let mut bytes = std::mem::take(&mut out).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

/// Reads an envelope.
///
/// # Errors
/// When it is no envelope, or larger than [`Limits::text_bytes`].
pub fn envelope(bytes: &[u8], limits: &Limits) -> Result<Envelope, Error> {
    let wrong = |what, kind| Error::new(what, 0, kind);
    if bytes.len() > limits.text_bytes {
        return Err(wrong("DSSE envelope", Kind::TooLarge { limit: wide(limits.text_bytes) }));
    }
    let read: Written =
        serde_json::from_slice(bytes).map_err(|_| wrong("DSSE envelope", Kind::Unsupported))?;
    let payload = decoded(&read.payload).ok_or(wrong("DSSE payload", Kind::Corrupt))?;
    if read.signatures.len() > limits.items {
        return Err(wrong("DSSE signatures", Kind::TooMany { limit: wide(limits.items) }));
    }
    let one = |s: WrittenSignature| {
        let bytes = decoded(&s.sig).ok_or(wrong("DSSE signature", Kind::Corrupt))?;
        Ok(Signature { key: s.keyid.unwrap_or_default(), bytes, certificate: s.cert })
    };
    let signatures = read.signatures.into_iter().map(one).collect::<Result<_, Error>>()?;
    Ok(Envelope { payload_type: read.payload_type, payload, signatures })
}

/// Both alphabets, with and without padding: a reader has to take either.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let plain = text.trim_end_matches('=');
    Base64::decode_vec(text)
        .or_else(|_| Base64Unpadded::decode_vec(plain))
        .or_else(|_| Base64UrlUnpadded::decode_vec(plain))
        .ok()
}

/// An in-toto statement with what we say of its subjects.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// Its type.
    #[serde(rename = "_type")]
    pub kind: String,
    /// What it is about.
    pub subject: Vec<Subject>,
    /// What sort of thing it says.
    pub predicate_type: String,
    /// What it says.
    pub predicate: Predicate,
}

/// A file that a statement is about.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Subject {
    /// Its name.
    pub name: String,
    /// Its digests.
    pub digest: Digests,
}

/// The digests of a subject.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Digests {
    /// SHA-256 in hexadecimal digits.
    #[serde(default)]
    pub sha256: String,
}

/// Whether things load, where, and as of when.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Predicate {
    /// The version of the program that said so.
    pub tool: String,
    /// The date of its tables.
    pub knowledge: String,
    /// As of when it was judged.
    pub at: String,
    /// The subjects as they were given.
    pub arguments: Vec<String>,
    /// The platforms as they were given.
    pub on: Vec<String>,
    /// The verdicts.
    pub verdicts: Vec<Verdict>,
}

/// One verdict of a statement.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Verdict {
    /// The driver or package.
    pub name: String,
    /// Where it lies.
    pub path: Option<String>,
    /// SHA-256 of it.
    pub sha256: Option<String>,
    /// The platform.
    pub on: Option<String>,
    /// `load` or `install`.
    pub phase: String,
    /// `loads`, `loads-tainted`, `refused`, `unknown`.
    pub outcome: String,
    /// The code of a refusal.
    pub code: Option<String>,
}

/// Reads the statement in a payload.
///
/// # Errors
/// When it is none of ours.
pub fn statement(payload: &[u8]) -> Result<Statement, Error> {
    let read: Statement = serde_json::from_slice(payload)
        .map_err(|_| Error::new("in-toto statement", 0, Kind::Unsupported))?;
    match read.kind == STATEMENT && read.predicate_type == LOADS {
        true => Ok(read),
        false => Err(Error::new("in-toto predicateType", 0, Kind::Unsupported)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_as_the_specification_shows_it() {
        // protocol.md, test vectors.
        let bytes = signed("http://example.com/HelloWorld", b"hello world");
        assert_eq!(bytes, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }

    #[test]
    fn both_alphabets_are_read() {
        let text = br#"{"payloadType":"t","payload":"-_8=","signatures":[{"sig":"+/8="}]}"#;
        let read = envelope(text, &Limits::DEFAULT).unwrap();
        assert_eq!(
            (read.payload, &*read.signatures[0].bytes),
            (vec![0xfb, 0xff], &[0xfb, 0xff][..])
        );
        assert!(envelope(b"{}", &Limits::DEFAULT).is_err());
        assert!(statement(b"{}").is_err());
    }
}
