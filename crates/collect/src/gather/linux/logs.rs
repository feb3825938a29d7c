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

/// Bytes of the journal that are read, the newest files first.
const JOURNAL: usize = 256 << 20;
/// Logs in which the system's own texts stand; a machine that keeps none has the journal alone.
const TEXTS: [&str; 3] = ["var/log/kern.log", "var/log/syslog", "var/log/messages"];

/// Each log that is there, with its path.
#[must_use]
pub fn gather(looking: &Looking<'_>) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for path in FILES {
        if let (Outcome::Bytes { .. }, bytes) = looking.view.look(&Item::file(path), BYTES) {
            found.push((path.to_owned(), bytes));
        }
    }
    if !found.iter().any(|(path, _)| TEXTS.contains(&path.as_str())) {
        found.extend(journal(looking));
    }
    found.extend(builds(looking));
    found
}

/// The names of what stands in a folder, with the folder before them.
fn below(looking: &Looking<'_>, folder: &str) -> Vec<String> {
    let entries = looking.names(&Item::entries(folder)).unwrap_or_default();
    let names = entries.into_iter().filter_map(|entry| String::from_utf8(entry.name).ok());
    names.map(|name| format!("{folder}/{name}")).collect()
}

/// The system's files of the journal, oldest first. An archived one has the time of its first
/// entry at the end of its name (systemd-journald.service(8)); `system.journal` is being written.
fn journal(looking: &Looking<'_>) -> Vec<(String, Vec<u8>)> {
    let folders = ["var/log/journal", "run/log/journal"];
    let machines = folders.iter().flat_map(|folder| below(looking, folder));
    let files = machines.flat_map(|machine| below(looking, &machine));
    let of_system = |path: &String| {
        let name = path.rsplit('/').next().unwrap_or_default();
        name.starts_with("system") && (name.ends_with(".journal") || name.ends_with(".journal~"))
    };
    let mut files: Vec<String> = files.filter(of_system).collect();
    let since = |path: &String| {
        let time = path.trim_end_matches('~').trim_end_matches(".journal").rsplit_once('-');
        time.and_then(|(_, hex)| u64::from_str_radix(hex, 16).ok()).unwrap_or(u64::MAX)
    };
    files.sort_by_cached_key(|path| (since(path), path.clone()));
    let (mut found, mut left) = (Vec::new(), JOURNAL);
    for path in files.into_iter().rev() {
        match looking.view.look(&Item::file(&path), left) {
            (Outcome::Bytes { .. }, bytes) => {
                left = left.saturating_sub(bytes.len());
                found.push((path, bytes));
            }
            _ => break,
        }
    }
    found.reverse();
    found
}

/// What DKMS wrote while it built: `build/make.log` of a build that failed, `log/make.log` below the
/// kernel and architecture of one that did not (dkms(8)).
fn builds(looking: &Looking<'_>) -> Vec<(String, Vec<u8>)> {
    let below = |folder: &str| below(looking, folder);
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
