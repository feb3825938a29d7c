//! Facts and tables in, what is enforced out: every field again a fact, with its proof.

pub mod linux;
pub mod firmware;
pub mod next_boot;
pub mod windows;
