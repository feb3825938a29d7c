//! What was seen of the programs that choose a kernel, and of what they go by.

use crate::fact::{Fact, Listing};
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use loadworthy_formats::boot::entry::{Entry, Tries};
use loadworthy_formats::boot::grub::environment::Environment;
use loadworthy_formats::boot::grub::script::Script;
use loadworthy_formats::boot::grub::snippets::Snippet;
use loadworthy_formats::boot::loader_conf::LoaderConf;
use loadworthy_formats::boot::unified::Unified;
use loadworthy_formats::uefi::load_option::LoadOption;

/// Everything that decides which kernel comes next.
#[derive(Clone, Debug)]
pub struct BootLoaderFacts {
    /// Whether a kernel waits for `kexec` (`/sys/kernel/kexec_loaded`).
    pub kexec_loaded: Fact<bool>,
    /// Whether the machine was started by UEFI.
    pub uefi: Fact<bool>,
    /// `BootNext`; `None`: there is no such variable.
    pub boot_next: Fact<Option<u16>>,
    /// `BootOrder`; `None`: there is no such variable.
    pub boot_order: Fact<Option<Arc<[u16]>>>,
    /// The options that either names.
    pub options: BTreeMap<u16, Fact<Arc<LoadOption>>>,
    /// Programs on the EFI system partition.
    pub programs: Listing<Program>,
    /// GRUB's scripts, by their paths on the host.
    pub scripts: Vec<(Arc<str>, Fact<Arc<Script>>)>,
    /// GRUB's environment block; `None`: there is none.
    pub environment: Fact<Option<Arc<Environment>>>,
    /// Entries that GRUB takes in, in its order.
    pub snippets: Fact<Arc<[Snippet]>>,
    /// Entries that systemd-boot takes in.
    pub entries: Listing<LoaderEntry>,
    /// `loader.conf`; `None`: there is none.
    pub loader_conf: Fact<Option<Arc<LoaderConf>>>,
    /// `LoaderEntryOneShot`; `None`: there is no such variable.
    pub one_shot: Fact<Option<Arc<str>>>,
    /// `LoaderEntryDefault`.
    pub default_entry: Fact<Option<Arc<str>>>,
    /// `LoaderEntryLastBooted`.
    pub last_booted: Fact<Option<Arc<str>>>,
    /// `ID` of `etc/os-release`; `None`: there is no such file.
    pub os: Fact<Option<Arc<str>>>,
}

/// A program on the EFI system partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its path on that partition, with slashes and as written: `EFI/debian/shimx64.efi`.
    pub path: Arc<str>,
    /// Its path on the host.
    pub host_path: Arc<str>,
    /// What it is.
    pub role: Role,
}

/// What a program does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// shim.
    Shim,
    /// GRUB.
    Grub,
    /// systemd-boot.
    SystemdBoot,
    /// A unified kernel image.
    Unified(Arc<Unified>),
    /// Something else.
    Other,
}

/// An entry as systemd-boot has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoaderEntry {
    /// Its identifier: the file's name in lower case, without a counter.
    pub id: Arc<str>,
    /// The file, on the host.
    pub path: Arc<str>,
    /// Boots that are counted.
    pub tries: Option<Tries>,
    /// What it says.
    pub holds: Holds,
}

/// The two types of entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holds {
    /// A text file (type 1), and whether the image it names is there.
    Entry(Arc<Entry>, Option<bool>),
    /// An image (type 2).
    Unified(Arc<Unified>),
}
