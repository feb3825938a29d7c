//! A request in, judgements out: the one way from sources to verdicts.
//!
//! The command line, and later the gate, the signer and the fleet ask here and nowhere else. The
//! way is: open a view, gather facts, apply what is assumed, draw the policy, judge each subject,
//! try remedies. Rooms are listed in that order.

pub mod clock;
pub mod request;
pub mod assumptions;
pub(crate) mod known;
mod registry_logs;
pub mod knowledge;
mod modinfo;
mod next_boot;
pub mod with;
pub mod host;
pub mod names;
pub mod modules;
pub mod remedies;
mod notes;
mod boot_images;
mod judging;
mod packages;
mod folder;
mod deny_updates;
mod boot_chain;
mod advice;
mod initramfs;
mod rollback;
pub mod preflight;
pub mod manifest_draft;
pub mod check;
pub mod on_linux;
pub mod keys;
pub mod enrolment;
pub mod verifiable;
pub mod builds;
pub mod windows;
pub mod catalogs;
pub mod submission;
pub mod policy;
pub mod health;
pub mod record;
pub mod diff;
pub mod diagnose;
