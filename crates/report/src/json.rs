//! JSON documents of version 1; a version changes only by adding.

pub mod proofs;
pub mod document;
pub mod v1;
pub mod submitted;
pub mod stated;
pub mod explain;
pub mod collect;
pub mod config;
pub mod diagnose;
pub mod rehearse;
pub mod keys;
pub mod catalog;
pub mod sign;
pub mod enrolment;
pub mod rotation;
pub mod builds;
pub mod made;
pub mod changed;
pub mod schema;
