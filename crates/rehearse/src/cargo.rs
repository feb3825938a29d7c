//! What the machine's initramfs carries: modules in the order they load, ready for the kernel.

use crate::boot_files::file;
use crate::runner::Autoload;
use loadworthy_assess::names::Names;
use loadworthy_collect::gather::looking::Looking;
use loadworthy_collect::item::HostPath;
use loadworthy_formats::compress;
use std::collections::BTreeMap;

/// Unpacked modules by their paths.
#[derive(Debug, Default)]
pub(crate) struct Cargo {
    modules: BTreeMap<HostPath, Vec<u8>>,
}

impl Cargo {
    /// Reads the modules at `paths`; those that cannot be read are not there.
    pub(crate) fn of(looking: &Looking<'_>, paths: &[HostPath]) -> Self {
        let one = |path: &HostPath| Some((path.clone(), unpacked(looking, path)?));
        Self { modules: paths.iter().filter_map(one).collect() }
    }

    /// The bytes of one.
    pub(crate) fn get(&self, path: &HostPath) -> Option<&[u8]> {
        self.modules.get(path).map(Vec::as_slice)
    }

    /// How much it is, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.modules.values().map(Vec::len).sum()
    }
}

/// What the kernel may fetch by itself.
pub(crate) fn autoload(looking: &Looking<'_>, names: &Names) -> Vec<Autoload> {
    let algorithms = names.algorithms();
    let paths: Vec<HostPath> = algorithms.iter().flat_map(|(_, files)| files.clone()).collect();
    let cargo = Cargo::of(looking, &paths);
    let named = |path: &HostPath| {
        let name = String::from_utf8_lossy(path.name()).into_owned();
        Some((name, cargo.get(path)?.to_vec()))
    };
    algorithms
        .iter()
        .map(|(alias, files)| (alias.clone(), files.iter().filter_map(named).collect()))
        .collect()
}

/// A module as the kernel takes it: modprobe unpacks it before.
fn unpacked(looking: &Looking<'_>, path: &HostPath) -> Option<Vec<u8>> {
    let packed = file(looking, path)?.bytes;
    let Some(how) = compress::sniff(&packed) else { return Some(packed) };
    let mut plain = Vec::new();
    let limits = looking.limits;
    compress::unpack(&packed, how, limits.module_bytes, limits, &mut plain).ok()?;
    Some(plain)
}
