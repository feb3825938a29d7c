//! Makes real bytes from a few lines of TOML: keys, certificates, signatures, modules, kernel
//! images, firmware variables, and at last a whole root directory.
//!
//! Written on its own from the specifications, and shares no line with the readers it is there to
//! test. It knows nothing of verdicts.

pub mod der;
pub mod key;
pub mod signature;
pub mod elf;
pub mod kernel;
pub mod module;
pub mod firmware;
pub mod package;
pub mod initramfs;
pub mod host;
pub mod image;
pub mod windows;
pub mod driver;
pub mod keyfile;
