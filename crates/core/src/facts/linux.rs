//! What was seen of a Linux kernel and of the machine that will run it.

use crate::fact::{Fact, Listing, Source};
use crate::facts::firmware::Certificate;
use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::hash::BuildHasher;
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
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

/// Symbols that built-in code exports, by name.
///
/// Names lie one behind the other, apart from what is known of them: all that is looked at to find one fits a
/// processor's cache, where modules that are read in between leave little.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    names: Vec<u8>,
    named: HashTable<Named>,
    all: Vec<Export>,
    hasher: DefaultHashBuilder,
}

/// Where a symbol lies in the table that it was found in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(u32);

/// Where a name lies, and what it names.
#[derive(Clone, Copy, Debug)]
struct Named {
    start: usize,
    length: u32,
    place: Place,
}

impl Named {
    fn among<'n>(&self, names: &'n [u8]) -> &'n [u8] {
        let length = usize::try_from(self.length).unwrap_or_default();
        names.get(self.start..).and_then(|rest| rest.get(..length)).unwrap_or_default()
    }
}

impl Symbols {
    /// Where the symbol of this name lies.
    #[must_use]
    pub fn find(&self, name: impl AsRef<[u8]>) -> Option<Place> {
        let name = name.as_ref();
        let same = |named: &Named| named.among(&self.names) == name;
        self.named.find(self.hasher.hash_one(name), same).map(|named| named.place)
    }

    /// The symbol at a place that was found here.
    #[must_use]
    pub fn at(&self, Place(place): Place) -> Option<&Export> {
        self.all.get(usize::try_from(place).ok()?)
    }

    /// The symbol of this name.
    #[must_use]
    pub fn get(&self, name: impl AsRef<[u8]>) -> Option<&Export> {
        self.at(self.find(name)?)
    }

    /// How many symbols there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Adds a symbol; of two of a name the later one counts.
    fn add(&mut self, name: &[u8], export: Export) {
        let known = self.find(name).and_then(|Place(place)| usize::try_from(place).ok());
        if let Some(known) = known.and_then(|place| self.all.get_mut(place)) {
            *known = export;
            return;
        }
        let (Ok(length), Ok(place)) = (u32::try_from(name.len()), u32::try_from(self.all.len()))
        else {
            return;
        };
        let named = Named { start: self.names.len(), length, place: Place(place) };
        self.names.extend_from_slice(name);
        self.all.push(export);
        let hash = |named: &Named| self.hasher.hash_one(named.among(&self.names));
        self.named.insert_unique(self.hasher.hash_one(name), named, hash);
    }
}

impl<N: AsRef<[u8]>> FromIterator<(N, Export)> for Symbols {
    fn from_iter<I: IntoIterator<Item = (N, Export)>>(of: I) -> Self {
        let mut symbols = Self::default();
        of.into_iter().for_each(|(name, export)| symbols.add(name.as_ref(), export));
        symbols
    }
}

/// What several modules export, by symbol, with all who do. It is looked up and never listed, so that no
/// answer can hang on an order: the one here differs from run to run.
#[derive(Clone, Debug, Default)]
pub struct Offers(HashMap<Arc<[u8]>, Vec<Export>>);

impl Offers {
    /// Those who offer `symbol`.
    #[must_use]
    pub fn get(&self, symbol: impl AsRef<[u8]>) -> Option<&[Export]> {
        self.0.get(symbol.as_ref()).map(Vec::as_slice)
    }

    /// Adds somebody who offers `symbol`; whether others do, too.
    pub fn add(&mut self, symbol: Arc<str>, export: Export) -> bool {
        let all = self.0.entry(symbol.into()).or_default();
        all.push(export);
        all.len() > 1
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

#[cfg(test)]
mod tests {
    use super::{Export, Symbols};
    use alloc::sync::Arc;

    #[test]
    fn a_symbol_is_found_by_its_whole_name_and_the_later_of_two_counts() {
        let none: Arc<str> = Arc::from("");
        let export = |crc| Export {
            crc: Some(crc),
            gpl_only: false,
            namespace: none.clone(),
            owner: none.clone(),
            owner_proprietary: false,
        };
        let named = [("ab", 1), ("a", 2), ("", 3), ("b", 4), ("ab", 5)];
        let symbols: Symbols = named.map(|(name, crc)| (name, export(crc))).into_iter().collect();
        let crc = |name: &str| symbols.get(name).and_then(|found| found.crc);
        assert_eq!(["ab", "a", "", "b"].map(crc), [Some(5), Some(2), Some(3), Some(4)]);
        assert_eq!((crc("abb"), crc("ba"), symbols.len()), (None, None, 4));
        assert_eq!(symbols.find("b").and_then(|place| symbols.at(place)), symbols.get("b"));
    }
}
