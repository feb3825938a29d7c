//! What the root file system stands on.

use std::collections::BTreeSet;

use loadworthy_collect::gather::linux::manifest::Found as Manifest;
use loadworthy_core::preflight::catalogue::Presence;
use loadworthy_core::preflight::graph::Sort;
use loadworthy_core::preflight::required::Scene;
use loadworthy_formats::kernel::name;
use loadworthy_formats::manifest::Class;

use super::seen::Seen;
use crate::judging::Asked;
use crate::names::Found;

/// Modules that must be loaded before the root file system can be mounted: what it stands on, what
/// the owner calls part of the boot, and what these depend on.
pub(super) fn modules(
    asked: &Asked<'_>,
    seen: &Seen,
    scene: &Scene<'_>,
    manifest: &Manifest,
) -> BTreeSet<String> {
    let mut things = BTreeSet::new();
    for at in ["/", "/usr"] {
        if let Some(mount) = seen.graph.find(Sort::Mount, at) {
            things.extend(seen.graph.below(mount));
            things.insert(mount);
        }
    }
    let (under, owners) = (scene.of(&things), scene.by_manifest(&manifest.manifest));
    let boots = owners.iter().filter(|r| r.need.class == Some(Class::Boot));
    let boots = boots.filter(|r| !r.need.optional && r.one_of.is_none());
    let names = under.iter().chain(boots).filter(|r| r.presence == Presence::Module);
    let mut paths = Vec::new();
    for required in names {
        if let Found::Files(found) = asked.names.find(&required.name) {
            paths.extend(found);
        }
    }
    let closure = asked.names.load_order(&paths);
    closure.iter().map(|path| name::of_path(&path.to_string())).collect()
}
