//! What things are called and what they show, in a few words.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::State;
use crate::facts::health::{Device, Interface, Multipath};

/// A device as it is told: `pci:10df:f0f5 at 0000:3b:00.0`.
pub(super) fn called(device: &Device) -> String {
    match device.id.ends_with(&*device.address) {
        true => device.id.to_string(),
        false => format!("{} at {}", device.id, device.address),
    }
}

/// `2 of 4 paths answer: sda running, sdb offline`.
pub(super) fn paths(disk: &Multipath) -> String {
    let each: Vec<String> = disk.paths.iter().map(|(n, s)| format!("{n} {s}")).collect();
    let (active, all) = (disk.active(), disk.paths.len());
    format!("{active} of {all} paths answer: {}", each.join(", "))
}

/// What a bond shows of its members; `None` for what is no bond.
pub(super) fn bond(interface: &Interface) -> Option<(State, String)> {
    let bond = interface.bond.as_ref()?;
    let down: Vec<&str> = bond.members.iter().filter(|(_, up)| !up).map(|(n, _)| &**n).collect();
    let one = ["active-backup", "balance-tlb", "balance-alb"].contains(&&*bond.mode);
    let mut said = match (&bond.active, one) {
        (Some(active), _) => format!("{active} is active"),
        (None, true) => "no member is active".to_string(),
        (None, false) => {
            let up = bond.members.len().saturating_sub(down.len());
            format!("{up} of {} members are up", bond.members.len())
        }
    };
    if !down.is_empty() {
        said.push_str(&format!("; down: {}", down.join(", ")));
    }
    let none = bond.members.iter().all(|(_, up)| !up) || (one && bond.active.is_none());
    Some(match () {
        () if none => (State::Down, said),
        () if !down.is_empty() => (State::Worse, said),
        () => (State::Up, said),
    })
}
