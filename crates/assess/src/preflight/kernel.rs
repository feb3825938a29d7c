//! The modules of the kernel asked about, as a host may ask for them.

use std::collections::BTreeSet;
use std::sync::Arc;

use loadworthy_collect::gather::linux::tree::{self, Tree};
use loadworthy_core::preflight::catalogue::Catalogue;
use loadworthy_core::proof::text;
use loadworthy_formats::kernel::modules_alias::Aliases;
use loadworthy_formats::kernel::name;

use crate::host::known;
use crate::judging::Asked;

/// One kernel's modules beside those of the kernel that runs.
pub(crate) struct Modules<'a> {
    asked: &'a Asked<'a>,
    inside: Aliases,
    /// What the running kernel has, where it is another one.
    pub(crate) running: Option<Running>,
}

/// The kernel that runs, where that is another than the one asked about.
pub(crate) struct Running {
    pub(crate) release: Arc<str>,
    pub(crate) tree: Tree,
    names: BTreeSet<String>,
}

impl<'a> Modules<'a> {
    pub(crate) fn of(asked: &'a Asked<'a>) -> Self {
        let looking = asked.host.looking();
        let running = asked.host.kernels.running.as_ref().ok();
        let running = running.filter(|kernel| kernel.release != asked.kernel.kernel.release);
        let running = running.map(|kernel| {
            let tree = tree::gather(&looking, &kernel.release);
            let index = known(&tree.dependencies.fact(|d| (d.clone(), String::new())));
            let entries = index.iter().flat_map(|index| &index.entries);
            let names = entries.map(|entry| name::of_path(&entry.path)).collect();
            Running { release: kernel.release.clone(), tree, names }
        });
        let inside = asked.kernel.tree.built_in_aliases(&looking);
        Self { asked, inside, running }
    }
}

impl Catalogue for Modules<'_> {
    fn has_module(&self, name: &str) -> bool {
        // Where no index was seen, each name is judged, and the verdict names the gap.
        !self.asked.names.is_known() || self.asked.names.has(name)
    }

    fn is_built_in(&self, name: &str) -> bool {
        self.asked.names.has_built_in(name)
    }

    fn answering(&self, alias: &str) -> Vec<Arc<str>> {
        self.asked.names.answering(alias)
    }

    fn built_in_answering(&self, alias: &str) -> Vec<Arc<str>> {
        self.inside.find(alias).into_iter().map(text).collect()
    }

    fn running_has(&self, name: &str) -> bool {
        self.running.as_ref().is_some_and(|running| running.names.contains(name))
    }
}
