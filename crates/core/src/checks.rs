//! The checks of each platform, in the order in which the platform takes them.

pub mod linux;
pub mod firmware;
pub mod windows;
pub mod package;
pub mod initramfs;
