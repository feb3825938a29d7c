//! One file a place where keys live. No type that holds a key leaves it.

mod uri;
mod lock;
pub(crate) mod pkcs12;
pub(crate) mod pfx;
pub(crate) mod pvk;
mod sha1;
pub mod file;
pub mod token;
pub mod command;
