//! Keys and what platforms make of them: what a certificate says, what is worth telling of it, which
//! keyring holds it and what depends on it.
//!
//! Nothing here decides about a module; the keyrings are those of `policy::linux::keyrings`.

pub mod described;
pub mod lint;
pub mod found;
pub mod enrolment;
pub mod rotation;
pub mod builds;
