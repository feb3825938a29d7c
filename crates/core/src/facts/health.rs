//! What a running machine shows of itself: devices and their drivers, modules, mounts, units, links.
//!
//! `None` stands for what could not be looked at. Nothing here says whether that is as it should be.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Everything that is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vitals {
    /// The kernel that runs.
    pub kernel: Option<Arc<str>>,
    /// Devices on their buses.
    pub devices: Option<Vec<Device>>,
    /// Modules that are loaded and live, with `_`.
    pub modules: Option<BTreeSet<Arc<str>>>,
    /// Code that is built into the kernel that runs, with `_`.
    pub built_in: BTreeSet<Arc<str>>,
    /// What is mounted.
    pub mounts: Option<Vec<Mounted>>,
    /// The units that were asked about.
    pub units: Option<BTreeMap<Arc<str>, Unit>>,
    /// Network interfaces.
    pub interfaces: Option<Vec<Interface>>,
    /// Disks that several paths lead to.
    pub multipath: Option<Vec<Multipath>>,
}

/// A device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The bus, as `pci`.
    pub bus: Arc<str>,
    /// Its name on the bus.
    pub address: Arc<str>,
    /// `pci:10df:f0f5`; bus and address where vendor and type are not known.
    pub id: Arc<str>,
    /// What it says it is.
    pub modalias: Option<Arc<str>>,
    /// The driver it is bound to.
    pub driver: Option<Arc<str>>,
    /// Lanes of its PCIe link that are in use.
    pub lanes: Option<u32>,
    /// What the link runs at, in tenths of GT/s.
    pub rate: Option<u32>,
}

/// A file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mounted {
    /// Where.
    pub at: Arc<str>,
    /// Its type.
    pub kind: Arc<str>,
    /// What is mounted, as it was given.
    pub source: Arc<str>,
    /// Whether nothing can be written.
    pub read_only: bool,
}

/// How a unit of systemd is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    /// It is active.
    Active,
    /// It was never started, has ended or has failed.
    Inactive,
    /// It is being started, again and again perhaps: a service without a process.
    Starting,
    /// What would tell cannot be seen: that item.
    Unseen(Arc<str>),
}

/// A network interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: Arc<str>,
    /// `bond`, `bridge`, `vlan`, `team`; empty for most.
    pub kind: Arc<str>,
    /// Its device and the number of its port there: what stays the same when the name changes.
    pub place: Option<Arc<str>>,
    /// Whether it carries traffic.
    pub up: bool,
    /// `operstate` as the kernel says it.
    pub state: Option<Arc<str>>,
    /// Megabits a second; `None` where the kernel does not tell.
    pub speed: Option<u32>,
    /// The bond, bridge or team it belongs to.
    pub within: Option<Arc<str>>,
    /// What only a bond has.
    pub bond: Option<Bond>,
}

/// A bond of interfaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bond {
    /// `active-backup`, `802.3ad`, …
    pub mode: Arc<str>,
    /// The member that carries the traffic, in modes with only one.
    pub active: Option<Arc<str>>,
    /// Members, and whether their link is up.
    pub members: Vec<(Arc<str>, bool)>,
}

/// A disk that several paths lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Multipath {
    /// What device mapper or the NVMe subsystem calls it.
    pub name: Arc<str>,
    /// Its paths and their states.
    pub paths: Vec<(Arc<str>, Arc<str>)>,
}

impl Multipath {
    /// Paths that answer: disks that are `running` (`drivers/scsi/scsi_sysfs.c`), controllers that
    /// are `live` (`drivers/nvme/host/sysfs.c`).
    #[must_use]
    pub fn active(&self) -> usize {
        self.paths.iter().filter(|(_, state)| ["running", "live"].contains(&&**state)).count()
    }
}
