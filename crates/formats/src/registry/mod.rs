//! The registry of Windows outside of Windows: hive files and exported texts.
//!
//! Sources: the registry file format as described by Maxim Suhanov ("Windows registry file format
//! specification") and by hivex; Microsoft, *Distribute registry changes* (`.reg`).

pub mod value;
pub mod log;
pub mod hive;
pub mod reg;
#[cfg(test)]
mod tests;
