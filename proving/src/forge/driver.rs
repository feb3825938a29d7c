//! Forges drivers of Windows, catalogs and time-stamps: what Microsoft's tools would write, signed by
//! test keys.
//!
//! Written from *Windows Authenticode Portable Executable Signature Format*, RFC 2315, RFC 3161 and the
//! documents of `makecat`.

use crate::forge::der;
use crate::forge::key::Key;
use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

const OPTIONAL: usize = 0x98;
/// Where the checksum is.
pub const CHECKSUM: usize = OPTIONAL + 64;
/// Where the directory entry of the certificate table is.
pub const ENTRY: usize = OPTIONAL + 112 + 32;
/// Bytes of headers.
pub const HEADERS: usize = 0x400;
/// Bytes of `.text` in the file: one page and a half.
pub const TEXT: usize = 0x1800;

const INDIRECT: &str = "1.3.6.1.4.1.311.2.1.4";
const TRUST_LIST: &str = "1.3.6.1.4.1.311.10.1";
const RSA: &str = "1.2.840.113549.1.1.1";
const SHA_256: &str = "2.16.840.1.101.3.4.2.1";

/// A driver without signatures: headers, `.text` of one page and a half, `.data`.
#[must_use]
pub fn unsigned() -> Vec<u8> {
    let mut image = vec![0; HEADERS];
    let mut put = |at: usize, bytes: &[u8]| image[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"MZ");
    put(0x3c, &[0x80]);
    put(0x80, b"PE\0\0\x64\x86\x02\0");
    put(0x94, &[240, 0, 0x22, 0]);
    put(OPTIONAL, &[0x0b, 2]);
    put(OPTIONAL + 32, &0x1000_u32.to_le_bytes());
    put(OPTIONAL + 36, &0x200_u32.to_le_bytes());
    put(OPTIONAL + 56, &0x5000_u32.to_le_bytes());
    put(OPTIONAL + 60, &(HEADERS as u32).to_le_bytes());
    put(OPTIONAL + 64, &[1, 2, 3, 4, 1, 0]);
    put(OPTIONAL + 108, &[16]);
    let sections =
        [(b".text\0\0\0", TEXT, 0x1000, HEADERS), (b".data\0\0\0", 0x200, 0x3000, HEADERS + TEXT)];
    for (n, (name, size, address, at)) in sections.into_iter().enumerate() {
        let row = OPTIONAL + 240 + 40 * n;
        put(row, name);
        put(row + 8, [size, address, size, at].map(|n| (n as u32).to_le_bytes()).as_flattened());
        put(row + 36, &[0x20, 0, 0, 0x60]);
    }
    image.extend((0..TEXT).map(|n| (n * 7) as u8));
    image.extend([9; 0x200]);
    image
}

/// The Authenticode digest of an image without signatures.
#[must_use]
pub fn image_digest(image: &[u8], by: &'static Algorithm) -> Vec<u8> {
    let parts = [&image[..CHECKSUM], &image[CHECKSUM + 4..ENTRY], &image[ENTRY + 8..]];
    digest(by, &parts.concat()).as_ref().to_vec()
}

/// What a message is like beside its content.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// Digests of pages: 1: SHA-1, 2: SHA-256.
    pub pages: Option<u8>,
    /// The content in an OCTET STRING, as CMS wants it.
    pub octets: bool,
    /// The key signs with the padding PSS.
    pub pss: bool,
    /// Messages nested in it.
    pub nested: Vec<Vec<u8>>,
    /// Whether a time-stamp is on it, and of which kind: `pkcs9`, `rfc3161`.
    pub stamp: Option<&'static str>,
}

/// A message over an image, by SHA-256.
///
/// # Errors
/// When the key cannot sign.
pub fn over_image(image: &[u8], key: &Key, shape: &Shape) -> Result<Vec<u8>, String> {
    let link = match shape.pages {
        None => der::element(0xa2, &der::element(0x80, b"")),
        Some(version) => pages(image, version),
    };
    let data = der::sequence(&[
        der::oid("1.3.6.1.4.1.311.2.1.15"),
        der::sequence(&[vec![0x03, 0x01, 0x00], der::element(0xa0, &link)]),
    ]);
    let content = der::sequence(&[data, imprint(&image_digest(image, &SHA256))]);
    signed(INDIRECT, Some(&content), &content, key, shape)
}

/// `DigestInfo` or `MessageImprint` of SHA-256.
fn imprint(value: &[u8]) -> Vec<u8> {
    der::sequence(&[algorithm(SHA_256), der::element(0x04, value)])
}

fn algorithm(oid: &str) -> Vec<u8> {
    der::sequence(&[der::oid(oid), der::null()])
}

/// `SpcSerializedObject` with digests of pages.
fn pages(image: &[u8], version: u8) -> Vec<u8> {
    let by = if version == 1 { &SHA1_FOR_LEGACY_USE_ONLY } else { &SHA256 };
    let page = |bytes: &[u8], size: usize| {
        let mut page = bytes.to_vec();
        page.resize(size, 0);
        digest(by, &page).as_ref().to_vec()
    };
    // The page of the headers lacks the twelve bytes that are left out.
    let headers =
        [&image[..CHECKSUM], &image[CHECKSUM + 4..ENTRY], &image[ENTRY + 8..HEADERS]].concat();
    let mut table = vec![0; 4];
    table.extend(page(&headers, 4096 - 12));
    for (from, to) in [
        (HEADERS, HEADERS + 4096),
        (HEADERS + 4096, HEADERS + TEXT),
        (HEADERS + TEXT, HEADERS + TEXT + 0x200),
    ] {
        table.extend((from as u32).to_le_bytes());
        table.extend(page(&image[from..to], 4096));
    }
    table.extend((image.len() as u32).to_le_bytes());
    table.extend(vec![0; by.output_len()]);
    let kind = format!("1.3.6.1.4.1.311.2.3.{version}");
    let attribute = der::sequence(&[der::oid(&kind), der::set(&[der::element(0x04, &table)])]);
    let class = [
        0xa6, 0xb5, 0x86, 0xd5, 0xb4, 0xa1, 0x24, 0x66, 0xae, 0x05, 0xa2, 0x17, 0xda, 0x8e, 0x60,
        0xd6,
    ];
    let object = [der::element(0x04, &class), der::element(0x04, &der::set(&[attribute]))].concat();
    der::element(0xa1, &object)
}

/// `SignedData` whose signed attributes name the digest of `content`: without tag and length where
/// the content is inside, whole where it is elsewhere.
fn signed(
    kind: &str,
    inside: Option<&[u8]>,
    content: &[u8],
    key: &Key,
    shape: &Shape,
) -> Result<Vec<u8>, String> {
    let digested = match inside {
        Some(content) if !shape.octets => value(content),
        Some(_) | None => content,
    };
    let attributes = der::set(&[
        der::sequence(&[der::oid("1.2.840.113549.1.9.3"), der::set(&[der::oid(kind)])]),
        der::sequence(&[
            der::oid("1.2.840.113549.1.9.4"),
            der::set(&[der::element(0x04, digest(&SHA256, digested).as_ref())]),
        ]),
    ]);
    let scheme = if shape.pss { "sha256-pss" } else { "sha256" };
    let signature = key.sign(scheme, &attributes).ok_or("cannot sign with sha256")?;
    let mut unsigned: Vec<Vec<u8>> = Vec::new();
    match shape.stamp {
        None => {}
        Some("pkcs9") => unsigned.push(der::sequence(&[
            der::oid("1.2.840.113549.1.9.6"),
            der::set(&[countersignature(&signature)?]),
        ])),
        Some("rfc3161") => unsigned.push(der::sequence(&[
            der::oid("1.3.6.1.4.1.311.3.3.1"),
            der::set(&[token(&signature)?]),
        ])),
        Some(other) => return Err(format!("stamp = {other:?}")),
    }
    if !shape.nested.is_empty() {
        let values = der::set(&shape.nested);
        unsigned.push(der::sequence(&[der::oid("1.3.6.1.4.1.311.2.4.1"), values]));
    }
    let certificates = match shape.stamp {
        Some("pkcs9") => [key.certificate.clone(), stamper()?.certificate].concat(),
        Some(_) | None => key.certificate.clone(),
    };
    let encapsulated = match inside {
        None => der::sequence(&[der::oid("1.2.840.113549.1.7.1")]),
        Some(content) if shape.octets => {
            der::sequence(&[der::oid(kind), der::element(0xa0, &der::element(0x04, content))])
        }
        Some(content) => der::sequence(&[der::oid(kind), der::element(0xa0, content)]),
    };
    let by = if shape.pss { pss() } else { algorithm(RSA) };
    let signer = signer(key, attributes, (by, &signature), &unsigned);
    let data = der::sequence(&[
        der::integer(&[if shape.octets { 3 } else { 1 }]),
        der::set(&[algorithm(SHA_256)]),
        encapsulated,
        der::element(0xa0, &certificates),
        der::set(&[signer]),
    ]);
    Ok(der::sequence(&[der::oid("1.2.840.113549.1.7.2"), der::element(0xa0, &data)]))
}

/// The padding PSS with SHA-256 for digest and mask, and as many bytes of salt (RFC 4055 3.1).
fn pss() -> Vec<u8> {
    let mask = der::sequence(&[der::oid("1.2.840.113549.1.1.8"), algorithm(SHA_256)]);
    der::sequence(&[
        der::oid("1.2.840.113549.1.1.10"),
        der::sequence(&[
            der::element(0xa0, &algorithm(SHA_256)),
            der::element(0xa1, &mask),
            der::element(0xa2, &der::integer(&[32])),
        ]),
    ])
}

fn signer(
    key: &Key,
    mut attributes: Vec<u8>,
    (by, signature): (Vec<u8>, &[u8]),
    unsigned: &[Vec<u8>],
) -> Vec<u8> {
    attributes[0] = 0xa0;
    let mut parts = vec![
        der::integer(&[1]),
        der::sequence(&[key.subject.clone(), der::integer(&key.serial)]),
        algorithm(SHA_256),
        attributes,
        by,
        der::element(0x04, signature),
    ];
    if !unsigned.is_empty() {
        parts.push(der::element(0xa1, &unsigned.concat()));
    }
    der::sequence(&parts)
}

/// Who stamps.
fn stamper() -> Result<Key, String> {
    Key::named("stranger")
}

/// `countersignature` of PKCS #9 over a signature, of 2020-01-02 03:04:05.
fn countersignature(over: &[u8]) -> Result<Vec<u8>, String> {
    let key = stamper()?;
    let attributes = der::set(&[
        der::sequence(&[
            der::oid("1.2.840.113549.1.9.3"),
            der::set(&[der::oid("1.2.840.113549.1.7.1")]),
        ]),
        der::sequence(&[
            der::oid("1.2.840.113549.1.9.5"),
            der::set(&[der::element(0x17, b"200102030405Z")]),
        ]),
        der::sequence(&[
            der::oid("1.2.840.113549.1.9.4"),
            der::set(&[der::element(0x04, digest(&SHA256, over).as_ref())]),
        ]),
    ]);
    let signature = key.sign("sha256", &attributes).ok_or("cannot sign with sha256")?;
    Ok(signer(&key, attributes, (algorithm(RSA), &signature), &[]))
}

/// `TSTInfo` over a signature, of 2020-01-02 03:04:05.
#[must_use]
pub fn stamp_info(over: &[u8]) -> Vec<u8> {
    der::sequence(&[
        der::integer(&[1]),
        der::oid("1.3.6.1.4.1.601.10.3.1"),
        imprint(digest(&SHA256, over).as_ref()),
        der::integer(&[7]),
        der::element(0x18, b"20200102030405.25Z"),
    ])
}

/// A token of RFC 3161.
fn token(over: &[u8]) -> Result<Vec<u8>, String> {
    let content = stamp_info(over);
    let shape = Shape { octets: true, ..Shape::default() };
    signed("1.2.840.113549.1.9.16.1.4", Some(&content), &content, &stamper()?, &shape)
}

/// The image with these messages in its certificate table, each an entry of its own.
#[must_use]
pub fn attach(image: &[u8], messages: &[Vec<u8>]) -> Vec<u8> {
    let mut table = Vec::new();
    for message in messages {
        let length = (message.len() + 8).next_multiple_of(8);
        table.extend((length as u32).to_le_bytes());
        table.extend([0, 2, 2, 0]);
        table.extend(message);
        table.resize(table.len().next_multiple_of(8), 0);
    }
    let mut out = image.to_vec();
    let place = [out.len() as u32, table.len() as u32].map(u32::to_le_bytes);
    out[ENTRY..ENTRY + 8].copy_from_slice(place.as_flattened());
    out.extend(table);
    out
}

/// The list of a catalog of version 2: one image and one flat file.
#[must_use]
pub fn list(image: &[u8], flat: &[u8]) -> Vec<u8> {
    let flat_digest = digest(&SHA256, flat).as_ref().to_vec();
    let empty = der::element(0xa2, &der::element(0x80, b""));
    let mut members = [
        member(
            "a.sys",
            &image_digest(image, &SHA256),
            0x80,
            &der::sequence(&[
                der::oid("1.3.6.1.4.1.311.2.1.15"),
                der::sequence(&[vec![0x03, 0x01, 0x00], der::element(0xa0, &empty)]),
            ]),
        ),
        member(
            "a.inf",
            &flat_digest,
            0x82,
            &der::sequence(&[der::oid("1.3.6.1.4.1.311.2.1.25"), empty]),
        ),
    ];
    members.sort_by(|(a, _), (b, _)| a.cmp(b));
    let members = members.map(|(_, member)| member);
    let extension = |name: &str, text: &str| {
        der::sequence(&[der::oid("1.3.6.1.4.1.311.12.2.1"), der::element(0x04, &named(name, text))])
    };
    let extensions = [extension("OS", "_v100_X64"), extension("HWID1", "root\\demo")];
    der::sequence(&[
        der::sequence(&[der::oid("1.3.6.1.4.1.311.12.1.1")]),
        der::element(0x04, &[5; 16]),
        der::element(0x17, b"200102030405Z"),
        algorithm("1.3.6.1.4.1.311.12.1.3"),
        der::sequence(&members),
        der::element(0xa0, &der::sequence(&extensions)),
    ])
}

/// What a member is found by, and the member.
fn member(file: &str, value: &[u8], marker: u8, data: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let attribute = |oid: &str, value: Vec<u8>| der::sequence(&[der::oid(oid), der::set(&[value])]);
    let member = der::sequence(&[
        der::element(0x04, value),
        der::set(&[
            attribute("1.3.6.1.4.1.311.12.2.1", named("File", file)),
            attribute("1.3.6.1.4.1.311.12.2.1", named("OSAttr", "2:10.0")),
            attribute("1.3.6.1.4.1.311.12.2.3", vec![marker, 0]),
            attribute(INDIRECT, der::sequence(&[data.to_vec(), imprint(value)])),
        ]),
    ]);
    (value.to_vec(), member)
}

/// `SEQUENCE { BMPString, INTEGER, OCTET STRING }`.
fn named(name: &str, text: &str) -> Vec<u8> {
    let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let text: Vec<u8> = text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    der::sequence(&[
        der::element(0x1e, &name),
        der::integer(&[0x10, 1, 0, 1]),
        der::element(0x04, &text),
    ])
}

/// A catalog: the list, signed; and where `twice`, a second signature over the same list.
///
/// # Errors
/// When the key cannot sign.
pub fn catalog(list: &[u8], key: &Key, twice: bool) -> Result<Vec<u8>, String> {
    let mut shape = Shape::default();
    if twice {
        shape.nested.push(signed("1.2.840.113549.1.7.1", None, list, key, &Shape::default())?);
    }
    signed(TRUST_LIST, Some(list), list, key, &shape)
}

/// The contents of an element.
fn value(element: &[u8]) -> &[u8] {
    let more = if element[1] < 0x80 { 0 } else { usize::from(element[1] & 0x7f) };
    &element[2 + more..]
}
