//! A machine in, facts out: the only crate that reads a host.
//!
//! A [`view`] is asked for an [`item`] and answers with bytes or with the way it failed; `gather`
//! makes facts of the answers. Whatever is read here is hostile: nothing is executed, nothing is
//! written to the machine, no look can block or leave the root it was opened on. Rooms are listed in the order
//! data passes through them; a room imports only rooms listed above it.

pub mod pool;
pub mod item;
pub mod sighting;
pub mod spelling;
pub mod regular;
pub mod contents;
pub mod view;
pub mod bundle;
pub mod views;
#[cfg_attr(not(target_os = "linux"), path = "keep/elsewhere.rs")]
pub mod keep;
pub mod good_signatures;
pub mod kept_modules;
pub mod gather;
