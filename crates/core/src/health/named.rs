//! What the manifest names.

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use loadworthy_formats::manifest::{Device as Kind, Manifest, Require, What};

use super::shown::{self, bond, called};
use super::{Check, Sort, State};
use crate::facts::health::{Device, Unit, Vitals};
use crate::tables::hardware::Hardware;

pub(super) fn checks(manifest: &Manifest, now: &Vitals, table: &Hardware) -> Vec<Check> {
    let mut checks = Vec::new();
    for require in &manifest.require {
        let from = checks.len();
        required(require, now, table, &mut checks);
        checks.iter_mut().skip(from).for_each(|check| check.optional = require.optional);
    }
    let health = &manifest.health;
    checks.extend(health.mounts.iter().map(|at| mount(at, now)));
    checks.extend(health.units.iter().map(|name| unit(name, now)));
    checks.extend(health.interfaces.iter().flat_map(|name| interface(name, now)));
    if let Some(least) = health.active_paths {
        checks.extend(paths(usize::try_from(least).unwrap_or(usize::MAX), now));
    }
    checks
}

fn required(require: &Require, now: &Vitals, table: &Hardware, checks: &mut Vec<Check>) {
    match &require.what {
        What::Module(name) => checks.push(module(name, now)),
        What::AnyOf(names) => {
            let all: Vec<Check> = names.iter().map(|name| module(name, now)).collect();
            // One is enough; where none is loaded all of them are told as one.
            let best = all.iter().min_by_key(|check| check.state).cloned();
            checks.extend(best.map(|best| match best.state {
                State::Up => best,
                _ => Check { name: names.join(" or "), ..best },
            }));
        }
        What::Device(kind) => devices(kind, now, table, checks),
    }
}

fn module(name: &str, now: &Vitals) -> Check {
    let own = name.replace('-', "_");
    let has = |all: &alloc::collections::BTreeSet<_>| all.contains(own.as_str());
    match &now.modules {
        Some(loaded) if has(loaded) => Check::new(Sort::Module, name, State::Up, "loaded"),
        _ if has(&now.built_in) => Check::new(Sort::Module, name, State::Up, "built in"),
        Some(_) => Check::new(Sort::Module, name, State::Down, "not loaded"),
        None => Check::unseen(Sort::Module, name, "proc/modules"),
    }
}

fn devices(kind: &Kind, now: &Vitals, table: &Hardware, checks: &mut Vec<Check>) {
    let name = kind.to_string();
    let Some(all) = &now.devices else {
        checks.push(Check::unseen(Sort::Device, name, "sys/bus"));
        return;
    };
    let fits = |device: &&Device| match kind {
        Kind::Id { .. } => *device.id == *name,
        // Of a class it is those on buses where hardware is found by itself.
        Kind::Class(class) => {
            device.modalias.as_deref().is_some_and(|modalias| table.class(modalias) == *class)
        }
    };
    let before = checks.len();
    checks.extend(all.iter().filter(fits).map(driven));
    if checks.len() == before {
        checks.push(Check::new(Sort::Device, name, State::Down, "no such device is there"));
    }
}

fn driven(device: &Device) -> Check {
    match &device.driver {
        Some(driver) => {
            Check::new(Sort::Device, called(device), State::Up, format!("driven by {driver}"))
        }
        None => Check::new(Sort::Device, called(device), State::Down, "no driver is bound to it"),
    }
}

fn mount(at: &str, now: &Vitals) -> Check {
    // A path may be written with a slash at its end.
    let own = if at == "/" { at } else { at.trim_end_matches('/') };
    let Some(mounts) = &now.mounts else {
        return Check::unseen(Sort::Mount, own, "proc/self/mountinfo");
    };
    match mounts.iter().find(|mount| &*mount.at == own) {
        Some(mount) if &*mount.kind == "autofs" => {
            Check::new(Sort::Mount, own, State::Down, "waits to be mounted (autofs)")
        }
        Some(mount) => {
            let how = if mount.read_only { ", read-only" } else { "" };
            let said = format!("{} from {}{how}", mount.kind, mount.source);
            Check::new(Sort::Mount, own, State::Up, said)
        }
        None => Check::new(Sort::Mount, own, State::Down, "not mounted"),
    }
}

fn unit(name: &str, now: &Vitals) -> Check {
    let Some(units) = &now.units else {
        return Check::unseen(Sort::Unit, name, "run/systemd/units");
    };
    match units.get(name) {
        Some(Unit::Active) => Check::new(Sort::Unit, name, State::Up, "active"),
        Some(Unit::Starting) => {
            Check::new(Sort::Unit, name, State::Down, "being started, without a process")
        }
        Some(Unit::Unseen(item)) => Check::unseen(Sort::Unit, name, item),
        Some(Unit::Inactive) | None => Check::new(Sort::Unit, name, State::Down, "not active"),
    }
}

fn interface(name: &str, now: &Vitals) -> Vec<Check> {
    let Some(interfaces) = &now.interfaces else {
        return alloc::vec![Check::unseen(Sort::Interface, name, "sys/class/net")];
    };
    let Some(interface) = interfaces.iter().find(|i| &*i.name == name) else {
        let said = "no interface of this name";
        return alloc::vec![Check::new(Sort::Interface, name, State::Down, said)];
    };
    let state = interface.state.as_deref().unwrap_or(if interface.up { "up" } else { "down" });
    let up = if interface.up { State::Up } else { State::Down };
    let mut checks = alloc::vec![Check::new(Sort::Interface, name, up, state)];
    checks.extend(bond(interface).map(|(state, said)| Check::new(Sort::Bond, name, state, said)));
    checks
}

fn paths(least: usize, now: &Vitals) -> Vec<Check> {
    let Some(all) = &now.multipath else {
        return alloc::vec![Check::unseen(Sort::Multipath, "multipath", "sys/block")];
    };
    if all.is_empty() && least > 0 {
        let said = "no disk with several paths is there";
        return alloc::vec![Check::new(Sort::Multipath, "multipath", State::Down, said)];
    }
    let told = all.iter().map(|disk| {
        let active = disk.active();
        let state = match active {
            0 => State::Down,
            _ if active < least => State::Worse,
            _ => State::Up,
        };
        let said = shown::paths(disk);
        let said = if active < least { format!("{said}; {least} are wanted") } else { said };
        Check::new(Sort::Multipath, disk.name.to_string(), state, said)
    });
    told.collect()
}
