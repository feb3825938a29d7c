//! What was seen of a Linux kernel and of the machine that will run it.

use crate::fact::{Fact, Listing, Source};
use crate::facts::firmware::Certificate;
use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec::Vec;
use hashbrown::HashMap;
use loadworthy_formats::kernel::cmdline::CommandLine;
use loadworthy_formats::kernel::ima_policy::ImaRule;
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
    /// The integrity policy that is loaded once the root is there; `None`: there is none beside what the
    /// kernel brings.
    pub ima_policy: Fact<Option<Arc<[ImaRule]>>>,
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
    /// The files that it signs with, those that its configuration names first.
    pub own_keys: Vec<KeyPair>,
    /// Names that built-in code occupies below `/sys/module`.
    pub builtin_names: BuiltinNames,
}

/// Files of a machine that it signs its own modules with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPair {
    /// The private key, which is never looked at; or a `pkcs11:` name of it.
    pub key: Arc<str>,
    /// The certificate.
    pub certificate: Arc<str>,
}

/// Names that built-in code occupies below `/sys/module`: some certainly, others perhaps.
#[derive(Clone, Debug)]
pub struct BuiltinNames {
    /// Names that are occupied for certain.
    pub taken: Fact<Names>,
    /// All that may be; any other name is free.
    pub possible: Fact<Names>,
}

/// A set of names.
pub type Names = Arc<BTreeSet<Arc<str>>>;

/// What only the running kernel knows.
#[derive(Clone, Debug)]
pub struct Running {
    /// `/sys/kernel/security/lockdown`.
    pub lockdown: Fact<Level>,
    /// `/sys/module/module/parameters/sig_enforce`.
    pub sig_enforce: Fact<bool>,
    /// `/proc/sys/kernel/modules_disabled`.
    pub modules_disabled: Fact<bool>,
    /// `/proc/sys/kernel/loadpin/enforce`.
    pub loadpin: Fact<bool>,
    /// How many keys `.machine` holds (`/proc/keys`, as root sees it).
    pub machine_keys: Fact<u64>,
    /// How many keys `.platform` holds.
    pub platform_keys: Fact<u64>,
    /// SHA-256 of whole files that `.blacklist` names.
    pub denied_files: Listing<[u8; 32]>,
}

/// Exported symbols by name.
pub type Symbols = BySymbol<Export>;

/// What several modules export, by symbol, with all who do.
pub type Offers = BySymbol<Vec<Export>>;

/// Something for each symbol. It is looked up and never listed, so that no answer can hang on an
/// order: the one here differs from run to run.
#[derive(Clone, Debug)]
pub struct BySymbol<T>(HashMap<Arc<[u8]>, T>);

impl<T> BySymbol<T> {
    /// What there is for `symbol`.
    #[must_use]
    pub fn get(&self, symbol: impl AsRef<[u8]>) -> Option<&T> {
        self.0.get(symbol.as_ref())
    }

    /// How many symbols there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What there is for `symbol`, made first where there is nothing.
    pub fn entry(&mut self, symbol: Arc<str>) -> &mut T
    where
        T: Default,
    {
        self.0.entry(symbol.into()).or_default()
    }
}

impl<T> Default for BySymbol<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T> FromIterator<(Arc<str>, T)> for BySymbol<T> {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, T)>>(of: I) -> Self {
        Self(of.into_iter().map(|(symbol, what)| (symbol.into(), what)).collect())
    }
}

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
