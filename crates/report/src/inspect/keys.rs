//! `pkcs12` and `pvk`: files of keys, which stay shut.

use loadworthy_formats::der::oid;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::{pkcs12, pvk};
use serde::Serialize;

use crate::inspect::certificate::Certificate;
use crate::inspect::page::Page;
use crate::inspect::pkcs7::digest_name;

/// A PKCS #12 file.
#[derive(Clone, Debug, Serialize)]
pub struct Pkcs12 {
    /// 3 is the one in use.
    pub version: u64,
    /// Whether its integrity rests on a signature instead of a password.
    pub signed: bool,
    /// The code over the content; `null`: it has none.
    pub mac: Option<Mac>,
    /// Its parts, in order.
    pub parts: Vec<Part>,
    /// Certificates: those that can be read without a password, or all of a file that was opened.
    pub certificates: Vec<Certificate>,
    /// Whether the passphrase that was given opens it; absent: none was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened: Option<bool>,
    /// Private keys in it, locked or not, once it was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_keys: Option<usize>,
}

/// The code over the content.
#[derive(Clone, Debug, Serialize)]
pub struct Mac {
    /// Its digest.
    pub algorithm: String,
    /// How often the password is mixed.
    pub iterations: u64,
}

/// A part of the file.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    /// How all of it is encrypted; `null`: it is not.
    pub encryption: Option<Encryption>,
    /// Keys in it that are not encrypted.
    pub open_keys: usize,
    /// How the encrypted keys in it are so.
    pub encrypted_keys: Vec<Encryption>,
    /// Certificates in it.
    pub certificates: usize,
}

/// How something is encrypted.
#[derive(Clone, Debug, Serialize)]
pub struct Encryption {
    /// The scheme: `pbes2`, `pbe-sha1-3des`, `pbe-sha1-rc2-40`; dotted where it has no name here.
    pub scheme: String,
    /// The cipher, where the scheme lets one be chosen.
    pub cipher: Option<String>,
    /// How often the password is mixed, where it is told.
    pub iterations: Option<u64>,
}

impl Pkcs12 {
    /// Reads how a file is put together; `None` where it is none.
    pub(super) fn read(bytes: &[u8], limits: &Limits, errors: &mut Vec<String>) -> Option<Self> {
        if !pkcs12::begins(bytes) {
            return None;
        }
        let read = pkcs12::read(bytes, limits).unwrap_or_else(|problem| {
            errors.push(problem.to_string());
            pkcs12::Pkcs12 { version: 3, ..pkcs12::Pkcs12::default() }
        });
        Some(Self {
            version: read.version,
            signed: read.is_signed,
            mac: read.mac.map(|mac| Mac {
                algorithm: digest_name(mac.algorithm),
                iterations: mac.iterations,
            }),
            parts: read
                .parts
                .iter()
                .map(|part| Part {
                    encryption: part.encryption.as_ref().map(Encryption::of),
                    open_keys: part.open_keys,
                    encrypted_keys: part.shut_keys.iter().map(Encryption::of).collect(),
                    certificates: part.certificates,
                })
                .collect(),
            certificates: read
                .certificates
                .iter()
                .filter_map(|der| Certificate::read(der).ok())
                .collect(),
            opened: None,
            private_keys: None,
        })
    }

    /// Takes what a passphrase brought to light: certificates (DER) and how many keys; `None`: it opened
    /// nothing.
    pub fn take(&mut self, found: Option<(&[Vec<u8>], usize)>) {
        self.opened = Some(found.is_some());
        let Some((certificates, keys)) = found else { return };
        self.private_keys = Some(keys);
        self.certificates =
            certificates.iter().filter_map(|der| Certificate::read(der).ok()).collect();
    }

    /// Lines for people.
    pub(super) fn text(&self, page: &mut Page) {
        page.field(
            "integrity",
            match (&self.mac, self.signed) {
                (Some(mac), _) => format!("{}, {} iterations", mac.algorithm, mac.iterations),
                (None, true) => "signed".to_owned(),
                (None, false) => "none".to_owned(),
            },
        );
        for part in &self.parts {
            let how = part.encryption.as_ref().map_or_else(|| "open".to_owned(), Encryption::words);
            page.field("part", how);
            for key in &part.encrypted_keys {
                page.field("key", key.words());
            }
            if part.open_keys > 0 {
                page.field("key", format!("{} not encrypted", part.open_keys));
            }
        }
        match self.opened {
            Some(false) => page.field("opened", "no: the passphrase is another"),
            Some(true) => page.field("opened", "yes"),
            None => {}
        }
        page.maybe("private keys", self.private_keys.map(|n| n.to_string()));
        for certificate in &self.certificates {
            page.group("certificate");
            certificate.text(page);
        }
    }
}

impl Encryption {
    fn of(of: &pkcs12::Encryption<'_>) -> Self {
        Self { scheme: name(of.scheme), cipher: of.cipher.map(name), iterations: of.iterations }
    }

    fn words(&self) -> String {
        let cipher = self.cipher.as_ref().map_or_else(String::new, |c| format!(", {c}"));
        let times = self.iterations.map_or_else(String::new, |n| format!(", {n} iterations"));
        format!("encrypted with {}{cipher}{times}", self.scheme)
    }
}

/// Schemes of RFC 7292 appendix C and RFC 8018, ciphers of NIST.
fn name(algorithm: &[u8]) -> String {
    let dotted = oid::to_dotted(algorithm);
    let short = match dotted.as_str() {
        "1.2.840.113549.1.5.13" => "pbes2",
        "1.2.840.113549.1.12.1.1" => "pbe-sha1-rc4-128",
        "1.2.840.113549.1.12.1.2" => "pbe-sha1-rc4-40",
        "1.2.840.113549.1.12.1.3" => "pbe-sha1-3des",
        "1.2.840.113549.1.12.1.4" => "pbe-sha1-2des",
        "1.2.840.113549.1.12.1.5" => "pbe-sha1-rc2-128",
        "1.2.840.113549.1.12.1.6" => "pbe-sha1-rc2-40",
        "1.2.840.113549.3.7" => "3des-cbc",
        "2.16.840.1.101.3.4.1.2" => "aes-128-cbc",
        "2.16.840.1.101.3.4.1.22" => "aes-192-cbc",
        "2.16.840.1.101.3.4.1.42" => "aes-256-cbc",
        _ => return dotted,
    };
    short.to_owned()
}

/// A private key in the form of Microsoft's tools of old.
#[derive(Clone, Debug, Serialize)]
pub struct Pvk {
    /// `exchange` or `signature`; the number where it is neither.
    pub key_type: String,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// Bytes mixed into the password.
    pub salt_size: usize,
    /// Bytes of the key.
    pub key_size: u32,
    /// The number of the key's algorithm, in hexadecimal digits.
    pub algorithm: String,
    /// Bits of the modulus, where it is not encrypted.
    pub bits: Option<u32>,
}

impl Pvk {
    /// Reads the head of a key; `None` where it is none.
    pub(super) fn read(bytes: &[u8], errors: &mut Vec<String>) -> Option<Self> {
        if !pvk::begins(bytes) {
            return None;
        }
        let read = match pvk::read(bytes) {
            Ok(read) => read,
            Err(problem) => {
                errors.push(problem.to_string());
                return None;
            }
        };
        errors.extend(read.deviations.iter().map(ToString::to_string));
        let key = read.value;
        Some(Self {
            key_type: match key.key_type {
                1 => "exchange".to_owned(),
                2 => "signature".to_owned(),
                other => other.to_string(),
            },
            encrypted: key.is_encrypted,
            salt_size: key.salt.len(),
            key_size: key.key_size,
            algorithm: format!("{:08x}", key.algorithm),
            bits: key.bits,
        })
    }

    /// Lines for people.
    pub(super) fn text(&self, page: &mut Page) {
        page.field("key for", &self.key_type);
        page.field("encrypted", if self.encrypted { "yes" } else { "no" });
        page.maybe("bits", self.bits.map(|bits| bits.to_string()));
    }
}
