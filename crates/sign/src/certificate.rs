//! The certificate that goes with a key.

use std::path::Path;
use std::sync::Arc;

use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_core::crypt::key::{KeyAlgorithm, PublicKey};
use loadworthy_formats::authenticode::signature;
use loadworthy_formats::der::element::Elements;
use loadworthy_formats::der::oid::to_dotted;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::x509::{certificate, pem};

use crate::error::SignError;

/// A certificate, whole, and what is asked of it often.
#[derive(Clone, Debug)]
pub struct Certificate {
    der: Vec<u8>,
    algorithm: KeyAlgorithm,
    key: Arc<PublicKey>,
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl Certificate {
    /// Reads one file: PEM or DER.
    ///
    /// # Errors
    /// When it cannot be read, or holds no certificate with a key that can sign.
    pub fn open(path: &Path) -> Result<Self, SignError> {
        let bytes = std::fs::read(path).map_err(|e| SignError::file(path, &e))?;
        Self::read(&bytes, &path.display().to_string())
    }

    /// All certificates in a file, in order: PEM, DER, or a PKCS#7 message, which is what `.spc` and `.p7b`
    /// files are.
    ///
    /// # Errors
    /// As [`Certificate::open`].
    pub fn open_all(path: &Path) -> Result<Vec<Self>, SignError> {
        let bytes = std::fs::read(path).map_err(|e| SignError::file(path, &e))?;
        Self::read_all(&bytes, &path.display().to_string())
    }

    /// The same from bytes. `named` is for messages.
    ///
    /// # Errors
    /// As [`Certificate::read`].
    pub fn read_all(bytes: &[u8], named: &str) -> Result<Vec<Self>, SignError> {
        // What is given may be a key, so it is not copied before it is known to be a certificate.
        let decoded = pem::certificates(bytes);
        let blocks = match bytes.first() {
            Some(0x30) => vec![bytes],
            _ => decoded.iter().map(Vec::as_slice).collect(),
        };
        let mut found = Vec::new();
        for der in blocks {
            match signature::read(der, &Limits::DEFAULT) {
                Ok(message) => {
                    for inside in message.certificates {
                        found.push(Self::read(inside, named)?);
                    }
                }
                Err(_) => found.push(Self::read(der, named)?),
            }
        }
        if found.is_empty() {
            let problem = "no certificate in it".to_owned();
            return Err(SignError::Certificate { named: named.to_owned(), problem });
        }
        Ok(found)
    }

    /// The certificate that is about the signer: the first that issued none of the others.
    fn last_of(all: Vec<Self>) -> Option<Self> {
        let issued_another = |one: &Self| {
            all.iter().any(|other| {
                let names = one.parts().ok().zip(other.parts().ok());
                other != one
                    && names.is_some_and(|(one, other)| one.subject.raw == other.issuer.raw)
            })
        };
        let at = all.iter().position(|one| !issued_another(one))?;
        all.into_iter().nth(at)
    }

    /// Whether it names itself as its issuer.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.parts().is_ok_and(|parts| parts.subject.raw == parts.issuer.raw)
    }

    /// Takes a certificate out of `bytes`: PEM, where other blocks may stand around it, DER, or a PKCS#7
    /// message (`.spc`, `.p7b`), of whose certificates it is the signer's. `named` is for messages.
    ///
    /// # Errors
    /// When there is none with a key that can sign.
    pub fn read(bytes: &[u8], named: &str) -> Result<Self, SignError> {
        let wrong = |problem: String| SignError::Certificate { named: named.to_owned(), problem };
        if signature::read(bytes, &Limits::DEFAULT).is_ok() {
            let all = Self::read_all(bytes, named)?;
            return Self::last_of(all).ok_or_else(|| wrong("no certificate in it".to_owned()));
        }
        let decoded = pem::certificate(bytes);
        let der = match bytes.first() {
            Some(0x30) => bytes,
            _ => decoded.as_deref().ok_or_else(|| wrong("no certificate in it".to_owned()))?,
        };
        let (whole, algorithm, key) = {
            let read = certificate::read(der).map_err(|e| wrong(e.to_string()))?.value;
            let algorithm = algorithm(&read).map_err(wrong)?;
            (read.raw.len(), algorithm, PublicKey::new(algorithm, read.key))
        };
        Ok(Self { der: der[..whole].to_vec(), algorithm, key: Arc::new(key) })
    }

    /// The whole certificate.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The kind of its key.
    #[must_use]
    pub const fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// Reads it: it was read once, so it reads again.
    ///
    /// # Errors
    /// Never for one that was made by [`Certificate::read`].
    pub fn parts(&self) -> Result<certificate::Certificate<'_>, SignError> {
        let wrong = |e: loadworthy_formats::error::Error| SignError::Certificate {
            named: "certificate".to_owned(),
            problem: e.to_string(),
        };
        certificate::read(&self.der).map(|read| read.value).map_err(wrong)
    }

    /// Whom it names, in one line.
    #[must_use]
    pub fn subject(&self) -> String {
        self.parts().map(|parts| parts.subject.to_string()).unwrap_or_default()
    }

    /// Its SHA-256, by which people and logs know it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        digest(DigestAlgorithm::Sha256, &self.der).to_string()
    }

    /// Its public key, ready to verify.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.key
    }
}

const RSA: &str = "1.2.840.113549.1.1.1";
const EC: &str = "1.2.840.10045.2.1";

fn algorithm(read: &certificate::Certificate<'_>) -> Result<KeyAlgorithm, String> {
    let kind = to_dotted(read.key_algorithm);
    let curve = || {
        let element = Elements::new(read.key_parameters?).next_element().ok()?;
        Some(to_dotted(element.value))
    };
    match (kind.as_str(), curve().as_deref()) {
        (RSA, _) => Ok(KeyAlgorithm::Rsa),
        (EC, Some("1.2.840.10045.3.1.7")) => Ok(KeyAlgorithm::EcdsaP256),
        (EC, Some("1.3.132.0.34")) => Ok(KeyAlgorithm::EcdsaP384),
        (EC, Some("1.3.132.0.35")) => Ok(KeyAlgorithm::EcdsaP521),
        (EC, curve) => {
            Err(format!("no platform verifies keys on the curve {}", curve.unwrap_or("?")))
        }
        (other, _) => Err(format!("no platform verifies keys of the algorithm {other}")),
    }
}
