//! Names that built-in code occupies below `/sys/module`.
//!
//! `param_sysfs_builtin` and `version_sysfs_builtin` (`kernel/params.c`) make a place for every
//! piece of code with parameters or a version, `module_add_driver` (`drivers/base/module.c`) for
//! drivers that still have none. The running kernel shows them all. Before it runs, its image tells
//! those of the first two for certain; the indexes list all code that may have one, under the name
//! of its file.

use std::collections::BTreeSet;
use std::sync::Arc;

use loadworthy_core::fact::Fact;
use loadworthy_core::facts::linux::{BuiltinNames, Names};
use loadworthy_core::proof::{Origin, Question, counted, gap, text};
use loadworthy_formats::kernel::{modules_builtin, proc_modules};

use super::image::Image;
use super::runtime::About;
use super::tree::Tree;
use crate::gather::looking::{Looking, Read};
use crate::item::Item;

/// Names that code gives its parameters instead of that of its file (`MODULE_PARAM_PREFIX`); the
/// indexes do not have them. What has no prefix at all is found below `kernel`. Sources: linux
/// 6.1, 6.12: `block/`, `drivers/gpu/drm/msm/`, `drivers/mmc/core/`, `drivers/pci/pcie/`,
/// `drivers/xen/`, `kernel/`, `mm/`.
const PREFIXES: [&str; 15] = [
    "adreno",
    "block",
    "damon_lru_sort",
    "damon_reclaim",
    "damon_stat",
    "kernel",
    "kfence",
    "mmcblk",
    "module",
    "page_alloc",
    "pcie_aspm",
    "rcupdate",
    "rcutree",
    "syscall",
    "xen",
];

/// A live `/sys/module` is complete; one that was captured holds what somebody thought of.
pub(super) fn names(
    looking: &Looking<'_>,
    tree: &Tree,
    image: &Image,
    about: &About,
) -> BuiltinNames {
    let live = looking.view.origin() == Origin::Live;
    let shown = if about.runs && live { shown(looking) } else { None };
    if let Some(shown) = shown {
        return BuiltinNames { taken: shown.clone(), possible: shown };
    }
    let taken = image.builtin_names(looking);
    // Before 5.2 only what could have been a module is listed: all that the image may not tell of.
    let drivers = || match &image.0 {
        Ok(read) if read.value.builtin_names.is_some() => tree.builtin.fact(|builtin| {
            let names: BTreeSet<_> = builtin.iter().map(|(name, _)| text(name)).collect();
            let said = format!("{} inside the image", counted(names.len(), "driver", "drivers"));
            (Arc::new(names), said)
        }),
        _ => Fact::unknown(Vec::new()),
    };
    let possible = listed(looking, tree).or(drivers);
    BuiltinNames { taken, possible }
}

/// Every name the running kernel shows that no loaded module has.
fn shown(looking: &Looking<'_>) -> Option<Fact<Names>> {
    let folder = looking.names(&Item::entries("sys/module")).ok()?;
    let loaded = looking
        .first(&[Item::file("proc/modules")], looking.limits.text_bytes, |bytes| {
            proc_modules::read(bytes, looking.limits)
        })
        .ok()?;
    let names: BTreeSet<Arc<str>> = folder
        .iter()
        .filter_map(|entry| str::from_utf8(&entry.name).ok())
        .filter(|name| !loaded.value.iter().any(|module| module.name == *name))
        .map(text)
        .collect();
    if names.is_empty() {
        return None;
    }
    let said = format!("{} names of built-in code", names.len());
    Some(Fact::seen(Arc::new(names), looking.evidence(&text("sys/module"), said)))
}

/// All code inside the image that says anything about itself.
fn listed(looking: &Looking<'_>, tree: &Tree) -> Fact<Names> {
    let read = tree.index(looking, "modules.builtin.modinfo", |bytes| {
        modules_builtin::read_modinfo(bytes, looking.limits)
    });
    match read {
        Ok(Read { value: fields, item }) => {
            let files = fields.iter().map(|field| text(&*field.module));
            let names: BTreeSet<_> = files.chain(PREFIXES.map(text)).collect();
            let said = format!("{} names that code inside the image may use", names.len());
            Fact::seen(Arc::new(names), looking.evidence(&item, said))
        }
        Err(why) => Fact::unknown(gap(Question::BuiltinNames, why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::host::{Host, opened};
    use crate::gather::linux::{image, kernels, tree};
    use loadworthy_core::proof::Why;

    /// What is taken for certain and what may be, where that is known.
    fn found(host: &Host, release: &str) -> [Result<Vec<String>, Why>; 2] {
        let looking = host.looking();
        let kernels = kernels::gather(&looking);
        let about = About::of(&kernels, &kernels.named(release, Fact::unknown(Vec::new())));
        let tree = tree::gather(&looking, release);
        let names = names(&looking, &tree, &image::read(&looking, release), &about);
        [names.taken, names.possible].map(|names| {
            let names = opened(&names).map(|(names, _)| names)?;
            Ok(names.iter().map(ToString::to_string).collect())
        })
    }

    #[test]
    fn indexes_tell_what_may_be_taken_and_never_what_is() {
        let modinfo = b"a.parmtype=x:int\0b.version=1\0c.license=GPL\0";
        let host = Host::new().with("lib/modules/1/modules.builtin.modinfo", modinfo);
        let [taken, possible] = found(&host, "1");
        assert!(matches!(taken, Err(Why::Missing(_))));
        let possible = possible.unwrap();
        for name in ["a", "b", "c", "kernel", "rcutree"] {
            assert!(possible.iter().any(|found| found == name), "{name}");
        }
        assert!(!possible.contains(&"d".to_owned()));
        assert!(found(&host, "2").iter().all(Result::is_err));
        // Without the image, the older index leaves out code that could not be a module.
        let host = Host::new().with("lib/modules/1/modules.builtin", "kernel/a.ko\n");
        assert!(found(&host, "1").iter().all(Result::is_err));
    }
}
