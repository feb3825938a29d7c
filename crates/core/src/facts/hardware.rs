//! The hardware of a machine: devices with the drivers they are bound to, and what is loaded.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use loadworthy_formats::kernel::proc_modules::Loaded;

use crate::proof::Gaps;

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
    /// The module the driver came from; `None` where it is built in, or where that was not seen.
    pub module: Option<Arc<str>>,
    /// Where it stands in the tree of devices, `sys/devices/pci0000:00/0000:00:1f.2`; `None` where
    /// that was not seen.
    pub path: Option<Arc<str>>,
    /// Virtual functions that are switched on.
    pub functions: u32,
}

impl Device {
    /// What it is called: `pci:10df:f0f5` where its vendor and type are known, else bus and address.
    #[must_use]
    pub fn id(&self) -> String {
        self.modalias
            .as_deref()
            .and_then(identity)
            .unwrap_or_else(|| format!("{}:{}", self.bus, self.address))
    }
}

/// `pci:10df:f0f5` of a modalias that names vendor and type.
#[must_use]
pub fn identity(modalias: &str) -> Option<String> {
    match modalias.split_once(':')? {
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
    }
}

/// What is in use on a machine.
#[derive(Clone, Debug, Default)]
pub struct Hardware {
    /// Devices with a driver.
    pub devices: Vec<Device>,
    /// Devices without a driver that say what they are; their driver is empty.
    pub idle: Vec<Device>,
    /// Whether the buses could be looked at: a device that is not among them is not there.
    pub is_seen: bool,
    /// Modules that are loaded, with marks as `proc/modules` or `sys/module` tells them.
    pub loaded: Vec<Loaded>,
    /// What could not be looked at; there may be more of either.
    pub gaps: Gaps,
}

impl Hardware {
    /// The loaded module of this name, with `_`.
    #[must_use]
    pub fn loaded(&self, module: &str) -> Option<&Loaded> {
        self.loaded.iter().find(|loaded| loaded.name == module)
    }
}
