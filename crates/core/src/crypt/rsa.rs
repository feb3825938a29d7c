//! RSA, PKCS#1 v1.5 (RFC 8017 section 8.2).

use alloc::boxed::Box;
use alloc::vec::Vec;

use aws_lc_rs::digest as fast;
use aws_lc_rs::signature::{self, ParsedPublicKey, RsaParameters};
use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Integer, Odd, Resize};

use loadworthy_formats::der::decode::{Ended, decode};
use loadworthy_formats::der::grammar::{Step, tag};

use super::digest::{Digest, DigestAlgorithm};
use super::refusal::Refusal;

#[derive(Clone, Copy)]
enum Part {
    Modulus,
    Exponent,
}

const KEY: &[Step<Part>] = &[Step::must(tag::SEQUENCE).holding(&[
    Step::must(tag::INTEGER).noted(Part::Modulus),
    Step::must(tag::INTEGER).noted(Part::Exponent),
])];

/// Sizes that `rsa_check_key_length` takes, in bits, after rounding up to whole 64-bit words.
const SIZES: [u32; 6] = [512, 1024, 1536, 2048, 3072, 4096];

/// Largest number that `mpi_read_raw_data` reads, in bits (`MAX_EXTERN_MPI_BITS`).
const LARGEST: u32 = 16384;

pub(super) struct Key {
    /// The modulus, prepared for arithmetic.
    modulus: BoxedMontyParams,
    exponent: BoxedUint,
    /// Length of the modulus in bytes, rounded up to whole 64-bit words as the kernel counts it.
    size: usize,
    /// The same key, prepared for aws-lc, once for each digest it takes.
    fast: Vec<(DigestAlgorithm, &'static fast::Algorithm, ParsedPublicKey)>,
}

type Fast = (DigestAlgorithm, &'static fast::Algorithm, &'static RsaParameters);

const FAST: [Fast; 4] = [
    (
        DigestAlgorithm::Sha256,
        &fast::SHA256,
        &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
    ),
    (
        DigestAlgorithm::Sha512,
        &fast::SHA512,
        &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
    ),
    (DigestAlgorithm::Sha384, &fast::SHA384, &signature::RSA_PKCS1_2048_8192_SHA384),
    (
        DigestAlgorithm::Sha1,
        &fast::SHA1_FOR_LEGACY_USE_ONLY,
        &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
    ),
];

impl Key {
    /// Whether FIPS mode takes it (`rsa_check_key_length`, `rsa_check_exponent_fips`).
    pub(super) fn fits_fips(&self) -> bool {
        let bits = self.exponent.bits();
        self.size >= 256 && bool::from(self.exponent.is_odd()) && (17..=256).contains(&bits)
    }

    /// `None` for an even modulus: kernels would take it, the arithmetic here does not.
    pub(super) fn new(bytes: &[u8]) -> Result<Option<Self>, Refusal> {
        let decoded = decode(KEY, bytes);
        let (mut n, mut e): (&[u8], &[u8]) = (&[], &[]);
        for event in &decoded.events {
            let limit = if let Part::Modulus = event.action { usize::MAX } else { n.len() };
            if event.value.is_empty() || event.value.len() > limit {
                return Err(Refusal::KeyUnfit);
            }
            match event.action {
                Part::Modulus => n = event.value,
                Part::Exponent => e = event.value,
            }
        }
        if decoded.ended != Ended::Well {
            return Err(Refusal::KeyMalformed);
        }
        let (n, e) = (BoxedUint::from_be_slice_vartime(n), BoxedUint::from_be_slice_vartime(e));
        if n.bits() > LARGEST || e.bits() > LARGEST {
            return Err(Refusal::KeyTooLarge);
        }
        let rounded = n.bits().next_multiple_of(64);
        if !SIZES.contains(&rounded) {
            return Err(Refusal::KeyUnfit);
        }
        let encoded = encode(&n, &e);
        let fast = FAST
            .iter()
            .filter_map(|&(digest, imported, scheme)| {
                Some((digest, imported, ParsedPublicKey::new(scheme, &encoded).ok()?))
            })
            .collect();
        let size = usize::try_from(rounded.wrapping_div(8)).unwrap_or(usize::MAX);
        let odd = Odd::new(n.resize_unchecked(rounded)).into_option();
        let modulus = odd.map(BoxedMontyParams::new_vartime);
        Ok(modulus.map(|modulus| Self { modulus, exponent: e, size, fast }))
    }

    pub(super) fn bits(&self) -> u64 {
        self.modulus.modulus().bits().into()
    }

    pub(super) fn refuses(
        &self,
        by: DigestAlgorithm,
        digest: &Digest,
        signature: &[u8],
    ) -> Option<Refusal> {
        if signature.len() != self.size {
            return Some(Refusal::SignatureLength);
        }
        if let Some((_, imported, key)) = self.fast.iter().find(|(a, ..)| *a == by)
            && let Ok(digest) = fast::Digest::import_less_safe(digest.as_bytes(), imported)
            && key.verify_digest_sig(&digest, signature).is_ok()
        {
            return None;
        }
        self.why(by, digest, signature)
    }

    /// What the signature holds, without zeros before it (`RSAVP1`, RFC 8017 5.2.2); `None`: it is no
    /// number of this key.
    fn opened(&self, signature: &[u8]) -> Option<Box<[u8]>> {
        let number = BoxedUint::from_be_slice_vartime(signature);
        if signature.len() != self.size || number >= *self.modulus.modulus().as_ref() {
            return None;
        }
        Some(self.power(number))
    }

    /// A number below the modulus to the power of the exponent, as bytes without zeros before them.
    fn power(&self, number: BoxedUint) -> Box<[u8]> {
        BoxedMontyForm::new(number, &self.modulus)
            .pow_bounded_exp(&self.exponent, self.exponent.bits())
            .retrieve()
            .to_be_bytes_trimmed_vartime()
    }

    /// Whether the signature holds `digest` alone, without the name of its algorithm before it: some
    /// time-stamps of old are made so.
    pub(super) fn holds_bare(&self, digest: &Digest, signature: &[u8]) -> bool {
        let Some(held) = self.opened(signature) else { return false };
        let bare = held.strip_prefix(&[1]).and_then(|rest| rest.strip_suffix(digest.as_bytes()));
        let filling = bare.and_then(|rest| rest.strip_suffix(&[0]));
        held.len().saturating_add(1) == self.size
            && filling.is_some_and(|f| f.len() >= 8 && f.iter().all(|byte| *byte == 0xff))
    }

    /// `RSASSA-PSS-VERIFY` (RFC 8017 8.1.2) of a digest that was made already.
    pub(super) fn holds_pss(
        &self,
        (by, digest): (DigestAlgorithm, &Digest),
        mask: DigestAlgorithm,
        salt: usize,
        signature: &[u8],
    ) -> bool {
        let Some(held) = self.opened(signature) else { return false };
        let bits = self.modulus.modulus().bits().saturating_sub(1);
        let Ok(length) = usize::try_from(bits.div_ceil(8)) else { return false };
        let mut whole = alloc::vec![0; length.saturating_sub(held.len())];
        whole.extend_from_slice(&held);
        // Bits of the first byte that the number cannot reach.
        let reached = 0xff_u8.checked_shr(bits.next_multiple_of(8).wrapping_sub(bits)).unwrap_or(0);
        let own = digest.as_bytes();
        let Some((&0xbc, rest)) = whole.split_last() else { return false };
        let Some((masked, seal)) =
            rest.len().checked_sub(own.len()).and_then(|at| rest.split_at_checked(at))
        else {
            return false;
        };
        if whole.len() != length || masked.first().is_none_or(|first| first & !reached != 0) {
            return false;
        }
        let mut block: Vec<u8> =
            masked.iter().zip(masks(mask, seal, masked.len())).map(|(a, b)| a ^ b).collect();
        if let Some(first) = block.first_mut() {
            *first &= reached;
        }
        let Some((filling, salted)) =
            block.len().checked_sub(salt).and_then(|at| block.split_at_checked(at))
        else {
            return false;
        };
        let Some((&1, zeros)) = filling.split_last() else { return false };
        zeros.iter().all(|byte| *byte == 0)
            && super::digest::digest(by, &[&[0; 8], own, salted].concat()).as_bytes() == seal
    }

    /// The steps of `pkcs1pad_verify`, for the reason, and for digests that aws-lc does not take.
    fn why(&self, by: DigestAlgorithm, digest: &Digest, signature: &[u8]) -> Option<Refusal> {
        let number = BoxedUint::from_be_slice_vartime(signature);
        if number >= *self.modulus.modulus().as_ref() {
            return Some(Refusal::SignatureRange);
        }
        if number.bits() <= 1 {
            return Some(Refusal::SignatureTrivial);
        }
        let held = self.power(number);
        // The kernel looks at as many bytes as the modulus has, so zeros in front count.
        let zeros = self.size.saturating_sub(held.len());
        if zeros == 0 {
            return Some(Refusal::LeadingByte);
        }
        let rest = if zeros == 1 { held.strip_prefix(&[1]) } else { None };
        let Some(rest) = rest else { return Some(Refusal::Padding) };
        let filling = rest.iter().position(|b| *b != 0xff).unwrap_or(rest.len());
        let after = rest.get(filling..).unwrap_or_default();
        let prefix = prefix(by).unwrap_or_default();
        let found = after.strip_prefix(&[0]).and_then(|a| a.strip_prefix(prefix.as_slice()));
        match found {
            Some(found) if filling >= 8 => {
                (found != digest.as_bytes()).then_some(Refusal::Mismatch)
            }
            _ => Some(Refusal::Padding),
        }
    }
}

/// `MGF1` (RFC 8017 B.2.1): as many bytes as asked for.
fn masks(by: DigestAlgorithm, seed: &[u8], length: usize) -> Vec<u8> {
    let mut made = Vec::with_capacity(length);
    for count in 0_u32.. {
        if made.len() >= length {
            break;
        }
        let counted = [seed, &count.to_be_bytes()].concat();
        made.extend_from_slice(super::digest::digest(by, &counted).as_bytes());
    }
    made.truncate(length);
    made
}

/// What stands before the digest: `DigestInfo` up to the octets of the digest (RFC 8017 9.2).
/// `None` where the kernel has no template for the digest.
pub(super) fn prefix(by: DigestAlgorithm) -> Option<Vec<u8>> {
    match by {
        DigestAlgorithm::Md4
        | DigestAlgorithm::Sm3
        | DigestAlgorithm::Streebog256
        | DigestAlgorithm::Streebog512 => return None,
        DigestAlgorithm::Md5
        | DigestAlgorithm::Sha1
        | DigestAlgorithm::Sha224
        | DigestAlgorithm::Sha256
        | DigestAlgorithm::Sha384
        | DigestAlgorithm::Sha512
        | DigestAlgorithm::Sha3_256
        | DigestAlgorithm::Sha3_384
        | DigestAlgorithm::Sha3_512 => {}
    }
    let algorithm = [&element(tag::OID, by.oid())?[..], &[tag::NULL, 0]].concat();
    let algorithm = element(tag::SEQUENCE, &algorithm)?;
    let digest = u8::try_from(by.output_len()).ok()?;
    let whole = u8::try_from(algorithm.len()).ok()?.checked_add(digest)?.checked_add(2)?;
    let mut prefix = Vec::from([tag::SEQUENCE, whole]);
    prefix.extend(algorithm);
    prefix.extend([tag::OCTET_STRING, digest]);
    Some(prefix)
}

fn encode(n: &BoxedUint, e: &BoxedUint) -> Vec<u8> {
    let integer = |number: &BoxedUint| {
        let mut bytes = number.to_be_bytes_trimmed_vartime().into_vec();
        if bytes.first().is_some_and(|b| b & 0x80 != 0) {
            bytes.insert(0, 0);
        }
        element(tag::INTEGER, &bytes).unwrap_or_default()
    };
    element(tag::SEQUENCE, &[integer(n), integer(e)].concat()).unwrap_or_default()
}

/// A DER element of less than 64 KiB.
fn element(tag: u8, value: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(value.len()).ok()?;
    let [high, low] = length.to_be_bytes();
    let mut whole = match length {
        0..=0x7f => Vec::from([tag, low]),
        0x80..=0xff => Vec::from([tag, 0x81, low]),
        _ => Vec::from([tag, 0x82, high, low]),
    };
    whole.extend(value);
    Some(whole)
}
