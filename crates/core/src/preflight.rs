//! What a host needs at its next boot, and what it stands to lose.
//!
//! Devices, volumes, file systems and interfaces are laid out as a graph of what stands on what;
//! each names the drivers it asks for. Which modules of a kernel answer is asked of a [`catalogue`],
//! so nothing here reads a host. Whether those modules load is for the checks to say.

pub mod catalogue;
pub mod graph;
pub mod build;
mod loss;
pub mod required;
pub mod subject;
pub mod exceptions;
