//! What a running machine shows of itself: is everything up?
//!
//! Sources: `Documentation/ABI/testing/sysfs-bus-pci` (`current_link_width`), `sysfs-class-net`
//! (`operstate`, `speed`, `dev_port`), `Documentation/networking/bonding.rst`,
//! `drivers/scsi/scsi_sysfs.c` (`state`), `drivers/nvme/host/sysfs.c` (`state`). Of systemd:
//! `src/core/unit.c`, `unit_export_invocation_id` and `unit_unlink_state_files`: a unit that starts
//! programs has a link `run/systemd/units/invocation:NAME` until it is inactive or has failed.

use std::collections::BTreeSet;
use std::sync::Arc;

use loadworthy_core::facts::hardware::Hardware;
use loadworthy_core::facts::health::{Bond, Device, Interface, Mounted, Multipath, Vitals};
use loadworthy_core::facts::stack::{self, Stack};
use loadworthy_core::proof::text;
use loadworthy_formats::kernel::{modules_builtin, mounts};

use super::hardware::lossy;
use crate::gather::looking::Looking;
use crate::item::{HostPath, Item};

mod units;

/// Looks at all of it; `kernel` is the one that runs, `named` are the units that are asked about.
#[must_use]
pub fn gather(
    looking: &Looking<'_>,
    hardware: &Hardware,
    stack: &Stack,
    kernel: Option<&Arc<str>>,
    named: &[String],
) -> Vitals {
    Vitals {
        kernel: kernel.cloned(),
        devices: hardware.is_seen.then(|| devices(looking, hardware)),
        modules: modules(looking, hardware),
        built_in: kernel.map(|release| built_in(looking, release)).unwrap_or_default(),
        mounts: mounted(looking),
        units: units::gather(looking, named),
        interfaces: interfaces(looking, stack),
        multipath: multipath(looking, stack),
    }
}

/// The only line of a small file.
fn line(looking: &Looking<'_>, path: HostPath) -> Option<Arc<str>> {
    let bytes = looking.bytes(&Item::File(path), 4096).ok()?;
    let line = lossy(bytes.trim_ascii());
    (!line.is_empty()).then_some(line)
}

fn devices(looking: &Looking<'_>, hardware: &Hardware) -> Vec<Device> {
    let all = hardware.devices.iter().chain(&hardware.idle);
    all.map(|device| {
        let at = HostPath::new("sys/bus/pci/devices").join(device.address.as_bytes());
        let is_pci = &*device.bus == "pci";
        let said = |name: &str| is_pci.then(|| line(looking, at.join(name))).flatten();
        Device {
            bus: device.bus.clone(),
            address: device.address.clone(),
            id: text(device.id()),
            modalias: device.modalias.clone(),
            driver: (!device.driver.is_empty()).then(|| device.driver.clone()),
            // Width 0 and "Unknown speed" are told of what is no PCIe device (drivers/pci/probe.c).
            lanes: said("current_link_width").and_then(|w| w.parse().ok()).filter(|w| *w > 0),
            rate: said("current_link_speed").and_then(|speed| rate(&speed)),
        }
    })
    .collect()
}

/// `8.0 GT/s PCIe` in tenths (`drivers/pci/probe.c`, `pci_speed_string`).
fn rate(speed: &str) -> Option<u32> {
    let (number, unit) = speed.split_once(' ')?;
    let (whole, tenths) = number.split_once('.').unwrap_or((number, "0"));
    let tenths = tenths.parse::<u32>().ok().filter(|t| *t < 10)?;
    unit.starts_with("GT/s").then(|| Some(whole.parse::<u32>().ok()? * 10 + tenths)).flatten()
}

/// Loaded modules whose start is done (`kernel/module/procfs.c`: `Live`, `Loading`, `Unloading`).
fn modules(looking: &Looking<'_>, hardware: &Hardware) -> Option<BTreeSet<Arc<str>>> {
    let seen = !hardware.loaded.is_empty()
        || looking.bytes(&Item::file("proc/modules"), looking.limits.text_bytes).is_ok();
    let live = hardware.loaded.iter().filter(|m| m.state.eq_ignore_ascii_case("live"));
    seen.then(|| live.map(|m| text(m.name.replace('-', "_"))).collect())
}

fn built_in(looking: &Looking<'_>, release: &str) -> BTreeSet<Arc<str>> {
    let item = [Item::file(format!("lib/modules/{release}/modules.builtin"))];
    let read = looking.first(&item, looking.limits.text_bytes, |bytes| {
        modules_builtin::read(bytes, looking.limits)
    });
    read.map(|read| read.value.iter().map(|(name, _)| text(name.replace('-', "_"))).collect())
        .unwrap_or_default()
}

/// What is mounted now; what `fstab` only plans does not count.
fn mounted(looking: &Looking<'_>) -> Option<Vec<Mounted>> {
    let limit = looking.limits.text_bytes;
    let info = [Item::file("proc/self/mountinfo")];
    let table = [Item::file("proc/mounts")];
    let read = looking
        .first(&info, limit, |b| mounts::read_info(b, looking.limits))
        .or_else(|_| looking.first(&table, limit, |b| mounts::read_table(b, looking.limits)))
        .ok()?;
    let mut all: Vec<Mounted> = Vec::new();
    for mount in read.value {
        let read_only = mount.has_option("ro");
        let mounted = Mounted {
            at: text(mount.at),
            kind: text(mount.kind),
            source: text(mount.source),
            read_only,
        };
        // Of two on one place the later one is seen.
        all.retain(|other| other.at != mounted.at);
        all.push(mounted);
    }
    Some(all)
}

fn interfaces(looking: &Looking<'_>, stack: &Stack) -> Option<Vec<Interface>> {
    let folder = HostPath::new("sys/class/net");
    looking.names(&Item::Entries(folder.clone())).ok()?;
    let all = stack.interfaces.iter().map(|interface| {
        let at = folder.join(interface.name.as_bytes());
        let said = |name: &str| line(looking, at.join(name));
        // -1: the kernel does not know (Documentation/ABI/testing/sysfs-class-net, speed).
        let speed = said("speed").and_then(|s| s.parse::<i64>().ok()).filter(|s| *s > 0);
        Interface {
            name: interface.name.clone(),
            kind: interface.kind.clone(),
            place: place(interface, said("dev_port")),
            up: interface.up,
            state: said("operstate"),
            speed: speed.and_then(|s| u32::try_from(s).ok()).filter(|s| *s != u32::MAX),
            within: interface.within.clone(),
            bond: (&*interface.kind == "bond").then(|| bond(looking, &at)),
        }
    });
    Some(all.collect())
}

/// `sys/devices/pci0000:00/0000:3b:00.0` and a port: the step above the name is `net`.
fn place(interface: &stack::Interface, port: Option<Arc<str>>) -> Option<Arc<str>> {
    let device = match &interface.path {
        Some(path) if !path.contains("/devices/virtual/") => {
            path.rsplit_once("/net/").map(|(device, _)| device.to_owned())
        }
        Some(_) => None,
        None => interface.device.as_deref().map(str::to_owned),
    };
    let port = port.filter(|p| &**p != "0").map(|p| format!(" port {p}")).unwrap_or_default();
    device.map(|device| text(device + &port))
}

fn bond(looking: &Looking<'_>, at: &HostPath) -> Bond {
    let said = |name: &str| line(looking, at.join("bonding").join(name));
    let members = said("slaves").unwrap_or_default();
    let is_up = |name: &str| {
        let status = HostPath::new("sys/class/net").join(name).join("bonding_slave/mii_status");
        line(looking, status).is_some_and(|status| &*status == "up")
    };
    Bond {
        // `active-backup 1`: the name and the number.
        mode: text(said("mode").as_deref().and_then(|m| m.split(' ').next()).unwrap_or_default()),
        active: said("active_slave"),
        members: members.split_whitespace().map(|m| (text(m), is_up(m))).collect(),
    }
}

fn multipath(looking: &Looking<'_>, stack: &Stack) -> Option<Vec<Multipath>> {
    looking.names(&Item::entries("sys/block")).ok()?;
    let mut all: Vec<Multipath> = Vec::new();
    // The uuid that multipath-tools give their maps begins so (libmultipath, UUID_PREFIX).
    let is_map =
        |b: &&stack::Block| b.mapped.as_ref().is_some_and(|m| m.uuid.starts_with("mpath-"));
    for block in stack.blocks.iter().filter(is_map) {
        let name = block.mapped.as_ref().map_or(&block.name, |mapped| &mapped.name);
        let folder = HostPath::new("sys/block");
        let state =
            |disk: &Arc<str>| line(looking, folder.join(disk.as_bytes()).join("device/state"));
        let path = |disk: &Arc<str>| (disk.clone(), state(disk).unwrap_or_else(|| text("unknown")));
        all.push(Multipath { name: name.clone(), paths: block.on.iter().map(path).collect() });
    }
    let state = |name: &Arc<str>| {
        let at = HostPath::new("sys/class/nvme").join(name.as_bytes()).join("state");
        line(looking, at).unwrap_or_else(|| text("unknown"))
    };
    // A controller in a slot has no second way to it.
    for controller in stack.controllers.iter().filter(|c| &*c.transport != "pcie") {
        let Some(subsystem) = &controller.subsystem else { continue };
        let path = (controller.name.clone(), state(&controller.name));
        match all.iter_mut().find(|m| m.name == *subsystem) {
            Some(map) => map.paths.push(path),
            None => all.push(Multipath { name: subsystem.clone(), paths: vec![path] }),
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::host::Host;
    use crate::gather::linux::{hardware, stack as below};
    use loadworthy_core::facts::health::Unit;

    fn vitals(host: &Host, units: &[&str]) -> Vitals {
        let looking = host.looking();
        let (hardware, stack) = (hardware::gather(&looking), below::gather(&looking));
        let units: Vec<String> = units.iter().map(|u| (*u).to_owned()).collect();
        gather(&looking, &hardware, &stack, None, &units)
    }

    #[test]
    fn links_lanes_paths_and_members_are_read() {
        let nic = "sys/devices/pci0000:3a/0000:3b:00.0";
        let host = Host::new()
            .with(&format!("{nic}/modalias"), "pci:v000015B3d00001017sv0sd0bc02sc00i00\n")
            .with(&format!("{nic}/current_link_width"), "8\n")
            .with(&format!("{nic}/current_link_speed"), "8.0 GT/s PCIe\n")
            .with_link(
                "sys/bus/pci/devices/0000:3b:00.0",
                "../../../devices/pci0000:3a/0000:3b:00.0",
            )
            .with(&format!("{nic}/net/eth1/speed"), "25000\n")
            .with(&format!("{nic}/net/eth1/dev_port"), "1\n")
            .with(&format!("{nic}/net/eth1/operstate"), "up\n")
            .with(&format!("{nic}/net/eth1/bonding_slave/mii_status"), "up\n")
            .with_link("sys/class/net/eth1", "../../devices/pci0000:3a/0000:3b:00.0/net/eth1")
            .with("sys/class/net/bond0/bonding/mode", "active-backup 1\n")
            .with("sys/class/net/bond0/bonding/slaves", "eth1 eth2\n")
            .with("sys/class/net/bond0/bonding/active_slave", "eth1\n")
            .with("sys/class/net/bond0/speed", "-1\n")
            .with_folder("sys/block/dm-0/slaves/sda")
            .with_folder("sys/block/dm-0/slaves/sdb")
            .with("sys/block/dm-0/dm/name", "mpatha\n")
            .with("sys/block/dm-0/dm/uuid", "mpath-36001405\n")
            .with("sys/block/sda/device/state", "running\n")
            .with("sys/block/sdb/device/state", "offline\n")
            .with("sys/class/nvme/nvme0/transport", "tcp\n")
            .with("sys/class/nvme/nvme0/state", "live\n")
            .with_folder("sys/class/nvme-subsystem/nvme-subsys0/nvme0")
            .with("proc/modules", "lpfc 1 0 - Live 0x0\nzfs 1 0 - Loading 0x0\n")
            .with("proc/self/mountinfo", "1 0 8:1 / / ro - ext4 /dev/sda1 rw\n");
        let seen = vitals(&host, &[]);
        let device = &seen.devices.as_ref().unwrap()[0];
        assert_eq!((device.lanes, device.rate, &*device.id), (Some(8), Some(80), "pci:15b3:1017"));
        let interfaces = seen.interfaces.as_ref().unwrap();
        assert_eq!(interfaces[0].bond.as_ref().unwrap().active.as_deref(), Some("eth1"));
        assert_eq!(interfaces[0].speed, None);
        let members = &interfaces[0].bond.as_ref().unwrap().members;
        assert_eq!(members, &[(text("eth1"), true), (text("eth2"), false)]);
        assert_eq!(interfaces[1].place.as_deref(), Some(&*format!("{nic} port 1")));
        let paths: Vec<_> =
            seen.multipath.as_ref().unwrap().iter().map(|m| (&*m.name, m.active())).collect();
        assert_eq!(paths, [("mpatha", 1), ("nvme-subsys0", 1)]);
        assert_eq!(seen.modules.unwrap().into_iter().collect::<Vec<_>>(), [text("lpfc")]);
        assert!(seen.mounts.unwrap()[0].read_only);
        assert_eq!(rate("2.5 GT/s PCIe"), Some(25));
        assert_eq!(rate("Unknown speed"), None);
        assert_eq!(vitals(&Host::new(), &["a.service"]), Vitals::default());
    }

    #[test]
    fn units_are_as_systemd_keeps_them() {
        let host = Host::new()
            .with_link("run/systemd/units/invocation:up.service", "0a")
            .with_link("run/systemd/units/invocation:again.service", "0b")
            .with_link("run/systemd/units/invocation:once.service", "0c")
            .with_link("run/systemd/units/invocation:srv.mount", "0d")
            .with_link("run/systemd/units/invocation:getty@tty1.service", "0e")
            .with_link("run/systemd/units/invocation:odd.service", "0f")
            .with("sys/fs/cgroup/system.slice/up.service/cgroup.events", "populated 1\nfrozen 0\n")
            .with(
                "sys/fs/cgroup/system.slice/system-getty.slice/getty@tty1.service/cgroup.events",
                "populated 1\n",
            )
            .with("lib/systemd/system/up.service", "[Service]\nExecStart=/bin/up\n")
            .with("lib/systemd/system/again.service", "[Service]\nRestart=always\n")
            .with("lib/systemd/system/getty@.service", "[Service]\nRestart=always\n")
            .with("lib/systemd/system/once.service", "[Service]\nType=oneshot\n")
            .with("etc/systemd/system/once.service.d/a.conf", "[Service]\nRemainAfterExit=yes\n");
        let asked = [
            "up.service",
            "again.service",
            "once.service",
            "srv.mount",
            "getty@tty1.service",
            "gone.service",
            "odd.service",
            "local-fs.target",
        ];
        let seen = vitals(&host, &asked).units.unwrap();
        let told: Vec<_> = asked.iter().map(|name| seen.get(*name).unwrap().clone()).collect();
        assert_eq!(
            told,
            [
                Unit::Active,
                Unit::Starting,
                Unit::Active,
                Unit::Active,
                Unit::Active,
                Unit::Inactive,
                Unit::Unseen(text("the unit file of odd.service")),
                Unit::Unseen(text("a mark of local-fs.target")),
            ]
        );
    }
}
