//! Logs and package histories that a machine keeps in files, for a diagnosis.
//!
//! Only what is small enough to be read whole; the caller gives larger ones as files of his own.

use crate::gather::looking::Looking;
use crate::item::Item;
use crate::sighting::Outcome;

/// Bytes of one log that are read.
const BYTES: usize = 32 << 20;

/// Builds of DKMS that are looked at.
const BUILDS: usize = 64;

/// The files, in the order in which they tell most.
const FILES: [&str; 18] = [
    "dev/kmsg",
    "var/log/dmesg",
    "var/log/kern.log.1",
    "var/log/kern.log",
    "var/log/boot.log",
    "var/log/syslog.1",
    "var/log/syslog",
    "var/log/messages",
    "var/log/audit/audit.log",
    "var/log/dpkg.log.1",
    "var/log/dpkg.log",
    "var/log/apt/history.log.1.gz",
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
    found.extend(builds(looking));
    found
}

/// What DKMS wrote while it built: `build/make.log` of a build that failed, `log/make.log` below the
/// kernel and architecture of one that did not (dkms(8)).
fn builds(looking: &Looking<'_>) -> Vec<(String, Vec<u8>)> {
    let below = |folder: &str| -> Vec<String> {
        let entries = looking.names(&Item::entries(folder)).unwrap_or_default();
        let names = entries.into_iter().filter_map(|entry| String::from_utf8(entry.name).ok());
        names.map(|name| format!("{folder}/{name}")).collect()
    };
    let mut found = Vec::new();
    let versions = below("var/lib/dkms").into_iter().flat_map(|module| below(&module));
    for version in versions.take(BUILDS) {
        let kernels = below(&version).into_iter().flat_map(|kernel| below(&kernel));
        let logs = kernels.map(|of| format!("{of}/log/make.log"));
        for path in logs.chain([format!("{version}/build/make.log")]).take(BUILDS) {
            if let (Outcome::Bytes { .. }, bytes) = looking.view.look(&Item::file(&path), BYTES) {
                found.push((path, bytes));
            }
        }
    }
    found
}
