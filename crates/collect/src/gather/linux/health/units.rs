//! Whether units of systemd are active, without asking systemd.
//!
//! A link below `run/systemd/units` tells a unit that was started and has neither ended nor failed.
//! A service that is being started again all the time has that link, too; what tells it from one
//! that runs are its processes, or that it needs none (`RemainAfterExit=`). Sources:
//! systemd.service(5), systemd.unit(5) (search path, drop-ins), systemd.slice(5);
//! `Documentation/admin-guide/cgroup-v2.rst`, `cgroup.events`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use loadworthy_core::facts::health::Unit;
use loadworthy_core::proof::text;

use crate::gather::linux::hardware::lossy;
use crate::gather::looking::Looking;
use crate::item::{HostPath, Item};

/// Where unit files lie, the strongest first; later ones are not read once one is found.
const FOLDERS: [&str; 7] = [
    "etc/systemd/system",
    "run/systemd/system",
    "run/systemd/generator",
    "lib/systemd/system",
    "usr/lib/systemd/system",
    "run/systemd/generator.late",
    "run/systemd/generator.early",
];
/// Where control groups of services are: the unified hierarchy, and that of systemd beside older ones.
const GROUPS: [&str; 2] = ["sys/fs/cgroup", "sys/fs/cgroup/systemd"];
/// Bytes of a unit file.
const LARGEST: usize = 1 << 20;

/// The state of each named unit; `None` where systemd keeps none here.
pub(super) fn gather(looking: &Looking<'_>, named: &[String]) -> Option<BTreeMap<Arc<str>, Unit>> {
    let names = looking.names(&Item::entries("run/systemd/units")).ok()?;
    let started: BTreeSet<&[u8]> =
        names.iter().filter_map(|entry| entry.name.strip_prefix(b"invocation:")).collect();
    let state = |name: &String| {
        let is_service = name.ends_with(".service");
        let state = match started.contains(name.as_bytes()) {
            true if is_service => service(looking, name),
            true => Unit::Active,
            // The link is made when a unit starts a program: of targets, timers and other units
            // without one its absence says nothing (seen with systemd 252).
            false if is_service && starts_programs(looking, name) => Unit::Inactive,
            false => Unit::Unseen(text(format!("a mark of {name}"))),
        };
        (text(name.as_str()), state)
    };
    Some(named.iter().map(state).collect())
}

/// Whether a service starts a program; one without a file is taken to.
fn starts_programs(looking: &Looking<'_>, name: &str) -> bool {
    let (found, settings) = settings(looking, name);
    !found || settings.iter().any(|line| line.trim_start().starts_with("ExecStart"))
}

fn service(looking: &Looking<'_>, name: &str) -> Unit {
    let (found, settings) = settings(looking, name);
    let last = |key: &str| {
        settings
            .iter()
            .rev()
            .find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix('='))
    };
    let slice = last("Slice").map(str::trim).filter(|slice| slice.ends_with(".slice"));
    match has_processes(looking, name, slice) {
        Some(true) => return Unit::Active,
        None => return Unit::Unseen(text(format!("the control group of {name}"))),
        Some(false) => {}
    }
    let remains = last("RemainAfterExit").map(|value| value.trim().to_ascii_lowercase());
    match remains.as_deref() {
        Some("yes" | "true" | "on" | "1") => Unit::Active,
        _ if !found => Unit::Unseen(text(format!("the unit file of {name}"))),
        _ => Unit::Starting,
    }
}

/// Whether something runs in the control group of a service; `None` where no groups are seen.
fn has_processes(looking: &Looking<'_>, name: &str, slice: Option<&str>) -> Option<bool> {
    let mut seen = false;
    for root in GROUPS {
        let system = HostPath::new(root).join("system.slice");
        seen |= looking.names(&Item::Entries(system.clone())).is_ok();
        let mut places = vec![system.join(name)];
        // Instances of a template have a slice of their own, its dashes escaped.
        if let Some((template, _)) = name.split_once('@') {
            let own = format!("system-{}.slice", template.replace('-', "\\x2d"));
            places.push(system.join(own).join(name));
        }
        if let Some(slice) = slice {
            places.push(within(HostPath::new(root), slice).join(name));
        }
        for place in places {
            let events = looking.bytes(&Item::File(place.join("cgroup.events")), 4096);
            let said = match events {
                Ok(bytes) => lossy(&bytes).lines().any(|line| line == "populated 1"),
                Err(_) => looking
                    .bytes(&Item::File(place.join("cgroup.procs")), LARGEST)
                    .is_ok_and(|bytes| !bytes.trim_ascii().is_empty()),
            };
            if said {
                return Some(true);
            }
        }
    }
    seen.then_some(false)
}

/// `a-b.slice` lies in `a.slice` (systemd.slice(5)).
fn within(root: HostPath, slice: &str) -> HostPath {
    let stem = slice.trim_end_matches(".slice");
    let mut at = root;
    for (end, _) in stem.match_indices('-').chain([(stem.len(), "")]) {
        at = at.join(format!("{}.slice", stem.get(..end).unwrap_or(stem)));
    }
    at
}

/// Whether the unit has a file, and the lines of it and of its drop-ins, the strongest last.
fn settings(looking: &Looking<'_>, name: &str) -> (bool, Vec<String>) {
    let template = name.split_once('@').map(|(stem, _)| format!("{stem}@.service"));
    let mut lines = Vec::new();
    let mut found = false;
    for name in template.iter().map(String::as_str).chain([name]) {
        let own = FOLDERS.iter().find_map(|folder| {
            looking.bytes(&Item::File(HostPath::new(folder).join(name)), LARGEST).ok()
        });
        if let Some(bytes) = own {
            found = true;
            lines = lossy(&bytes).lines().map(str::to_owned).collect();
        }
    }
    for name in template.iter().map(String::as_str).chain([name]) {
        for folder in FOLDERS.iter().rev() {
            let folder = HostPath::new(folder).join(format!("{name}.d"));
            for entry in looking.names(&Item::Entries(folder.clone())).unwrap_or_default() {
                let more = looking.bytes(&Item::File(folder.join(&entry.name)), LARGEST);
                lines.extend(lossy(&more.unwrap_or_default()).lines().map(str::to_owned));
            }
        }
    }
    (found, lines)
}
