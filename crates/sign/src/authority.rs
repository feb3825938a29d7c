//! A small time-stamping authority, for tests and labs: nobody else should believe it.
//!
//! It answers both protocols of Authenticode, and goes wrong in a chosen way, so that it can be seen what
//! comes of that. Sources: RFC 3161, RFC 5816; *Time Stamping Authenticode Signatures* (Microsoft).

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use aws_lc_rs::rand;
use base64ct::{Base64, Encoding};
use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_formats::calendar::Civil;
use loadworthy_formats::cms::write::{attribute, in_order};
use loadworthy_formats::der::grammar::tag;
use loadworthy_formats::der::write::{element, sequence};
use loadworthy_formats::timestamp::response::{self, Info};
use loadworthy_formats::timestamp::token::TST_INFO;
use loadworthy_formats::timestamp::{old, request};

use crate::error::SignError;
use crate::images::{CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME};
use crate::message::Around;
use crate::pair::time;
use crate::signer::{Signer, signed};
use crate::stamps::ESS_2;

/// How an authority goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It answers another request.
    Nonce,
    /// It stamps something else.
    Imprint,
    /// Its signature is damaged.
    Signature,
    /// It does not name the certificate it signed with.
    Unnamed,
    /// It refuses.
    Refusal,
    /// It answers with something that is no time-stamp.
    Rubbish,
    /// It answers with a page of HTTP that says 500.
    Status,
    /// It never answers.
    Silence,
}

impl Fault {
    /// Every way.
    pub const ALL: [Self; 8] = [
        Self::Nonce,
        Self::Imprint,
        Self::Signature,
        Self::Unnamed,
        Self::Refusal,
        Self::Rubbish,
        Self::Status,
        Self::Silence,
    ];

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nonce => "nonce",
            Self::Imprint => "imprint",
            Self::Signature => "signature",
            Self::Unnamed => "unnamed",
            Self::Refusal => "refusal",
            Self::Rubbish => "rubbish",
            Self::Status => "status",
            Self::Silence => "silence",
        }
    }
}

/// An authority.
#[expect(missing_debug_implementations, reason = "a signer holds a key")]
pub struct Authority<'a> {
    /// The key, and its certificate.
    pub signer: &'a dyn Signer,
    /// How it goes wrong.
    pub fault: Option<Fault>,
    /// How far its clock goes wrong, in seconds.
    pub skew: i64,
}

/// The policy of an authority that promises nothing: the one in OpenSSL's own example.
const POLICY: &[u8] = &[0x2a, 3, 4, 1];
/// No request is longer.
const MOST: usize = 1 << 16;

impl Authority<'_> {
    /// Answers requests until `answers` were given, or for ever. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// When no connection can be taken any more.
    pub fn serve(
        &self,
        listener: &TcpListener,
        answers: Option<u64>,
        now: &dyn Fn() -> i64,
    ) -> io::Result<()> {
        let mut given = 0;
        while answers.is_none_or(|most| given < most) {
            let (stream, _) = listener.accept()?;
            // Whoever hangs up, or sends rubbish, gets no answer, and the next is heard.
            let _ = self.connection(stream, now());
            given += 1;
        }
        Ok(())
    }

    fn connection(&self, mut stream: TcpStream, now: i64) -> io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let body = body(&mut stream)?;
        let (status, kind, answer) = match self.fault {
            Some(Fault::Silence) => {
                // Until the other side gives up.
                let _ = stream.read(&mut [0]);
                return Ok(());
            }
            Some(Fault::Status) => ("500 Internal Server Error", "text/plain", Vec::new()),
            Some(Fault::Rubbish) => ("200 OK", "text/html", b"<html>hello</html>".to_vec()),
            _ => match self.answer(&body, now) {
                Ok((kind, answer)) => ("200 OK", kind, answer),
                Err(problem) => {
                    ("400 Bad Request", "text/plain", format!("{problem}\n").into_bytes())
                }
            },
        };
        let size = answer.len();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(&[head.as_bytes(), &answer].concat())
    }

    /// The answer to the body of a request, and its media type.
    ///
    /// # Errors
    /// When it is no request, or the key does not sign.
    pub fn answer(&self, body: &[u8], now: i64) -> Result<(&'static str, Vec<u8>), SignError> {
        let now = now.saturating_add(self.skew);
        if body.first() == Some(&0x30) {
            return Ok(("application/timestamp-reply", self.granted(body, now)?));
        }
        let text: String = String::from_utf8_lossy(body).split_whitespace().collect();
        let wrong = |e: &dyn std::fmt::Display| SignError::Input(e.to_string());
        let asked = Base64::decode_vec(&text).map_err(|e| wrong(&e))?;
        let signature = old::read(&asked).map_err(|e| wrong(&e))?;
        let answer = self.countersigned(signature, now)?;
        Ok(("application/octet-stream", Base64::encode_string(&answer).into_bytes()))
    }

    fn granted(&self, body: &[u8], now: i64) -> Result<Vec<u8>, SignError> {
        if self.fault == Some(Fault::Refusal) {
            return Ok(response::refused(2, "not today", 14));
        }
        let Ok(asked) = request::read(body) else {
            return Ok(response::refused(2, "not a request", 5));
        };
        let mut serial = [0; 8];
        let failed = |_| SignError::Input("no random numbers".to_owned());
        rand::fill(&mut serial).map_err(failed)?;
        let mut imprint = asked.imprint.to_vec();
        if self.fault == Some(Fault::Imprint) {
            imprint.iter_mut().for_each(|byte| *byte ^= 1);
        }
        let other: &[u8] = &[9];
        let nonce = match self.fault {
            Some(Fault::Nonce) => Some(other),
            _ => asked.nonce,
        };
        let content = response::info(&Info {
            policy: asked.policy.unwrap_or(POLICY),
            digest_algorithm: asked.digest_algorithm,
            imprint: &imprint,
            serial: &serial,
            time: &compact(now),
            nonce,
        });
        let by = DigestAlgorithm::Sha256;
        let named =
            element(tag::OCTET_STRING, digest(by, self.signer.certificate().der()).as_bytes());
        let mut attributes = vec![
            attribute(CONTENT_TYPE, &element(tag::OID, TST_INFO)),
            attribute(MESSAGE_DIGEST, &element(tag::OCTET_STRING, digest(by, &content).as_bytes())),
        ];
        if self.fault != Some(Fault::Unnamed) {
            attributes.push(attribute(ESS_2, &sequence(&[sequence(&[sequence(&[named])])])));
        }
        let octets = element(tag::OCTET_STRING, &content);
        let with = asked.wants_certificates;
        let token = self.message(TST_INFO, &octets, attributes, by, with)?;
        Ok(response::granted(&token))
    }

    fn countersigned(&self, signature: &[u8], now: i64) -> Result<Vec<u8>, SignError> {
        let by = DigestAlgorithm::Sha1;
        let mut signature = signature.to_vec();
        if self.fault == Some(Fault::Imprint) {
            signature.iter_mut().for_each(|byte| *byte ^= 1);
        }
        let mut attributes = vec![
            attribute(CONTENT_TYPE, &element(tag::OID, old::DATA)),
            attribute(
                MESSAGE_DIGEST,
                &element(tag::OCTET_STRING, digest(by, &signature).as_bytes()),
            ),
        ];
        attributes.push(attribute(SIGNING_TIME, &time(now)));
        let octets = element(tag::OCTET_STRING, &signature);
        self.message(old::DATA, &octets, attributes, by, true)
    }

    fn message(
        &self,
        kind: &[u8],
        content: &[u8],
        attributes: Vec<Vec<u8>>,
        by: DigestAlgorithm,
        with_certificate: bool,
    ) -> Result<Vec<u8>, SignError> {
        let attributes = in_order(attributes);
        let mut made = signed(self.signer, by, &digest(by, &element(tag::SET, &attributes)))?;
        if self.fault == Some(Fault::Signature)
            && let Some(last) = made.last_mut()
        {
            *last ^= 1;
        }
        let certificate = self.signer.certificate();
        let mut inside = vec![certificate.der()];
        inside.extend(self.signer.chain().iter().map(crate::certificate::Certificate::der));
        Around {
            certificate,
            by,
            attributes: &attributes,
            signature: &made,
            unsigned: None,
            // RFC 5652, 5.1: 3 where the content is no plain data.
            version: if kind == old::DATA { 1 } else { 3 },
            content_type: kind,
            content: Some(content),
            certificates: if with_certificate { &inside } else { &[] },
        }
        .message()
    }
}

/// As `20261121000000Z`.
fn compact(seconds: i64) -> String {
    let moment = Civil::of(seconds).map(|moment| moment.to_string()).unwrap_or_default();
    let digits: String = moment.chars().filter(char::is_ascii_digit).collect();
    format!("{digits}Z")
}

/// The body of a request of HTTP.
fn body(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let wrong = |problem: &str| io::Error::new(io::ErrorKind::InvalidData, problem.to_owned());
    let mut bytes = Vec::new();
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut head = httparse::Request::new(&mut headers);
        let parsed = head.parse(&bytes).map_err(|e| wrong(&e.to_string()))?;
        if let httparse::Status::Complete(at) = parsed {
            let named = |name: &str| {
                head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))
            };
            let size = named("Content-Length").and_then(|h| std::str::from_utf8(h.value).ok());
            let size: usize = size.and_then(|size| size.trim().parse().ok()).unwrap_or(0);
            if size > MOST {
                return Err(wrong("too long"));
            }
            if named("Expect").is_some() && bytes.len() == at {
                stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            }
            let mut body = bytes[at..].to_vec();
            while body.len() < size {
                more(stream, &mut body)?;
            }
            body.truncate(size);
            return Ok(body);
        }
        if bytes.len() > MOST {
            return Err(wrong("too long"));
        }
        more(stream, &mut bytes)?;
    }
}

fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut some = [0; 4096];
    match stream.read(&mut some)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        n => {
            bytes.extend_from_slice(&some[..n]);
            Ok(())
        }
    }
}
