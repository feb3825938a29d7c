//! What stands on the hardware of a machine: block devices, file systems, network interfaces.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::proof::Gaps;

/// All of it.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    /// File systems that are mounted, or will be at the next boot.
    pub mounts: Vec<MountPoint>,
    /// Whether that is all: the running machine told its mounts.
    pub mounts_seen: bool,
    /// Block devices, partitions among them.
    pub blocks: Vec<Block>,
    /// Network interfaces.
    pub interfaces: Vec<Interface>,
    /// NVMe controllers.
    pub controllers: Vec<Controller>,
    /// SCSI host adapters.
    pub adapters: Vec<Adapter>,
    /// The devices of each btrfs file system.
    pub btrfs: Vec<Vec<Arc<str>>>,
    /// What could not be looked at.
    pub gaps: Gaps,
}

impl Stack {
    /// The block device of this name: its own, `mapper/NAME`, or the one device mapper gave it.
    #[must_use]
    pub fn block(&self, name: &str) -> Option<&Block> {
        let own = name.strip_prefix("mapper/").unwrap_or(name);
        let mapped = |block: &&Block| block.mapped.as_ref().is_some_and(|m| *m.name == *own);
        let named = self.blocks.iter().find(|block| *block.name == *name);
        named.or_else(|| self.blocks.iter().find(mapped))
    }
}

/// A file system and where it is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountPoint {
    /// Where.
    pub at: Arc<str>,
    /// The type of the file system.
    pub kind: Arc<str>,
    /// What is mounted, as it was given.
    pub source: Arc<str>,
    /// The block device, by its name below `sys/block`, where it was found.
    pub block: Option<Arc<str>>,
    /// Whether the boot goes on without it (`nofail`).
    pub dispensable: bool,
}

/// A block device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// `sda`, `sda1`, `dm-0`.
    pub name: Arc<str>,
    /// The disk that it is a partition of.
    pub part_of: Option<Arc<str>>,
    /// What it lies on: members, paths, physical volumes.
    pub on: Vec<Arc<str>>,
    /// Where it stands in the tree of devices.
    pub path: Option<Arc<str>>,
    /// The name of the device it belongs to on its bus, where the path was not seen.
    pub device: Option<Arc<str>>,
    /// Its number, `8:1`.
    pub number: Option<Arc<str>>,
    /// Name and uuid that device mapper gave it.
    pub mapped: Option<Mapped>,
    /// The level of an md array: `raid1`.
    pub level: Option<Arc<str>>,
}

/// A device of device mapper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// `vg-root`.
    pub name: Arc<str>,
    /// `LVM-…`, `mpath-…`, `CRYPT-LUKS2-…`.
    pub uuid: Arc<str>,
}

/// A network interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// `eth0`.
    pub name: Arc<str>,
    /// Where it stands in the tree of devices.
    pub path: Option<Arc<str>>,
    /// The name of the device it belongs to on its bus, where the path was not seen.
    pub device: Option<Arc<str>>,
    /// What sort it is: `bond`, `bridge`, `vlan`; empty for most.
    pub kind: Arc<str>,
    /// Whether it is up.
    pub up: bool,
    /// What it lies on.
    pub over: Vec<Arc<str>>,
    /// The bond, bridge or team it belongs to.
    pub within: Option<Arc<str>>,
}

/// An NVMe controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controller {
    /// `nvme0`.
    pub name: Arc<str>,
    /// `pcie`, `tcp`, `fc`, `rdma`, `loop`.
    pub transport: Arc<str>,
    /// Where it stands in the tree of devices.
    pub path: Option<Arc<str>>,
    /// The subsystem it is a way to: `nvme-subsys0`.
    pub subsystem: Option<Arc<str>>,
}

/// A SCSI host adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adapter {
    /// `host3`.
    pub name: Arc<str>,
    /// The driver's name for itself: `lpfc`, `iscsi_tcp`, `ahci`.
    pub driver: Arc<str>,
    /// What its disks come over: `fc`, `iscsi`; empty for most.
    pub over: &'static str,
}
