//! X.509 certificates: the elements that Linux notes, and a neutral reading for everybody.
//!
//! Trust, validity now, and which algorithms exist are for others to say.
//! Sources: RFC 5280 section 4, Linux `crypto/asymmetric_keys/x509.asn1` and `x509_akid.asn1`.

pub mod parts;
pub mod time;
pub mod name;
pub mod key;
pub mod certificate;
pub mod pem;
