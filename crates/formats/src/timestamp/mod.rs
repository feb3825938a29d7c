//! Time-stamps over signatures: what a time-stamping authority says.
//!
//! Sources: RFC 3161 section 2.4.2 (`TSTInfo`), RFC 2985 section 5.4 (`countersignature`), as
//! Authenticode uses both.

pub mod token;
