//! The hardware in use: devices with the modules that drive them, and everything that is loaded.

use std::collections::BTreeMap;
use std::sync::Arc;

use loadworthy_core::proof::{Gaps, Question, gap, text};
use loadworthy_formats::kernel::proc_modules::{self, Loaded};

use crate::gather::looking::{Looking, why};
use crate::item::{HostPath, Item};
use crate::sighting::Outcome;

/// A device that a driver is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The bus, as `pci`.
    pub bus: Arc<str>,
    /// Its name on the bus, as `0000:00:1f.2`.
    pub address: Arc<str>,
    /// What it says it is, for modules to match.
    pub modalias: Option<Arc<str>>,
    /// The driver.
    pub driver: Arc<str>,
    /// The module the driver came from; `None` where it is built in.
    pub module: Option<Arc<str>>,
}

impl Device {
    /// What it is called: `pci:10df:f0f5` where its vendor and type are known, else bus and address.
    #[must_use]
    pub fn id(&self) -> String {
        self.modalias
            .as_deref()
            .and_then(|alias| match alias.split_once(':')? {
                ("pci", rest) => {
                    let vendor = rest.strip_prefix("v0000")?.get(..4)?;
                    let device = rest.get(9..)?.strip_prefix("d0000")?.get(..4)?;
                    Some(format!("pci:{vendor}:{device}").to_lowercase())
                }
                ("usb", rest) => {
                    let vendor = rest.strip_prefix('v')?.get(..4)?;
                    let device = rest.get(5..)?.strip_prefix('p')?.get(..4)?;
                    Some(format!("usb:{vendor}:{device}").to_lowercase())
                }
                _ => None,
            })
            .unwrap_or_else(|| format!("{}:{}", self.bus, self.address))
    }
}

/// What is in use on a host.
#[derive(Clone, Debug, Default)]
pub struct Hardware {
    /// Devices with a driver.
    pub devices: Vec<Device>,
    /// Modules that are loaded.
    pub loaded: Vec<Loaded>,
    /// What could not be looked at; there may be more of either.
    pub gaps: Gaps,
}

/// A module that the host uses now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InUse {
    /// Its name, with `_`.
    pub module: Arc<str>,
    /// Why: the devices it drives, as `device pci:10df:f0f5`, or `loaded`.
    pub required_by: Vec<String>,
}

impl Hardware {
    /// Every module that drives a device or is loaded, by name.
    #[must_use]
    pub fn in_use(&self) -> Vec<InUse> {
        let mut found: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for device in &self.devices {
            if let Some(module) = &device.module {
                let required_by = found.entry(module).or_default();
                let reason = format!("device {}", device.id());
                if !required_by.contains(&reason) {
                    required_by.push(reason);
                }
            }
        }
        for module in &self.loaded {
            let required_by = found.entry(&module.name).or_default();
            if required_by.is_empty() {
                required_by.push("loaded".into());
            }
        }
        let in_use = |(module, required_by)| InUse { module: text(module), required_by };
        found.into_iter().map(in_use).collect()
    }
}

/// Looks at devices and loaded modules.
#[must_use]
pub fn gather(looking: &Looking<'_>) -> Hardware {
    let mut found = Hardware::default();
    let item = [Item::file("proc/modules")];
    let read = |bytes: &[u8]| proc_modules::read(bytes, looking.limits);
    match looking.first(&item, looking.limits.text_bytes, read) {
        Ok(read) => found.loaded = read.value,
        Err(why) => found.gaps.extend(gap(Question::Hardware, why)),
    }
    match looking.names(&Item::entries("sys/bus")) {
        Ok(buses) => buses.iter().for_each(|bus| devices(looking, &bus.name, &mut found)),
        Err(outcome) => found.gaps.extend(gap(Question::Hardware, why("sys/bus", &outcome))),
    }
    found
}

/// The devices of one bus that have a driver.
fn devices(looking: &Looking<'_>, bus: &[u8], found: &mut Hardware) {
    let folder = HostPath::new("sys/bus").join(bus).join("devices");
    let names = match looking.names(&Item::Entries(folder.clone())) {
        Ok(names) => names,
        Err(Outcome::Absent | Outcome::OutOfReach) => return,
        Err(outcome) => {
            found.gaps.extend(gap(Question::Hardware, why(&folder.to_string(), &outcome)));
            return;
        }
    };
    for name in names {
        let at = folder.join(&name.name);
        let Some(driver) = leads(looking, &at.join("driver")) else { continue };
        let modalias = looking.bytes(&Item::File(at.join("modalias")), 4096).ok();
        found.devices.push(Device {
            bus: lossy(bus),
            address: lossy(&name.name),
            modalias: modalias.map(|bytes| lossy(bytes.trim_ascii())),
            module: leads(looking, &at.join("driver/module")),
            driver,
        });
    }
}

/// The last step of where a link leads.
fn leads(looking: &Looking<'_>, path: &HostPath) -> Option<Arc<str>> {
    let target = looking.bytes(&Item::Link(path.clone()), 4096).ok()?;
    let name = target.rsplit(|b| *b == b'/').next().unwrap_or_default();
    (!name.is_empty()).then(|| lossy(name))
}

fn lossy(bytes: &[u8]) -> Arc<str> {
    text(String::from_utf8_lossy(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::host::Host;

    #[test]
    fn a_module_is_in_use_when_it_drives_a_device_or_is_loaded() {
        let device = "sys/devices/pci0000:00/0000:00:1f.0";
        let host = Host::new()
            .with(&format!("{device}/modalias"), "pci:v000010DFd0000F0F5sv00sd00bc01sc00i00\n")
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
            .with("proc/modules", "lpfc 1 0 - Live 0x0\nscsi_transport_fc 1 1 lpfc, Live 0x0\n");
        let hardware = gather(&host.looking());
        assert_eq!(hardware.gaps, []);
        let ids: Vec<_> = hardware.devices.iter().map(|d| (d.id(), d.module.as_deref())).collect();
        assert_eq!(ids, [("pci:10df:f0f5".into(), Some("lpfc")), ("usb:046d:c31c".into(), None)]);
        let in_use =
            |module: &str, why: &str| InUse { module: text(module), required_by: vec![why.into()] };
        assert_eq!(
            hardware.in_use(),
            [in_use("lpfc", "device pci:10df:f0f5"), in_use("scsi_transport_fc", "loaded")]
        );
        assert_eq!(gather(&Host::new().looking()).gaps.len(), 2);
    }
}
