//! Modules of one kernel that `weak-modules` links to another one.
//!
//! It links what lies in `extra` (SUSE: `updates`, too) of a kernel to `weak-updates` of each other kernel whose
//! symbols have the versions that the module wants. Packages of modules with a stable interface (kABI) run it when
//! they are installed, where the machine has it. Source: Red Hat's `weak-modules` (kmod), SUSE's `weak-modules2`.

use std::collections::BTreeSet;
use std::sync::Arc;

use loadworthy_collect::gather::linux::module::{self, Scratch};
use loadworthy_collect::gather::looking::Looking;
use loadworthy_collect::item::{HostPath, Item};
use loadworthy_collect::views::layer::Layer;
use loadworthy_core::fact::Source;
use loadworthy_core::facts::linux::Symbols;
use loadworthy_core::facts::module::{ModuleBytes, ModuleFile};
use loadworthy_formats::text::printable;

use crate::known::known;
use crate::with::With;

/// Red Hat's, and SUSE's.
const PROGRAMS: [&str; 2] = ["sbin/weak-modules", "usr/lib/module-init-tools/weak-modules2"];

/// The program that links modules on this machine.
pub(crate) fn program(looking: &Looking<'_>) -> Option<&'static str> {
    PROGRAMS.into_iter().find(|path| looking.view.metadata(&Item::file(*path)).is_ok())
}

/// Whether that program takes modules from here: Red Hat's from `extra` alone.
pub(crate) fn takes(program: &str, path: &HostPath) -> bool {
    let path = path.to_string();
    let path = path.strip_prefix("usr/").unwrap_or(&path);
    let below = path.strip_prefix("lib/modules/").and_then(|path| path.split_once('/'));
    below.is_some_and(|(_, below)| {
        below.starts_with("extra/") || (program == PROGRAMS[1] && below.starts_with("updates/"))
    })
}

/// Whether something that was laid over the machine has modules that may be linked to `release`.
pub(crate) fn wanted(with: &With, looking: &Looking<'_>, release: &str) -> bool {
    program(looking).is_some() && candidates(with, release).next().is_some()
}

fn candidates<'w>(
    with: &'w With,
    release: &'w str,
) -> impl Iterator<Item = (&'w HostPath, HostPath)> {
    let linking = with.laid.iter().filter(|laid| laid.links_modules);
    let others = linking.flat_map(|laid| &laid.modules).filter(move |(own, _)| own != release);
    others.filter_map(move |(own, path)| {
        let shown = path.to_string();
        let shown = shown.strip_prefix("usr/").unwrap_or(&shown);
        let below = shown.strip_prefix(&format!("lib/modules/{own}/"))?;
        let linked = match below.strip_prefix("extra/") {
            Some(rest) => rest,
            None => below.starts_with("updates/").then_some(below)?,
        };
        let folder = HostPath::new("lib/modules").join(release);
        Some((path, folder.join("weak-updates").join(linked)))
    })
}

/// Lays the links for `release` over the machine.
pub(crate) fn link(
    with: &With,
    looking: &Looking<'_>,
    release: &str,
    symbols: &Source<Arc<Symbols>>,
) {
    let Some(symbols) = known(&symbols.fact(|s| (s.clone(), String::new()))) else { return };
    let mut scratch = Scratch::default();
    let mut read = |path: &HostPath| {
        let facts = module::gather(looking, path, &mut scratch);
        match known(&facts.file.fact(|file| (file.clone(), String::new()))).as_deref() {
            Some(ModuleFile::Read(bytes)) => Some(bytes.clone()),
            _ => None,
        }
    };
    let modules: Vec<_> = candidates(with, release)
        .filter_map(|(path, at)| Some((path.clone(), at, read(path)?)))
        .collect();
    let siblings: BTreeSet<String> = modules
        .iter()
        .flat_map(|(_, _, bytes)| bytes.survey.exports())
        .map(|e| printable(e.name))
        .collect();
    let fitting = modules.iter().filter(|(_, _, bytes)| fits(bytes, &symbols, &siblings));
    let links: Vec<_> = fitting.map(|(path, at, _)| (at.clone(), path.clone())).collect();
    if !links.is_empty() {
        with.view.lay(Arc::new(Layer::of_links(links)));
    }
}

/// Whether every symbol has the version that the module wants.
fn fits(bytes: &ModuleBytes, symbols: &Symbols, siblings: &BTreeSet<String>) -> bool {
    let versions = bytes.survey.versions().chain(bytes.survey.extended_versions());
    versions.into_iter().all(|version| {
        let name = printable(version.name);
        let own = symbols.get(name.as_str()).and_then(|export| export.crc);
        siblings.contains(&name) || own.is_some_and(|crc| u64::from(crc) == version.crc)
    })
}
