//! `signatures`: who signed a module, and whether the arithmetic holds.

use loadworthy_core::crypt::digest::{Digest, DigestAlgorithm, digest};
use loadworthy_core::crypt::key::{KeyAlgorithm, PublicKey, Verified};
use loadworthy_formats::der::element::Elements;
use loadworthy_formats::der::oid;
use loadworthy_formats::text::hex;
use loadworthy_formats::x509::certificate as x509;
use serde::Serialize;

use crate::inspect::certificate::{self, Certificate};
use crate::inspect::page::Page;
use crate::inspect::pkcs7::{Message, SignerInfo};

/// One signature over a file.
///
/// Fields that only Windows and firmware images fill are here with `null`, so that every
/// signature has the same ones.
#[derive(Clone, Debug, Serialize)]
pub struct Signature {
    /// 0, 1, 2 … in order of appearance.
    pub index: usize,
    /// `null`: a module has no certificate table.
    pub table_entry: Option<usize>,
    /// `null`: signers of a module's message stand side by side.
    pub nested_in: Option<usize>,
    /// `false`: only catalogs have signatures of this sort.
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
    /// `null`: the labels tell Windows and firmware signatures apart.
    pub class: Option<&'static str>,
    /// `false`: no module is cross-certified by Microsoft.
    pub cross_certified: bool,
    /// Names from the signer upwards, as far as certificates are inside.
    pub chain: Vec<String>,
    /// Issuer of the topmost.
    pub root: Option<String>,
    /// How many certificates the message carries.
    pub certificates: usize,
    /// `null`: modules carry no time-stamps; left out where it is not looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Option<()>>,
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
#[derive(Clone, Debug, Serialize)]
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
            class: None,
            cross_certified: false,
            chain: path.iter().map(|c| certificate::short(c.subject)).collect(),
            root: path.last().map(|c| certificate::short(c.issuer)),
            certificates: message.certificates.len(),
            timestamp: Some(None),
            signed_digest: None,
            digest_matches: None,
            page_hashes: None,
            signer: SignedBy {
                name: told.name,
                issuer: told.issuer,
                serial: told.serial,
                key_id: told.key_id,
                not_before: full.as_ref().map(|c| c.not_before.clone()),
                not_after: full.as_ref().map(|c| c.not_after.clone()),
                sha1: full.as_ref().map(|c| c.sha1.clone()),
                sha256: full.as_ref().map(|c| c.sha256.clone()),
                key: full.as_ref().map(|c| c.key.clone()),
                ekus: full.map(|c| c.ekus),
            },
        }
    }

    /// Lines for people.
    pub(super) fn text(&self, page: &mut Page) {
        page.group(&format!("signature {}", self.index));
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
        page.field("verifies", verifies);
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
