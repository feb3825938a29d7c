//! A judgement in, words out; and what is in a file, told without judging.
//!
//! Wording and wire formats live here and nowhere else; nothing here decides. Each renderer writes
//! to what it is given and knows neither terminal nor environment: `style` says what it may use.
//! Rooms are listed in the order data passes through them.

#[cfg(test)]
pub(crate) mod sample;
pub mod style;
pub mod time;
pub mod words;
pub mod receipt;
pub mod tree;
pub mod gist;
mod finding;
pub(crate) mod grid;
pub mod terminal;
pub mod rehearsal;
pub mod keys;
pub mod submitted;
pub mod signed;
pub mod enrolment;
pub mod rotation;
pub mod made;
pub mod builds;
pub mod lookup;
pub mod json;
pub mod platforms;
pub mod page;
pub mod inspect;
pub mod diagnose;
pub mod diff;
mod markup;
pub mod catalog;
pub mod sarif;
pub mod junit;
pub mod html;
pub mod markdown;
pub mod hosts;
pub mod prometheus;
pub mod nagios;
pub mod health;
pub mod github;
