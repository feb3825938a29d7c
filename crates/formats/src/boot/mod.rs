//! What boot loaders read to choose a kernel: GRUB's script and environment block, entries of the
//! Boot Loader Specification, systemd-boot's `loader.conf`, unified kernel images.
//!
//! Knows how these files are written and what a menu made of them holds; not which of its entries
//! a machine will start.

pub mod version;
pub mod entry;
pub mod loader_conf;
pub mod unified;
pub mod grub;
