//! Which builds of modules are loaded, which of them were built on this machine, and for how long.
//!
//! Sources: `kernel/module/main.c` (`srcversion`), `kernel/module/sysfs.c` (notes), DKMS 3.2
//! (`/var/lib/dkms/NAME/VERSION/KERNEL/ARCH/module`), weak-modules(8) (`weak-updates`), akmods
//! (`extra`), proc(5) (`btime`).

use std::collections::BTreeMap;
use std::sync::Arc;

use loadworthy_core::proof::text;
use loadworthy_formats::elf::layout::Layout;
use loadworthy_formats::elf::notes;
use loadworthy_formats::kernel::name;

use super::hardware::lossy;
use super::tree::Tree;
use crate::gather::looking::Looking;
use crate::item::{HostPath, Item};

/// Which build of a module is loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadedBuild {
    /// What the module says of its sources.
    pub source: Option<Arc<str>>,
    /// What the linker left.
    pub id: Option<Vec<u8>>,
}

/// What the running kernel tells of a loaded module. `like` is a file of the same machine, for the
/// order of its bytes.
#[must_use]
pub fn loaded(looking: &Looking<'_>, module: &str, like: Layout) -> LoadedBuild {
    let at = HostPath::new("sys/module").join(module);
    let source = looking.bytes(&Item::File(at.join("srcversion")), 256).ok();
    let note = looking.bytes(&Item::File(at.join("notes/.note.gnu.build-id")), 4096).ok();
    LoadedBuild {
        source: source.map(|bytes| lossy(bytes.trim_ascii())).filter(|text| !text.is_empty()),
        id: note.and_then(|note| notes::build_id(&note, like).map(<[u8]>::to_vec)),
    }
}

/// Modules that were not built with the kernel of `tree`, by name, with their file: those below
/// `updates`, `extra` and `weak-updates`, and what DKMS has built for it.
#[must_use]
pub fn added(looking: &Looking<'_>, tree: &Tree, release: &str) -> BTreeMap<Arc<str>, Arc<str>> {
    let mut found = BTreeMap::new();
    if let Ok(base) = &tree.base {
        for folder in ["updates", "extra", "weak-updates"] {
            modules_below(looking, &base.join(folder), 8, &mut found);
        }
    }
    let dkms = HostPath::new("var/lib/dkms");
    for package in below(looking, &dkms) {
        for version in below(looking, &package) {
            let built = version.join(release);
            for arch in below(looking, &built) {
                modules_below(looking, &arch.join("module"), 1, &mut found);
            }
        }
    }
    found
}

fn below(looking: &Looking<'_>, folder: &HostPath) -> Vec<HostPath> {
    let names = looking.names(&Item::Entries(folder.clone())).unwrap_or_default();
    names.iter().map(|entry| folder.join(&entry.name)).collect()
}

fn modules_below(
    looking: &Looking<'_>,
    folder: &HostPath,
    depth: usize,
    found: &mut BTreeMap<Arc<str>, Arc<str>>,
) {
    for path in below(looking, folder) {
        let shown = path.to_string();
        if [".ko", ".ko.gz", ".ko.xz", ".ko.zst"].iter().any(|end| shown.ends_with(end)) {
            found.entry(text(name::of_path(&shown))).or_insert_with(|| text(shown));
        } else if depth > 0 {
            modules_below(looking, &path, depth - 1, found);
        }
    }
}

/// When the machine was started, in seconds since 1970.
#[must_use]
pub fn started(looking: &Looking<'_>) -> Option<u64> {
    let bytes = looking.bytes(&Item::file("proc/stat"), looking.limits.text_bytes).ok()?;
    let line = bytes.split(|b| *b == b'\n').find_map(|line| line.strip_prefix(b"btime "))?;
    str::from_utf8(line.trim_ascii()).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::host::Host;
    use crate::gather::linux::tree;

    #[test]
    fn builds_of_the_machine_are_found_where_the_builders_put_them() {
        let host = Host::new()
            .with("lib/modules/1/kernel/a.ko", "")
            .with("lib/modules/1/updates/dkms/zfs.ko.xz", "")
            .with("lib/modules/1/weak-updates/vendor/b-c.ko", "")
            .with("var/lib/dkms/nvidia/550/1/x86_64/module/nvidia.ko", "")
            .with("var/lib/dkms/nvidia/550/2/x86_64/module/other.ko", "")
            .with("proc/stat", "cpu 1 2\nbtime 1790000000\nprocesses 4\n");
        let looking = host.looking();
        let found = added(&looking, &tree::gather(&looking, "1"), "1");
        let names: Vec<_> = found.keys().map(|name| &**name).collect();
        assert_eq!(names, ["b_c", "nvidia", "zfs"]);
        assert_eq!(started(&looking), Some(1_790_000_000));
    }
}
