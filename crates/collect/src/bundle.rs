//! Bundles: what was looked at on one machine, recorded to be judged on another.
//!
//! Written by [`records`], read by [`mod@file`]; what stands in the file is described in `docs/bundle.md`.
//! Private keys never get here: no row of the list of what may be read covers them.

pub mod sketching;
pub mod redact;
pub mod records;
pub mod file;
