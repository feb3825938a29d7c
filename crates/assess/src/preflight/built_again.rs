//! A driver that only the running kernel has: what becomes of it when DKMS builds it again, or when the
//! build that is there is linked to the other kernel.
//!
//! Sources: dkms(8), `autoinstall`: every source that is registered is built for the kernel; Red Hat's
//! `weak-modules` (kmod), SUSE's `weak-modules2` (suse-module-tools), `--add-kernel`: builds of other
//! kernels are linked as far as no symbol is missing or has another version.

use loadworthy_collect::gather::linux::dkms;
use loadworthy_collect::item::HostPath;
use loadworthy_core::answer::{Remedy, Tried};
use loadworthy_core::verdict::Verdict;
use loadworthy_formats::kernel::name;

use super::catalogue::Modules;
use crate::host::known;
use crate::judging::{Asked, Wanted};
use crate::with::weak;

/// The running kernel's file of the driver, judged under the kernel asked about as it is and as if it
/// had been built for it; nothing where neither is done on this machine.
pub(super) fn tried(asked: &Asked<'_>, modules: &Modules<'_>, module: &str) -> Vec<Tried> {
    let Some(path) = file(modules, module) else { return Vec::new() };
    let linker = weak::program(&asked.host.looking()).filter(|program| weak::takes(program, &path));
    let has_source = has_source(asked, module);
    if linker.is_none() && !has_source {
        return Vec::new();
    }
    let paths = [path.clone()];
    let wanted = [Wanted { path, required_by: Vec::new() }];
    let mut tried = Vec::new();
    for answer in asked.judge_tree(&wanted, &paths, &mut Vec::new()) {
        if let Some(program) = linker {
            let judged = answer.judgement.verdict;
            let helps = matches!(judged, Verdict::Loads | Verdict::LoadsTainted);
            let release = asked.kernel.kernel.release.clone();
            tried.push(Tried { remedy: Remedy::LinkModules { release, program }, judged, helps });
        }
        let again = |tried: &Tried| tried.helps && matches!(tried.remedy, Remedy::Rebuild { .. });
        tried.extend(answer.tried.into_iter().filter(again).filter(|_| has_source));
    }
    tried.sort_by_key(|tried| !tried.helps);
    tried
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
