//! What firmware and shim keep about trust: variables, signature lists, authenticated updates,
//! machine owner keys and SBAT levels.
//!
//! This room reads shapes. Which list counts for what, on which kernel, is for others to say.
//!
//! Sources: UEFI Specification 2.10, sections 8.2 (variable services) and 32.4 (signature
//! database); Linux `Documentation/filesystems/efivarfs.rst`; shim `MokVars.txt` and `SBAT.md`.

pub mod guid;
pub mod time;
pub mod variable;
pub mod load_option;
pub mod signature_type;
pub mod signature_list;
pub mod authenticated;
pub mod write;
pub mod mok;
pub mod sbat;
