//! Time-stamps: an authority is asked, and its answer held against what was asked before it is used.
//!
//! Several authorities are asked one after the other, until one gives an answer that holds. Both protocols
//! of Authenticode: RFC 3161, and the old one, whose answer is a counter-signature of PKCS #9. Sources: RFC
//! 3161 sections 2.3, 2.4.2 and 3.4, RFC 5035 (`SigningCertificateV2`); *Time Stamping Authenticode
//! Signatures* (Microsoft).

use std::time::Duration;

use aws_lc_rs::rand;
use base64ct::{Base64, Encoding};
use loadworthy_core::authenticode::issued;
use loadworthy_core::codesigning::timestamp::{self, STAMPS, Timestamp};
use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_core::signed::Stamp;
use loadworthy_formats::authenticode::signature::{self, Signer as Stamper};
use loadworthy_formats::calendar::Civil;
use loadworthy_formats::der::element::{Elements, Tlv};
use loadworthy_formats::der::grammar::tag;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::timestamp::request::{self, Request};
use loadworthy_formats::timestamp::response::{self, failure_name};
use loadworthy_formats::timestamp::{old, token};
use loadworthy_formats::x509::certificate;
use loadworthy_web::agent;

use crate::certificate::Certificate;
use crate::error::SignError;
use crate::known::authorities;

/// How an authority is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// RFC 3161.
    #[default]
    Rfc3161,
    /// Microsoft's of old.
    Authenticode,
}

/// Which authorities are asked, and what is asked of their answers.
#[derive(Clone, Debug)]
pub struct Stamps {
    /// Where, in the order in which they are asked.
    pub urls: Vec<String>,
    /// How they are spoken to.
    pub protocol: Protocol,
    /// The digest that is stamped; the old protocol leaves it to the authority.
    pub digest: DigestAlgorithm,
    /// Certificates of authorities that count beside those that systems know.
    pub roots: Vec<Certificate>,
    /// How long one may take.
    pub patience: Duration,
}

/// A time-stamp over a signature.
pub(crate) struct Stamped {
    /// The unsigned attribute that holds it.
    pub(crate) kind: &'static [u8],
    /// Its value, a whole element.
    pub(crate) value: Vec<u8>,
    /// Certificates that go among those of the signature.
    pub(crate) certificates: Vec<Vec<u8>>,
    /// What is told of it.
    pub(crate) told: Stamp,
}

/// An authority's clock may go wrong by this many seconds: as much as Kerberos allows.
const SKEW: i64 = 300;
/// No answer is longer: tokens have some six kilobytes.
const MOST: u64 = 1 << 20;

/// `signingCertificate` and `signingCertificateV2` (1.2.840.113549.1.9.16.2.12 and .47).
const ESS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 12];
pub(crate) const ESS_2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 47];

impl Stamps {
    /// A time-stamp over `signature`. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// Why each authority gave none.
    pub(crate) fn over(&self, signature: &[u8], now: i64) -> Result<Stamped, SignError> {
        let mut problems = Vec::new();
        for url in &self.urls {
            match self.ask(url, signature, now) {
                Ok(stamped) => return Ok(stamped),
                Err(problem) => problems.push(format!("{url}: {problem}")),
            }
        }
        Err(SignError::Stamp(problems))
    }

    fn ask(&self, url: &str, signature: &[u8], now: i64) -> Result<Stamped, String> {
        let (kind, value, certificates) = match self.protocol {
            Protocol::Rfc3161 => self.token(url, signature)?,
            Protocol::Authenticode => self.counter(url, signature)?,
        };
        let beside: Vec<&[u8]> = certificates.iter().map(Vec::as_slice).collect();
        let known = authorities().map_err(|e| e.to_string())?;
        let limits = &Limits::DEFAULT;
        let read = timestamp::alone(kind, &value, signature, &beside, known, limits)
            .map_err(|e| format!("its answer cannot be read: {e}"))?;
        let time = self.holds(&read, now)?;
        let told = Stamp {
            url: url.to_owned(),
            kind: read.kind.name(),
            time: Civil::of(time).map(|time| time.to_string()).unwrap_or_default(),
            authority: read.signer_name.to_string(),
        };
        Ok(Stamped { kind, value, certificates, told })
    }

    /// Whether a stamp proves the time; the time.
    fn holds(&self, read: &Timestamp, now: i64) -> Result<i64, String> {
        let Some(by) = &read.signer else {
            return Err("the authority's certificate is not in its answer".to_owned());
        };
        match read.verifies {
            Some(true) => {}
            Some(false) => return Err("its signature does not hold".to_owned()),
            None => return Err("its signature is made in a way that is not known here".to_owned()),
        }
        if !by.is_for(STAMPS) {
            let name = &by.name;
            return Err(format!("the certificate of \"{name}\" is not for time-stamps ({STAMPS})"));
        }
        if !read.is_public && !self.roots.iter().any(|root| vouches(root, read)) {
            return Err(format!(
                "nobody knows the authority \"{}\": its chain ends at \"{}\"; where that is right, give its certificate with --timestamp-root",
                by.name, read.chain.root
            ));
        }
        let time = read.time.ok_or("it says no time")?;
        let shown = |seconds| Civil::of(seconds).map(|at| at.to_string()).unwrap_or_default();
        if (time - now).abs() > SKEW {
            let (time, now) = (shown(time), shown(now));
            return Err(format!(
                "it says {time}, and here it is {now}: one of both clocks is wrong"
            ));
        }
        let begins = by.not_before.is_none_or(|start| start <= time);
        if !(begins && by.not_after.is_none_or(|end| time <= end)) {
            return Err(format!("the certificate of \"{}\" is not valid at that time", by.name));
        }
        Ok(time)
    }

    /// By RFC 3161: what becomes the attribute.
    fn token(&self, url: &str, signature: &[u8]) -> Result<Answer, String> {
        let imprint = digest(self.digest, signature);
        let mut nonce = [0; 8];
        rand::fill(&mut nonce).map_err(|_| "no random numbers")?;
        // A positive number of full length: the same bytes in any encoder.
        nonce[0] = 0x40 | nonce[0] & 0x3f;
        let asked = request::write(&Request {
            digest_algorithm: self.digest.oid(),
            imprint: imprint.as_bytes(),
            policy: None,
            nonce: Some(&nonce),
            wants_certificates: true,
        });
        let got = self.post(url, "application/timestamp-query", &asked)?;
        let unread = |e| format!("its answer is no time-stamp: {e}");
        let answer = response::read(&got, &Limits::DEFAULT).map_err(unread)?;
        let token = match (answer.status, answer.token) {
            (Some(0 | 1), Some(token)) => token,
            (Some(0 | 1), None) => return Err("it grants a time-stamp and gives none".to_owned()),
            (status, _) => {
                let mut said = status.map_or_else(|| "?".to_owned(), |status| status.to_string());
                said.extend(answer.failure.map(|bit| format!(", {}", failure_name(bit))));
                said.extend(answer.text.iter().map(|text| format!(": {text}")));
                return Err(format!("it refuses (status {said})"));
            }
        };
        let message = signature::read(token, &Limits::DEFAULT).map_err(unread)?;
        let told = token::read(message.content).map_err(unread)?;
        if told.nonce != Some(&nonce[..]) {
            return Err("its answer is to another request: the nonce differs".to_owned());
        }
        if (told.digest_algorithm, told.imprint) != (self.digest.oid(), imprint.as_bytes()) {
            return Err("its answer is over something else: the imprint differs".to_owned());
        }
        let [stamper] = &message.signers[..] else {
            return Err("its token has not exactly one signer".to_owned());
        };
        if !names_its_certificate(stamper, &message.certificates) {
            return Err("its token does not name the certificate it was signed with".to_owned());
        }
        Ok((token::RFC_3161, token.to_vec(), Vec::new()))
    }

    /// By the protocol of old.
    fn counter(&self, url: &str, signature: &[u8]) -> Result<Answer, String> {
        let asked = Base64::encode_string(&old::request(signature));
        let got = self.post(url, "application/octet-stream", asked.as_bytes())?;
        let digits: String = String::from_utf8_lossy(&got)
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '\0')
            .collect();
        let unread = |e| format!("its answer is no time-stamp: {e}");
        let got = Base64::decode_vec(&digits).map_err(|_| "its answer is no base 64")?;
        let message = signature::read(&got, &Limits::DEFAULT).map_err(unread)?;
        if message.content_type != old::DATA || message.content != signature {
            return Err("its answer is over something else".to_owned());
        }
        let value = old::answer(&got).map_err(unread)?.to_vec();
        let certificates = message.certificates.iter().map(|one| one.to_vec()).collect();
        Ok((token::COUNTERSIGNATURE, value, certificates))
    }

    fn post(&self, url: &str, kind: &str, body: &[u8]) -> Result<Vec<u8>, String> {
        let told = |problem: ureq::Error| agent::told(&problem, self.patience);
        let agent = agent::config(url, self.patience)?.build().new_agent();
        let mut got = agent.post(url).header("Content-Type", kind).send(body).map_err(told)?;
        if got.status().as_u16() != 200 {
            return Err(format!("it answers HTTP {}", got.status()));
        }
        got.body_mut().with_config().limit(MOST).read_to_vec().map_err(told)
    }
}

/// Attribute, value, and certificates beside.
type Answer = (&'static [u8], Vec<u8>, Vec<Vec<u8>>);

/// Whether a path of the stamp leads to this certificate.
fn vouches(root: &Certificate, stamp: &Timestamp) -> bool {
    let Ok(anchor) = root.parts() else { return false };
    stamp.path.iter().any(|one| {
        let by_it = || certificate::read(&one.der).is_ok_and(|read| issued(&read.value, &anchor));
        *one.der == *root.der() || by_it()
    })
}

/// Whether the signed attributes hold the digest of the signer's certificate (RFC 3161, 2.4.2; RFC 5816).
fn names_its_certificate(stamper: &Stamper<'_>, inside: &[&[u8]]) -> bool {
    let own = inside.iter().find(|der| {
        certificate::read(der).is_ok_and(|read| {
            read.value.serial == stamper.serial && read.value.issuer.raw == stamper.issuer
                || stamper.key_id.is_some() && read.value.subject_key_id == stamper.key_id
        })
    });
    let Some(own) = own else { return false };
    let first = |value: Tlv<'_>| -> Option<(DigestAlgorithm, Vec<u8>)> {
        let mut one = Elements::new(value.value).optional(tag::SEQUENCE)?.inside();
        let mut id = one.optional(tag::SEQUENCE)?.inside();
        let by = id.optional(tag::SEQUENCE).and_then(|by| by.inside().optional(tag::OID));
        let by = match by {
            Some(oid) => DigestAlgorithm::from_oid(oid.value)?,
            None => DigestAlgorithm::Sha256,
        };
        Some((by, id.optional(tag::OCTET_STRING)?.value.to_vec()))
    };
    let is_own = |(by, named): (DigestAlgorithm, Vec<u8>)| digest(by, own).as_bytes() == named;
    if let Some(value) = stamper.signed(ESS_2).next() {
        return first(value).is_some_and(is_own);
    }
    let old = stamper.signed(ESS).next().and_then(first);
    old.is_some_and(|(_, named)| is_own((DigestAlgorithm::Sha1, named)))
}
