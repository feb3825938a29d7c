//! What a kernel says of itself: its image, its configuration, its texts under /proc and /sys, and
//! the indexes and configuration that `modprobe` reads.
//!
//! These readers know formats, not consequences: whether an option or a key decides anything is for
//! others to say. Sources: the kernel's own parsers (`kernel/params.c`, `kernel/module`,
//! `security/`), kmod 30 for everything `depmod` writes and `modprobe` reads.

pub mod name;
pub mod kconfig;
pub mod cmdline;
pub mod lockdown;
pub mod taint;
pub mod proc_version;
pub mod proc_keys;
pub mod proc_modules;
pub mod mounts;
pub mod settings;
pub mod uevent;
pub mod ima_policy;
pub mod symvers;
pub mod depmod_d;
pub mod modules_dep;
pub mod modules_alias;
pub mod modules_softdep;
pub mod modules_builtin;
pub mod modules_symbols;
pub mod modprobe_d;
pub mod btf;
pub mod image;
#[cfg(test)]
mod totality;
