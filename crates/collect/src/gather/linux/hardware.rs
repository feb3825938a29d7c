//! The hardware in use: devices with the modules that drive them, and everything that is loaded.

use std::sync::Arc;

use loadworthy_core::fact::{Fact, Listing};
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
#[derive(Clone, Debug)]
pub struct Hardware {
    /// Devices with a driver.
    pub devices: Listing<Device>,
    /// Modules that are loaded.
    pub loaded: Listing<Loaded>,
}

/// Looks at devices and loaded modules.
#[must_use]
pub fn gather(looking: &Looking<'_>) -> Hardware {
    Hardware { devices: devices(looking), loaded: loaded(looking) }
}

fn loaded(looking: &Looking<'_>) -> Listing<Loaded> {
    let item = [Item::file("proc/modules")];
    let read = looking
        .first(&item, looking.limits.text_bytes, |bytes| proc_modules::read(bytes, looking.limits));
    match read {
        Ok(read) => {
            let whole = looking.evidence(&read.item, format!("{} modules", read.value.len()));
            let seen = |module: Loaded| {
                let said = format!("{} {}", module.name, module.state);
                Fact::seen(module, looking.evidence(&read.item, said))
            };
            Listing::new(read.value.into_iter().map(seen).collect(), Fact::seen((), whole))
        }
        Err(why) => Listing::unknown(gap(Question::Hardware, why)),
    }
}

fn devices(looking: &Looking<'_>) -> Listing<Device> {
    let buses = match looking.names(&Item::entries("sys/bus")) {
        Ok(buses) => buses,
        Err(outcome) => {
            return Listing::unknown(gap(Question::Hardware, why("sys/bus", &outcome)));
        }
    };
    let mut found = Vec::new();
    let mut gaps = Gaps::new();
    for bus in buses {
        let folder = HostPath::new("sys/bus").join(&bus.name).join("devices");
        let names = match looking.names(&Item::Entries(folder.clone())) {
            Ok(names) => names,
            Err(Outcome::Absent | Outcome::OutOfReach) => continue,
            Err(outcome) => {
                gaps.extend(gap(Question::Hardware, why(&folder.to_string(), &outcome)));
                continue;
            }
        };
        for name in names {
            let at = folder.join(&name.name);
            let Some(driver) = leads(looking, &at.join("driver")) else { continue };
            let modalias = looking.bytes(&Item::File(at.join("modalias")), 4096).ok();
            let device = Device {
                bus: lossy(&bus.name),
                address: lossy(&name.name),
                modalias: modalias.map(|bytes| lossy(bytes.trim_ascii())),
                module: leads(looking, &at.join("driver/module")),
                driver,
            };
            let said = match &device.module {
                Some(module) => format!("{}, driven by {module}", device.id()),
                None => format!("{}, driven by built-in {}", device.id(), device.driver),
            };
            found.push(Fact::seen(device, looking.evidence(&text(at.to_string()), said)));
        }
    }
    let whole = if gaps.is_empty() {
        let said = format!("{} devices with a driver", found.len());
        Fact::seen((), looking.evidence(&text("sys/bus"), said))
    } else {
        Fact::unknown(gaps)
    };
    Listing::new(found, whole)
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
