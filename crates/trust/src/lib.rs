//! What changes whom a platform trusts: requests to shim's MokManager, lists in a variable store.
//!
//! It holds no private keys and makes no signatures. Nothing is written unless its place was named;
//! what is written is read back. Rooms are listed in the order data passes through them.

pub mod whole;
pub mod password;
pub mod request;
pub mod variables;
pub mod store;
pub mod record;
pub mod dkms;
