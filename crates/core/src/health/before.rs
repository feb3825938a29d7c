//! What was there before, held against what is there now.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use loadworthy_formats::manifest::Class;

use super::shown::{bond, called, paths};
use super::{Check, Sort, State};
use crate::codes;
use crate::facts::health::{Device, Interface, Mounted, Multipath, Vitals};
use crate::tables::hardware::Hardware;

/// Buses on which a device has the same address after each boot. What hangs on USB comes and goes.
const LASTING: [&str; 6] = ["pci", "virtio", "vmbus", "xen", "ccw", "css"];
/// File systems over the network or made of several disks, which have no `/dev/…` to be mounted from.
const REMOTE: [&str; 13] = [
    "9p",
    "afs",
    "beegfs",
    "btrfs",
    "ceph",
    "cifs",
    "fuse.glusterfs",
    "gfs2",
    "gpfs",
    "lustre",
    "nfs",
    "nfs4",
    "zfs",
];

pub(super) fn checks(now: &Vitals, before: &Vitals, table: &Hardware) -> Vec<Check> {
    let mut checks = Vec::new();
    if let (Some(now), Some(before)) = (&now.devices, &before.devices) {
        devices(now, before, table, &mut checks);
    }
    if let (Some(now), Some(before)) = (&now.mounts, &before.mounts) {
        checks.extend(before.iter().filter(|m| lasts(m)).map(|mount| mounted(now, mount)));
    }
    if let (Some(now), Some(before)) = (&now.multipath, &before.multipath) {
        checks.extend(before.iter().map(|disk| multipath(now, disk)));
    }
    if let (Some(now), Some(before)) = (&now.interfaces, &before.interfaces) {
        let real = |i: &&Interface| i.up && (i.place.is_some() || !i.kind.is_empty());
        before.iter().filter(real).for_each(|was| interface(now, was, &mut checks));
    }
    checks
}

fn devices(now: &[Device], before: &[Device], table: &Hardware, checks: &mut Vec<Check>) {
    for was in before.iter().filter(|d| LASTING.contains(&&*d.bus)) {
        let Some(driver) = &was.driver else { continue };
        let name = called(was);
        let is = now.iter().find(|d| d.bus == was.bus && d.address == was.address);
        let same = is.filter(|d| d.id == was.id);
        let had = format!("driven by {driver}");
        // A bridge or a sensor without a driver takes nothing away from the machine.
        let class = was.modalias.as_deref().map_or(Class::Other, |m| table.class(m));
        let weight = if class == Class::Other { State::Worse } else { State::Down };
        let check = match same {
            None => match now.iter().find(|d| d.id == was.id && !before.contains(d)) {
                Some(moved) => Check::new(
                    Sort::Device,
                    name,
                    State::Changed,
                    format!("now at {}", moved.address),
                ),
                None => Check::new(Sort::Device, name, weight, "not there"),
            },
            Some(device) => match &device.driver {
                None => Check::new(Sort::Device, name, weight, "no driver is bound to it"),
                Some(other) if other != driver => {
                    Check::new(Sort::Device, name, State::Changed, format!("driven by {other}"))
                }
                Some(_) => {
                    checks.push(Check::new(Sort::Device, name, State::Up, had.clone()).since(had));
                    checks.extend(pcie(device, was));
                    continue;
                }
            },
        };
        checks.push(check.since(had));
    }
}

fn pcie(is: &Device, was: &Device) -> Option<Check> {
    let told = |d: &Device| {
        let lanes = d.lanes.map(|lanes| format!("{lanes} lanes"));
        let rate = d.rate.map(|r| {
            format!("{}.{} GT/s", r.checked_div(10).unwrap_or(0), r.checked_rem(10).unwrap_or(0))
        });
        let both: Vec<String> = lanes.into_iter().chain(rate).collect();
        both.join(" at ")
    };
    let less = |is: Option<u32>, was: Option<u32>| is.zip(was).is_some_and(|(is, was)| is < was);
    was.lanes?;
    let narrower = less(is.lanes, was.lanes);
    // A link that is idle may run slower to save power (PCIe Base Specification 5.0, 4.2.6): told only.
    let state = match () {
        () if narrower => State::Worse,
        () if less(is.rate, was.rate) => State::Changed,
        () => State::Up,
    };
    Some(Check::new(Sort::PcieLink, called(is), state, told(is)).since(told(was)))
}

/// Whether a file system belongs to the machine and not to a session, a container or an image.
fn lasts(mount: &Mounted) -> bool {
    let passing = ["/run/", "/media/", "/var/lib/docker/", "/var/lib/containers/", "/snap/"];
    let disk = mount.source.starts_with("/dev/") && !mount.source.starts_with("/dev/loop");
    (disk || REMOTE.contains(&&*mount.kind)) && !passing.iter().any(|at| mount.at.starts_with(at))
}

fn mounted(now: &[Mounted], was: &Mounted) -> Check {
    let told = |m: &Mounted| {
        let how = if m.read_only { ", read-only" } else { "" };
        format!("{} from {}{how}", m.kind, m.source)
    };
    let check = match now.iter().find(|mount| mount.at == was.at) {
        None => Check::new(Sort::Mount, was.at.to_string(), State::Down, "not mounted"),
        Some(is) => {
            let state = match () {
                // A file system with errors is often mounted so that nothing is written any more.
                () if is.read_only && !was.read_only => State::Worse,
                // Names of disks differ from boot to boot (`/dev/sda`).
                () if is.kind != was.kind => State::Changed,
                () => State::Up,
            };
            Check::new(Sort::Mount, was.at.to_string(), state, told(is))
        }
    };
    check.since(told(was))
}

fn multipath(now: &[Multipath], was: &Multipath) -> Check {
    let name = was.name.to_string();
    let check = match now.iter().find(|disk| disk.name == was.name) {
        None => Check::new(Sort::Multipath, name, State::Down, "not there"),
        Some(is) => {
            let state = match is.active() {
                0 if was.active() > 0 => State::Down,
                active if active < was.active() => State::Worse,
                _ => State::Up,
            };
            Check::new(Sort::Multipath, name, state, paths(is))
        }
    };
    check.since(paths(was))
}

fn interface(now: &[Interface], was: &Interface, checks: &mut Vec<Check>) {
    let name = was.name.to_string();
    let Some(is) = now.iter().find(|i| i.name == was.name && (i.place == was.place)) else {
        let renamed = now.iter().find(|i| i.place.is_some() && i.place == was.place);
        let said = match (renamed, now.iter().any(|i| i.name == was.name)) {
            (Some(other), _) => format!("its device is called {} now", other.name),
            (None, true) => "another device has this name now".to_string(),
            (None, false) => "no interface of this name".to_string(),
        };
        let had = was.place.as_ref().map_or_else(|| "up".to_string(), |at| format!("up, at {at}"));
        let mut check = Check::new(Sort::Interface, name, State::Down, said).since(had);
        if renamed.is_some() || now.iter().any(|i| i.name == was.name) {
            check.code = Some(&codes::INTERFACE_NAME_CHANGED);
        }
        checks.push(check);
        return;
    };
    let state = if is.up { State::Up } else { State::Down };
    let said = is.state.as_deref().unwrap_or(if is.up { "up" } else { "down" });
    checks.push(Check::new(Sort::Interface, name.clone(), state, said).since("up"));
    if let (Some((state, said)), Some((had, before))) = (bond(is), bond(was)) {
        let other = |i: &Interface| i.bond.as_ref().and_then(|b| b.active.clone());
        let lost = |i: &Interface| {
            i.bond.as_ref().map_or(0, |b| b.members.iter().filter(|(_, up)| *up).count())
        };
        let state = match () {
            () if state <= had && lost(is) < lost(was) => State::Worse,
            () if state == State::Up && other(is) != other(was) => State::Changed,
            () => state,
        };
        checks.push(Check::new(Sort::Bond, name.clone(), state, said).since(before));
    }
    // A bond's own speed follows from that of its members.
    if let (Some(speed), Some(had), None) = (is.speed, was.speed, &is.bond) {
        let state = if speed < had { State::Worse } else { State::Up };
        let check = Check::new(Sort::LinkSpeed, name, state, format!("{speed} Mb/s"));
        checks.push(check.since(format!("{had} Mb/s")));
    }
}
