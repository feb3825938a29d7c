//! Logs and package histories that a machine keeps in files, for a diagnosis.
//!
//! Only what is small enough to be read whole; the caller gives larger ones as files of his own.

use crate::gather::looking::Looking;
use crate::item::Item;
use crate::sighting::Outcome;

/// Bytes of one log that are read.
const BYTES: usize = 32 << 20;

/// The files, in the order in which they tell most.
const FILES: [&str; 13] = [
    "var/log/dmesg",
    "var/log/kern.log",
    "var/log/boot.log",
    "var/log/syslog",
    "var/log/messages",
    "var/log/audit/audit.log",
    "var/log/dpkg.log",
    "var/log/apt/history.log",
    "var/log/apt/term.log",
    "var/log/dnf.log",
    "var/log/dnf.rpm.log",
    "var/log/zypp/history",
    "var/log/pacman.log",
];

/// Each log that is there, with its path.
#[must_use]
pub fn gather(looking: &Looking<'_>) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for path in FILES {
        if let (Outcome::Bytes { .. }, bytes) = looking.view.look(&Item::file(path), BYTES) {
            found.push((path.to_owned(), bytes));
        }
    }
    found
}
