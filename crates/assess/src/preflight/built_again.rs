//! A driver that only the running kernel has, and that DKMS knows how to build: what becomes of it when
//! that is done.
//!
//! Source: dkms(8), `autoinstall`: every source that is registered is built for the kernel.

use loadworthy_collect::gather::linux::dkms;
use loadworthy_collect::item::HostPath;
use loadworthy_core::answer::{Remedy, Tried};
use loadworthy_formats::kernel::name;

use super::catalogue::Modules;
use crate::host::known;
use crate::judging::{Asked, Wanted};

/// The running kernel's file of the driver, judged under the kernel asked about as if it had been built
/// for it; nothing where DKMS has no source of it.
pub(super) fn tried(asked: &Asked<'_>, modules: &Modules<'_>, module: &str) -> Vec<Tried> {
    let Some(path) = file(modules, module).filter(|_| has_source(asked, module)) else {
        return Vec::new();
    };
    let paths = [path.clone()];
    let wanted = [Wanted { path, required_by: Vec::new() }];
    let judged = asked.judge_tree(&wanted, &paths, &mut Vec::new());
    let tried = judged.into_iter().flat_map(|answer| answer.tried);
    tried.filter(|tried| tried.helps && matches!(tried.remedy, Remedy::Rebuild { .. })).collect()
}

fn file(modules: &Modules<'_>, module: &str) -> Option<HostPath> {
    let running = modules.running.as_ref()?;
    let index = known(&running.tree.dependencies.fact(|d| (d.clone(), String::new())))?;
    let entry = index.entries.iter().find(|entry| name::of_path(&entry.path) == module)?;
    running.tree.file(&entry.path).ok()
}

fn has_source(asked: &Asked<'_>, module: &str) -> bool {
    let sources = dkms::registered(&asked.host.looking());
    sources.iter().flat_map(|source| &source.modules).any(|built| name::same(built, module))
}
