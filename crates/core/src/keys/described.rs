//! A certificate in what a kernel and people tell it apart by.

use crate::crypt::digest::{DigestAlgorithm, digest};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use loadworthy_formats::cms::signed_data::{self, Part};
use loadworthy_formats::der::oid;
use loadworthy_formats::error::Error;
use loadworthy_formats::text::hex;
use loadworthy_formats::x509::{certificate, key};

/// *Kernel modules alone* (`include/linux/oid_registry.h`, shim `verify_eku`).
pub const MODULES_ALONE: &str = "1.3.6.1.4.1.2312.16.1.2";
/// The extended key usage of authorities that stamp time, id-kp-timeStamping.
const TIME_STAMPS: &str = "1.3.6.1.5.5.7.3.8";
/// The bit of key usage for `digitalSignature` (RFC 5280, 4.2.1.3).
const DIGITAL_SIGNATURE: u16 = 0x8000;
/// The bit for `keyCertSign`.
const KEY_CERT_SIGN: u16 = 0x0400;

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its bytes (DER).
    pub der: Arc<[u8]>,
    /// The subject in one word.
    pub name: String,
    /// The subject in full.
    pub subject: String,
    /// The issuer in full.
    pub issuer: String,
    /// The serial number's bytes in hexadecimal, without a leading zero byte.
    pub serial: String,
    /// What a signature that names issuer and serial looks for: the serial number's contents, then
    /// those of the issuer's name.
    pub id: Vec<u8>,
    /// Subject key identifier.
    pub key_id: Option<Vec<u8>>,
    /// SHA-256 of the certificate, in hexadecimal: what manifests name.
    pub sha256: String,
    /// SHA-1 of the certificate, in hexadecimal: what MokManager and mokutil show.
    pub sha1: String,
    /// `rsa-2048`, `ecdsa-p384`.
    pub algorithm: String,
    /// The length of an RSA key, in bits.
    pub rsa_bits: Option<usize>,
    /// The key itself, without the count of unused bits.
    pub key: Vec<u8>,
    /// Start of validity, in seconds since 1970.
    pub not_before: Option<i64>,
    /// End of validity, in seconds since 1970.
    pub not_after: Option<i64>,
    /// Whether subject and issuer are the same.
    pub self_issued: bool,
    /// Basic constraints; `None`: it says nothing.
    pub is_ca: Option<bool>,
    /// Key usage; `None`: it says nothing.
    pub usage: Option<u16>,
    /// Extended key usages, dotted.
    pub extended: Vec<String>,
}

impl Described {
    /// Reads a certificate.
    ///
    /// # Errors
    /// When it is none.
    pub fn of(der: &[u8]) -> Result<Self, Error> {
        let c = certificate::read(der)?.value;
        let serial = c.serial.strip_prefix(&[0]).filter(|rest| !rest.is_empty());
        let rsa = oid::to_dotted(c.key_algorithm) == "1.2.840.113549.1.1.1";
        Ok(Self {
            der: Arc::from(c.raw),
            name: c.subject.short(),
            subject: alloc::format!("{}", c.subject),
            issuer: alloc::format!("{}", c.issuer),
            serial: hex(serial.unwrap_or(c.serial)),
            id: [c.serial, c.issuer.raw].concat(),
            key_id: c.subject_key_id.map(<[u8]>::to_vec),
            sha256: alloc::format!("{}", digest(DigestAlgorithm::Sha256, c.raw)),
            sha1: alloc::format!("{}", digest(DigestAlgorithm::Sha1, c.raw)),
            algorithm: key::described(c.key_algorithm, c.key_parameters, c.key),
            rsa_bits: rsa.then(|| key::modulus_bits(c.key)).flatten(),
            key: c.key.to_vec(),
            not_before: c.not_before,
            not_after: c.not_after,
            self_issued: c.subject == c.issuer,
            is_ca: c.is_ca,
            usage: c.key_usage,
            extended: c.extended_key_usage.iter().map(|eku| oid::to_dotted(eku)).collect(),
        })
    }

    /// Whether a signature that names its signer by `id` means this one.
    #[must_use]
    pub fn answers_to(&self, id: &[u8]) -> bool {
        self.id == id || self.key_id.as_deref() == Some(id)
    }

    /// Whether shim passes over it for images: it is for kernel modules and nothing else.
    #[must_use]
    pub fn for_modules_alone(&self) -> bool {
        self.extended.iter().any(|eku| eku == MODULES_ALONE)
    }

    /// Whether it is meant for stamping time (RFC 3161, 2.3).
    #[must_use]
    pub fn for_time_stamps(&self) -> bool {
        self.extended.iter().any(|eku| eku == TIME_STAMPS)
    }

    /// Whether key usage, where it is there, allows signatures.
    #[must_use]
    pub fn may_sign(&self) -> bool {
        self.usage.is_none_or(|bits| bits & DIGITAL_SIGNATURE != 0)
    }

    /// Whether key usage is there and has `digitalSignature`, as the machine keyring asks
    /// (`linux, crypto/asymmetric_keys/restrict.c restrict_link_by_ca`).
    #[must_use]
    pub fn usage_signs(&self) -> bool {
        self.usage.is_some_and(|bits| bits & DIGITAL_SIGNATURE != 0)
    }

    /// Whether it may issue certificates: it says that it is an authority, and key usage agrees.
    #[must_use]
    pub fn may_issue(&self) -> bool {
        self.is_ca == Some(true) && self.usage.is_none_or(|bits| bits & KEY_CERT_SIGN != 0)
    }

    /// Whether it says in both places that it may issue certificates, as the machine keyring asks.
    #[must_use]
    pub fn is_authority(&self) -> bool {
        self.is_ca == Some(true) && self.usage.is_some_and(|bits| bits & KEY_CERT_SIGN != 0)
    }

    /// The kernel's name for its kind of key; `None` for one that no kernel knows.
    #[must_use]
    pub fn kernel_algorithm(&self) -> Option<&'static str> {
        Some(match self.algorithm.as_str() {
            "ecdsa-p256" | "ecdsa-p384" | "ecdsa-p521" => "ecdsa",
            "ml-dsa-44" | "ml-dsa-65" | "ml-dsa-87" => "mldsa",
            _ if self.rsa_bits.is_some() => "rsa",
            _ => return None,
        })
    }

    /// The key identifier in hexadecimal.
    #[must_use]
    pub fn key_id_text(&self) -> Option<String> {
        self.key_id.as_deref().map(hex)
    }
}

/// The identifiers by which a signature message names its signers: serial number and issuer, or a
/// key identifier. Each with the same for people.
#[must_use]
pub fn signers(message: &[u8]) -> Vec<(Vec<u8>, String)> {
    let mut found = Vec::new();
    let mut issuer: Option<&[u8]> = None;
    let read = signed_data::read(message);
    for event in &read.events {
        match event.action {
            Part::Issuer => issuer = Some(event.value),
            Part::Serial => {
                let raw = issuer.take().unwrap_or_default();
                let name = loadworthy_formats::x509::name::Name { raw }.short();
                let said = alloc::format!("{name}, serial {}", hex(event.value));
                found.push(([event.value, raw].concat(), said));
            }
            Part::KeyIdentifier => {
                found.push((event.value.to_vec(), alloc::format!("key {}", hex(event.value))));
            }
            _ => {}
        }
    }
    found
}
