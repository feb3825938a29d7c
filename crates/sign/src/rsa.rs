//! The numbers of an RSA key. Sources: RFC 5208, 5; RFC 8017, A.1.2.

use loadworthy_formats::der::element::Elements;
use loadworthy_formats::der::grammar::tag;

/// The numbers of an RSA key as PKCS#8: modulus, public and private exponent, two primes, two
/// exponents and a coefficient; `None`: it is no such key.
pub(crate) fn numbers(pkcs8: &[u8]) -> Option<[&[u8]; 8]> {
    let mut parts = Elements::new(pkcs8).optional(tag::SEQUENCE)?.inside();
    parts.optional(tag::INTEGER)?;
    parts.optional(tag::SEQUENCE)?;
    let key = parts.optional(tag::OCTET_STRING)?.value;
    let mut numbers = Elements::new(key).optional(tag::SEQUENCE)?.inside();
    numbers.optional(tag::INTEGER)?;
    let mut next = || numbers.optional(tag::INTEGER).map(|number| number.value);
    Some([next()?, next()?, next()?, next()?, next()?, next()?, next()?, next()?])
}
