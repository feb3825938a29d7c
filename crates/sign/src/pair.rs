//! A key that is made here, with the certificate that module signing asks for.
//!
//! Extensions as in the kernel's own `certs/default_x509.genkey`, and the purpose *kernel modules
//! alone* (1.3.6.1.4.1.2312.16.1.2), by which shim passes over the key for images. Source of the
//! encoding: RFC 5280.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair,
    RSA_PKCS1_SHA256,
};
use loadworthy_core::keys::described::MODULES_ALONE;
use loadworthy_formats::calendar::Civil;
use loadworthy_formats::der::grammar::tag;
use loadworthy_formats::der::oid::from_dotted;
use loadworthy_formats::der::write::{algorithm, element, integer, sequence, set_of};
use loadworthy_formats::x509::time::utc_time;
use pkcs8::der::pem::LineEnding;
use pkcs8::{PrivateKeyInfoRef, SecretDocument};

use crate::error::SignError;
use crate::secret::Secret;

/// The kinds of keys that are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// RSA of 2048 bits.
    Rsa2048,
    /// RSA of 3072 bits.
    Rsa3072,
    /// RSA of 4096 bits.
    Rsa4096,
    /// ECDSA on NIST P-256.
    EcdsaP256,
    /// ECDSA on NIST P-384.
    EcdsaP384,
}

impl Kind {
    /// The kernel's name for the arithmetic (`knowledge/linux/algorithms.toml`).
    #[must_use]
    pub const fn kernel_algorithm(self) -> &'static str {
        match self {
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => "rsa",
            Self::EcdsaP256 | Self::EcdsaP384 => "ecdsa",
        }
    }
}

/// What key is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Its common name.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// Whether it is to sign boot images, too.
    pub images: bool,
    /// Whether it is to be for time-stamps, and nothing else.
    pub stamps: bool,
    /// Start of validity, in seconds since 1970.
    pub begins: i64,
    /// Days of validity.
    pub days: u32,
}

/// A key and its certificate.
#[expect(missing_debug_implementations, reason = "it holds a private key")]
pub struct Pair {
    /// The certificate (DER).
    pub certificate: Vec<u8>,
    /// The private key: PKCS#8 (DER).
    key: Secret,
}

/// The other half of a pair.
enum Made {
    Rsa(rsa::KeyPair),
    Ec(EcdsaKeyPair),
}

/// `id-kp-timeStamping`.
const STAMPS: &str = "1.3.6.1.5.5.7.3.8";
const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";

impl Pair {
    /// Makes one.
    ///
    /// # Errors
    /// Where the system gives no random numbers.
    pub fn make(wish: &Wish) -> Result<Self, SignError> {
        let failed =
            |problem: &str| SignError::Key { key: wish.name.clone(), problem: problem.to_owned() };
        let rejected = |_| failed("no key could be made");
        let (made, key) = match wish.kind {
            Kind::Rsa2048 | Kind::Rsa3072 | Kind::Rsa4096 => {
                let size = match wish.kind {
                    Kind::Rsa2048 => rsa::KeySize::Rsa2048,
                    Kind::Rsa3072 => rsa::KeySize::Rsa3072,
                    _ => rsa::KeySize::Rsa4096,
                };
                let pair = rsa::KeyPair::generate(size).map_err(rejected)?;
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(rejected)?;
                let key = Secret::new(der.as_ref().to_vec());
                (Made::Rsa(pair), key)
            }
            Kind::EcdsaP256 | Kind::EcdsaP384 => {
                let curve = match wish.kind {
                    Kind::EcdsaP256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
                    _ => &ECDSA_P384_SHA384_ASN1_SIGNING,
                };
                let pair = EcdsaKeyPair::generate(curve).map_err(rejected)?;
                let der = pair.to_pkcs8v1().map_err(rejected)?;
                let key = Secret::new(der.as_ref().to_vec());
                (Made::Ec(pair), key)
            }
        };
        let mut serial = [0; 16];
        rand::fill(&mut serial).map_err(rejected)?;
        // Positive, of full length, and never the one of another key of the same name.
        serial[0] = 0x40 | serial[0] & 0x3f;
        let certificate =
            made.certify(wish, &serial).ok_or_else(|| failed("no certificate could be made"))?;
        Ok(Self { certificate, key })
    }

    /// The private key: PKCS#8.
    pub(crate) const fn key(&self) -> &Secret {
        &self.key
    }

    /// Writes both: the key as PEM that only its owner may read, locked where there is a passphrase;
    /// the certificate as DER, as MokManager takes it. What is there already is never written over.
    ///
    /// # Errors
    /// What the system says; then neither file is left.
    pub fn write(
        &self,
        key: &Path,
        certificate: &Path,
        passphrase: Option<&Secret>,
    ) -> Result<(), SignError> {
        let failed = |problem: String| SignError::Key { key: key.display().to_string(), problem };
        let open = |e: pkcs8::der::Error| failed(e.to_string());
        let pem = match passphrase {
            None => SecretDocument::try_from(self.key.bytes())
                .and_then(|der| der.to_pem("PRIVATE KEY", LineEnding::LF))
                .map_err(open)?,
            Some(secret) => PrivateKeyInfoRef::try_from(self.key.bytes())
                .and_then(|key| key.encrypt(secret.bytes()))
                .map_err(|e| failed(e.to_string()))?
                .to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF)
                .map_err(open)?,
        };
        put(key, pem.as_bytes(), 0o600).map_err(|e| SignError::file(key, &e))?;
        put(certificate, &self.certificate, 0o644).map_err(|e| {
            let _ = fs::remove_file(key);
            SignError::file(certificate, &e)
        })
    }
}

/// A new file with these rights; one that is there is left alone.
pub(crate) fn put(path: &Path, bytes: &[u8], mode: u32) -> std::io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = options.open(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    written
}

impl Made {
    fn public(&self) -> &[u8] {
        match self {
            Self::Rsa(pair) => pair.public_key().as_ref(),
            Self::Ec(pair) => pair.public_key().as_ref(),
        }
    }

    fn certify(&self, wish: &Wish, serial: &[u8]) -> Option<Vec<u8>> {
        let oid = |dotted: &str| Some(element(tag::OID, &from_dotted(dotted)?));
        let (signed_with, kind) = match (self, wish.kind) {
            (Self::Rsa(_), _) => (
                algorithm(&from_dotted("1.2.840.113549.1.1.11")?),
                algorithm(&from_dotted("1.2.840.113549.1.1.1")?),
            ),
            (Self::Ec(_), Kind::EcdsaP256) => (
                sequence(&[oid("1.2.840.10045.4.3.2")?]),
                sequence(&[oid("1.2.840.10045.2.1")?, oid("1.2.840.10045.3.1.7")?]),
            ),
            (Self::Ec(_), _) => (
                sequence(&[oid("1.2.840.10045.4.3.3")?]),
                sequence(&[oid("1.2.840.10045.2.1")?, oid("1.3.132.0.34")?]),
            ),
        };
        let name = sequence(&[oid("2.5.4.3")?, element(UTF8_STRING, wish.name.as_bytes())]);
        let name = sequence(&[set_of(vec![name])]);
        let ends = wish.begins.checked_add(i64::from(wish.days).checked_mul(86_400)?)?;
        let identifier = digest(&SHA1_FOR_LEGACY_USE_ONLY, self.public());
        let identifier = identifier.as_ref();
        let extension = |dotted: &str, critical: bool, value: &[u8]| {
            let mut parts = vec![oid(dotted)?];
            if critical {
                parts.push(vec![tag::BOOLEAN, 1, 0xff]);
            }
            parts.push(element(tag::OCTET_STRING, value));
            Some(sequence(&parts))
        };
        let purpose = match (wish.stamps, wish.images) {
            (true, _) => STAMPS,
            (false, true) => CODE_SIGNING,
            (false, false) => MODULES_ALONE,
        };
        let extensions = sequence(&[
            extension("2.5.29.19", true, &sequence(&[]))?,
            // digitalSignature: the first bit.
            extension("2.5.29.15", true, &[tag::BIT_STRING, 2, 7, 0x80])?,
            // RFC 3161, 2.3: critical on authorities for time.
            extension("2.5.29.37", wish.stamps, &sequence(&[oid(purpose)?]))?,
            extension("2.5.29.14", false, &element(tag::OCTET_STRING, identifier))?,
            extension("2.5.29.35", false, &sequence(&[element(0x80, identifier)]))?,
        ]);
        let body = sequence(&[
            element(0xa0, &integer(&[2])),
            integer(serial),
            signed_with.clone(),
            name.clone(),
            sequence(&[time(wish.begins), time(ends)]),
            name,
            sequence(&[kind, bits(self.public())]),
            element(0xa3, &extensions),
        ]);
        let signature = self.sign(&body)?;
        Some(sequence(&[body, signed_with, bits(&signature)]))
    }

    fn sign(&self, body: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, body, &mut signature).ok()?;
                Some(signature)
            }
            Self::Ec(pair) => Some(pair.sign(&random, body).ok()?.as_ref().to_vec()),
        }
    }
}

const UTF8_STRING: u8 = 0x0c;

/// A BIT STRING of whole bytes.
fn bits(bytes: &[u8]) -> Vec<u8> {
    element(tag::BIT_STRING, &[&[0], bytes].concat())
}

/// A time: two digits of the year up to 2049, four from then on (RFC 5280, 4.1.2.5; RFC 5652, 11.3).
pub(crate) fn time(seconds: i64) -> Vec<u8> {
    match utc_time(seconds) {
        Some(written) => element(tag::UTC_TIME, &written),
        None => {
            let moment = Civil::of(seconds).map(|moment| moment.to_string()).unwrap_or_default();
            let digits: String = moment.chars().filter(char::is_ascii_digit).collect();
            element(tag::GENERALIZED_TIME, format!("{digits}Z").as_bytes())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::Certificate;
    use crate::signer::signed;
    use crate::signers::file::FileSigner;
    use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
    use loadworthy_core::keys::described::Described;

    fn wish(kind: Kind) -> Wish {
        Wish {
            name: "A key".to_owned(),
            kind,
            images: false,
            stamps: false,
            begins: 1_795_219_200,
            days: 36_500,
        }
    }

    #[test]
    fn what_is_made_signs_and_says_what_it_is_for() {
        let folder = tempfile::tempdir().unwrap();
        for (kind, algorithm) in [(Kind::Rsa2048, "rsa-2048"), (Kind::EcdsaP384, "ecdsa-p384")] {
            let pair = Pair::make(&wish(kind)).unwrap();
            let read = Described::of(&pair.certificate).unwrap();
            assert_eq!((read.name.as_str(), read.algorithm.as_str()), ("A key", algorithm));
            assert!(read.for_modules_alone() && read.may_sign() && !read.may_issue());
            assert_eq!(read.not_before, Some(1_795_219_200));
            assert_eq!(read.not_after, Some(1_795_219_200 + 36_500 * 86_400));
            let key = folder.path().join(format!("{algorithm}.key"));
            let der = folder.path().join(format!("{algorithm}.der"));
            let secret = Secret::new(b"word".to_vec());
            pair.write(&key, &der, Some(&secret)).unwrap();
            let ask = |_: &str| Ok(Some(Secret::new(b"word".to_vec())));
            let certificate = Certificate::open(&der).unwrap();
            let signer = FileSigner::open(&key, Some(certificate), &ask).unwrap();
            let by = DigestAlgorithm::Sha384;
            assert!(signed(&signer, by, &digest(by, b"text")).is_ok());
            // Nothing that is there is written over.
            assert!(pair.write(&key, &der, None).is_err());
            let fresh = folder.path().join("fresh.key");
            assert!(pair.write(&fresh, &der, None).is_err() && !fresh.exists());
        }
    }
}
