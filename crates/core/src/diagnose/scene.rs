//! Lines that belong together: what was said of one module, and what holds for all of them.

use crate::diagnose::clue::Clue;
use crate::tables::diagnose::{Knowledge, Pattern, Shows};
use alloc::borrow::ToOwned;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

/// Lines a nameless refusal may stand away from the one that names the module.
const NEAR: u64 = 8;

/// What was said of one subject, with what holds for all.
#[derive(Clone, Debug)]
pub struct Scene<'c> {
    /// The module, where one is named.
    pub module: Option<String>,
    /// The host, where the lines name several.
    pub host: Option<String>,
    /// Whether it is of Windows.
    pub windows: bool,
    /// Every clue that counts for it: its own first.
    pub clues: Vec<&'c Clue>,
    /// The signs, each with the clues that show it; derived signs with those they are drawn from.
    pub signs: BTreeMap<String, Vec<&'c Clue>>,
}

/// The subjects that something was refused of; one without a name where no line names any.
#[must_use]
pub fn scenes<'c>(clues: &[&'c Clue], windows: bool, knowledge: &Knowledge) -> Vec<Scene<'c>> {
    let pattern = |clue: &Clue| knowledge.patterns.get(clue.seen.row);
    let shows = |clue: &Clue| pattern(clue).map(|p| p.shows);
    let hosts: BTreeSet<&str> = clues.iter().filter_map(|c| c.seen.host.as_deref()).collect();
    let host = |clue: &Clue| clue.seen.host.clone().filter(|_| hosts.len() > 1);
    let unbound = unbound(clues, knowledge);
    let bare_device =
        |clue: &Clue| unbound.iter().any(|u| u.order == clue.order && u.line == clue.line);
    let refused = |clue: &Clue| {
        shows(clue) == Some(Shows::Refusal)
            || bare_device(clue) && pattern(clue).is_some_and(|p| p.common.id == MODULES)
    };
    let mut named: BTreeMap<(Option<String>, String), Vec<&Clue>> = BTreeMap::new();
    for clue in clues.iter().copied().filter(|c| refused(c)) {
        if let Some(module) = clue.module() {
            named.entry((host(clue), module)).or_default();
        }
    }
    let mut shared: Vec<&Clue> = Vec::new();
    let mut nameless: Vec<&Clue> = Vec::new();
    for clue in clues.iter().copied() {
        let own = clue.module().map(|m| (host(clue), m)).and_then(|key| named.get_mut(&key));
        match (own, shows(clue)) {
            // A driver that is bound says nothing of any module's refusal.
            (_, Some(Shows::State)) if is_lspci(pattern(clue)) && !refused(clue) => {}
            (Some(own), _) => own.push(clue),
            (None, Some(Shows::Refusal)) => nameless.push(clue),
            // Another module's notice or load says nothing of this one.
            (None, Some(Shows::Notice | Shows::Loaded)) if clue.module().is_some() => {
                nameless.push(clue);
            }
            (None, _) => shared.push(clue),
        }
    }
    // A nameless refusal belongs to the module that is named beside it.
    let mut alone: Vec<&Clue> = Vec::new();
    for clue in nameless {
        let near = |own: &&Vec<&Clue>| {
            let by = own.iter().filter(|o| refused(o) && o.order == clue.order);
            by.map(|o| o.line.abs_diff(clue.line)).min()
        };
        let words = pattern(clue).is_some_and(Pattern::words_only);
        if refused(clue) && (words || named.len() == 1 && clue.module().is_none()) {
            named.values_mut().for_each(|own| own.push(clue));
            if named.is_empty() {
                alone.push(clue);
            }
            continue;
        }
        let nearest = named
            .iter()
            .filter(|((h, _), _)| *h == host(clue))
            .filter_map(|(key, own)| Some((near(&own)?, key.clone())))
            .min();
        match nearest.filter(|(far, _)| *far <= NEAR && refused(clue) && clue.module().is_none()) {
            Some((_, key)) => named.entry(key).or_default().push(clue),
            None => alone.push(clue),
        }
    }
    let mut scenes: Vec<Scene<'_>> = Vec::new();
    let bare = named.is_empty() || alone.iter().any(|c| refused(c));
    for ((host, module), own) in named {
        let mut of = own;
        let fits = |c: &&&Clue| host.is_none() || c.seen.host.is_none() || c.seen.host == host;
        of.extend(shared.iter().filter(fits));
        scenes.push(scene(Some(module), host, windows, of, knowledge));
    }
    if bare {
        let mut by_host: BTreeMap<Option<String>, Vec<&Clue>> = BTreeMap::new();
        alone.iter().for_each(|c| by_host.entry(host(c)).or_default().push(c));
        if by_host.is_empty() {
            by_host.insert(None, Vec::new());
        }
        for (host, mut of) in by_host {
            let fits = |c: &&&Clue| host.is_none() || c.seen.host.is_none() || c.seen.host == host;
            of.extend(shared.iter().filter(fits));
            let module = one_module(&of);
            scenes.push(scene(module, host, windows, of, knowledge));
        }
    }
    scenes
}

/// The pattern of the modules that could drive a device, and its neighbours.
const MODULES: &str = "lspci-modules";
const DRIVER: &str = "lspci-driver";
const DEVICE: &str = "lspci-device";

/// Lines a device's modules may stand below its first one.
const BELOW: u64 = 8;

/// Devices that are missed where no driver has them; others often have none by design.
const MISSED: [&str; 9] = [
    "Fibre Channel",
    "Ethernet controller",
    "Network controller",
    "Infiniband controller",
    "RAID bus controller",
    "Serial Attached SCSI controller",
    "SCSI storage controller",
    "Non-Volatile memory controller",
    "3D controller",
];

fn is_lspci(pattern: Option<&Pattern>) -> bool {
    pattern.is_some_and(|p| [MODULES, DRIVER, DEVICE].contains(&p.common.id.as_str()))
}

/// The lines that name modules for a device no driver is bound to.
fn unbound<'c>(clues: &[&'c Clue], knowledge: &Knowledge) -> Vec<&'c Clue> {
    let is = |clue: &Clue, id: &str| {
        knowledge.patterns.get(clue.seen.row).is_some_and(|p| p.common.id == id)
    };
    let device_of = |clue: &Clue| {
        let above = |d: &&Clue| is(d, DEVICE) && d.order == clue.order && d.line < clue.line;
        let device = clues.iter().copied().rev().find(above)?;
        let class = device.captured("what").unwrap_or_default();
        let missed = MISSED.iter().any(|m| class.eq_ignore_ascii_case(m));
        (missed && clue.line.saturating_sub(device.line) <= BELOW).then_some(device)
    };
    let bound = |clue: &Clue, device: &Clue| {
        let within = |d: &Clue| d.order == clue.order && d.line > device.line && d.line < clue.line;
        clues.iter().any(|d| is(d, DRIVER) && within(d) && d.captured("by") != Some("none"))
    };
    clues
        .iter()
        .copied()
        .filter(|c| is(c, MODULES))
        .filter(|c| device_of(c).is_some_and(|device| !bound(c, device)))
        .collect()
}

/// The module that notices speak of, where it is one.
fn one_module(clues: &[&Clue]) -> Option<String> {
    let names: BTreeSet<String> = clues.iter().filter_map(|c| c.module()).collect();
    if names.len() == 1 { names.into_iter().next() } else { None }
}

fn scene<'c>(
    module: Option<String>,
    host: Option<String>,
    windows: bool,
    clues: Vec<&'c Clue>,
    knowledge: &Knowledge,
) -> Scene<'c> {
    let mut signs: BTreeMap<String, Vec<&Clue>> = BTreeMap::new();
    for clue in &clues {
        let Some(pattern) = knowledge.patterns.get(clue.seen.row) else { continue };
        // Only those of devices without a driver come this far.
        let unbound = if pattern.common.id == MODULES { "device-unbound" } else { MODULES };
        let names = [pattern.sign(), pattern.common.id.as_str(), unbound];
        let kept = if is_lspci(Some(pattern)) { 3 } else { 2 };
        for name in names.into_iter().take(kept) {
            let of = signs.entry(name.to_owned()).or_default();
            if !of.contains(clue) {
                of.push(clue);
            }
        }
    }
    derive(&mut signs);
    as_reported(&mut signs);
    for sign in &knowledge.signs {
        let of: Vec<&Clue> =
            sign.any.iter().filter_map(|s| signs.get(s)).flatten().copied().collect();
        if sign.any.iter().any(|s| signs.contains_key(s)) {
            signs.insert(sign.id.clone(), of);
        }
    }
    Scene { module, host, windows, clues, signs }
}

/// The clues that show a sign.
fn of<'c>(signs: &BTreeMap<String, Vec<&'c Clue>>, name: &str) -> Vec<&'c Clue> {
    signs.get(name).cloned().unwrap_or_default()
}

/// Which Windows is spoken of.
const VERSIONS: [&str; 4] = ["on-seven", "on-eight", "on-recent", "on-eleven"];
/// How a report's line about its machine begins.
const REPORTED: &str = "# reported on:";

/// Where a report says which machine it is of, other versions are those of other machines.
fn as_reported(signs: &mut BTreeMap<String, Vec<&Clue>>) {
    let own = |clue: &&Clue| clue.seen.quote.starts_with(REPORTED);
    let versions = || VERSIONS.iter().filter_map(|v| signs.get(*v)).flatten();
    if versions().any(own) {
        signs.retain(|name, of| !VERSIONS.contains(&name.as_str()) || of.iter().any(&own));
    }
}

/// Signs of several lines together.
fn derive(signs: &mut BTreeMap<String, Vec<&Clue>>) {
    let (versions, signers) = (of(signs, "modinfo-vermagic"), of(signs, "modinfo-signer"));
    if !versions.is_empty() && signers.is_empty() {
        signs.insert("modinfo-unsigned".to_owned(), versions);
    }
    let enrolled = of(signs, "mok-enrolled-subject");
    if let Some(signer) = signers.first().filter(|_| !enrolled.is_empty()) {
        let name = signer.captured("cert").map(str::trim);
        let there = enrolled.iter().find(|e| e.captured("cert").map(str::trim) == name);
        match there {
            Some(there) => signs.insert("signer-enrolled".to_owned(), [*signer, *there].to_vec()),
            None => signs.insert("signer-not-listed".to_owned(), [*signer].to_vec()),
        };
    }
    let refused = ["errno-keyrejected", "errno-nokey", "errno-perm", "errno-noexec"];
    let refused = refused.iter().flat_map(|s| of(signs, s)).filter(|c| c.module().is_some());
    let last = refused.max_by_key(|c| (c.order, c.line));
    // The kernel writes its notices before it asks whether the module fits.
    let fits = last.is_none_or(|no| !of(signs, "errno-noexec").contains(&no));
    let notices = ["taint-verification", "taint-out-of-tree"].into_iter().filter(|_| fits);
    let loaded = ["module-inserted", "lsmod-row"].into_iter().chain(notices);
    let after = loaded.flat_map(|s| of(signs, s)).find(|load| {
        last.is_some_and(|no| {
            load.module() == no.module() && (load.order, load.line) > (no.order, no.line)
        })
    });
    if let (Some(no), Some(load)) = (last, after) {
        signs.insert("loaded-after-refusal".to_owned(), [no, load].to_vec());
    }
}
