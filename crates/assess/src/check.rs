//! `check`: every subject's verdict.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use loadworthy_collect::gather::linux::module::{self, Scratch};
use loadworthy_collect::gather::linux::type_information::Place;
use loadworthy_collect::gather::linux::{cluster, way_back};
use loadworthy_collect::item::HostPath;
use loadworthy_collect::sighting::{Kind, Outcome};
use loadworthy_collect::views::caller;
use loadworthy_core::answer::{Answered, Answers, Host as Summary, Note, Phase, Platform};
use loadworthy_core::checks::linux::by_name::NoFile;
use loadworthy_core::checks::linux::{self, LinuxCase, Scene};
use loadworthy_core::facts::cluster::Membership;
use loadworthy_core::signature::Examined;
use loadworthy_formats::kernel::lockdown::Level;
use loadworthy_formats::manifest::Rollback;

use crate::boot_images::{self, BootChain};
use crate::folder;
use crate::host::{Host, OneKernel, known};
use crate::initramfs;
use crate::judging::{Asked, REMEDIES, Wanted, no_file, subject};
use crate::modules::{self, digests_named, types_fit};
use crate::names::{Found, Names};
use crate::next_boot;
use crate::notes;
use crate::packages;
use crate::preflight::seen::{self, Seen};
use crate::preflight::{self, things};
use crate::remedies::Remedies;
use crate::request::{Progress, Request, Subjects, Trouble, Which};
use crate::with;
use loadworthy_collect::pool;

/// Answers a request.
///
/// # Errors
/// When our own work cannot be done: a source that cannot be opened, an argument that is not there.
pub fn check(request: &Request, progress: Progress<'_>) -> Result<Answers, Trouble> {
    let mut packages = request.with.clone();
    if let Subjects::Named(arguments) = &request.subjects {
        packages.extend(arguments.iter().filter(|a| with::is_package(a)).map(PathBuf::from));
    }
    let host = Host::of(&Request { with: packages, ..request.clone() })?;
    check_on(&host, request, progress)
}

/// The same on a host that is open already.
///
/// # Errors
/// As [`check`].
pub fn check_on(
    host: &Host,
    request: &Request,
    progress: Progress<'_>,
) -> Result<Answers, Trouble> {
    // What is wrong with a manifest is told before anything is judged.
    let asks = request.manifest.is_some() || request.subjects == Subjects::Used;
    let manifest = asks.then(|| seen::manifest(host, request)).transpose()?.unwrap_or_default();
    let (images, others) = apart(&request.subjects);
    let (archives, others): (Vec<Placed<'_>>, Vec<Placed<'_>>) =
        others.into_iter().partition(|(_, argument)| initramfs::is_one(argument));
    let mut boot = None;
    let mut notes = Vec::new();
    let mut answers: Vec<(usize, Answered)> = Vec::new();
    if !images.is_empty() {
        let chain = BootChain::of(host, request)?;
        answers.extend(images.iter().map(|(at, path)| (*at, chain.judge(path))));
        boot = Some(chain);
    }
    let mut summary: Option<Summary> = None;
    let mut of_kernels = Vec::new();
    let seen: OnceCell<Seen> = OnceCell::new();
    for (at, path) in &archives {
        let judged = initramfs::of_argument(host, request, progress, path, &mut notes)?;
        answers.extend(judged.into_iter().map(|answer| (*at, answer)));
    }
    let only_images = !(images.is_empty() && archives.is_empty()) && others.is_empty();
    let kernels = if only_images { Vec::new() } else { host.asked(&request.kernel)? };
    let several = kernels.len() > 1;
    for kernel in kernels {
        let before = answers.len();
        let kernel = match &request.subjects {
            Subjects::Used => {
                let seen = seen.get_or_init(|| Seen::of(host));
                preflight::kernel(host, kernel, request, &manifest, seen)?
            }
            Subjects::All | Subjects::Named(_) => host.kernel(kernel, request)?,
        };
        summary.get_or_insert_with(|| summary_of(host, &kernel));
        let names = Names::of(&host.looking(), &kernel);
        notes.extend(notes::of_kernel(host, &kernel, request));
        let asked = Asked { host, kernel: &kernel, names: &names, request, progress };
        notes.extend(packages::notes(&asked));
        match &request.subjects {
            Subjects::All => {
                answers.extend(asked.whole_tree(&mut notes).into_iter().map(|a| (0, a)));
            }
            Subjects::Used => {
                let seen = seen.get_or_init(|| Seen::of(host));
                if let Some(summary) = &mut summary {
                    summary.node_of = node_of(host, &manifest.manifest.rollback);
                }
                let judged = preflight::run(&asked, &manifest, seen, &mut notes);
                answers.extend(judged.into_iter().map(|a| (0, a)));
            }
            Subjects::Named(_) => answers.extend(asked.named(&others, &seen, &mut notes)?),
        }
        of_kernels.push((kernel.kernel.release.clone(), answers.len() - before));
    }
    if host.kernels.installed.len() <= 1 || request.kernel != Which::All {
        answers.sort_by_key(|(at, _)| *at);
    }
    let answers = answers.into_iter().map(|(_, answer)| answer).collect();
    host.sound()?;
    if let Some(summary) = summary.as_mut().filter(|_| several) {
        summary.kernels = of_kernels;
    }
    let host = summary.unwrap_or_else(|| Summary {
        source: host.looking().view.source(),
        platform: Platform::Linux,
        kernel: None,
        kernels: Vec::new(),
        secure_boot: boot.as_ref().and_then(BootChain::secure_boot),
        lockdown: None,
        started_by: None,
        node_of: None,
    });
    Ok(Answers { at: request.at.clone(), host, answers, notes, findings: Vec::new() })
}

/// An argument and its place on the command line.
type Placed<'a> = (usize, &'a str);

/// Images that boot, which no kernel is asked about, and everything else.
fn apart(subjects: &Subjects) -> (Vec<Placed<'_>>, Vec<Placed<'_>>) {
    match subjects {
        Subjects::Named(arguments) => arguments
            .iter()
            .map(String::as_str)
            .enumerate()
            .partition(|(_, argument)| boot_images::is_one(argument)),
        Subjects::All | Subjects::Used => (Vec::new(), Vec::new()),
    }
}

/// The cluster that a machine is a node of, `owner` being what its manifest says of it.
pub(crate) fn node_of(host: &Host, owner: &Rollback) -> Option<Membership> {
    let looking = host.looking();
    let out_of_turn = known(&way_back::out_of_turn(&looking)).flatten();
    cluster::gather(&looking, owner, out_of_turn)
}

pub(crate) fn summary_of(host: &Host, kernel: &OneKernel) -> Summary {
    let level = |level: Level| match level {
        Level::None => "none",
        Level::Integrity => "integrity",
        Level::Confidentiality => "confidentiality",
    };
    let running = known(&kernel.facts.running.lockdown).map(level);
    let drawn = known(&kernel.policy.locked_down).map(|on| if on { "integrity" } else { "none" });
    Summary {
        source: host.looking().view.source(),
        platform: Platform::Linux,
        kernel: Some(kernel.kernel.release.clone()),
        kernels: Vec::new(),
        secure_boot: known(&kernel.policy.secure_boot),
        lockdown: running.or(drawn),
        started_by: next_boot::started_by(&host.next_boot, &kernel.kernel.release),
        node_of: None,
    }
}

impl Asked<'_> {
    fn whole_tree(&self, notes: &mut Vec<Note>) -> Vec<Answered> {
        let (paths, _) = modules::all(&self.host.looking(), self.kernel);
        let mut wanted: Vec<Wanted> = paths
            .iter()
            .map(|path| Wanted { path: path.clone(), required_by: Vec::new() })
            .collect();
        wanted.sort_by(|a, b| a.path.cmp(&b.path));
        let mut judged = self.read_whole(&paths);
        self.judge(&wanted, &mut judged, notes)
    }

    fn named(
        &self,
        arguments: &[Placed<'_>],
        seen: &OnceCell<Seen>,
        notes: &mut Vec<Note>,
    ) -> Result<Vec<(usize, Answered)>, Trouble> {
        let mut files: Vec<(usize, Cow<'_, str>)> = Vec::new();
        let mut by_name: Vec<Placed<'_>> = Vec::new();
        let mut things: Vec<(usize, Answered)> = Vec::new();
        let mut answers: Vec<(usize, Answered)> = Vec::new();
        let limits = self.host.looking().limits;
        for &(at, argument) in arguments {
            if let Some(laid) = self.host.laid().iter().find(|laid| laid.given == argument)
                && with::is_package(argument)
            {
                answers.extend(packages::judge(self, laid, notes).into_iter().map(|a| (at, a)));
                continue;
            }
            let mut thing = || {
                let seen = seen.get_or_init(|| Seen::of(self.host));
                let judged = things::judged(self, seen, argument, notes)?;
                let found = judged.is_some();
                things.extend(judged.into_iter().flatten().map(|answer| (at, answer)));
                Ok::<bool, Trouble>(found)
            };
            if things::can_only_be_one(argument) {
                thing()?;
                continue;
            }
            let looks_like_file = argument.contains('/') || argument.contains(".ko");
            match caller::metadata_of(Path::new(argument)) {
                Ok(found) if found.kind == Kind::File => {
                    folder::not_of_windows(argument)?;
                    files.push((at, argument.into()));
                }
                // A folder may be where something is mounted.
                Ok(_) if thing()? => {}
                Ok(found) if found.kind == Kind::Folder => {
                    files.extend(
                        folder::modules(argument, limits)?.into_iter().map(|f| (at, f.into())),
                    );
                }
                Ok(_) => files.push((at, argument.into())),
                Err(outcome) if looks_like_file => {
                    if thing()? {
                        continue;
                    }
                    let problem = match outcome {
                        Outcome::Absent => "no such file, and nothing of that name is in use here",
                        Outcome::Denied => "may not be looked at",
                        other => &format!("{other:?}"),
                    };
                    let problem = problem.to_owned();
                    return Err(Trouble::Open { path: argument.to_owned(), problem });
                }
                Err(_) => match self.names.find(argument) {
                    Found::None(NoFile::NotInIndex(_)) if thing()? => {}
                    _ => by_name.push((at, argument)),
                },
            }
        }
        answers.extend(self.files(&files, notes));
        answers.extend(self.by_name(&by_name, notes));
        answers.append(&mut things);
        Ok(answers)
    }

    /// Files of the caller, each alone, as `insmod FILE` on a fresh boot.
    fn files(
        &self,
        files: &[(usize, Cow<'_, str>)],
        notes: &mut Vec<Note>,
    ) -> Vec<(usize, Answered)> {
        let scene = Scene::default();
        let remedies = Remedies::new(self.host, self.kernel);
        let read = pool::each(
            files,
            self.request.jobs,
            self.progress,
            Scratch::default,
            |scratch, (at, path)| {
                let limits = self.host.looking().limits;
                let facts = module::gather_argument(Path::new(&**path), path, scratch, limits);
                let signature = Examined::of(&facts, &self.kernel.policy);
                (*at, facts, signature)
            },
        );
        notes.extend(notes::loaded_first(
            self.kernel,
            read.iter().map(|(_, facts, _)| digests_named(facts)),
        ));
        let mut answers = Vec::new();
        for (at, facts, signature) in &read {
            let case = LinuxCase {
                types_fit: types_fit(self.host, self.kernel, facts, signature, Place::Argument),
                module: facts,
                policy: &self.kernel.policy,
                scene: &scene,
                tables: &self.host.tables,
                signature,
                loader: "insmod",
                by_name: None,
            };
            let judgement = linux::judge(&case);
            let tried = if answers.len() < REMEDIES {
                remedies.tried(&case, &facts.path, &judgement)
            } else {
                Vec::new()
            };
            let subject = subject(facts, Vec::new());
            answers.push((
                *at,
                Answered { subject, on: None, phase: Phase::Load, judgement, tried, pending: None },
            ));
        }
        answers
    }

    /// Names, as `modprobe NAME` on that host.
    fn by_name(&self, names: &[(usize, &str)], notes: &mut Vec<Note>) -> Vec<(usize, Answered)> {
        let mut answers = Vec::new();
        let mut wanted = Vec::new();
        for (at, name) in names {
            match self.names.find(name) {
                Found::Files(paths) => wanted.extend(paths.into_iter().map(|path| (*at, path))),
                Found::None(case) => answers.push((*at, no_file(name, &case, Vec::new()))),
            }
        }
        let paths: Vec<HostPath> = wanted.iter().map(|(_, path)| path.clone()).collect();
        let list: Vec<Wanted> = paths
            .iter()
            .map(|path| Wanted { path: path.clone(), required_by: Vec::new() })
            .collect();
        let judged = self.judge_tree(&list, &self.names.closure(&paths), notes);
        answers.extend(wanted.into_iter().map(|(at, _)| at).zip(judged));
        answers
    }
}
