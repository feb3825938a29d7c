//! Keys and what is signed with them.
//!
//! The one crate that holds private keys. What is signed is a digest; what comes out is judged by
//! the ordinary checks before it is released. Who only checks builds without this crate (feature
//! `sign` of the program). Rooms are listed in the order data passes through them.

pub mod error;
pub mod secret;
pub mod certificate;
pub mod signer;
mod rsa;
pub mod signers;
pub mod opened;
pub mod pair;
pub mod exports;
pub mod modules;
mod message;
pub mod images;
mod known;
pub mod stamps;
pub mod authenticode;
pub mod elsewhere;
pub mod authority;
pub mod order;
pub mod tree;
pub mod part;
mod strip;
mod prepared;
mod judged;
mod judged_on;
pub mod ledger;
pub mod act;
pub mod reach;
