//! `signatures`: who signed a file, and whether the arithmetic holds.

use loadworthy_core::codesigning::pages::Pages;
use loadworthy_core::codesigning::purpose::Purpose;
use loadworthy_core::codesigning::signature::{self as code, Broken};
use loadworthy_core::codesigning::timestamp as stamps;
use loadworthy_core::crypt::digest::{Digest, DigestAlgorithm, digest};
use loadworthy_core::crypt::key::{KeyAlgorithm, PublicKey, Verified};
use loadworthy_formats::der::element::Elements;
use loadworthy_formats::der::oid;
use loadworthy_formats::text::hex;
use loadworthy_formats::x509::certificate as x509;
use serde::Serialize;

use crate::inspect::certificate::{self, Certificate};
use crate::inspect::page::Page;
use crate::inspect::pkcs7::{Message, SignerInfo, digest_name};
use crate::time::timestamp;

/// One signature over a file.
///
/// Fields that only Windows and firmware images fill are here with `null`, so that every
/// signature has the same ones.
#[derive(Clone, Debug, Serialize)]
pub struct Signature {
    /// 0, 1, 2 … in order of appearance: entries of the certificate table, each followed by what is
    /// nested in it.
    pub index: usize,
    /// Which entry of the certificate table; 0 in catalogs. `null`: a module has no such table.
    pub table_entry: Option<usize>,
    /// Which signature holds it; `null`: none.
    pub nested_in: Option<usize>,
    /// Whether its own content is empty and it is over that of the outer one; only in catalogs.
    pub detached: bool,
    /// The signer's digest: `sha256`.
    pub digest_algorithm: String,
    /// The image's digest, as the signature holds it; only of images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_digest: Option<SignedDigest>,
    /// Whether that is the image's digest as it is now; only of images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest_matches: Option<bool>,
    /// Digests of single pages: `sha1`, `sha256`, `null`; only of images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_hashes: Option<Option<&'static str>>,
    /// Who signed.
    pub signer: SignedBy,
    /// Whether the content's digest is the signed one and the signature is the signer's key's over it.
    /// `null` where that key is not inside, which is usual in modules, or its arithmetic is not here.
    pub verifies: Option<bool>,
    /// Why it does not verify, where it does not; not told of modules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken: Option<&'static str>,
    /// What it passes for. `null`: the labels tell Windows and firmware signatures apart.
    pub class: Option<&'static str>,
    /// What the signer's certificate is for beside that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub purposes: Vec<&'static str>,
    /// Whether a path inside leads to a certificate that Microsoft's Code Verification Root issued.
    pub cross_certified: bool,
    /// That certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cross_certificate: Option<Crossing>,
    /// Names from the signer upwards, as far as certificates are inside.
    pub chain: Vec<String>,
    /// Issuer of the topmost.
    pub root: Option<String>,
    /// Known authorities that a path reaches, told by their keys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorities: Vec<Known>,
    /// How many certificates the message carries.
    pub certificates: usize,
    /// The first time-stamp; `null`: it has none.
    pub timestamp: Option<Timestamp>,
    /// Further time-stamps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub more_timestamps: Vec<Timestamp>,
    /// What the signer calls the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// Where more is told of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more_info: Option<String>,
    /// Pages of the image that are not what was signed; left out where there are no digests of pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pages_differ: Option<Vec<PageDiffers>>,
}

/// A page that is not what was signed.
#[derive(Clone, Debug, Serialize)]
pub struct PageDiffers {
    /// Where it begins in the file.
    pub offset: u32,
    /// The name of its section; `null`: it belongs to the headers, or to no section.
    pub section: Option<String>,
}

/// A certificate that Microsoft's Code Verification Root issued.
#[derive(Clone, Debug, Serialize)]
pub struct Crossing {
    /// Whom it names.
    pub name: String,
    /// SHA-1 of the certificate.
    pub sha1: String,
    /// End of its validity.
    pub not_after: Option<String>,
}

/// An authority that is known by its key.
#[derive(Clone, Debug, Serialize)]
pub struct Known {
    /// Its name.
    pub name: String,
    /// What it stands for: `product`, `microsoft`, `code-verification`, `test`, `flight`, `uefi-ca`,
    /// `public`.
    pub kind: &'static str,
    /// The number that App Control policies use for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub well_known: Option<u8>,
}

/// When a signature was made, and who says so.
#[derive(Clone, Debug, Serialize)]
pub struct Timestamp {
    /// `rfc3161` or `pkcs9`.
    pub kind: &'static str,
    /// When.
    pub time: Option<String>,
    /// The authority's digest.
    pub digest_algorithm: String,
    /// The name of the authority's certificate.
    pub signer: String,
    /// Issuer of the topmost certificate of its chain.
    pub root: Option<String>,
    /// `public`: a public authority for time-stamps stands behind it; `private`: it proves nothing.
    pub authority: &'static str,
    /// Whether it is over this signature and the authority's key made it.
    pub verifies: Option<bool>,
    /// Whether the digest stands without the name of its algorithm, as some authorities wrote it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bare_digest: bool,
}

/// A digest that a signature holds.
#[derive(Clone, Debug, Serialize)]
pub struct SignedDigest {
    /// The algorithm: `sha256`.
    pub algorithm: String,
    /// Its value.
    pub value: String,
}

/// The signer, by its certificate where it is inside, otherwise by what the message says of it.
#[derive(Clone, Debug, Serialize, Default)]
pub struct SignedBy {
    /// Name of its certificate.
    pub name: Option<String>,
    /// Name of that certificate's issuer.
    pub issuer: Option<String>,
    /// Serial number of that certificate.
    pub serial: Option<String>,
    /// Subject key identifier, where the message names the signer by it.
    pub key_id: Option<String>,
    /// Begin of its validity.
    pub not_before: Option<String>,
    /// End of its validity.
    pub not_after: Option<String>,
    /// SHA-1 of the certificate.
    pub sha1: Option<String>,
    /// SHA-256 of the certificate.
    pub sha256: Option<String>,
    /// Its key: `rsa-2048`.
    pub key: Option<String>,
    /// Its extended key usages.
    pub ekus: Option<Vec<String>>,
}

impl SignedBy {
    /// What the certificate tells, where it is there; not how the signature names it.
    fn of(certificate: Option<Certificate>) -> Self {
        let Some(certificate) = certificate else { return Self::default() };
        Self {
            not_before: Some(certificate.not_before),
            not_after: Some(certificate.not_after),
            sha1: Some(certificate.sha1),
            sha256: Some(certificate.sha256),
            key: Some(certificate.key),
            ekus: Some(certificate.ekus),
            ..Self::default()
        }
    }
}

impl Signature {
    /// The signatures of a message over `content`.
    pub(super) fn all(message: &Message<'_>, content: &[u8]) -> Vec<Self> {
        let one = |(index, signer)| Self::of(index, message, signer, content);
        message.signers.iter().enumerate().map(one).collect()
    }

    fn of(index: usize, message: &Message<'_>, signer: &SignerInfo<'_>, content: &[u8]) -> Self {
        let told = message.told(signer);
        let inside = message.certificate_of(signer);
        let full = inside.as_ref().and_then(|c| Certificate::read(c.raw).ok());
        let path = inside.as_ref().map(|c| path(message, c)).unwrap_or_default();
        Self {
            index,
            table_entry: None,
            nested_in: None,
            detached: false,
            digest_algorithm: told.digest_algorithm,
            verifies: inside.as_ref().and_then(|c| verifies(signer, c, content)),
            broken: None,
            class: None,
            purposes: Vec::new(),
            cross_certified: false,
            cross_certificate: None,
            chain: path.iter().map(|c| certificate::short(c.subject)).collect(),
            root: path.last().map(|c| certificate::short(c.issuer)),
            authorities: Vec::new(),
            certificates: message.certificates.len(),
            timestamp: None,
            more_timestamps: Vec::new(),
            program: None,
            more_info: None,
            pages_differ: None,
            signed_digest: None,
            digest_matches: None,
            page_hashes: None,
            signer: SignedBy {
                name: told.name,
                issuer: told.issuer,
                serial: told.serial,
                key_id: told.key_id,
                ..SignedBy::of(full)
            },
        }
    }

    /// A signature over code.
    pub(super) fn of_code(of: &code::Signature, pages: Option<&Pages>) -> Self {
        let full = of.signer.as_ref().and_then(|c| Certificate::read(&c.der).ok());
        let mut stamps = of.timestamps.iter().map(Timestamp::of);
        Self {
            index: of.index,
            table_entry: Some(of.table_entry),
            nested_in: of.nested_in,
            detached: of.is_detached,
            digest_algorithm: digest_name(&of.digest_oid),
            signed_digest: of.signed_digest.as_ref().map(|d| SignedDigest {
                algorithm: digest_name(&d.algorithm),
                value: hex(&d.value),
            }),
            digest_matches: of.digest_matches,
            page_hashes: of.digest_matches.is_some().then(|| of.page_hashes.map(page_digest)),
            verifies: of.verifies,
            broken: of.broken.map(why),
            class: Some(of.class.name()),
            purposes: of.purposes.iter().map(|p: &Purpose| p.name()).collect(),
            cross_certified: of.is_cross_certified(),
            cross_certificate: of.cross_certificate.as_ref().map(|c| Crossing {
                name: c.name.to_string(),
                sha1: c.sha1.to_string(),
                not_after: c.not_after.map(timestamp),
            }),
            chain: of.chain.names.iter().map(ToString::to_string).collect(),
            root: (!of.chain.names.is_empty()).then(|| of.chain.root.to_string()),
            authorities: of
                .authorities
                .iter()
                .map(|a| Known {
                    name: a.name.to_string(),
                    kind: a.kind.name(),
                    well_known: a.well_known,
                })
                .collect(),
            certificates: of.certificates,
            timestamp: stamps.next(),
            more_timestamps: stamps.collect(),
            program: of.opus.program.clone().filter(|text| !text.is_empty()),
            more_info: of.opus.more.clone().filter(|text| !text.is_empty()),
            pages_differ: pages.map(|pages| {
                let one = |d: &loadworthy_core::codesigning::pages::Differs| PageDiffers {
                    offset: d.at,
                    section: d.section.as_ref().map(ToString::to_string),
                };
                pages.differ.iter().map(one).collect()
            }),
            signer: SignedBy {
                name: of.signer.as_ref().map(|c| c.name.to_string()),
                issuer: Some(of.signer_issuer.to_string()).filter(|name| !name.is_empty()),
                serial: Some(hex(&of.signer_serial)).filter(|serial| !serial.is_empty()),
                key_id: None,
                ..SignedBy::of(full)
            },
        }
    }

    /// Lines for people.
    pub(super) fn text(&self, page: &mut Page) {
        page.group(&match self.nested_in {
            Some(holder) => format!("signature {}, nested in {holder}", self.index),
            None => format!("signature {}", self.index),
        });
        page.maybe("signer", self.signer.name.as_ref());
        page.maybe("issuer", self.signer.issuer.as_ref());
        page.maybe("serial", self.signer.serial.as_ref());
        page.maybe("key id", self.signer.key_id.as_ref());
        page.maybe("key", self.signer.key.as_ref());
        page.field("digest", &self.digest_algorithm);
        let verifies = match self.verifies {
            Some(true) => "yes, with the certificate inside",
            Some(false) => "no, not with the certificate inside",
            None => "not told: the signer's certificate is not inside",
        };
        page.field("verifies", self.broken.map_or(verifies.to_owned(), |why| format!("no: {why}")));
        page.maybe("class", self.class);
        if !self.purposes.is_empty() {
            page.field("for", self.purposes.join(", "));
        }
        if self.class.is_some() {
            let above = self.chain.iter().skip(1).chain(&self.root);
            page.field("chain", above.map(String::as_str).collect::<Vec<_>>().join(" ← "));
        }
        if let Some(cross) = &self.cross_certificate {
            let until = cross.not_after.as_deref().unwrap_or("an unknown day");
            page.field("crossed", format!("{}, until {until}", cross.name));
        }
        page.maybe("program", self.program.as_ref());
        page.maybe("more", self.more_info.as_ref());
        for stamp in self.timestamp.iter().chain(&self.more_timestamps) {
            stamp.text(page);
        }
        if let Some(Some(by)) = self.page_hashes {
            page.field("page digests", by);
        }
        let odd: Vec<String> = self.pages_differ.iter().flatten().map(PageDiffers::words).collect();
        page.several("differs", &odd, 10);
    }
}

impl PageDiffers {
    fn words(&self) -> String {
        match &self.section {
            Some(section) => format!("page at {:#x} of {section}", self.offset),
            None => format!("page at {:#x}", self.offset),
        }
    }
}

impl Timestamp {
    fn of(stamp: &stamps::Timestamp) -> Self {
        Self {
            kind: stamp.kind.name(),
            time: stamp.time.map(timestamp),
            digest_algorithm: digest_name(&stamp.digest_oid),
            signer: stamp.signer_name.to_string(),
            root: (!stamp.chain.names.is_empty()).then(|| stamp.chain.root.to_string()),
            authority: if stamp.is_public { "public" } else { "private" },
            verifies: stamp.verifies,
            bare_digest: stamp.is_bare,
        }
    }

    fn text(&self, page: &mut Page) {
        let time = self.time.as_deref().unwrap_or("no time");
        let doubt = match (self.verifies, self.authority) {
            (Some(true), "public") => "",
            (Some(true), _) => ", of no public authority",
            (Some(false), _) => ", which does not verify",
            (None, _) => ", which cannot be checked here",
        };
        page.field("stamped", format!("{time} by {}{doubt}", self.signer));
    }
}

/// The digest of a version of page hashes.
const fn page_digest(version: u8) -> &'static str {
    if version == 1 { "sha1" } else { "sha256" }
}

const fn why(broken: Broken) -> &'static str {
    match broken {
        Broken::ImageDiffers => "the image is not the one that was signed",
        Broken::NotOverCode => "it names no digest of an image",
        Broken::ContentDiffers => "its attributes are over other content",
        Broken::SignerMissing => "the signer's certificate is not inside",
        Broken::KeyDiffers => "the signer's key did not make it",
    }
}

/// Certificates from the signer's upwards.
fn path<'a>(message: &Message<'a>, from: &x509::Certificate<'a>) -> Vec<x509::Certificate<'a>> {
    let mut path = vec![from.clone()];
    while let Some(last) = path.last()
        && last.issuer != last.subject
    {
        let issuer = last.issuer;
        let above = message.certificates.iter().filter_map(|der| Some(x509::read(der).ok()?.value));
        let Some(next) = above.into_iter().find(|c| c.subject == issuer && !path.contains(c))
        else {
            break;
        };
        path.push(next);
    }
    path
}

fn verifies(signer: &SignerInfo<'_>, by: &x509::Certificate<'_>, content: &[u8]) -> Option<bool> {
    let algorithm = DigestAlgorithm::from_oid(signer.digest)?;
    let of_content = digest(algorithm, content);
    let signed = match signer.attributes {
        None => of_content,
        // Signed are the attributes as a SET, whatever tag they stand under (RFC 5652, section 5.4).
        Some(attributes) => {
            if signer.message_digest != Some(of_content.as_bytes()) {
                return Some(false);
            }
            let mut set = attributes.to_vec();
            *set.first_mut()? = 0x31;
            digest(algorithm, &set)
        }
    };
    answer(&key(by)?, algorithm, &signed, signer.signature)
}

fn answer(key: &PublicKey, by: DigestAlgorithm, signed: &Digest, signature: &[u8]) -> Option<bool> {
    match key.verify(by, Some(signed), signature) {
        Verified::Yes => Some(true),
        Verified::No(_) => Some(false),
        Verified::Unsupported => None,
    }
}

fn key(of: &x509::Certificate<'_>) -> Option<PublicKey> {
    let curve = || Some(oid::to_dotted(Elements::new(of.key_parameters?).optional(0x06)?.value));
    let algorithm = match oid::to_dotted(of.key_algorithm).as_str() {
        "1.2.840.113549.1.1.1" => KeyAlgorithm::Rsa,
        "1.2.840.10045.2.1" => match curve()?.as_str() {
            "1.2.840.10045.3.1.7" => KeyAlgorithm::EcdsaP256,
            "1.3.132.0.34" => KeyAlgorithm::EcdsaP384,
            "1.3.132.0.35" => KeyAlgorithm::EcdsaP521,
            _ => return None,
        },
        _ => return None,
    };
    Some(PublicKey::new(algorithm, of.key))
}

/// The identifier of a signer as `modinfo` shows it: the serial number, or the key identifier.
pub(super) fn shown_key(signer: &SignerInfo<'_>) -> Option<String> {
    signer.serial.map(certificate::serial).or_else(|| signer.key_id.map(hex))
}
