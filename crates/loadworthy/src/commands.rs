//! One file a command; nobody imports them but `main`.

pub(crate) mod told;
mod hosts;
mod health;
pub(crate) mod catalog;
pub(crate) mod package;
pub(crate) mod check;
pub(crate) mod collect;
pub(crate) mod config;
pub(crate) mod diff;
pub(crate) mod diagnose;
mod check_on;
#[cfg(feature = "sign")]
mod statement;
pub(crate) mod explain;
pub(crate) mod policy;
pub(crate) mod rehearse;
pub(crate) mod key;
#[cfg(feature = "sign")]
pub(crate) mod sign;
pub(crate) mod dkms;
pub(crate) mod inspect;
pub(crate) mod brief;
pub(crate) mod needs;
#[cfg(target_os = "linux")]
pub(crate) mod gate;
