//! One signature over code, and those nested in it.

use super::arithmetic::{self, Outcome};
use super::certificate::Certificate;
use super::chain::{Chain, Inside};
use super::class::{self, Class};
use super::purpose::{self, Purpose};
use super::timestamp::{self, Timestamp};
use crate::authenticode::Digests;
use crate::crypt::digest::{Digest, DigestAlgorithm};
use crate::tables::authorities::{Authorities, Authority, Kind};
use alloc::sync::Arc;
use alloc::vec::Vec;
use loadworthy_formats::authenticode::indirect::{self, Opus};
use loadworthy_formats::authenticode::signature::{self, Signature as Message, Signer};
use loadworthy_formats::error::{Error, Kind as Trouble};
use loadworthy_formats::limits::Limits;
use loadworthy_formats::text::hex;
use loadworthy_formats::x509::name::Name;

/// `szOID_NESTED_SIGNATURE` (1.3.6.1.4.1.311.2.4.1): the unsigned attribute that holds more signatures.
pub const NESTED: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 4, 1];

/// What signatures are over.
#[derive(Clone, Copy, Debug)]
pub enum Over<'a> {
    /// An image with these digests.
    Image {
        /// Its Authenticode digests as it is now.
        digests: &'a Digests,
        /// Whether it is an EFI application or driver.
        is_efi: bool,
    },
    /// A list, which is the content of the outer message: with tag and length.
    List(&'a [u8]),
}

/// A signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Its number, in order of appearance: entries of the certificate table, each followed by what it
    /// holds, depth first.
    pub index: usize,
    /// The number of its entry in the certificate table; 0 in catalogs.
    pub table_entry: usize,
    /// The number of the signature that holds it.
    pub nested_in: Option<usize>,
    /// Whether it is over content that another message holds.
    pub is_detached: bool,
    /// The signer's digest; `None`: one that is not known here.
    pub digest_algorithm: Option<DigestAlgorithm>,
    /// The same as an object identifier: contents octets.
    pub digest_oid: Arc<[u8]>,
    /// The digest of the image that was signed.
    pub signed_digest: Option<SignedDigest>,
    /// Whether that is the image's digest as it is now; `None`: not over an image.
    pub digest_matches: Option<bool>,
    /// Digests of pages: 1: SHA-1, 2: SHA-256.
    pub page_hashes: Option<u8>,
    /// The signer's certificate; `None`: it is not inside.
    pub signer: Option<Certificate>,
    /// Who is said to have signed: the name of that certificate, or the serial number it should have.
    pub signer_name: Arc<str>,
    /// The name of the signer's issuer.
    pub signer_issuer: Arc<str>,
    /// The serial number of the signer's certificate, without a leading zero byte.
    pub signer_serial: Arc<[u8]>,
    /// Whether the content is the signed one and the signer's key made the signature; for images, also
    /// whether the image is. `None`: that cannot be worked out here.
    pub verifies: Option<bool>,
    /// Why not, in the order of the steps.
    pub broken: Option<Broken>,
    /// Its label.
    pub class: Class,
    /// Labels beside that.
    pub purposes: Vec<Purpose>,
    /// The certificate inside that Microsoft's Code Verification Root issued, where a path reaches one.
    pub cross_certificate: Option<Certificate>,
    /// The chain, for people: the longest path inside.
    pub chain: Chain,
    /// Certificates on paths that count, the signer's first, in no other order.
    pub path: Vec<Certificate>,
    /// Known authorities that such paths reach.
    pub authorities: Vec<Authority>,
    /// SHA-1 of every certificate inside.
    pub inside: Vec<Digest>,
    /// How many certificates the message carries.
    pub certificates: usize,
    /// Time-stamps, in order.
    pub timestamps: Vec<Timestamp>,
    /// What the signer calls the program, and where more is told.
    pub opus: Opus,
}

/// A digest as a signature holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedDigest {
    /// Its algorithm: contents of an object identifier.
    pub algorithm: Arc<[u8]>,
    /// Its value.
    pub value: Arc<[u8]>,
}

/// Why a signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Broken {
    /// The image is not the one that was signed.
    ImageDiffers,
    /// It is no signature over code: it names no digest of an image.
    NotOverCode,
    /// The signed attributes are over other content.
    ContentDiffers,
    /// The signer's certificate is not inside.
    SignerMissing,
    /// The signer's key did not make it.
    KeyDiffers,
}

impl Signature {
    /// Whether a path leads to a certificate that Microsoft's Code Verification Root issued.
    #[must_use]
    pub const fn is_cross_certified(&self) -> bool {
        self.cross_certificate.is_some()
    }

    /// Whether an authority of this kind is reached.
    #[must_use]
    pub fn reaches(&self, kind: Kind) -> bool {
        self.authorities.iter().any(|a| a.kind == kind)
    }

    /// Whether a path ends at a known authority or at a certificate that issued itself.
    #[must_use]
    pub fn is_chain_whole(&self) -> bool {
        !self.authorities.is_empty() || self.path.iter().any(|c| c.is_self_issued)
    }

    /// The certificate that issued the signer's, where it is inside.
    #[must_use]
    pub fn issuer(&self) -> Option<&Certificate> {
        self.path.iter().skip(1).find(|c| self.signer.as_ref().is_some_and(|s| s.issuer == c.name))
    }

    /// The first time-stamp that proves when it was made.
    #[must_use]
    pub fn stamp(&self) -> Option<&Timestamp> {
        self.timestamps.iter().find(|t| t.proves_time())
    }

    /// Whether it or the certificate above ends it with the certificate, stamped or not.
    #[must_use]
    pub fn ends_with_certificate(&self) -> bool {
        const LIFETIME: &str = "1.3.6.1.4.1.311.10.3.13";
        let of = |c: Option<&Certificate>| c.is_some_and(|c| c.is_for(LIFETIME));
        of(self.signer.as_ref()) || of(self.issuer())
    }
}

/// Reads signatures one after the other into a list.
#[derive(Debug)]
pub struct Reading<'t> {
    /// The authorities that are known.
    pub authorities: &'t Authorities,
    /// Bounds.
    pub limits: &'t Limits,
    /// What was found.
    pub found: Vec<Signature>,
    /// What could not be read: the number of the table entry, and why.
    pub problems: Vec<(usize, Error)>,
}

impl<'t> Reading<'t> {
    /// Nothing was read yet.
    #[must_use]
    pub const fn new(authorities: &'t Authorities, limits: &'t Limits) -> Self {
        Self { authorities, limits, found: Vec::new(), problems: Vec::new() }
    }

    /// Reads the message of one entry of the certificate table, and what is nested in it.
    pub fn entry(&mut self, number: usize, message: &[u8], over: Over<'_>) {
        self.message(Place { entry: number, holder: None, depth: 0 }, message, over);
    }

    fn message(&mut self, place: Place, bytes: &[u8], over: Over<'_>) {
        match signature::read(bytes, self.limits) {
            Ok(message) => self.read(place, &message, over),
            Err(problem) => self.problems.push((place.entry, problem)),
        }
    }

    /// Takes a message that was read already.
    pub(super) fn outermost(&mut self, message: &Message<'_>, over: Over<'_>) {
        self.read(Place { entry: 0, holder: None, depth: 0 }, message, over);
    }

    fn read(&mut self, place: Place, message: &Message<'_>, over: Over<'_>) {
        let inside = Inside::new(&message.certificates);
        if message.signers.is_empty() && matches!(over, Over::Image { .. }) {
            let nobody = Error::new("PKCS#7 signerInfos", 0, Trouble::Missing);
            self.problems.push((place.entry, nobody));
        }
        for signer in &message.signers {
            if self.found.len() >= MOST {
                let limit = u64::try_from(MOST).unwrap_or(u64::MAX);
                self.problems
                    .push((place.entry, Error::new("signatures", 0, Trouble::TooMany { limit })));
                return;
            }
            let index = self.found.len();
            let met = Met { message, signer, inside: &inside, over };
            let one = self.one(place, index, met);
            self.found.push(one);
            for (_, nested) in signer.unsigned_all(&[NESTED], self.limits) {
                if place.depth >= self.limits.depth {
                    let limit = u64::try_from(self.limits.depth).unwrap_or(u64::MAX);
                    let deep =
                        Error::new("nested signature", nested.at, Trouble::TooDeep { limit });
                    self.problems.push((place.entry, deep));
                    break;
                }
                let deeper = Place {
                    entry: place.entry,
                    holder: Some(index),
                    depth: place.depth.saturating_add(1),
                };
                self.message(deeper, nested.whole, over);
            }
        }
    }

    fn one(
        &mut self,
        place: Place,
        index: usize,
        Met { message, signer, inside, over }: Met<'_, '_>,
    ) -> Signature {
        let number = inside.named(signer.issuer, signer.serial, signer.key_id);
        let certificate = number.and_then(|n| inside.certificates.get(n)).map(Certificate::of);
        let climb = number.map(|n| inside.climb(n, self.authorities)).unwrap_or_default();
        // The second signature of a catalog holds no content: it is over the whole list of the first,
        // tag and length included. The first is over the list without them.
        let (is_detached, content) = match over {
            Over::List(list) if message.content_whole.is_none() => (true, list),
            Over::List(_) | Over::Image { .. } => (false, message.content),
        };
        let key = number.and_then(|n| inside.key(n));
        let outcome = arithmetic::check(signer, key, content, false);
        let digest_matches = match over {
            Over::Image { digests, .. } => Some(is_of(message, digests)),
            Over::List(_) => None,
        };
        let broken = broken(message, digest_matches, number.is_some(), outcome);
        let mut stamps = Vec::new();
        let timestamps = timestamp::of(signer, inside, self.authorities, self.limits, &mut stamps);
        self.problems.extend(stamps.into_iter().map(|problem| (place.entry, problem)));
        let usages = certificate.as_ref().map_or(&[][..], |c| &c.usages);
        let is_efi = matches!(over, Over::Image { is_efi: true, .. });
        let cross = climb.reached.iter().find(|r| r.authority.kind == Kind::CodeVerification);
        let indirect = message.indirect;
        let pages = indirect.and_then(|i| indirect::page_hashes(i.data));
        let facts = |n: &usize| inside.certificates.get(*n).map(Certificate::of);
        let serial = signer.serial;
        Signature {
            index,
            table_entry: place.entry,
            nested_in: place.holder,
            is_detached,
            digest_algorithm: DigestAlgorithm::from_oid(signer.digest_algorithm),
            digest_oid: Arc::from(signer.digest_algorithm),
            signed_digest: indirect.map(|i| SignedDigest {
                algorithm: Arc::from(i.digest_algorithm),
                value: Arc::from(i.digest),
            }),
            digest_matches,
            page_hashes: pages.map(|p| p.version),
            signer_name: certificate.as_ref().map_or_else(
                || Arc::from(alloc::format!("serial number {}", hex(serial))),
                |c| Arc::clone(&c.name),
            ),
            signer_issuer: certificate.as_ref().map_or_else(
                || Arc::from(Name { raw: signer.issuer }.short()),
                |c| Arc::clone(&c.issuer),
            ),
            signer_serial: certificate.as_ref().map_or_else(
                || Arc::from(serial.strip_prefix(&[0]).unwrap_or(serial)),
                |c| Arc::clone(&c.serial),
            ),
            verifies: if broken.is_some() { Some(false) } else { outcome.holds() },
            broken,
            class: class::of(&climb, usages, is_efi),
            purposes: purpose::of(&climb, usages),
            cross_certificate: cross.and_then(|r| facts(&r.at)),
            chain: climb.told(inside),
            path: climb.on_the_way.iter().filter_map(facts).collect(),
            authorities: climb.reached.into_iter().map(|r| r.authority).collect(),
            inside: inside
                .certificates
                .iter()
                .map(|c| crate::crypt::digest::digest(DigestAlgorithm::Sha1, c.raw))
                .collect(),
            certificates: message.certificate_count,
            timestamps,
            opus: signer.signed(indirect::OPUS_INFO).next().map(indirect::opus).unwrap_or_default(),
            signer: certificate,
        }
    }
}

/// A signer as it is met.
#[derive(Clone, Copy)]
struct Met<'m, 'a> {
    message: &'m Message<'a>,
    signer: &'m Signer<'a>,
    inside: &'m Inside<'a>,
    over: Over<'m>,
}

/// Signatures of one file that are looked into.
const MOST: usize = 256;

/// Where a message stands.
#[derive(Clone, Copy)]
struct Place {
    entry: usize,
    holder: Option<usize>,
    depth: usize,
}

/// Whether a message names the digest of this image.
fn is_of(message: &Message<'_>, digests: &Digests) -> bool {
    message.indirect.is_some_and(|indirect| {
        DigestAlgorithm::from_oid(indirect.digest_algorithm)
            .and_then(|by| digests.get(&by))
            .is_some_and(|now| now.as_bytes() == indirect.digest)
    })
}

fn broken(
    message: &Message<'_>,
    digest_matches: Option<bool>,
    is_signer_inside: bool,
    outcome: Outcome,
) -> Option<Broken> {
    if digest_matches.is_some() && message.indirect.is_none() {
        return Some(Broken::NotOverCode);
    }
    if digest_matches == Some(false) {
        return Some(Broken::ImageDiffers);
    }
    match outcome {
        Outcome::OtherContent => Some(Broken::ContentDiffers),
        _ if !is_signer_inside => Some(Broken::SignerMissing),
        Outcome::OtherKey => Some(Broken::KeyDiffers),
        Outcome::Holds | Outcome::HoldsBare | Outcome::Unsupported => None,
    }
}
