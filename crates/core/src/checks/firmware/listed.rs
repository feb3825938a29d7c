//! Finding an image or its signer in lists.

use super::Signed;
use crate::fact::Listing;
use crate::fact::step::Step;
use crate::facts::boot_image::Entry;
use crate::proof::{Gaps, List};
use loadworthy_formats::x509::certificate;

/// `id-kp` of Red Hat for keys that sign kernel modules alone (1.3.6.1.4.1.2312.16.1.2).
const MODULES_ONLY: &[u8] = &[0x2b, 6, 1, 4, 1, 0x92, 8, 0x10, 1, 2];

/// The first entry of `lists` that `is` what is looked for. Not finding it needs all of them.
pub(super) fn find<'l>(
    step: &mut Step,
    lists: &[(List, &'l Listing<Entry>)],
    is: impl Fn(List, &Entry) -> bool,
) -> Result<Option<(List, &'l Entry)>, Gaps> {
    let mut open = Gaps::new();
    for (list, listing) in lists {
        match step.find(listing, |entry| is(*list, entry)) {
            Ok(Some(entry)) => return Ok(Some((*list, entry))),
            Ok(None) => {}
            Err(gaps) => open.extend(gaps),
        }
    }
    if open.is_empty() { Ok(None) } else { Err(open) }
}

/// Whether shim finds this signature's signer in `entry`: the first certificate of a list, in the
/// encoding it knows, not meant for modules alone, over an image digest of SHA-256.
pub(super) fn shim_finds(entry: &Entry, signed: &Signed) -> bool {
    let Entry::Certificate { certificate, first: true } = entry else { return false };
    plain(&certificate.der) && !for_modules(&certificate.der) && leads(signed, &certificate.der)
}

/// Whether shim would find the signer in `entry`, were the key not meant for modules alone.
pub(super) fn finds_for_modules(entry: &Entry, signed: &Signed) -> bool {
    let Entry::Certificate { certificate, .. } = entry else { return false };
    for_modules(&certificate.der) && leads(signed, &certificate.der)
}

/// Whether the firmware finds this signature's signer in `entry`.
pub(super) fn firmware_finds(entry: &Entry, signed: &Signed) -> bool {
    let Ok(examined) = &signed.examined else { return false };
    match entry {
        Entry::Certificate { certificate, .. } => examined.leads_to(&certificate.der),
        Entry::SignedPart(by, digest) => examined.signed_parts(*by).any(|d| d == *digest),
        Entry::Digest(..) | Entry::Other => false,
    }
}

fn leads(signed: &Signed, anchor: &[u8]) -> bool {
    let sha256 = crate::crypt::digest::DigestAlgorithm::Sha256;
    signed.examined.as_ref().is_ok_and(|e| e.digest == sha256 && e.leads_to(anchor))
}

/// `verify_x509`: a length in two octets, and nothing behind.
fn plain(der: &[u8]) -> bool {
    let Some(([0x30, 0x82, high, low], rest)) = der.split_first_chunk() else { return false };
    usize::from(u16::from_be_bytes([*high, *low])) == rest.len()
}

/// `verify_eku`: one purpose among those of the key is to sign modules.
fn for_modules(der: &[u8]) -> bool {
    certificate::read(der).is_ok_and(|c| c.value.extended_key_usage.contains(&MODULES_ONLY))
}
