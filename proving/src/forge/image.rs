//! Forges images that boot: EFI applications with Authenticode signatures, and what stands about
//! them in the firmware.

use crate::forge::firmware;
use crate::forge::key::Key;
use crate::forge::{der, host};
use aws_lc_rs::digest::{SHA256, digest};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};

/// What a scenario says of an image: the keys of `toml image` (`proving/scenarios/README.md`).
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the README of the scenarios describes each key")]
pub struct Image {
    pub part: String,
    pub signed_by: Vec<String>,
    pub changed: bool,
    pub cut_short: bool,
    pub denied: String,
    pub sbat: Vec<String>,
    pub sbat_level: Option<String>,
    pub nx: bool,
    pub mok_policy: Option<u8>,
}

impl Default for Image {
    fn default() -> Self {
        Self {
            part: "kernel".to_owned(),
            signed_by: vec!["owner".to_owned()],
            changed: false,
            cut_short: false,
            denied: "no".to_owned(),
            sbat: Vec::new(),
            sbat_level: None,
            nx: true,
            mok_policy: None,
        }
    }
}

/// Where the optional header begins, its checksum, and the entry of the certificate table.
const OPTIONAL: usize = 0x58;
const CHECKSUM: usize = OPTIONAL + 64;
const ENTRY: usize = OPTIONAL + 112 + 32;
/// Bytes of headers.
const HEADERS: usize = 0x400;

impl Image {
    /// Writes the image beside the root, and into the root what the scenario says of it.
    ///
    /// # Errors
    /// When a word of the scenario is not known, or a file cannot be written.
    pub fn forge(&self, root: &Path, at: &Path) -> Result<PathBuf, String> {
        let told = |e: std::io::Error| e.to_string();
        let mut bytes = self.unsigned()?;
        let image_digest = authenticode(&bytes);
        let mut table = Vec::new();
        for name in &self.signed_by {
            let message = signature(&Key::named(name)?, &image_digest)?;
            table.extend(((message.len() + 8) as u32).to_le_bytes());
            table.extend([0, 2, 2, 0]);
            table.extend(message);
            table.resize(table.len().next_multiple_of(8), 0);
        }
        if !table.is_empty() {
            let place = [bytes.len() as u32, table.len() as u32].map(u32::to_le_bytes);
            bytes[ENTRY..ENTRY + 8].copy_from_slice(place.as_flattened());
            bytes.extend(table);
        }
        if self.changed {
            bytes[HEADERS] ^= 1;
        }
        if self.cut_short {
            bytes.truncate(bytes.len() - 16);
        }
        let file = at.join("demo.efi");
        fs::write(&file, &bytes).map_err(told)?;
        let list = firmware::digests(std::slice::from_ref(&image_digest));
        match self.denied.as_str() {
            "no" => {}
            "dbx" => host::add_to_variable(root, "dbx", firmware::IMAGE_SECURITY, &list)?,
            "owner" => host::add_to_variable(root, "MokListXRT", firmware::SHIM, &list)?,
            other => return Err(format!("denied = {other:?}")),
        }
        if let Some(level) = &self.sbat_level {
            host::add_to_variable(root, "SbatLevelRT", firmware::SHIM, level.as_bytes())?;
        }
        if let Some(policy) = self.mok_policy {
            host::add_to_variable(root, "MokPolicyRT", firmware::SHIM, &[policy])?;
        }
        Ok(file)
    }

    /// Headers, one section of code, and `.sbat` where there are generations.
    fn unsigned(&self) -> Result<Vec<u8>, String> {
        let mut sections = vec![(*b".text\0\0\0", vec![0xc3; 64])];
        if !self.sbat.is_empty() {
            let mut text = String::from("sbat,1,SBAT Version,sbat,1,https://example.org\n");
            for row in &self.sbat {
                text.push_str(&format!("{row},Example,example,1.0,https://example.org\n"));
            }
            let mut text = text.into_bytes();
            text.resize(text.len().next_multiple_of(8), 0);
            sections.push((*b".sbat\0\0\0", text));
        }
        let mut image = vec![0; HEADERS];
        let mut put = |at: usize, bytes: &[u8]| image[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, b"MZ");
        put(0x3c, &[0x40]);
        put(0x40, b"PE\0\0\x64\x86");
        put(0x46, &[sections.len() as u8]);
        put(0x54, &[240, 0, 0x22, 0]);
        put(OPTIONAL, &[0x0b, 2]);
        put(OPTIONAL + 56, &0x4000_u32.to_le_bytes());
        put(OPTIONAL + 60, &(HEADERS as u32).to_le_bytes());
        put(OPTIONAL + 68, &[10, 0, 0, u8::from(self.nx)]);
        put(OPTIONAL + 108, &[16]);
        let mut at = HEADERS;
        for (n, (name, data)) in sections.iter().enumerate() {
            let row = OPTIONAL + 240 + 40 * n;
            put(row, name);
            let numbers = [data.len(), 0x1000 * (n + 1), data.len(), at];
            put(row + 8, numbers.map(|n| (n as u32).to_le_bytes()).as_flattened());
            put(row + 36, &[0x40, 0, 0, 0x40]);
            at += data.len();
        }
        match self.part.as_str() {
            "kernel" => put(0x202, b"HdrS"),
            "second-stage" | "shim" => {}
            other => return Err(format!("part = {other:?}")),
        }
        image.extend(sections.into_iter().flat_map(|(_, data)| data));
        Ok(image)
    }
}

/// The digest of an image without signatures.
fn authenticode(image: &[u8]) -> Vec<u8> {
    let parts = [&image[..CHECKSUM], &image[CHECKSUM + 4..ENTRY], &image[ENTRY + 8..]];
    digest(&SHA256, &parts.concat()).as_ref().to_vec()
}

/// A PKCS#7 message over the image's digest (*Windows Authenticode Portable Executable Signature
/// Format*).
fn signature(key: &Key, image: &[u8]) -> Result<Vec<u8>, String> {
    const SHA: &str = "2.16.840.1.101.3.4.2.1";
    const INDIRECT: &str = "1.3.6.1.4.1.311.2.1.4";
    let algorithm = || der::sequence(&[der::oid(SHA), der::null()]);
    let file = der::element(0xa0, &der::element(0xa2, &der::element(0x80, b"")));
    let data = der::sequence(&[
        der::oid("1.3.6.1.4.1.311.2.1.15"),
        der::sequence(&[vec![0x03, 0x01, 0x00], file]),
    ]);
    let parts = [data, der::sequence(&[algorithm(), der::element(0x04, image)])].concat();
    // Digested without tag and length.
    let content_digest = digest(&SHA256, &parts).as_ref().to_vec();
    let attributes = der::set(&[
        der::sequence(&[der::oid("1.2.840.113549.1.9.3"), der::set(&[der::oid(INDIRECT)])]),
        der::sequence(&[
            der::oid("1.2.840.113549.1.9.4"),
            der::set(&[der::element(0x04, &content_digest)]),
        ]),
    ]);
    let signature = key.sign("sha256", &attributes).ok_or("cannot sign with sha256")?;
    let mut tagged = attributes;
    tagged[0] = 0xa0;
    let signer = der::sequence(&[
        der::integer(&[1]),
        der::sequence(&[key.subject.clone(), der::integer(&key.serial)]),
        algorithm(),
        tagged,
        der::sequence(&[der::oid("1.2.840.113549.1.1.1"), der::null()]),
        der::element(0x04, &signature),
    ]);
    let content = der::element(0xa0, &der::element(0x30, &parts));
    let signed = der::sequence(&[
        der::integer(&[1]),
        der::set(&[algorithm()]),
        der::sequence(&[der::oid(INDIRECT), content]),
        der::element(0xa0, &key.certificate),
        der::set(&[signer]),
    ]);
    Ok(der::sequence(&[der::oid("1.2.840.113549.1.7.2"), der::element(0xa0, &signed)]))
}
