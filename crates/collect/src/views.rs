//! The feeds: each answers the same questions from another place.

#[cfg_attr(not(target_os = "linux"), path = "views/elsewhere/descriptor.rs")]
mod descriptor;
#[cfg(target_os = "linux")]
mod stamps;
#[cfg(target_os = "linux")]
pub mod resolve;
#[cfg_attr(not(target_os = "linux"), path = "views/elsewhere/caller.rs")]
pub mod caller;
pub mod nothing;
#[cfg_attr(not(target_os = "linux"), path = "views/elsewhere/root.rs")]
pub mod root;
#[cfg_attr(not(target_os = "linux"), path = "views/elsewhere/live_linux.rs")]
pub mod live_linux;
pub mod recording;
pub mod bundle;
pub mod split;
pub mod layer;
pub mod overlay;
