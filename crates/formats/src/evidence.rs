//! What somebody pastes, pipes or keeps: logs and the output of tools, line by line.
//!
//! These readers know how lines are told apart from what stands around them (encodings, time
//! stamps, journal records, wrapping) and find the few lines that could matter among many. What a
//! line means is written in tables that the caller brings; what follows from it is not known here.

pub mod encoding;
pub mod line;
pub mod journal;
pub mod journal_file;
pub mod moment;
pub mod windows;
mod sieve;
pub mod recogniser;
