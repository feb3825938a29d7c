//! Archives in cpio's "newc" form, and the initramfs images that Linux makes of them.
//!
//! Holds where the entries are and what they are called; it must not know which of them matter. An image is
//! archives and compressed archives one after another, in any order, with zero bytes between.
//!
//! Sources: `Documentation/driver-api/early-userspace/buffer-format.rst`, `init/initramfs.c` (6.1, 6.12).

pub mod archive;
pub mod image;
