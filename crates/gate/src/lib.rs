//! A judgement in, a host's door out.
//!
//! The only crate that changes a host: hooks and units that ask after every transaction and before
//! every reboot, the boot loader's default, the mark that asks for a reboot, the ledger of those who
//! opened the gate all the same. It judges nothing itself: what a kernel is worth comes from
//! `assess`. No variable of the firmware is ever written. Rooms are listed in the order in which a
//! verdict passes through them.

pub mod ground;
pub mod places;
pub mod ledger;
pub mod verdict;
pub mod inputs;
mod pending;
pub mod look;
pub mod words;
pub mod state;
pub mod rungs;
pub mod trial;
pub mod breakglass;
pub mod document;
pub mod metrics;
pub mod fleet_lock;
pub mod run;
pub mod confirm;
pub mod hooks;
pub mod install;
pub mod status;
