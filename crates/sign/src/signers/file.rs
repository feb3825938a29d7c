//! A key in a file: PEM or DER; PKCS#8, open or encrypted; PKCS#1 and SEC 1; PKCS#12; PVK.
//!
//! Sources: RFC 5208, RFC 8018, RFC 8017 appendix A.1.2, RFC 5915.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use aws_lc_rs::digest as lc;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RsaEncoding,
};
use loadworthy_core::crypt::digest::{Digest, DigestAlgorithm};
use loadworthy_core::crypt::key::KeyAlgorithm;
use loadworthy_formats::pkcs12::begins;
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef};

use crate::certificate::Certificate;
use crate::error::SignError;
use crate::secret::{Ask, Secret, wiped};
use crate::signer::Signer;
use crate::signers::pkcs12::{self, Failure};
use crate::signers::{pvk, sha1};

/// A key of this size is no key: the longest RSA key that is used has some 2.5 kB.
const MOST: u64 = 1 << 20;

/// A key that was read from a file.
#[expect(missing_debug_implementations, reason = "it holds a private key")]
pub struct FileSigner {
    key: Key,
    certificate: Certificate,
    /// Certificates that came with the key.
    chain: Vec<Certificate>,
    named: String,
}

enum Key {
    Rsa(rsa::KeyPair),
    Ec(EcdsaKeyPair),
}

impl FileSigner {
    /// Opens the key at `path`. Without a certificate the key's own file must hold one.
    ///
    /// # Errors
    /// When everybody may read the file, when it holds no key or one that `ask` does not unlock, and
    /// when the certificate is not about this key.
    pub fn open(
        path: &Path,
        certificate: Option<Certificate>,
        ask: Ask<'_>,
    ) -> Result<Self, SignError> {
        let bytes = read(path)?;
        Self::new(bytes.bytes(), certificate, &path.display().to_string(), ask)
    }

    /// The key in `bytes`; `named` is for messages.
    ///
    /// # Errors
    /// As [`FileSigner::open`].
    pub fn new(
        bytes: &[u8],
        certificate: Option<Certificate>,
        named: &str,
        ask: Ask<'_>,
    ) -> Result<Self, SignError> {
        if begins(bytes) {
            return Self::of_pkcs12(bytes, certificate, named, ask);
        }
        if loadworthy_formats::pvk::begins(bytes) {
            let Some(certificate) = certificate else {
                return Err(SignError::Certificate {
                    named: named.to_owned(),
                    problem: "a PVK file holds no certificate: give its .spc with --cert"
                        .to_owned(),
                });
            };
            let key = pvk::opened(bytes, named, &|| passphrase(named, ask))?;
            let key = of_der(key.bytes(), &certificate, named)?;
            return Self::matched(key, certificate, Vec::new(), named);
        }
        let certificate = match certificate {
            Some(given) => given,
            None => Certificate::read(bytes, named).map_err(|_| SignError::Certificate {
                named: named.to_owned(),
                problem: "no certificate in it: give one with --cert".to_owned(),
            })?,
        };
        let key = private_key(bytes, &certificate, named, ask)?;
        // What stands beside the key, where that is not for people alone.
        let chain = Certificate::read_all(bytes, named).unwrap_or_default();
        Self::matched(key, certificate, chain, named)
    }

    /// The key in a PKCS#12 file, with the certificate there that is about it.
    fn of_pkcs12(
        bytes: &[u8],
        certificate: Option<Certificate>,
        named: &str,
        ask: Ask<'_>,
    ) -> Result<Self, SignError> {
        let wrong =
            |problem: &str| SignError::Key { key: named.to_owned(), problem: problem.to_owned() };
        let passphrase = passphrase(named, ask)?;
        let mut found = pkcs12::unlock(bytes, &passphrase).map_err(|failure| match failure {
            Failure::Form => wrong("it is not put together as a PKCS#12 file is"),
            Failure::Passphrase => SignError::WrongPassphrase { key: named.to_owned() },
        })?;
        let Some(key) = found.keys.pop() else {
            return Err(wrong(if found.has_other_locks {
                "its lock is not read: take the key out with `openssl pkcs12 -legacy -in OLD -out NEW.pem`"
            } else {
                "no private key in it"
            }));
        };
        let inside = found.certificates.iter().filter_map(|der| Certificate::read(der, named).ok());
        let inside: Vec<Certificate> = inside.collect();
        if let Some(given) = certificate {
            let key = of_der(key.bytes(), &given, named)?;
            return Self::matched(key, given, inside, named);
        }
        inside
            .iter()
            .find_map(|one| {
                let key = of_der(key.bytes(), one, named).ok()?;
                Self::matched(key, one.clone(), inside.clone(), named).ok()
            })
            .ok_or_else(|| SignError::Certificate {
                named: named.to_owned(),
                problem: "no certificate of its key in it: give one with --cert".to_owned(),
            })
    }

    fn matched(
        key: Key,
        certificate: Certificate,
        mut chain: Vec<Certificate>,
        named: &str,
    ) -> Result<Self, SignError> {
        let public = match &key {
            Key::Rsa(pair) => pair.public_key().as_ref(),
            Key::Ec(pair) => pair.public_key().as_ref(),
        };
        if public != certificate.parts()?.key {
            let certificate = certificate.subject();
            return Err(SignError::Mismatch { key: named.to_owned(), certificate });
        }
        chain.retain(|one| *one != certificate);
        Ok(Self { key, certificate, chain, named: named.to_owned() })
    }
}

/// Reads a file of secrets, unless everybody else may read it, too.
fn read(path: &Path) -> Result<Secret, SignError> {
    let told = |e: std::io::Error| SignError::file(path, &e);
    let file = File::open(path).map_err(told)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = file.metadata().map_err(told)?.permissions().mode();
        if mode & 0o004 != 0 {
            return Err(SignError::Exposed { path: path.to_owned() });
        }
    }
    let size = file.metadata().map_err(told)?.len().min(MOST);
    // Room for all of it, so that no half is left behind where a vector grew.
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
    file.take(MOST).read_to_end(&mut bytes).map_err(told)?;
    Ok(Secret::new(bytes))
}

/// The blocks of a PEM file: label and text, boundaries included.
fn blocks(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let block = &rest[rest.find("-----BEGIN ")?..];
        let label = block["-----BEGIN ".len()..].split_once("-----")?.0;
        let close = format!("-----END {label}-----");
        let end = block.find(&close)? + close.len();
        rest = &block[end..];
        Some((label, &block[..end]))
    })
}

fn private_key(
    bytes: &[u8],
    certificate: &Certificate,
    named: &str,
    ask: Ask<'_>,
) -> Result<Key, SignError> {
    let wrong =
        |problem: &str| Err(SignError::Key { key: named.to_owned(), problem: problem.to_owned() });
    if bytes.first() == Some(&0x30) {
        return match EncryptedPrivateKeyInfoRef::try_from(bytes) {
            Ok(locked) => unlocked(&locked, certificate, named, ask),
            Err(_) => of_der(bytes, certificate, named),
        };
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return wrong("neither PEM nor DER") };
    for (label, block) in blocks(text) {
        if !label.ends_with("PRIVATE KEY") {
            continue;
        }
        if block.contains("Proc-Type:") {
            return wrong(
                "locked the old way of OpenSSL: convert it with `openssl pkcs8 -topk8 -in OLD -out NEW`",
            );
        }
        let Ok((_, der)) = pkcs8::der::pem::decode_vec(block.as_bytes()) else {
            return wrong("the PEM block does not hold together");
        };
        let der = Secret::new(der);
        return match (label, EncryptedPrivateKeyInfoRef::try_from(der.bytes())) {
            ("ENCRYPTED PRIVATE KEY", Ok(locked)) => unlocked(&locked, certificate, named, ask),
            ("ENCRYPTED PRIVATE KEY", Err(_)) => wrong("its lock is none of PKCS#5's"),
            _ => of_der(der.bytes(), certificate, named),
        };
    }
    wrong("no private key in it")
}

fn passphrase(named: &str, ask: Ask<'_>) -> Result<Secret, SignError> {
    let given = ask(named).map_err(|e| SignError::Key {
        key: named.to_owned(),
        problem: format!("its passphrase cannot be read: {e}"),
    })?;
    given.ok_or_else(|| SignError::Locked { key: named.to_owned() })
}

fn unlocked(
    locked: &EncryptedPrivateKeyInfoRef<'_>,
    certificate: &Certificate,
    named: &str,
    ask: Ask<'_>,
) -> Result<Key, SignError> {
    let passphrase = passphrase(named, ask)?;
    // Not by `locked.decrypt`, which leaves a copy behind that nobody wipes.
    let (scheme, text) = (&locked.encryption_algorithm, locked.encrypted_data.as_bytes());
    let opened = wiped(|| scheme.decrypt(passphrase.bytes(), text))
        .map(Secret::new)
        .ok()
        // With a wrong passphrase the padding may hold by chance.
        .filter(|key| PrivateKeyInfoRef::try_from(key.bytes()).is_ok())
        .ok_or_else(|| SignError::WrongPassphrase { key: named.to_owned() })?;
    of_der(opened.bytes(), certificate, named)
}

/// The key in the form that the certificate leads one to expect.
fn of_der(der: &[u8], certificate: &Certificate, named: &str) -> Result<Key, SignError> {
    let algorithm = certificate.algorithm();
    let read = match curve(algorithm) {
        None => {
            rsa::KeyPair::from_pkcs8(der).or_else(|_| rsa::KeyPair::from_der(der)).map(Key::Rsa)
        }
        Some((curve, _)) => EcdsaKeyPair::from_pkcs8(curve, der)
            .or_else(|_| EcdsaKeyPair::from_private_key_der(curve, der))
            .map(Key::Ec),
    };
    read.map_err(|rejected| SignError::Key {
        key: named.to_owned(),
        problem: format!(
            "not a key that goes with a certificate for {}: {rejected}",
            algorithm.name()
        ),
    })
}

/// How aws-lc signs on a curve, and how many bytes of a digest count there.
const fn curve(algorithm: KeyAlgorithm) -> Option<(&'static EcdsaSigningAlgorithm, usize)> {
    match algorithm {
        KeyAlgorithm::EcdsaP256 => Some((&ECDSA_P256_SHA256_ASN1_SIGNING, 32)),
        KeyAlgorithm::EcdsaP384 => Some((&ECDSA_P384_SHA384_ASN1_SIGNING, 48)),
        KeyAlgorithm::EcdsaP521 => Some((&ECDSA_P521_SHA512_ASN1_SIGNING, 64)),
        _ => None,
    }
}

impl Signer for FileSigner {
    fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    fn named(&self) -> &str {
        &self.named
    }

    fn sign(&self, by: DigestAlgorithm, digest: &Digest) -> Result<Vec<u8>, SignError> {
        let unable =
            SignError::Digest { digest: by.name(), key: self.certificate.algorithm().name() };
        let failed = || SignError::Signing {
            key: self.named.clone(),
            problem: "the arithmetic failed".to_owned(),
        };
        match &self.key {
            Key::Rsa(pair) if by == DigestAlgorithm::Sha1 => {
                sha1::sign(pair, digest).ok_or_else(failed)
            }
            Key::Rsa(pair) => {
                let (encoding, algorithm): (&'static dyn RsaEncoding, _) = match by {
                    DigestAlgorithm::Sha256 => (&RSA_PKCS1_SHA256, &lc::SHA256),
                    DigestAlgorithm::Sha384 => (&RSA_PKCS1_SHA384, &lc::SHA384),
                    DigestAlgorithm::Sha512 => (&RSA_PKCS1_SHA512, &lc::SHA512),
                    _ => return Err(unable),
                };
                let digest = lc::Digest::import_less_safe(digest.as_bytes(), algorithm)
                    .map_err(|_| failed())?;
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign_digest(encoding, &digest, &mut signature).map_err(|_| failed())?;
                Ok(signature)
            }
            Key::Ec(pair) => {
                let Some((_, size)) = curve(self.certificate.algorithm()) else {
                    return Err(unable);
                };
                let algorithm = match size {
                    32 => &lc::SHA256,
                    48 => &lc::SHA384,
                    _ => &lc::SHA512,
                };
                let number = as_number(digest.as_bytes(), size);
                let digest =
                    lc::Digest::import_less_safe(&number, algorithm).map_err(|_| failed())?;
                let signature = pair.sign_digest(&digest).map_err(|_| failed())?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

/// ECDSA signs the number that the leftmost bits of a digest are, as many as the curve has (FIPS
/// 186-5, 6.4.1). The same number with as many bytes as the digest that aws-lc ties to the curve.
fn as_number(digest: &[u8], size: usize) -> Vec<u8> {
    let kept = &digest[..digest.len().min(size)];
    let mut number = vec![0; size - kept.len()];
    number.extend(kept);
    number
}

#[cfg(test)]
mod tests;
