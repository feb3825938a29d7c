//! What rules about starting a machine may assert; a part of [`crate::proof::Claim`].

use alloc::sync::Arc;

/// A program that chooses a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loader {
    /// GRUB.
    Grub,
    /// systemd-boot.
    SystemdBoot,
    /// None: firmware starts a unified kernel image itself.
    Firmware,
}

impl Loader {
    /// The word used in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Grub => "grub",
            Self::SystemdBoot => "systemd-boot",
            Self::Firmware => "firmware",
        }
    }
}

/// What makes an entry the one that starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// GRUB: `next_entry`, a wish for one boot.
    NextEntry,
    /// GRUB: `default`, whose value the script or the environment block gives.
    Default,
    /// `LoaderEntryOneShot`, a wish for one boot.
    OneShot,
    /// `LoaderEntryDefault`.
    DefaultVariable,
    /// `LoaderEntryLastBooted`, which `@saved` asks for.
    LastBooted,
    /// `default` of `loader.conf`.
    LoaderConf,
    /// Nothing else is asked for: the first one.
    First,
    /// `BootNext`, a wish for one boot.
    BootNext,
    /// `BootOrder`.
    BootOrder,
}

impl By {
    /// The word used in JSON: the variable's or setting's own name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NextEntry => "next_entry",
            Self::Default => "default",
            Self::OneShot => "LoaderEntryOneShot",
            Self::DefaultVariable => "LoaderEntryDefault",
            Self::LastBooted => "LoaderEntryLastBooted",
            Self::LoaderConf => "loader.conf",
            Self::First => "first",
            Self::BootNext => "BootNext",
            Self::BootOrder => "BootOrder",
        }
    }

    /// Whether it holds for one boot alone.
    #[must_use]
    pub const fn once(self) -> bool {
        matches!(self, Self::NextEntry | Self::OneShot | Self::BootNext)
    }
}

/// What can be missing from the way back to an older kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// Its image.
    Image,
    /// Its initial file system, by the name the entry gives.
    Initramfs(Arc<str>),
    /// A module that the host needs.
    Module(Arc<str>),
    /// An entry of the boot loader.
    Entry,
    /// Boots that are left: the loader calls its entry bad.
    Boots,
    /// A way to choose it from afar.
    Remote,
    /// The consent of firmware, shim or boot loader.
    Consent,
    /// A screen without a question: this request waits for a person at the next boot.
    Quiet(Arc<str>),
    /// A limit after which a kernel that hangs starts the machine anew.
    Restart,
    /// Room for one more kernel where this one lies: bytes that are free, bytes that it takes.
    Room(u64, u64),
    /// Room for one more variable of the firmware: bytes that are free.
    Variables(u64),
    /// A turn in the waves of its cluster: it reboots by itself, as this setting says.
    Turn(Arc<str>),
    /// A place: the package manager keeps this many kernels, and removes the oldest.
    Place(u32),
}

/// A few words of a proof about starting a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BootClaim {
    /// The firmware starts this program.
    FirmwareStarts {
        /// The load option's name.
        option: Arc<str>,
        /// The file on the EFI system partition.
        file: Arc<str>,
        /// What asks for it.
        by: By,
    },
    /// This loader is the one that is installed; the firmware was not asked.
    LoaderFound(Loader),
    /// The loader starts this entry.
    EntryChosen {
        /// The loader.
        loader: Loader,
        /// The entry's title.
        title: Arc<str>,
        /// What asks for it.
        by: By,
    },
    /// Another entry may be the one that starts.
    OtherReading(Arc<str>),
    /// Something that is no kernel of this system stands first.
    OtherSystemFirst(Arc<str>),
    /// A kernel waits in memory for `kexec`.
    KexecLoaded,
    /// The image is where it is looked for, or is not.
    ImageThere(bool),
    /// The firmware trusts an authority that signs nothing new, and not the one that took its place.
    AuthorityRotates {
        /// The old one.
        old: &'static str,
        /// The new one.
        new: &'static str,
    },
    /// An older kernel is no way back, or a poor one: this is what it lacks.
    WayBack {
        /// The older kernel.
        release: Arc<str>,
        /// What is missing.
        lacks: Lack,
    },
    /// No older kernel is a way back.
    NoWayBack,
    /// This many older kernels are a way back, and this many are wanted.
    FewWaysBack(usize, usize),
    /// An update of the deny list lies ready and is not in force.
    DenyListWaits {
        /// Its file.
        file: Arc<str>,
        /// Images of the boot chain that it would stop, joined; empty for none.
        stops: Arc<str>,
        /// Whether the kernel is another one at the same boot.
        changes: bool,
    },
    /// What starts before the kernel could not be judged.
    ChainOpen(Arc<str>),
}
