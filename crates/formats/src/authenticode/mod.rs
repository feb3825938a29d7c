//! Authenticode: what is digested of an image, and the signatures over it.
//!
//! Source: Microsoft *Windows Authenticode Portable Executable Signature Format* (2008); PKCS #7
//! (RFC 2315). Whether a signature holds is arithmetic, and done elsewhere.

pub mod coverage;
pub mod extent;
pub mod pss;
pub mod signature;
pub mod indirect;
pub mod write;
pub mod amend;
pub mod pages;
