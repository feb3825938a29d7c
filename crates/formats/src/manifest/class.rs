//! What a driver is for.

/// What a driver is for, the most important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The root file system, `/usr`, `/boot`: without it the machine does not come up.
    Boot,
    /// Disks and file systems.
    Storage,
    /// Network interfaces.
    Network,
    /// Graphics and other accelerators.
    Gpu,
    /// Everything else.
    Other,
}

impl Class {
    /// All of them, the most important first.
    pub const ALL: [Self; 5] = [Self::Boot, Self::Storage, Self::Network, Self::Gpu, Self::Other];

    /// The word in manifests and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Boot => "boot",
            Self::Storage => "storage",
            Self::Network => "network",
            Self::Gpu => "gpu",
            Self::Other => "other",
        }
    }

    /// The class with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}
