//! Firmware variables and signature lists (UEFI specification, 32.4.1), and shim's tables.

use aws_lc_rs::digest::{SHA256, digest};

/// The vendor of `SecureBoot`, `SetupMode`, `PK`, `KEK`: `EFI_GLOBAL_VARIABLE`.
pub const GLOBAL: &str = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
/// The vendor of `db` and `dbx`: `EFI_IMAGE_SECURITY_DATABASE_GUID`.
pub const IMAGE_SECURITY: &str = "d719b2cb-3d3a-4596-a3bc-dad00e67656f";
/// The vendor of shim's variables.
pub const SHIM: &str = "605dab50-e046-4300-abb6-3dd810dd8b23";

/// `EFI_CERT_X509_GUID`
const X509: &str = "a5c059a1-94e4-4aa7-87b5-ab155c2bf072";
/// `EFI_CERT_SHA256_GUID`
const SHA256_LIST: &str = "c1c41626-504c-4092-aca9-41f936934328";
/// Who put an entry into a list: nobody in particular.
const OWNER: &str = "00000000-0000-0000-0000-000000000000";

/// A GUID as firmware writes it: three little-endian numbers and eight bytes.
///
/// # Panics
/// When the text is no GUID.
#[must_use]
pub fn guid(text: &str) -> Vec<u8> {
    let hex: String = text.chars().filter(|c| *c != '-').collect();
    let bytes: Vec<u8> = (0..16)
        .map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).expect("hexadecimal"))
        .collect();
    [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15].iter().map(|n| bytes[*n]).collect()
}

/// A list with one certificate.
#[must_use]
pub fn certificate(der: &[u8]) -> Vec<u8> {
    list(X509, &[der.to_vec()])
}

/// A list of SHA-256 digests.
#[must_use]
pub fn digests(digests: &[Vec<u8>]) -> Vec<u8> {
    list(SHA256_LIST, digests)
}

/// The SHA-256 digest of a file.
#[must_use]
pub fn sha256(file: &[u8]) -> Vec<u8> {
    digest(&SHA256, file).as_ref().to_vec()
}

/// `EFI_SIGNATURE_LIST`: type, size of the list, of its header, of an entry; then owner and data.
fn list(kind: &str, entries: &[Vec<u8>]) -> Vec<u8> {
    let entry = 16 + entries.first().map_or(0, Vec::len);
    let mut out = guid(kind);
    for size in [28 + entry * entries.len(), 0, entry] {
        out.extend((size as u32).to_le_bytes());
    }
    for data in entries {
        out.extend(guid(OWNER));
        out.extend(data);
    }
    out
}

/// A variable as efivarfs shows it: attributes, then data. Those that survive a restart are 7,
/// those the firmware makes anew at each start 6.
#[must_use]
pub fn variable(lasting: bool, data: &[u8]) -> Vec<u8> {
    let attributes: u32 = if lasting { 7 } else { 6 };
    [&attributes.to_le_bytes(), data].concat()
}

/// An update as vendors ship it: a time, a certificate entry (without a signature in it, which nobody
/// here checks), the lists. UEFI 2.10, 8.2.2, `EFI_VARIABLE_AUTHENTICATION_2`.
#[must_use]
pub fn signed_update(lists: &[u8]) -> Vec<u8> {
    const PKCS7: &str = "4aafd29d-68df-49ee-8aa9-347d375665a7";
    let mut out = vec![0xda, 7, 3, 6, 19, 17, 33, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    out.extend(26_u32.to_le_bytes());
    out.extend([0, 2, 0xf1, 0x0e]);
    out.extend(guid(PKCS7));
    out.extend([0x30, 0]);
    out.extend(lists);
    out
}
