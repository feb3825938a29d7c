//! A driver package of Windows: INFs, what they name for one system, and what is there.
//!
//! Names and bytes come in, from a folder, a cabinet or an installer alike; nothing here knows
//! signatures or trust. Sources: Windows driver documentation, `inf-manufacturer-section`,
//! `inf-version-section`, `inf-copyfiles-directive`, `inf-sourcedisksfiles-section`.

pub mod target;
pub mod contents;
pub mod plan;
pub mod transform;
pub mod signability;
pub mod catalog;
pub mod definition;
pub mod lint;
#[cfg(test)]
mod tests;
