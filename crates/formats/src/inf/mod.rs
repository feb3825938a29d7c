//! INF files: what a Windows driver package says of itself.
//!
//! The lines of the text are kept with their places (line and column), and the rooms below read
//! sections out of them: the version, manufacturers and models, what an installation copies and which
//! services it makes. Which models a Windows would choose is not known here.
//!
//! Sources: Windows driver documentation, "General Syntax Rules for INF Files" and the pages of the
//! sections and directives (`inf-version-section`, `inf-manufacturer-section`, `inf-models-section`,
//! `inf-copyfiles-directive`, `inf-sourcedisksfiles-section`, `inf-addservice-directive`, …).

pub mod encoding;
pub mod text;
pub mod document;
pub mod version;
pub mod decoration;
pub mod models;
pub mod sources;
pub mod install;
#[cfg(test)]
mod tests;
