//! RSA signatures over SHA-1, for systems that know no other: Windows before its updates of 2015.
//!
//! aws-lc signs no such digests any more. The power is that of `crypto-bigint`, in a time that does not
//! depend on the key; whoever asks holds the signature against the certificate, so that a fault in the
//! arithmetic gives nothing away. Source: RFC 8017, sections 5.2.1 and 9.2.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeyPair;
use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};
use loadworthy_core::crypt::digest::{Digest, DigestAlgorithm};
use loadworthy_formats::der::grammar::tag;
use loadworthy_formats::der::write::{algorithm, element, sequence};
use zeroize::Zeroizing;

use crate::rsa;

/// The signature of `pair` over a digest of SHA-1; `None`: its numbers cannot be had.
pub(super) fn sign(pair: &KeyPair, digest: &Digest) -> Option<Vec<u8>> {
    let der: Pkcs8V1Der<'_> = pair.as_der().ok()?;
    let [modulus, _, exponent, ..] = rsa::numbers(der.as_ref())?;

    let size = pair.public_modulus_len();
    let bits = u32::try_from(size.checked_mul(8)?).ok()?;
    let whole = |bytes: &[u8]| {
        let significant = bytes.iter().position(|b| *b != 0).map(|at| &bytes[at..])?;
        let mut filled = Zeroizing::new(vec![0; size.checked_sub(significant.len())?]);
        filled.extend_from_slice(significant);
        BoxedUint::from_be_slice(&filled, bits).ok()
    };
    let digest = element(tag::OCTET_STRING, digest.as_bytes());
    let info = sequence(&[algorithm(DigestAlgorithm::Sha1.oid()), digest]);
    let mut padded = vec![0xff; size.checked_sub(info.len())?];
    if padded.len() < 11 {
        return None;
    }
    padded[..2].copy_from_slice(&[0, 1]);
    *padded.last_mut()? = 0;
    padded.extend(info);

    let modulus = Odd::new(whole(modulus)?).into_option()?;
    let exponent = Zeroizing::new(whole(exponent)?);
    let power = BoxedMontyForm::new(whole(&padded)?, &BoxedMontyParams::new(modulus));
    let made = power.pow(&exponent).retrieve().to_be_bytes();
    Some(made[made.len().checked_sub(size)?..].to_vec())
}
