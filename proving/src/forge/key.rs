//! The test keys and their certificates.

use crate::forge::der;
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaKeyPair,
};

/// Digest algorithms a forged signature may use: name and object identifier.
pub const DIGESTS: [(&str, &str); 6] = [
    ("md5", "1.2.840.113549.2.5"),
    ("sha1", "1.3.14.3.2.26"),
    ("sha256", "2.16.840.1.101.3.4.2.1"),
    ("sha384", "2.16.840.1.101.3.4.2.2"),
    ("sha512", "2.16.840.1.101.3.4.2.3"),
    ("sm3", "1.2.156.10197.1.401"),
];

/// Certificates whose keys never sign anything here: each has one thing that is worth telling
/// (`proving/keys/README.md`).
const CERTIFICATES: [(&str, &[u8]); 6] = [
    ("elliptic", include_bytes!("../../keys/elliptic.der")),
    ("short", include_bytes!("../../keys/short.der")),
    ("no-identifier", include_bytes!("../../keys/no-identifier.der")),
    ("authority-only", include_bytes!("../../keys/authority-only.der")),
    ("ended", include_bytes!("../../keys/ended.der")),
    ("owner-again", include_bytes!("../../keys/owner-again.der")),
];

/// The certificate of this name, whether or not something can be signed with its key.
///
/// # Errors
/// When there is none.
pub fn certificate(name: &str) -> Result<Vec<u8>, String> {
    match CERTIFICATES.iter().find(|(own, _)| *own == name) {
        Some((_, der)) => Ok(der.to_vec()),
        None => Ok(Key::named(name)?.certificate),
    }
}

/// A key with its self-signed certificate.
#[derive(Debug)]
pub struct Key {
    /// `distribution`, `owner`, `stranger`.
    pub name: &'static str,
    /// The subject's name, as DER.
    pub subject: Vec<u8>,
    /// The serial number, as bytes.
    pub serial: Vec<u8>,
    /// The certificate, as DER.
    pub certificate: Vec<u8>,
    /// The private key, PKCS#8.
    pub private: &'static [u8],
    pair: RsaKeyPair,
}

impl Key {
    /// The test key of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn named(name: &str) -> Result<Self, String> {
        let (name, private): (_, &'static [u8]) = match name {
            "distribution" => ("distribution", include_bytes!("../../keys/distribution.pk8")),
            "owner" => ("owner", include_bytes!("../../keys/owner.pk8")),
            // The owner's key under a certificate that is for modules alone.
            "modules" => ("modules", include_bytes!("../../keys/owner.pk8")),
            // The stranger's key under the certificate of an authority.
            "authority" => ("authority", include_bytes!("../../keys/stranger.pk8")),
            // Named like the authority that machines were sold with.
            "microsoft-2011" => ("microsoft-2011", include_bytes!("../../keys/stranger.pk8")),
            "stranger" => ("stranger", include_bytes!("../../keys/stranger.pk8")),
            other => return Err(format!("no test key {other:?}")),
        };
        let pair = RsaKeyPair::from_pkcs8(private).map_err(|e| e.to_string())?;
        let public = pair.public_key().as_ref();
        let identifier = digest(&SHA1_FOR_LEGACY_USE_ONLY, public).as_ref().to_vec();
        let mut serial = identifier[..16].to_vec();
        serial[0] = 0x40 | serial[0] & 0x3f;
        let common_name =
            der::sequence(&[der::oid("2.5.4.3"), der::element(0x0c, subject(name).as_bytes())]);
        let subject = der::sequence(&[der::set(&[common_name])]);
        let mut key = Self { name, subject, serial, certificate: Vec::new(), private, pair };
        key.certificate = key.certify(&identifier);
        Ok(key)
    }

    /// Signs `message` by PKCS#1 v1.5; `None` where this digest cannot be computed here.
    #[must_use]
    pub fn sign(&self, digest: &str, message: &[u8]) -> Option<Vec<u8>> {
        let encoding = match digest {
            "sha256" => &RSA_PKCS1_SHA256,
            "sha256-pss" => &RSA_PSS_SHA256,
            "sha384" => &RSA_PKCS1_SHA384,
            "sha512" => &RSA_PKCS1_SHA512,
            _ => return None,
        };
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(encoding, &SystemRandom::new(), message, &mut signature).ok()?;
        Some(signature)
    }

    /// The self-signed certificate (RFC 5280), with what Linux asks of a key that may sign code.
    fn certify(&self, identifier: &[u8]) -> Vec<u8> {
        let rsa = |oid| der::sequence(&[der::oid(oid), der::null()]);
        let extension = |oid, critical: bool, value: &[u8]| {
            let mut parts = vec![der::oid(oid)];
            if critical {
                parts.push(vec![0x01, 0x01, 0xff]);
            }
            parts.push(der::element(0x04, value));
            der::sequence(&parts)
        };
        let (ca, usage) = match self.name {
            "authority" => (vec![0x01, 0x01, 0xff], [0x03, 0x02, 0x02, 0x04]),
            _ => (Vec::new(), [0x03, 0x02, 0x07, 0x80]),
        };
        let to_be_signed = der::sequence(&[
            der::element(0xa0, &der::integer(&[2])),
            der::integer(&self.serial),
            rsa("1.2.840.113549.1.1.11"),
            self.subject.clone(),
            der::sequence(&[
                der::element(0x17, b"200101000000Z"),
                der::element(0x18, b"21200101000000Z"),
            ]),
            self.subject.clone(),
            der::sequence(&[
                rsa("1.2.840.113549.1.1.1"),
                der::bits(self.pair.public_key().as_ref()),
            ]),
            der::element(
                0xa3,
                &der::sequence(&[
                    // basicConstraints: no CA; keyUsage: digitalSignature; the key's identifier.
                    // An authority: CA; keyCertSign.
                    extension("2.5.29.19", true, &der::sequence(&[ca])),
                    extension("2.5.29.15", false, &usage),
                    extension("2.5.29.14", false, &der::element(0x04, identifier)),
                    extension(
                        "2.5.29.35",
                        false,
                        &der::sequence(&[der::element(0x80, identifier)]),
                    ),
                    // extendedKeyUsage: kernel modules and nothing else, where that is meant.
                    match self.name {
                        "modules" => {
                            let purpose = der::oid("1.3.6.1.4.1.2312.16.1.2");
                            extension("2.5.29.37", false, &der::sequence(&[purpose]))
                        }
                        _ => Vec::new(),
                    },
                ]),
            ),
        ]);
        let signature = self.sign("sha256", &to_be_signed).unwrap_or_default();
        der::sequence(&[to_be_signed, rsa("1.2.840.113549.1.1.11"), der::bits(&signature)])
    }
}

/// The common name of a test key's certificate.
fn subject(name: &str) -> &'static str {
    match name {
        "distribution" => "Forged distribution kernel key",
        "owner" => "Forged machine owner key",
        "modules" => "Forged key for modules alone",
        "authority" => "Forged authority",
        "microsoft-2011" => "Microsoft Corporation UEFI CA 2011",
        _ => "Forged key nobody knows",
    }
}
