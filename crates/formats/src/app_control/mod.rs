//! App Control policies as Windows loads them: `.cip`, `SiPolicy.p7b`, `driversipolicy.p7b`, `.bin`.
//!
//! A signed policy stands inside PKCS#7; whether that signature holds is not asked here. Sources: the
//! schema `cipolicy.xsd`; Matthew Graeber's CIPolicyParser and the description of the binary form in
//! the documentation of AppControl Manager, for formats 1 to 8.
//! As they are written and published, they are XML.

pub mod policy;
pub mod xml;
mod fields;
mod body;
mod envelope;
#[cfg(test)]
mod tests;
