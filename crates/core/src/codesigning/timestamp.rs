//! Time-stamps: who says when a signature was made.

use super::arithmetic::{self, Outcome};
use super::certificate::Certificate;
use super::chain::{Chain, Inside};
use crate::crypt::digest::{DigestAlgorithm, digest};
use crate::tables::authorities::{Authorities, Authority, Kind as AuthorityKind};
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use loadworthy_formats::authenticode::signature::{self, Signer};
use loadworthy_formats::der::element::{Elements, Tlv};
use loadworthy_formats::error::Error;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::timestamp::token::{self, Token};
use loadworthy_formats::x509::name::Name;
use loadworthy_formats::x509::time;

/// How a time-stamp is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A counter-signature of PKCS #9.
    Pkcs9,
    /// A token of RFC 3161.
    Rfc3161,
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pkcs9 => "pkcs9",
            Self::Rfc3161 => "rfc3161",
        }
    }
}

/// A time-stamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// How it is made.
    pub kind: Kind,
    /// When, in seconds since 1970; `None`: it does not say.
    pub time: Option<i64>,
    /// The authority's digest: contents of an object identifier.
    pub digest_oid: Arc<[u8]>,
    /// The authority's certificate; `None`: it is not inside.
    pub signer: Option<Certificate>,
    /// The name of that certificate, or of its issuer where it is not inside.
    pub signer_name: Arc<str>,
    /// The chain.
    pub chain: Chain,
    /// Certificates on paths that count, the authority's own first, in no other order.
    pub path: Vec<Certificate>,
    /// Known authorities that the chain reaches.
    pub authorities: Vec<Authority>,
    /// Whether the chain ends at a public authority by certificates that may stamp; otherwise the stamp
    /// proves nothing about time.
    pub is_public: bool,
    /// Whether it is over this signature and the authority's key made it. `None`: that cannot be worked
    /// out here.
    pub verifies: Option<bool>,
    /// Whether the digest stands without the name of its algorithm, as VeriSign's and Symantec's
    /// authorities wrote it.
    pub is_bare: bool,
    /// The authority's policy: contents of an object identifier; only of tokens.
    pub policy: Option<Arc<[u8]>>,
}

/// `id-kp-timeStamping`.
pub const STAMPS: &str = "1.3.6.1.5.5.7.3.8";
/// `anyExtendedKeyUsage`.
const ANY: &str = "2.5.29.37.0";

/// The time-stamps over a signer's signature, in the order of their attributes; those that cannot be
/// read are told in `problems`.
pub(super) fn of(
    signer: &Signer<'_>,
    outer: &Inside<'_>,
    authorities: &Authorities,
    limits: &Limits,
    problems: &mut Vec<Error>,
) -> Vec<Timestamp> {
    let mut found = Vec::new();
    for (kind, value) in signer.unsigned_all(&ATTRIBUTES, limits) {
        match one(kind, value, signer.signature, outer, authorities, limits) {
            Ok(stamp) => found.push(stamp),
            Err(problem) => problems.push(problem),
        }
    }
    found
}

/// A time-stamp over `signature` that is in no message yet: `kind` and `value` are of the attribute that
/// it will be, `beside` the certificates that came with it.
///
/// # Errors
/// When it is none.
pub fn alone(
    kind: &[u8],
    value: &[u8],
    signature: &[u8],
    beside: &[&[u8]],
    authorities: &Authorities,
    limits: &Limits,
) -> Result<Timestamp, Error> {
    let value = Elements::new(value).next_element()?;
    one(kind, value, signature, &Inside::new(beside), authorities, limits)
}

fn one(
    kind: &[u8],
    value: Tlv<'_>,
    over: &[u8],
    outer: &Inside<'_>,
    authorities: &Authorities,
    limits: &Limits,
) -> Result<Timestamp, Error> {
    if kind == token::COUNTERSIGNATURE {
        countersignature(value, over, outer, authorities)
    } else {
        token(value, over, authorities, limits)
    }
}

const ATTRIBUTES: [&[u8]; 3] = [token::COUNTERSIGNATURE, token::RFC_3161, token::TIME_STAMP_TOKEN];

fn countersignature(
    value: Tlv<'_>,
    over: &[u8],
    outer: &Inside<'_>,
    authorities: &Authorities,
) -> Result<Timestamp, Error> {
    let stamper = signature::signer(value)?;
    let said = stamper.signed(token::SIGNING_TIME).next();
    let said = said.and_then(|said| time::seconds(said.tag, said.value));
    // VeriSign's authority of 2006 to 2008 and Symantec's later one signed the digest without the name
    // of its algorithm: MD5 first, then SHA-1.
    let bare = [Some(DigestAlgorithm::Md5), Some(DigestAlgorithm::Sha1)];
    let bare_counts = bare.contains(&DigestAlgorithm::from_oid(stamper.digest_algorithm));
    let mut stamp = by(&stamper, outer, over, bare_counts, authorities);
    stamp.kind = Kind::Pkcs9;
    stamp.time = said;
    Ok(stamp)
}

fn token(
    value: Tlv<'_>,
    over: &[u8],
    authorities: &Authorities,
    limits: &Limits,
) -> Result<Timestamp, Error> {
    let message = signature::read(value.whole, limits)?;
    let told = token::read(message.content)?;
    let inside = Inside::new(&message.certificates);
    let missing =
        Error::new("time-stamp signer", value.at, loadworthy_formats::error::Kind::Missing);
    let stamper = message.signers.first().ok_or(missing)?;
    let mut stamp = by(stamper, &inside, message.content, false, authorities);
    stamp.time = told.time;
    stamp.policy = Some(Arc::from(told.policy));
    if message.content_type != token::TST_INFO || !is_over(&told, over) {
        stamp.verifies = Some(false);
    }
    Ok(stamp)
}

/// Whether the imprint is that of these bytes.
fn is_over(told: &Token<'_>, bytes: &[u8]) -> bool {
    DigestAlgorithm::from_oid(told.digest_algorithm)
        .is_some_and(|by| digest(by, bytes).as_bytes() == told.imprint)
}

fn by(
    stamper: &Signer<'_>,
    inside: &Inside<'_>,
    content: &[u8],
    bare_counts: bool,
    authorities: &Authorities,
) -> Timestamp {
    let number = inside.named(stamper.issuer, stamper.serial, stamper.key_id);
    let certificate = number.and_then(|n| inside.certificates.get(n)).map(Certificate::of);
    let climb = number.map(|n| inside.climb(n, authorities)).unwrap_or_default();
    let key = number.and_then(|n| inside.key(n));
    let outcome = arithmetic::check(stamper, key, content, bare_counts);
    let public = |kind| {
        matches!(kind, AuthorityKind::Product | AuthorityKind::Microsoft | AuthorityKind::Public)
    };
    let may_stamp = certificate
        .as_ref()
        .is_some_and(|c| c.usages.is_empty() || c.is_for(STAMPS) || c.is_for(ANY));
    let issuer = || Name { raw: stamper.issuer }.short();
    Timestamp {
        kind: Kind::Rfc3161,
        time: None,
        digest_oid: Arc::from(stamper.digest_algorithm),
        signer_name: certificate
            .as_ref()
            .map_or_else(|| Arc::from(issuer()), |c| Arc::clone(&c.name)),
        chain: climb.told(inside),
        path: climb
            .on_the_way
            .iter()
            .filter_map(|n| inside.certificates.get(*n).map(Certificate::of))
            .collect(),
        is_public: may_stamp && climb.reached.iter().any(|r| public(r.authority.kind)),
        authorities: climb.reached.into_iter().map(|r| r.authority).collect(),
        verifies: outcome.holds(),
        is_bare: outcome == Outcome::HoldsBare,
        policy: None,
        signer: certificate,
    }
}

impl Timestamp {
    /// Whether it proves when the signature was made: it holds, says a time, and a public authority
    /// stands behind it.
    #[must_use]
    pub fn proves_time(&self) -> bool {
        self.verifies == Some(true) && self.is_public && self.time.is_some()
    }

    /// The name of its digest algorithm in the Linux crypto API; dotted where it has none.
    #[must_use]
    pub fn digest_name(&self) -> Arc<str> {
        DigestAlgorithm::from_oid(&self.digest_oid).map_or_else(
            || Arc::from(loadworthy_formats::der::oid::to_dotted(&self.digest_oid)),
            |by| Arc::from(by.name().to_string()),
        )
    }
}
