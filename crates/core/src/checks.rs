//! The checks of each platform, in the order in which the platform takes them.

pub mod linux;
pub mod firmware;
