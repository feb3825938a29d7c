//! A host's next boot, tried in a virtual machine: what was foretold beside what a real kernel does.
//!
//! The only crate that starts another program (QEMU). It changes nothing on the host: what it
//! needs is copied into a folder of its own, which is gone afterwards. Rooms are listed in the
//! order data passes through them.

pub mod store;
pub mod archive;
pub mod runner;
pub mod lines;
pub mod machine;
#[cfg(unix)]
pub mod operator;
pub mod equipment;
mod variables;
mod boot_files;
mod cargo;
pub mod rehearsal;
