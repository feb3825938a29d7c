//! The modules of the kernel asked about, as a host may ask for them.

use std::collections::BTreeSet;
use std::sync::Arc;

use loadworthy_collect::gather::linux::tree::{self, Tree};
use loadworthy_core::fact::Fact;
use loadworthy_core::facts::hardware::Hardware;
use loadworthy_core::preflight::catalogue::Catalogue;
use loadworthy_core::proof::{Evidence, Origin, Why, text};
use loadworthy_formats::kernel::modules_alias::Aliases;
use loadworthy_formats::kernel::name;

use crate::host::known;
use crate::judging::Asked;

/// What lists the loaded modules.
const LOADED: &str = "proc/modules";

/// One kernel's modules beside those of the kernel that runs.
pub(crate) struct Modules<'a> {
    asked: &'a Asked<'a>,
    inside: Aliases,
    /// What is loaded, where the kernel asked about runs and has no tree that could be seen: what is
    /// used and not loaded is inside its image.
    shown: Option<BTreeSet<String>>,
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
    pub(crate) fn of(asked: &'a Asked<'a>, hardware: &Hardware) -> Self {
        let looking = asked.host.looking();
        let running = asked.host.kernels.running.as_ref().ok();
        let runs = running.is_some_and(|k| k.release == asked.kernel.kernel.release);
        // A kernel without modules has no `proc/modules`.
        let listed = !hardware.gaps.iter().any(|gap| match &gap.why {
            Why::Missing(item) => looking.view.origin() != Origin::Live && **item == *LOADED,
            Why::Denied(item)
            | Why::OutOfReach(item)
            | Why::Unreadable(item, _)
            | Why::Broken(item, _) => **item == *LOADED,
            Why::NotRead(..) | Why::NoRow(_) | Why::OtherKernel(_) | Why::Disputed(..) => false,
        });
        let shown = (runs && listed && !asked.names.is_known())
            .then(|| hardware.loaded.iter().map(|loaded| loaded.name.clone()).collect());
        let running = running.filter(|kernel| kernel.release != asked.kernel.kernel.release);
        let running = running.map(|kernel| {
            let tree = tree::gather(&looking, &kernel.release);
            let index = known(&tree.dependencies.fact(|d| (d.clone(), String::new())));
            let entries = index.iter().flat_map(|index| &index.entries);
            let names = entries.map(|entry| name::of_path(&entry.path)).collect();
            Running { release: kernel.release.clone(), tree, names }
        });
        let inside = asked.kernel.tree.built_in_aliases(&looking);
        Self { asked, inside, shown, running }
    }

    /// That a driver is inside the image of the kernel that runs: it is used and not loaded.
    pub(crate) fn inside(&self, name: &str) -> Option<Fact<()>> {
        let shown = self.shown.as_ref().filter(|shown| !shown.contains(name))?;
        let origin = self.asked.host.looking().view.origin();
        let said = format!("{} loaded, {name} not among them, and it is in use", shown.len());
        Some(Fact::seen((), Evidence { origin, item: text(LOADED), said: text(said) }))
    }
}

impl Catalogue for Modules<'_> {
    fn has_module(&self, name: &str) -> bool {
        // Where no index was seen, each name is judged, and the verdict names the gap.
        match &self.shown {
            Some(shown) => shown.contains(name),
            None => !self.asked.names.is_known() || self.asked.names.has(name),
        }
    }

    fn is_built_in(&self, name: &str) -> bool {
        self.asked.names.has_built_in(name) || self.inside(name).is_some()
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
