//! Sightings in, facts out.
//!
//! Written once, against [`crate::view::View`]: what the live host, a root folder or a recording
//! said becomes facts of `loadworthy_core`, each with the item it was read from and a short quote.
//! What could not be seen becomes a gap that says why. Nothing here decides what a platform does.

pub mod looking;
#[cfg(test)]
mod host;
pub mod certificate;
mod other_firmware;
pub mod firmware;
pub mod deny_updates;
pub mod inventory;
pub mod linux;
pub mod boot_image;
pub mod windows;
