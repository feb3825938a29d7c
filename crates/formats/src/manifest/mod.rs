//! The manifest: what must load on a host, and what its policy should be.
//!
//! A TOML file that the owner of a machine writes. What it asks for is known here; whether it is so
//! on some machine is for others to say.

mod class;
pub use class::Class;
