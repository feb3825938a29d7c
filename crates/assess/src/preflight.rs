//! The next boot of a host: everything that must load, why, and what is lost without it.
//!
//! What is needed comes from the manifest, and without one from the hardware in use
//! (`core::preflight`). Each driver is judged with what it depends on; then the exceptions of the
//! manifest are laid over the verdicts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use loadworthy_collect::gather::linux::kernels::Kernel;
use loadworthy_collect::gather::linux::manifest::Found as Manifest;
use loadworthy_collect::item::HostPath;
use loadworthy_core::answer::{Answered, Kind, Need, Note};
use loadworthy_core::checks::linux::by_name::NoFile;
use loadworthy_core::fact::Fact;
use loadworthy_core::preflight::catalogue::Presence;
use loadworthy_core::preflight::exceptions;
use loadworthy_core::preflight::required::{All, Required, Scene};
use loadworthy_core::proof::{Assumption, Evidence, text};
use loadworthy_core::verdict::Verdict;
use loadworthy_formats::kernel::name;

use crate::advice;
use crate::boot_chain::{self, boot_chain};
use crate::host::{Host, OneKernel};
use crate::initramfs;
use crate::judging::{Asked, Wanted, no_file};
use crate::names::{Found, Names};
use crate::packages;
use crate::request::{Request, Trouble, Which};
use crate::rollback;
use catalogue::Modules;
use seen::Seen;

pub mod seen;
pub(crate) mod catalogue;
mod under_root;
mod telling;
pub(crate) mod profile;
mod built_again;
mod dormant;
pub(crate) mod things;

/// Judges everything that this host needs of the kernel that is asked about.
pub(crate) fn run(
    asked: &Asked<'_>,
    manifest: &Manifest,
    seen: &Seen,
    notes: &mut Vec<Note>,
) -> Vec<Answered> {
    let modules = Modules::of(asked, &seen.hardware);
    let scene = Scene { graph: &seen.graph, hardware: &seen.hardware, catalogue: &modules };
    let owner = &manifest.manifest;
    let by_owner = !owner.require.is_empty();
    let all = if by_owner { scene.by_manifest(owner) } else { scene.by_hardware() };
    let (mut answers, read) = judge(asked, seen, &modules, &all, notes);
    // The way back is for what still counts.
    exceptions::apply(&owner.accept, &asked.request.at, &mut answers);
    notes.extend(all.absent.iter().map(|device| telling::absent(asked, device)));
    notes.extend(telling::left_behind(asked, seen, &modules, &all));
    notes.extend(profile::notes(asked, &owner.profile));
    notes.extend(dormant::notes(asked, seen, &modules, &answers, &read));
    packages::add(asked, &mut answers, notes);
    let roots = under_root::modules(asked, seen, &scene, manifest);
    beside(asked, seen, manifest, &roots, &mut answers, notes);
    let expired = exceptions::apply(&owner.accept, &asked.request.at, &mut answers);
    notes.extend(expired.into_iter().map(telling::expired(asked)));
    answers
}

/// What a kernel's preflight will look at, as far as that is known before the kernel itself is.
struct Foreseen {
    /// The modules that are required, with what they depend on.
    files: Vec<HostPath>,
    /// Names of those, and of the modules under the root file system.
    names: BTreeSet<String>,
}

impl Foreseen {
    fn of(asked: &Asked<'_>, manifest: &Manifest, seen: &Seen) -> Self {
        let modules = Modules::of(asked, &seen.hardware);
        let scene = Scene { graph: &seen.graph, hardware: &seen.hardware, catalogue: &modules };
        let owner = &manifest.manifest;
        let all =
            if owner.require.is_empty() { scene.by_hardware() } else { scene.by_manifest(owner) };
        let files = all.iter().flat_map(|required| match asked.names.find(&required.name) {
            Found::Files(paths) => paths,
            Found::None(_) => Vec::new(),
        });
        let files = asked.names.closure(&files.collect::<Vec<HostPath>>());
        let mut names: BTreeSet<String> =
            files.iter().map(|path| name::of_path(&path.to_string())).collect();
        names.extend(under_root::modules(asked, seen, &scene, manifest));
        Self { files, names }
    }
}

/// Looks at a kernel for its preflight: its image is unpacked on one processor, which takes longest, and
/// meanwhile on another everything that does not hang on what is found in there: the initramfs, the images
/// of the boot chain, the modules.
///
/// # Errors
/// As [`Host::kernel`].
pub(crate) fn kernel(
    host: &Host,
    kernel: Kernel,
    request: &Request,
    manifest: &Manifest,
    seen: &Seen,
) -> Result<OneKernel, Trouble> {
    // Packages that are laid over the host change its tree first.
    if !host.laid().is_empty() {
        return host.kernel(kernel, request);
    }
    let unpacked = AtomicBool::new(false);
    let ahead = |kernel: &Kernel| {
        let nameless = host.nameless(kernel);
        let names = Names::of(&host.looking(), &nameless);
        let progress = &|_, _| ();
        let asked = Asked { host, kernel: &nameless, names: &names, request, progress };
        let foreseen = Foreseen::of(&asked, manifest, seen);
        let initramfs = initramfs::unpack(host, &kernel.release, foreseen.names);
        if request.jobs > 1 {
            boot_chain::ahead(host, &kernel.release);
            rollback::ahead(&asked, manifest.manifest.rollback.kernels);
            host.read_ahead(&foreseen.files, &unpacked);
            if let Some(initramfs) = &initramfs {
                initramfs::read_modules(initramfs, &kernel.release, &unpacked);
            }
        }
        if let Some(initramfs) = initramfs {
            host.keep_initramfs(&kernel.release, initramfs);
        }
    };
    if request.jobs < 2 {
        ahead(&kernel);
        return host.kernel(kernel, request);
    }
    thread::scope(|scope| {
        let same = kernel.clone();
        scope.spawn(move || ahead(&same));
        let kernel = host.kernel(kernel, request);
        unpacked.store(true, Ordering::Relaxed);
        kernel
    })
}

/// What belongs to the preflight and is judged in rooms of its own: the boot chain, the initramfs,
/// the way back. Each looks at the modules that are needed and adds what it has to say.
fn beside(
    asked: &Asked<'_>,
    seen: &Seen,
    manifest: &Manifest,
    roots: &BTreeSet<String>,
    answers: &mut Vec<Answered>,
    notes: &mut Vec<Note>,
) {
    let modules = answers.iter().filter(|a| a.subject.kind == Kind::LinuxModule);
    let all = modules.filter(|a| a.subject.path.is_some()).map(|a| a.subject.name.to_string());
    let all: BTreeSet<String> = all.collect();
    notes.extend(advice::notes(asked, answers));
    let initramfs = initramfs::of_kernel(asked, roots, &all, notes);
    notes.extend(initramfs::crash::note(asked));
    if asked.request.kernel != Which::All {
        rollback::look(asked, &seen.stack, manifest.manifest.rollback.kernels, answers, notes);
    }
    answers.extend(initramfs);
    let release = &asked.kernel.kernel.release;
    // Assumptions that cannot be made were told when the kernel was looked at.
    if let Ok(chain) = boot_chain(asked.host, release, asked.request) {
        answers.splice(0..0, chain.answers);
        notes.extend(chain.notes);
    }
}

/// Judges what is required, with everything it depends on; beside the verdicts, which builds of the
/// modules were read.
pub(crate) fn judge(
    asked: &Asked<'_>,
    seen: &Seen,
    modules: &Modules<'_>,
    all: &All,
    notes: &mut Vec<Note>,
) -> (Vec<Answered>, dormant::Stored) {
    let mut beyond = Vec::new();
    let mut files: Vec<(HostPath, &Required)> = Vec::new();
    for required in all.iter() {
        let found = match required.presence {
            Presence::Module => asked.names.find(&required.name),
            Presence::BuiltIn => built_in(asked, modules, &required.name),
            Presence::Missing => missing(asked, seen, modules, &required.name),
        };
        match found {
            Found::Files(paths) => files.extend(paths.into_iter().map(|path| (path, required))),
            Found::None(case) => {
                let mut answer = no_file(&required.name, &case, required.required_by.clone());
                answer.subject.need = required.need.clone();
                if matches!(case, NoFile::OnlyForAnotherKernel { .. }) {
                    answer.tried = built_again::tried(asked, modules, &required.name);
                }
                beyond.push((answer, required.one_of));
            }
        }
    }
    let (wanted, places) = with_closure(asked, &files);
    let paths: Vec<HostPath> = wanted.iter().map(|w| w.path.clone()).collect();
    let mut read = asked.read(&asked.names.closure(&paths));
    let stored = dormant::Stored::of(&read);
    let mut answers: Vec<(Answered, Option<usize>)> = asked
        .judge(&wanted, &mut read, notes)
        .into_iter()
        .map(|answer| {
            let of = answer.subject.path.as_deref().and_then(|path| places.roots.get(path));
            (answer, of.and_then(|required| required.one_of))
        })
        .collect();
    for (answer, _) in &mut answers {
        let path = answer.subject.path.clone().unwrap_or_else(|| answer.subject.name.clone());
        if let Some(required) = places.roots.get(&*path) {
            answer.subject.need = required.need.clone();
        }
    }
    answers.extend(beyond);
    let mut answers = one_is_enough(answers);
    places.hand_down(&mut answers);
    (answers, stored)
}

fn built_in(asked: &Asked<'_>, modules: &Modules<'_>, name: &str) -> Found {
    if let Some(inside) = modules.inside(name) {
        return Found::None(NoFile::BuiltIn(text(name), inside));
    }
    match asked.names.find(name) {
        Found::None(case @ NoFile::BuiltIn(..)) => Found::None(case),
        // It answers to an alias under another name than that of its file.
        _ => Found::None(NoFile::BuiltIn(text(name), asked.names.built_in_seen().clone())),
    }
}

fn missing(asked: &Asked<'_>, seen: &Seen, modules: &Modules<'_>, name: &str) -> Found {
    use loadworthy_core::preflight::catalogue::Catalogue as _;
    let loaded = seen.hardware.loaded(name).is_some();
    let drives = seen.hardware.devices.iter().find(|device| {
        device.module.as_ref().is_some_and(|module| module.replace('-', "_") == name)
    });
    if !loaded && drives.is_none() && !modules.running_has(name) {
        return Found::None(NoFile::NotInIndex(asked.names.seen().clone()));
    }
    let origin = asked.host.looking().view.origin();
    let running = match &modules.running {
        Some(running) if modules.running_has(name) => {
            let item = text(format!("lib/modules/{}/modules.dep", running.release));
            Fact::seen(running.release.clone(), Evidence { origin, item, said: text(name) })
        }
        _ => {
            let (item, said) = match drives.filter(|_| !loaded) {
                Some(d) => (format!("sys/bus/{}/drivers/{}/module", d.bus, d.driver), name.into()),
                None => ("proc/modules".to_owned(), format!("{name} is loaded")),
            };
            let (item, said) = (text(item), text(said));
            Fact::seen(text(""), Evidence { origin, item, said })
        }
    };
    let index = asked.names.seen().clone();
    Found::None(NoFile::OnlyForAnotherKernel { running, index })
}

/// Where the files of what is required lie, and for whom the others are.
struct Places<'r> {
    roots: BTreeMap<String, &'r Required>,
    /// Each file that something depends on, with the files of those that do.
    needed_by: BTreeMap<String, BTreeSet<String>>,
}

/// The files of what is required and of everything it depends on, each with who asks.
fn with_closure<'r>(
    asked: &Asked<'_>,
    files: &[(HostPath, &'r Required)],
) -> (Vec<Wanted>, Places<'r>) {
    let mut by_path: BTreeMap<HostPath, Vec<String>> = BTreeMap::new();
    let mut places = Places { roots: BTreeMap::new(), needed_by: BTreeMap::new() };
    for (path, required) in files {
        by_path.entry(path.clone()).or_default().extend(required.required_by.iter().cloned());
        places.roots.insert(path.to_string(), required);
    }
    for (path, _) in files {
        let user = path.to_string();
        for below in asked.names.needs(path) {
            let who = format!("needed by {}", name::of_path(&user));
            let asked_by = by_path.entry(below.clone()).or_default();
            if !asked_by.contains(&who) {
                asked_by.push(who);
            }
            places.needed_by.entry(below.to_string()).or_default().insert(user.clone());
        }
    }
    let wanted =
        by_path.into_iter().map(|(path, required_by)| Wanted { path, required_by }).collect();
    (wanted, places)
}

impl Places<'_> {
    /// What hangs on a module hangs on everything it depends on.
    fn hand_down(&self, answers: &mut [Answered]) {
        let path_of = |answer: &Answered| answer.subject.path.as_deref().map(str::to_owned);
        let needs: BTreeMap<String, Need> = answers
            .iter()
            .filter_map(|a| Some((path_of(a)?, a.subject.need.clone())))
            .filter(|(path, _)| self.roots.contains_key(path))
            .collect();
        for answer in answers.iter_mut() {
            let Some(path) = path_of(answer) else { continue };
            let Some(users) = self.needed_by.get(&path) else { continue };
            let own = self.roots.contains_key(&path);
            let need = &mut answer.subject.need;
            if !own {
                need.optional = true;
            }
            for user in users.iter().filter_map(|user| needs.get(user)) {
                need.class = need.class.into_iter().chain(user.class).min();
                need.blocks |= user.blocks && !user.optional;
                need.optional &= user.optional;
                for phrase in &user.loses {
                    if !need.loses.contains(phrase) {
                        need.loses.push(phrase.clone());
                    }
                }
            }
        }
    }
}

/// Of several ways out one is enough: once one loads, the others are only told.
fn one_is_enough(answers: Vec<(Answered, Option<usize>)>) -> Vec<Answered> {
    let loads =
        |a: &Answered| matches!(a.judgement.verdict, Verdict::Loads | Verdict::LoadsTainted);
    let settled: BTreeSet<usize> =
        answers.iter().filter(|(a, _)| loads(a)).filter_map(|(_, group)| *group).collect();
    let each = answers.into_iter().map(|(mut answer, group)| {
        if group.is_some_and(|group| settled.contains(&group)) && !loads(&answer) {
            answer.subject.need.optional = true;
            answer.subject.need.blocks = false;
        }
        answer
    });
    each.collect()
}

/// A fact for what the owner wrote down.
fn written(manifest: &str, said: String) -> Fact<()> {
    let assumption = Assumption { key: text(manifest), value: Arc::from(said) };
    Fact::assumed((), assumption)
}
