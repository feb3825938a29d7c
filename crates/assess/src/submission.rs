//! `package`: a folder made ready for the hardware portal, and what came back held against it.
//!
//! Source: Microsoft, *Attestation Sign Windows Drivers*: no files at the root of the cabinet, each driver
//! in a folder of its own, all of them for the same processors; catalogs are made anew, images signed.

mod compare;
mod prepare;

pub use compare::compare;
pub use prepare::prepare;
