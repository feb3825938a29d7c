//! The vocabulary: what was seen of a machine, one struct a subject.
//!
//! Every field is a [`crate::fact::Fact`], a [`crate::fact::Listing`] or a
//! [`crate::fact::Source`], so nothing here is known without a reason. `hardware`, `stack` and `health` are
//! plain: they decide no verdict, only of what one is wanted, and whether it is up.

pub mod firmware;
pub mod linux;
pub mod module;
pub mod hardware;
pub mod stack;
pub mod health;
pub mod cluster;
pub mod boot_image;
pub mod boot_loader;
pub mod driver;
pub mod windows;
pub mod package;
