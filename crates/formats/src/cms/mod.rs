//! Cryptographic messages: PKCS#7 and CMS `SignedData`.
//!
//! The grammar is the one that Linux decodes signatures by, which accepts a little more than RFC
//! 2315 and RFC 5652 together. Nothing here knows which algorithms exist or who is trusted.
//! Sources: RFC 2315 section 9, RFC 5652 section 5, Linux `crypto/asymmetric_keys/pkcs7.asn1`.

pub mod signed_data;
pub mod write;
