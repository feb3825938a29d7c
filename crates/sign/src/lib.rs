//! Keys and what is signed with them.
//!
//! The one crate that holds private keys. What is signed is a digest; what comes out is judged by
//! the ordinary checks before it is released. Who only checks builds without this crate (feature
//! `sign` of the program). Rooms are listed in the order data passes through them.

pub mod error;
pub mod secret;
pub mod certificate;
pub mod signer;
pub mod signers;
pub mod pair;
pub mod modules;
pub mod images;
pub mod elsewhere;
pub mod order;
pub mod tree;
pub mod part;
mod prepared;
mod judged;
pub mod ledger;
pub mod act;
