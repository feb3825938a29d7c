//! The oracle `live`: a signed kernel of Debian, started by firmware with Secure Boot, shim and GRUB
//! in a virtual machine, is handed the same files, and must answer what we said before it started.
//!
//! Rooms are listed in the order data passes through them.

pub mod packages;

pub mod variables;

#[cfg(unix)]
pub mod desk;

pub mod editing;

pub mod built;
pub mod cases;

pub mod policies;

pub mod der_tree;

pub mod nearly;

pub mod generated;

pub mod machine;

pub mod predicted;

pub mod comparing;

pub mod keep;

pub mod run;

pub mod rehearsed;

#[cfg(unix)]
pub mod enrolled;

#[cfg(unix)]
pub mod images;

#[cfg(unix)]
pub mod gate;
