//! Bytes in, shapes out.
//!
//! Hostile bytes meet code here and nowhere else. Every reader is total (it ends on any bytes,
//! within [`limits::Limits`]) and never judges: it returns what it read together with the
//! deviations it noticed, and a check decides later whether a platform minds.
//!
//! This crate reaches no file, clock, environment, network or thread; `cargo x tidy` holds it to
//! that. Rooms are listed in the order data passes through them, and a room imports only rooms
//! above it.

pub mod error;
pub mod limits;
pub mod reader;
pub mod processor;
pub mod feed;
pub mod text;
pub mod calendar;
pub mod compress;
pub mod cpio;
pub mod package;
pub mod squashfs;
pub mod der;
pub mod x509;
pub mod cms;
pub mod pe;
pub mod authenticode;
pub mod timestamp;
pub mod inf;
pub mod catalog;
pub mod pkcs12;
pub mod pvk;
pub mod modsig;
pub mod elf;
pub mod uefi;
pub mod kernel;
pub mod manifest;
pub mod statement;
pub mod cab;
pub mod msi;
pub mod app_control;
pub mod registry;
pub mod evidence;
pub mod boot;
pub mod bundle;
