//! What was seen, weighed: from lines and judgements to findings.
//!
//! A function of its arguments: which lines were met and what the judge says of the files. What a
//! line means and what follows is written in `knowledge/diagnose`; this room puts lines together
//! that belong together, weighs the reasons, and says what it left open.

pub mod clue;
pub mod platform;
pub mod scene;
pub mod weigh;
pub mod ran;
pub mod finding;
pub mod likeness;
pub mod timeline;
pub mod joined;
mod packaged;
pub mod reason;
