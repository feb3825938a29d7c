//! What stands on the hardware: block devices, mounted file systems, network interfaces.
//!
//! Sources: `Documentation/ABI/stable/sysfs-block`, `sysfs-block-dm`, `Documentation/admin-guide/md.rst`,
//! `Documentation/ABI/testing/sysfs-class-net`, `net/core/dev.c` (links `lower_…`, `master`),
//! proc(5), fstab(5).

use std::collections::BTreeSet;
use std::sync::Arc;

use loadworthy_core::facts::stack::{
    Adapter, Block, Controller, Interface, Mapped, MountPoint, Stack,
};
use loadworthy_core::proof::{Question, gap, text};
use loadworthy_formats::kernel::mounts::{self, Mount};
use loadworthy_formats::kernel::uevent;

use super::hardware::{leads, lossy, place};
use crate::gather::looking::{Looking, why};
use crate::item::{HostPath, Item};
use crate::sighting::Entry;

/// Looks at all of it.
#[must_use]
pub fn gather(looking: &Looking<'_>) -> Stack {
    let mut stack = Stack::default();
    blocks(looking, &mut stack);
    interfaces(looking, &mut stack);
    controllers(looking, &mut stack);
    adapters(looking, &mut stack);
    for file_system in entries(looking, "sys/fs/btrfs") {
        let devices = HostPath::new("sys/fs/btrfs").join(&file_system.name).join("devices");
        let names = looking.names(&Item::Entries(devices)).unwrap_or_default();
        if !names.is_empty() {
            stack.btrfs.push(names.iter().map(|entry| lossy(&entry.name)).collect());
        }
    }
    mount_points(looking, &mut stack);
    stack
}

/// The names in a folder that need not be there.
fn entries(looking: &Looking<'_>, folder: &str) -> Vec<Entry> {
    looking.names(&Item::entries(folder)).unwrap_or_default()
}

/// The only line of a small file.
fn line(looking: &Looking<'_>, at: &HostPath, name: &str) -> Option<Arc<str>> {
    let bytes = looking.bytes(&Item::File(at.join(name)), 4096).ok()?;
    let line = lossy(bytes.trim_ascii());
    (!line.is_empty()).then_some(line)
}

fn blocks(looking: &Looking<'_>, stack: &mut Stack) {
    let folder = HostPath::new("sys/block");
    let names = match looking.names(&Item::Entries(folder.clone())) {
        Ok(names) => names,
        Err(outcome) => {
            stack.gaps.extend(gap(Question::Hardware, why("sys/block", &outcome)));
            return;
        }
    };
    for entry in names {
        let at = folder.join(&entry.name);
        let name = lossy(&entry.name);
        let inside = looking.names(&Item::Entries(at.clone())).unwrap_or_default();
        let has = |name: &str| inside.iter().any(|e| e.name == name.as_bytes());
        let on = has("slaves").then(|| looking.names(&Item::Entries(at.join("slaves"))).ok());
        let path = place(looking, &folder, &entry);
        let mapped = has("dm").then(|| {
            let uuid = line(looking, &at, "dm/uuid").unwrap_or_default();
            line(looking, &at, "dm/name").map(|name| Mapped { name, uuid })
        });
        let level = has("md").then(|| line(looking, &at, "md/level")).flatten();
        let device = has("device").then(|| leads(looking, &at.join("device"))).flatten();
        let on = on.flatten().unwrap_or_default().iter().map(|e| lossy(&e.name)).collect();
        let number = line(looking, &at, "dev");
        for part in inside.iter().filter(|part| is_partition(&entry.name, &part.name)) {
            stack.blocks.push(Block {
                name: lossy(&part.name),
                part_of: Some(name.clone()),
                number: line(looking, &at.join(&part.name), "dev"),
                ..Block::default()
            });
        }
        let mapped = mapped.flatten();
        let part_of = None;
        stack.blocks.push(Block { name, part_of, on, path, device, number, mapped, level });
    }
}

/// `sda1` of `sda`, `nvme0n1p2` of `nvme0n1` (`block/partitions/core.c`, `add_partition`).
fn is_partition(disk: &[u8], name: &[u8]) -> bool {
    name.strip_prefix(disk).is_some_and(|rest| {
        let digits = rest.strip_prefix(b"p").unwrap_or(rest);
        !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
    })
}

fn interfaces(looking: &Looking<'_>, stack: &mut Stack) {
    let folder = HostPath::new("sys/class/net");
    let names = match looking.names(&Item::Entries(folder.clone())) {
        Ok(names) => names,
        Err(outcome) => {
            stack.gaps.extend(gap(Question::Hardware, why("sys/class/net", &outcome)));
            return;
        }
    };
    let vlans: BTreeSet<Vec<u8>> =
        entries(looking, "proc/net/vlan").into_iter().map(|entry| entry.name).collect();
    for entry in names.into_iter().filter(|entry| entry.name != b"lo") {
        let at = folder.join(&entry.name);
        let Ok(inside) = looking.names(&Item::Entries(at.clone())) else { continue };
        let has = |name: &str| inside.iter().any(|e| e.name == name.as_bytes());
        let event = looking.bytes(&Item::File(at.join("uevent")), 65_536).ok();
        let event = event.and_then(|bytes| uevent::read(&bytes, looking.limits).ok());
        let kind = event.and_then(|event| event.value.get("DEVTYPE").map(text));
        let kind = kind.unwrap_or_else(|| match () {
            () if has("bonding") => text("bond"),
            () if has("bridge") => text("bridge"),
            () if vlans.contains(&entry.name) => text("vlan"),
            () => text(""),
        });
        let lower = inside.iter().filter_map(|e| e.name.strip_prefix(b"lower_"));
        stack.interfaces.push(Interface {
            name: lossy(&entry.name),
            path: place(looking, &folder, &entry),
            device: has("device").then(|| leads(looking, &at.join("device"))).flatten(),
            kind,
            up: is_up(looking, &at),
            over: lower.map(lossy).collect(),
            within: has("master").then(|| leads(looking, &at.join("master"))).flatten(),
        });
    }
    own_kinds(stack);
}

/// Whether an interface carries traffic. Interfaces of software often do not know (`unknown`,
/// `Documentation/networking/operstates.rst`): then it counts that somebody switched them on
/// (`IFF_UP`). Where neither is told, it is taken to be in use.
fn is_up(looking: &Looking<'_>, at: &HostPath) -> bool {
    let flags = line(looking, at, "flags");
    let on = flags.and_then(|f| u32::from_str_radix(f.trim_start_matches("0x"), 16).ok());
    match line(looking, at, "operstate").as_deref() {
        Some("up") => true,
        Some("unknown") | None => on.is_none_or(|flags| flags & 1 == 1),
        Some(_) => false,
    }
}

/// A team shows no sort of its own: it lies on others, and is none of the sorts that do.
fn own_kinds(stack: &mut Stack) {
    let masters: BTreeSet<Arc<str>> =
        stack.interfaces.iter().filter_map(|interface| interface.within.clone()).collect();
    for interface in &mut stack.interfaces {
        if interface.kind.is_empty() && masters.contains(&interface.name) {
            interface.kind = text("team");
        }
    }
    let members: Vec<(Arc<str>, Arc<str>)> =
        stack.interfaces.iter().filter_map(|i| Some((i.within.clone()?, i.name.clone()))).collect();
    for (master, member) in members {
        let master = stack.interfaces.iter_mut().find(|interface| interface.name == master);
        if let Some(master) = master.filter(|m| !m.over.contains(&member)) {
            master.over.push(member);
        }
    }
}

fn controllers(looking: &Looking<'_>, stack: &mut Stack) {
    let folder = HostPath::new("sys/class/nvme");
    let mut subsystems: Vec<(Arc<str>, BTreeSet<Vec<u8>>)> = Vec::new();
    for entry in entries(looking, "sys/class/nvme-subsystem") {
        let at = HostPath::new("sys/class/nvme-subsystem").join(&entry.name);
        let names = looking.names(&Item::Entries(at)).unwrap_or_default();
        let names = names.into_iter().map(|entry| entry.name).collect();
        subsystems.push((lossy(&entry.name), names));
    }
    for entry in entries(looking, "sys/class/nvme") {
        let at = folder.join(&entry.name);
        let of = subsystems.iter().find(|(_, names)| names.contains(&entry.name));
        stack.controllers.push(Controller {
            name: lossy(&entry.name),
            transport: line(looking, &at, "transport").unwrap_or_default(),
            path: place(looking, &folder, &entry),
            subsystem: of.map(|(name, _)| name.clone()),
        });
    }
}

fn adapters(looking: &Looking<'_>, stack: &mut Stack) {
    let named = |folder| -> BTreeSet<Vec<u8>> {
        entries(looking, folder).into_iter().map(|entry| entry.name).collect()
    };
    let (fc, iscsi) = (named("sys/class/fc_host"), named("sys/class/iscsi_host"));
    for entry in entries(looking, "sys/class/scsi_host") {
        let at = HostPath::new("sys/class/scsi_host").join(&entry.name);
        let Some(driver) = line(looking, &at, "proc_name") else { continue };
        let over = match () {
            () if fc.contains(&entry.name) => "fc",
            () if iscsi.contains(&entry.name) => "iscsi",
            () => "",
        };
        stack.adapters.push(Adapter { name: lossy(&entry.name), driver, over });
    }
}

fn mount_points(looking: &Looking<'_>, stack: &mut Stack) {
    let limit = looking.limits.text_bytes;
    let mut mounts: Vec<Mount> = Vec::new();
    let info = [Item::file("proc/self/mountinfo")];
    let table = [Item::file("proc/mounts")];
    let seen = looking
        .first(&info, limit, |b| mounts::read_info(b, looking.limits))
        .or_else(|_| looking.first(&table, limit, |b| mounts::read_table(b, looking.limits)));
    match seen {
        Ok(read) => {
            stack.mounts_seen = true;
            mounts.extend(read.value);
        }
        Err(why) => stack.gaps.extend(gap(Question::Hardware, why)),
    }
    let fstab = [Item::file("etc/fstab")];
    if let Ok(read) = looking.first(&fstab, limit, |b| mounts::read_table(b, looking.limits)) {
        // What lies there may be mounted otherwise now, as in a container.
        let planned = read
            .value
            .into_iter()
            .filter(|m| m.at.starts_with('/') && !m.has_option("noauto") && m.kind != "swap");
        for mount in planned {
            if !mounts.iter().any(|other| other.at == mount.at) {
                mounts.push(mount);
            }
        }
    }
    for mount in mounts {
        let block = block_of(looking, stack, &mount);
        let point = MountPoint {
            at: text(mount.at.as_str()),
            kind: text(mount.kind.as_str()),
            source: text(mount.source.as_str()),
            block,
            dispensable: mount.has_option("nofail"),
        };
        // Of two on one place the later one is seen.
        stack.mounts.retain(|other| other.at != point.at);
        stack.mounts.push(point);
    }
}

/// The block device that is mounted, by its number or by its name.
fn block_of(looking: &Looking<'_>, stack: &Stack, mount: &Mount) -> Option<Arc<str>> {
    let number = mount.number.as_deref();
    let numbered = stack.blocks.iter().find(|b| number.is_some() && b.number.as_deref() == number);
    let found = numbered.or_else(|| named(looking, stack, &mount.source));
    found.map(|block| block.name.clone())
}

fn named<'s>(looking: &Looking<'_>, stack: &'s Stack, source: &str) -> Option<&'s Block> {
    let by = |folder: &str, name: &str| {
        // udev writes what is unusual in a name as \xNN.
        leads(looking, &HostPath::new("dev/disk").join(folder).join(name))
    };
    let name: Arc<str> = match source.split_once('=') {
        Some(("UUID", id)) => by("by-uuid", id)?,
        Some(("LABEL", label)) => by("by-label", label)?,
        Some(("PARTUUID", id)) => by("by-partuuid", id)?,
        Some(("PARTLABEL", label)) => by("by-partlabel", label)?,
        _ => {
            let name = source.strip_prefix("/dev/")?;
            if let Some(block) = stack.block(name) {
                return Some(block);
            }
            leads(looking, &HostPath::new("dev").join(name))?
        }
    };
    stack.block(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::host::Host;

    #[test]
    fn volumes_partitions_and_their_mounts_are_found() {
        let disk = "sys/devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda";
        let host = Host::new()
            .with(&format!("{disk}/dev"), "8:0\n")
            .with(&format!("{disk}/sda1/dev"), "8:1\n")
            .with(&format!("{disk}/sda2/dev"), "8:2\n")
            .with_link("sys/block/sda", &format!("../{}", disk.strip_prefix("sys/").unwrap()))
            .with_folder("sys/block/dm-0/slaves/sda2")
            .with("sys/block/dm-0/dev", "254:0\n")
            .with("sys/block/dm-0/dm/name", "vg-root\n")
            .with("sys/block/dm-0/dm/uuid", "LVM-abc\n")
            .with_folder("sys/block/md0/slaves/sda1")
            .with("sys/block/md0/md/level", "raid1\n")
            .with("sys/class/scsi_host/host0/proc_name", "ahci\n")
            .with(
                "proc/self/mountinfo",
                "1 0 254:0 / / rw - ext4 /dev/mapper/vg-root rw\n\
                 2 1 0:5 / /proc rw - proc proc rw\n",
            )
            .with(
                "etc/fstab",
                "/dev/md0 /srv xfs nofail 0 0\nUUID=7 / ext4 rw 0 1\n/dev/sda3 none swap sw\n",
            );
        let stack = gather(&host.looking());
        let told: Vec<_> = stack
            .mounts
            .iter()
            .map(|m| (&*m.at, &*m.kind, m.block.as_deref(), m.dispensable))
            .collect();
        assert_eq!(
            told,
            [
                ("/", "ext4", Some("dm-0"), false),
                ("/proc", "proc", None, false),
                ("/srv", "xfs", Some("md0"), true),
            ]
        );
        assert_eq!(stack.block("sda").and_then(|b| b.path.as_deref()), Some(disk));
        assert_eq!(stack.block("sda2").and_then(|b| b.part_of.as_deref()), Some("sda"));
        assert_eq!(stack.block("vg-root").map(|b| &*b.on[0]), Some("sda2"));
        assert_eq!(stack.block("md0").and_then(|b| b.level.as_deref()), Some("raid1"));
        assert_eq!(&*stack.adapters[0].driver, "ahci");
    }

    #[test]
    fn interfaces_tell_what_they_are_and_lie_on() {
        let host = Host::new()
            .with("sys/class/net/eth0/operstate", "up\n")
            .with_link("sys/class/net/eth0/master", "../bond0")
            .with_link("sys/class/net/eth0/device", "../../../0000:3b:00.0")
            .with("sys/class/net/eth1/operstate", "down\n")
            .with_folder("sys/class/net/bond0/bonding")
            .with("sys/class/net/bond0/operstate", "up\n")
            .with("sys/class/net/bond0.7/uevent", "DEVTYPE=vlan\nINTERFACE=bond0.7\n")
            .with("sys/class/net/bond0.7/operstate", "unknown\n")
            .with("sys/class/net/bond0.7/flags", "0x1003\n")
            .with_link("sys/class/net/bond0.7/lower_bond0", "../bond0")
            .with_folder("sys/class/net/lo");
        let stack = gather(&host.looking());
        let told: Vec<_> = stack
            .interfaces
            .iter()
            .map(|i| (&*i.name, &*i.kind, i.up, i.over.iter().map(|o| &**o).collect::<Vec<_>>()))
            .collect();
        assert_eq!(
            told,
            [
                ("bond0", "bond", true, vec!["eth0"]),
                ("bond0.7", "vlan", true, vec!["bond0"]),
                ("eth0", "", true, vec![]),
                ("eth1", "", false, vec![]),
            ]
        );
        assert_eq!(stack.interfaces[2].device.as_deref(), Some("0000:3b:00.0"));
    }
}
