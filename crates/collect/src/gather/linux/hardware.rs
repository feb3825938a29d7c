//! The hardware in use: devices with the modules that drive them, and everything that is loaded.
//!
//! Sources: `Documentation/ABI/testing/sysfs-bus-pci`, `drivers/base/bus.c`, `drivers/base/dd.c`
//! (the link `driver`), `drivers/base/module.c` (the link `module`).

use std::collections::HashMap;
use std::sync::Arc;

use loadworthy_core::facts::hardware::{Device, Hardware};
use loadworthy_core::proof::{Question, gap, text};
use loadworthy_formats::kernel::proc_modules::{self, Loaded};
use loadworthy_formats::kernel::uevent;

use crate::gather::looking::{Looking, why};
use crate::item::{HostPath, Item};
use crate::sighting::{Entry, Kind, Outcome};

/// Looks at devices and loaded modules.
#[must_use]
pub fn gather(looking: &Looking<'_>) -> Hardware {
    let mut found = Hardware::default();
    let item = [Item::file("proc/modules")];
    let read = |bytes: &[u8]| proc_modules::read(bytes, looking.limits);
    match looking.first(&item, looking.limits.text_bytes, read) {
        Ok(read) => found.loaded = read.value,
        Err(why) => {
            found.loaded = shown(looking);
            if found.loaded.is_empty() {
                found.gaps.extend(gap(Question::Hardware, why));
            }
        }
    }
    match looking.names(&Item::entries("sys/bus")) {
        Ok(buses) => {
            found.is_seen = true;
            buses.iter().for_each(|bus| devices(looking, &bus.name, &mut found));
        }
        Err(outcome) => found.gaps.extend(gap(Question::Hardware, why("sys/bus", &outcome))),
    }
    found
}

/// Loaded modules as `sys/module` shows them, for a source without `proc/modules`: those with a state;
/// code inside the image has none (`kernel/module/sysfs.c`, `mod_sysfs_setup`).
fn shown(looking: &Looking<'_>) -> Vec<Loaded> {
    let names = looking.names(&Item::entries("sys/module")).unwrap_or_default();
    let each = names.iter().filter_map(|entry| {
        let at = HostPath::new("sys/module").join(&entry.name);
        let line = |name: &str| {
            let bytes = looking.bytes(&Item::File(at.join(name)), 64).ok()?;
            Some(String::from_utf8_lossy(bytes.trim_ascii()).into_owned())
        };
        let state = line("initstate")?;
        Some(Loaded {
            name: String::from_utf8_lossy(&entry.name).into_owned(),
            size: 0,
            users: None,
            used_by: Vec::new(),
            permanent: false,
            state,
            taint: line("taint").unwrap_or_default(),
        })
    });
    each.collect()
}

/// The devices of one bus that have a driver.
fn devices(looking: &Looking<'_>, bus: &[u8], found: &mut Hardware) {
    let bus_folder = HostPath::new("sys/bus").join(bus);
    let folder = bus_folder.join("devices");
    let names = match looking.names(&Item::Entries(folder.clone())) {
        Ok(names) => names,
        Err(Outcome::Absent | Outcome::OutOfReach) => return,
        Err(outcome) => {
            found.gaps.extend(gap(Question::Hardware, why(&folder.to_string(), &outcome)));
            return;
        }
    };
    // Many devices have one driver.
    let mut modules: HashMap<Arc<str>, Option<Arc<str>>> = HashMap::new();
    for name in names {
        let at = folder.join(&name.name);
        let mut modalias = looking.bytes(&Item::File(at.join("modalias")), 4096).ok();
        let mut driver = leads(looking, &at.join("driver"));
        // A copy of sysfs may have lost its links; what they say stands in a file, too.
        if (driver.is_none() || modalias.is_none())
            && let Some(event) = event(looking, &at)
        {
            driver = driver.or_else(|| event.get("DRIVER").map(text));
            modalias = modalias.or_else(|| event.get("MODALIAS").map(|a| a.as_bytes().to_vec()));
        }
        let modalias = modalias.map(|bytes| lossy(bytes.trim_ascii()));
        let Some(driver) = driver else {
            if modalias.is_some() {
                found.idle.push(Device {
                    bus: lossy(bus),
                    address: lossy(&name.name),
                    modalias,
                    driver: text(""),
                    module: None,
                    path: None,
                    functions: 0,
                });
            }
            continue;
        };
        let module = || {
            let of_driver = bus_folder.join("drivers").join(driver.as_bytes()).join("module");
            leads(looking, &at.join("driver/module")).or_else(|| leads(looking, &of_driver))
        };
        let module = modules.entry(driver.clone()).or_insert_with(module).clone();
        let functions = (bus == b"pci").then(|| virtual_functions(looking, &at)).flatten();
        found.devices.push(Device {
            bus: lossy(bus),
            address: lossy(&name.name),
            modalias,
            module,
            driver,
            path: place(looking, &folder, &name),
            functions: functions.unwrap_or(0),
        });
    }
}

fn event(looking: &Looking<'_>, at: &HostPath) -> Option<uevent::Uevent> {
    let bytes = looking.bytes(&Item::File(at.join("uevent")), 65_536).ok()?;
    uevent::read(&bytes, looking.limits).ok().map(|read| read.value)
}

fn virtual_functions(looking: &Looking<'_>, at: &HostPath) -> Option<u32> {
    let bytes = looking.bytes(&Item::File(at.join("sriov_numvfs")), 64).ok()?;
    str::from_utf8(bytes.trim_ascii()).ok()?.parse().ok()
}

/// The last step of where a link leads.
pub(super) fn leads(looking: &Looking<'_>, path: &HostPath) -> Option<Arc<str>> {
    let target = looking.bytes(&Item::Link(path.clone()), 4096).ok()?;
    let name = target.rsplit(|b| *b == b'/').next().unwrap_or_default();
    (!name.is_empty()).then(|| lossy(name))
}

/// The name of the block device that a link below `/dev` leads to: `/dev/disk/by-id/…`.
#[must_use]
pub fn device_node(looking: &Looking<'_>, argument: &str) -> Option<String> {
    let name = argument.strip_prefix("/dev/")?;
    leads(looking, &HostPath::new("dev").join(name)).map(|name| name.to_string())
}

/// Where an entry of a folder of links stands in the tree of devices.
pub(super) fn place(looking: &Looking<'_>, folder: &HostPath, entry: &Entry) -> Option<Arc<str>> {
    if entry.kind == Kind::Folder {
        return None;
    }
    let link = Item::Link(folder.join(&entry.name));
    let target = looking.bytes(&link, 4096).ok()?;
    Some(text(folder.join(target).to_string()))
}

pub(in crate::gather) fn lossy(bytes: &[u8]) -> Arc<str> {
    text(String::from_utf8_lossy(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::host::Host;

    #[test]
    fn a_device_has_its_driver_its_module_and_its_place() {
        let device = "sys/devices/pci0000:00/0000:00:1f.0";
        let host = Host::new()
            .with(&format!("{device}/modalias"), "pci:v000010DFd0000F0F5sv00sd00bc01sc00i00\n")
            .with(&format!("{device}/sriov_numvfs"), "4\n")
            .with_link(&format!("{device}/driver"), "../../../bus/pci/drivers/lpfc")
            .with_link("sys/bus/pci/drivers/lpfc/module", "../../../../module/lpfc")
            .with_link(
                "sys/bus/pci/devices/0000:00:1f.0",
                "../../../devices/pci0000:00/0000:00:1f.0",
            )
            .with_folder("sys/bus/pci/devices/0000:00:00.0")
            .with("sys/bus/usb/devices/1-1/modalias", "usb:v046DpC31Cd6400dc00\n")
            .with_folder("sys/bus/usb/drivers/usbhid")
            .with_link("sys/bus/usb/devices/1-1/driver", "../../drivers/usbhid")
            .with(
                "sys/bus/virtio/devices/virtio0/uevent",
                "DRIVER=virtio_blk\nMODALIAS=virtio:d2v1\n",
            )
            .with("proc/modules", "lpfc 1 0 - Live 0x0\nscsi_transport_fc 1 1 lpfc, Live 0x0\n");
        let hardware = gather(&host.looking());
        assert_eq!(hardware.gaps, []);
        let told: Vec<_> = hardware
            .devices
            .iter()
            .map(|d| (d.id(), d.module.as_deref(), d.path.as_deref(), d.functions))
            .collect();
        assert_eq!(
            told,
            [
                ("pci:10df:f0f5".into(), Some("lpfc"), Some(device), 4),
                ("usb:046d:c31c".into(), None, None, 0),
                ("virtio:virtio0".into(), None, None, 0),
            ]
        );
        assert!(hardware.loaded("scsi_transport_fc").is_some());
        assert_eq!(gather(&Host::new().looking()).gaps.len(), 2);
        let shown = Host::new()
            .with("sys/module/zfs/initstate", "live\n")
            .with("sys/module/zfs/taint", "PO\n")
            .with("sys/module/kernel/parameters/x", "");
        let hardware = gather(&shown.looking());
        let told: Vec<_> = hardware.loaded.iter().map(|m| (&*m.name, &*m.taint)).collect();
        assert_eq!(told, [("zfs", "PO")]);
    }
}
