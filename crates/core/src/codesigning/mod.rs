//! Signatures of Windows over code: whether the arithmetic holds, who signed, where the chain leads,
//! when it was stamped, and by which label that goes.
//!
//! Names prove nothing here: a link of a chain counts when the signature on the certificate verifies,
//! and an authority is known by its key. Time does not count, and no platform is asked what it trusts:
//! that is for policies.
//!
//! Sources: *Windows Authenticode Portable Executable Signature Format* (2008); RFC 2315, RFC 5652, RFC
//! 3161; Microsoft, *Kernel-mode code signing requirements*, *Understanding App Control event tags*.

pub mod certificate;
pub mod chain;
pub mod purpose;
pub mod class;
pub(crate) mod arithmetic;
pub mod timestamp;
pub mod signature;
pub mod pages;
pub mod image;
pub mod catalog;
pub mod cataloguing;
pub mod catalogued;
