//! Names that built-in code occupies below `/sys/module`.
//!
//! `param_sysfs_builtin` and `version_sysfs_builtin` (`kernel/params.c`) make a place for every
//! piece of code with parameters or a version. The running kernel shows them; otherwise
//! `modules.builtin.modinfo` tells which code has either, under the name of its file.

use std::collections::BTreeSet;
use std::sync::Arc;

use loadworthy_core::fact::Fact;
use loadworthy_core::proof::{Origin, Question, gap, text};
use loadworthy_formats::kernel::{modules_builtin, proc_modules};

use super::runtime::About;
use super::tree::Tree;
use crate::gather::looking::{Looking, Read};
use crate::item::Item;

/// Code that names its parameters differently from its file (`MODULE_PARAM_PREFIX`): the file's
/// name, and the name below `/sys/module`. Sources: `kernel/module/`, `kernel/rcu/`,
/// `drivers/xen/events/`.
const RENAMED: [(&str, &str); 5] = [
    ("main", "module"),
    ("signing", "module"),
    ("tree", "rcutree"),
    ("update", "rcupdate"),
    ("events", "xen"),
];

type Names = Arc<BTreeSet<Arc<str>>>;

/// A live `/sys/module` is complete; one that was captured holds what somebody thought of.
pub(super) fn names(looking: &Looking<'_>, tree: &Tree, about: &About) -> Fact<Names> {
    let live = looking.view.origin() == Origin::Live;
    let shown = if about.runs && live { shown(looking) } else { None };
    shown.unwrap_or_else(|| listed(looking, tree))
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

fn listed(looking: &Looking<'_>, tree: &Tree) -> Fact<Names> {
    let read = tree.index(looking, "modules.builtin.modinfo", |bytes| {
        modules_builtin::read_modinfo(bytes, looking.limits)
    });
    let Read { value: fields, item } = match read {
        Ok(read) => read,
        Err(why) => return Fact::unknown(gap(Question::BuiltinNames, why)),
    };
    let mut names: BTreeSet<Arc<str>> = fields
        .iter()
        .filter(|field| matches!(field.key.as_str(), "parmtype" | "version"))
        .map(|field| {
            let renamed = RENAMED.iter().find(|(file, _)| *file == field.module);
            text(renamed.map_or(field.module.as_str(), |(_, name)| name))
        })
        .collect();
    // Parameters without a prefix have their place here, and every kernel has some.
    names.insert(text("kernel"));
    let said = format!("{} pieces of built-in code have parameters or a version", names.len());
    Fact::seen(Arc::new(names), looking.evidence(&item, said))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::host::{Host, opened, value};
    use crate::gather::linux::{kernels, tree};
    use loadworthy_core::proof::Why;

    #[test]
    fn code_with_parameters_or_a_version_has_a_name_there() {
        let modinfo = b"a.parmtype=x:int\0b.version=1\0c.license=GPL\0tree.parmtype=y:int\0";
        let host = Host::new().with("lib/modules/1/modules.builtin.modinfo", modinfo);
        let looking = host.looking();
        let kernels = kernels::gather(&looking);
        let asked = kernels.named("1", Fact::unknown(Vec::new()));
        let about = About::of(&kernels, &asked);
        let found = value(&names(&looking, &tree::gather(&looking, "1"), &about));
        let found: Vec<_> = found.iter().map(|name| &**name).collect();
        assert_eq!(found, ["a", "b", "kernel", "rcutree"]);
        let none = names(&looking, &tree::gather(&looking, "2"), &about);
        assert!(matches!(opened(&none), Err(Why::Missing(_))));
    }
}
