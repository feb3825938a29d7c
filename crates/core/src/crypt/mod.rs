//! Arithmetic: digests and signatures. Nothing here knows whom anybody trusts.
//!
//! RSA and the NIST curves run on aws-lc; what it does not take (old digests, odd key sizes) and
//! the reason why a signature was refused are worked out here, in the steps of the Linux kernel,
//! because the error a kernel returns depends on the step.
//! Sources: RFC 8017, SEC 1, Linux `crypto/rsa-pkcs1pad.c`, `crypto/rsa.c`, `crypto/ecdsa.c`.

pub mod digest;
pub mod paired;
pub mod refusal;
mod rsa;
mod ecdsa;
pub mod key;
pub mod good;
