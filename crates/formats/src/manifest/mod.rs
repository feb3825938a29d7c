//! The manifest: what must load on a host, and what its policy should be.
//!
//! A TOML file that the owner of a machine writes. What it asks for is known here; whether it is so
//! on some machine is for others to say. Source: TOML 1.0; the keys are ours (`docs/manifest.md`).

mod class;
mod duration;
mod shape;
mod reading;
mod sections;

pub use class::Class;
pub use duration::duration;
pub use reading::{Fault, Read};
pub use sections::read;
pub use shape::{
    Accept, Dbx, Device, Enforce, Gate, Health, Line, Manifest, Profile, Require, Rollback, Until,
    What,
};
