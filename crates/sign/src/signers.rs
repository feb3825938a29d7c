//! One file a place where keys live. No type that holds a key leaves it.

pub mod file;
