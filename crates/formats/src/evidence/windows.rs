//! What Windows keeps and its tools export, made into statements: one line each that says what was
//! seen, of which file, so that the tables of lines are asked about it.
//!
//! Sections of setup's logs are judged by their end: what a section that ended well warned of is no
//! evidence. Events are put together by their correlation.

pub mod statement;
pub mod setup;
pub mod events;
pub mod registry;
pub mod records;
pub mod sheets;
pub mod loaded;
pub mod transcript;
pub mod binary_events;
