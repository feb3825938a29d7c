//! Where claims are proven: bytes are forged, the program is run, and what it says is compared.
//!
//! Linked into tests only. Rooms are listed in the order data passes through them; a room imports
//! only rooms above it.

pub mod forge;

pub mod readers;
pub mod program;

pub mod oracles;

pub mod markdown;

pub mod scenario;

pub mod finding;

pub mod transcript;
