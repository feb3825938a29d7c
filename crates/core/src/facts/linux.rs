//! What was seen of a Linux kernel and of the machine that will run it.

use crate::fact::{Fact, Listing, Source};
use crate::facts::firmware::Certificate;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;
use loadworthy_formats::kernel::cmdline::CommandLine;
use loadworthy_formats::kernel::image::KernelImage;
use loadworthy_formats::kernel::kconfig::Kconfig;
use loadworthy_formats::kernel::lockdown::Level;

/// One kernel on one machine.
#[derive(Clone, Debug)]
pub struct LinuxFacts {
    /// The release asked about, as `uname -r` prints it.
    pub release: Fact<Arc<str>>,
    /// The kernel image.
    pub image: Source<Arc<KernelImage>>,
    /// Certificates compiled into the image.
    pub builtin_keys: Listing<Certificate>,
    /// How the kernel was configured.
    pub config: Source<Arc<Kconfig>>,
    /// The command line of the boot in question.
    pub cmdline: Source<Arc<CommandLine>>,
    /// `ID` of `etc/os-release`; `None`: there is no such file.
    pub os_release: Fact<Option<Arc<str>>>,
    /// What only the running kernel knows; open unless it is the kernel asked about.
    pub running: Running,
    /// Whether the kernel finds `/sbin/modprobe` when it wants a module of its own accord.
    pub modprobe: Fact<bool>,
    /// Modules that can be loaded by name, for what the kernel itself may ask for.
    pub available: Fact<Arc<BTreeSet<Arc<str>>>>,
    /// Every symbol that built-in code exports.
    pub symbols: Source<Arc<Symbols>>,
    /// Size of the kernel's `struct module` in bytes.
    pub module_struct_size: Fact<u64>,
    /// Certificates that this machine signs its own modules with, with the file each is in.
    pub own_certificates: Vec<(Arc<str>, Certificate)>,
    /// Names that built-in code occupies below `/sys/module`.
    pub builtin_names: Fact<Arc<BTreeSet<Arc<str>>>>,
}

/// What only the running kernel knows.
#[derive(Clone, Debug)]
pub struct Running {
    /// `/sys/kernel/security/lockdown`.
    pub lockdown: Fact<Level>,
    /// `/sys/module/module/parameters/sig_enforce`.
    pub sig_enforce: Fact<bool>,
    /// `/proc/sys/kernel/modules_disabled`.
    pub modules_disabled: Fact<bool>,
    /// How many keys `.machine` holds (`/proc/keys`, as root sees it).
    pub machine_keys: Fact<u64>,
    /// How many keys `.platform` holds.
    pub platform_keys: Fact<u64>,
    /// SHA-256 of whole files that `.blacklist` names.
    pub denied_files: Listing<[u8; 32]>,
}

/// Exported symbols by name.
pub type Symbols = BTreeMap<Arc<str>, Export>;

/// One exported symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Its version; `None`: the exporter has none.
    pub crc: Option<u32>,
    /// Whether only modules with a free licence may use it.
    pub gpl_only: bool,
    /// Its namespace; empty for most.
    pub namespace: Arc<str>,
    /// The module that exports it; empty for built-in code.
    pub owner: Arc<str>,
    /// Whether the owner is proprietary, which its users inherit.
    pub owner_proprietary: bool,
}
