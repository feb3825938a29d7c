//! The feeds: each answers the same questions from another place.

mod descriptor;
mod resolve;
pub mod caller;
pub mod root;
pub mod live_linux;
pub mod recording;
pub mod bundle;
pub mod split;
pub mod layer;
pub mod overlay;
