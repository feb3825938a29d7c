//! `check --on windows-…`: a caller's drivers and packages, judged against named platforms.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use loadworthy_collect::gather::windows::files::{At, Bytes, Files, MOST, has_extension};
use loadworthy_collect::gather::windows::package::{Package, as_system};
use loadworthy_collect::gather::windows::volume::Volume;
use loadworthy_collect::pool;
use loadworthy_collect::sighting::{Kind as FileKind, Outcome};
use loadworthy_collect::views::caller;
use loadworthy_core::answer::{Answered, Answers, Host, Kind, Need, Phase, Subject};
use loadworthy_core::checks::package::{self as install, PackageCase};
use loadworthy_core::checks::windows::{self as load, DriverCase};
use loadworthy_core::fact::Fact;
use loadworthy_core::facts::driver::{DriverFacts, Start};
use loadworthy_core::facts::package::PackageFacts;
use loadworthy_core::package::plan::Plan;
use loadworthy_core::policy::windows::WindowsPolicy;
use loadworthy_core::profile::Profile;
use loadworthy_core::proof::windows::WindowsQuestion;
use loadworthy_core::proof::{Question, Why, gap, text};
use loadworthy_core::tables::Tables;
use loadworthy_formats::der::grammar::tag;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::x509::time::seconds;

use crate::request::Trouble;

pub mod assumptions;
pub mod dated;
pub mod findings;
mod linted;
pub mod stated;
mod remedies;
mod noted;

/// What is asked about named platforms.
#[derive(Clone, Debug)]
pub struct OnRequest {
    /// The platforms, as given.
    pub on: Vec<String>,
    /// Files and folders, as given.
    pub subjects: Vec<String>,
    /// What to take for granted: `key`, `value`.
    pub assume: Vec<(String, String)>,
    /// As of when, as `2026-11-21T00:00:00Z`.
    pub at: String,
    /// Folders with tables in place of the built-in ones, in `windows/` inside.
    pub knowledge: Vec<PathBuf>,
}

/// The tables: those of `folders` in place of the built-in ones of the same name.
///
/// # Errors
/// When a folder has none, or one is not in order.
pub fn tables(folders: &[PathBuf]) -> Result<Tables, Trouble> {
    let wrong = |e: loadworthy_core::tables::TableError| Trouble::Table(e.to_string());
    let mut tables = Tables::built_in().map_err(wrong)?;
    for folder in folders {
        let inside = folder.join("windows");
        let mut found = false;
        for name in Tables::REPLACEABLE {
            let path = inside.join(name);
            if !path.exists() {
                continue;
            }
            let text = std::fs::read_to_string(&path).map_err(|e| Trouble::Open {
                path: path.display().to_string(),
                problem: e.to_string(),
            })?;
            tables.replace(name, text).map_err(wrong)?;
            found = true;
        }
        // A folder may be about Linux alone.
        if !found && !folder.join("linux").is_dir() {
            let names = Tables::REPLACEABLE.join(", ");
            return Err(Trouble::Open {
                path: inside.display().to_string(),
                problem: format!("no table is there; {names} can be"),
            });
        }
    }
    Ok(tables)
}

/// The platforms that are named.
///
/// # Errors
/// When one is not known, or something cannot be assumed.
pub fn profiles(request: &OnRequest, tables: &Tables) -> Result<Vec<Profile>, Trouble> {
    let at = time(&request.at);
    let named = request.on.iter().map(|given| {
        let trouble = |problem| Trouble::Profile { given: given.clone(), problem };
        let mut profile = Profile::of(given, at, tables).map_err(trouble)?;
        assumptions::apply(&request.assume, &mut profile.facts)?;
        Ok(profile)
    });
    named.collect()
}

/// Every platform of the tables, as `--on` takes it.
///
/// # Errors
/// As [`tables`].
pub fn platforms(folders: &[PathBuf]) -> Result<Vec<String>, Trouble> {
    let tables = tables(folders)?;
    Ok(tables.windows.all().iter().map(|v| v.id.clone()).collect())
}

/// Seconds since 1970 of a time in the one form in which requests hold it.
fn time(at: &str) -> i64 {
    let digits: String = at.chars().filter(char::is_ascii_digit).collect();
    seconds(tag::GENERALIZED_TIME, format!("{digits}Z").as_bytes()).unwrap_or_default()
}

/// Answers a request about named platforms.
///
/// # Errors
/// When a platform is not known or an argument is not there.
pub fn check(request: &OnRequest) -> Result<Answers, Trouble> {
    collected(|each| check_each(request, None, each))
}

/// The same, each verdict given to `each` as soon as it is there, in the order of [`check`]; what is left of
/// the answers is given back. For a folder of ten thousand drivers, whose verdicts nobody has to keep.
///
/// With `root` it is for the machine whose volume is mounted there: arguments may be paths as Windows writes
/// them, its store of catalogs vouches for its drivers, and without an argument all of those are judged.
///
/// # Errors
/// As [`check`]; when nothing of Windows is at `root`.
pub fn check_each(
    request: &OnRequest,
    root: Option<&Path>,
    each: &mut dyn FnMut(Answered),
) -> Result<Answers, Trouble> {
    let volume = root.map(|root| Volume { root });
    let Some(volume) = volume.filter(|_| request.subjects.is_empty()) else {
        return check_as(request, &BTreeMap::new(), volume, each);
    };
    let drivers = volume.drivers().ok_or_else(|| Trouble::Open {
        path: volume.root.display().to_string(),
        problem: "no volume of Windows: there is no Windows/System32/drivers".to_owned(),
    })?;
    let subjects = vec![drivers.to_string_lossy().into_owned()];
    let request = OnRequest { subjects, ..request.clone() };
    check_as(&request, &BTreeMap::new(), Some(volume), each)
}

/// The same as [`check`], as if some files held what others hold: from the true path of each to the path of
/// the other.
///
/// # Errors
/// As [`check`].
pub fn check_in_place(
    request: &OnRequest,
    in_place: &BTreeMap<PathBuf, PathBuf>,
) -> Result<Answers, Trouble> {
    collected(|each| check_as(request, in_place, None, each))
}

/// Answers with the verdicts that `ask` gives one by one.
fn collected(
    ask: impl FnOnce(&mut dyn FnMut(Answered)) -> Result<Answers, Trouble>,
) -> Result<Answers, Trouble> {
    let mut answers = Vec::new();
    let rest = ask(&mut |answered| answers.push(answered))?;
    Ok(Answers { answers, ..rest })
}

fn check_as(
    request: &OnRequest,
    in_place: &BTreeMap<PathBuf, PathBuf>,
    volume: Option<Volume<'_>>,
    each: &mut dyn FnMut(Answered),
) -> Result<Answers, Trouble> {
    let tables = tables(&request.knowledge)?;
    let profiles = profiles(request, &tables)?;
    let (mut notes, mut findings) = (dated::notes(&profiles, &tables), Vec::new());
    for argument in &request.subjects {
        let found = volume.filter(|_| !Path::new(argument).exists());
        let found = found.and_then(|v| v.at(argument)).map(|p| p.to_string_lossy().into_owned());
        let mut opened = Opened::of(found.as_ref().unwrap_or(argument), &tables, in_place)?;
        if let Some(volume) = volume {
            opened.package = opened.package.on_volume(volume);
        }
        // What is odd about a package is so everywhere; sections are read as the newest system does.
        if let Some(newest) = profiles.iter().max_by_key(|p| p.version.build) {
            opened.read_ahead(newest);
            notes.extend(opened.notes(newest));
        }
        findings.extend(opened.linted(&tables.inf_lints));
        opened.judge(&profiles, each);
    }
    let (at, host) = (request.at.clone(), Host::OF_PROFILES);
    Ok(Answers { at, host, answers: Vec::new(), notes, findings })
}

/// What each platform makes of a package whose files are in memory; `shown` is how it is called.
///
/// # Errors
/// When a platform is not known.
pub fn check_files(shown: &str, files: Files, request: &OnRequest) -> Result<Answers, Trouble> {
    let tables = tables(&request.knowledge)?;
    let profiles = profiles(request, &tables)?;
    let package = Package::open(shown, files, &tables.authorities, &Limits::DEFAULT);
    let opened = Opened { package, what: What::All };
    let mut answers = Vec::new();
    opened.judge(&profiles, &mut |answered| answers.push(answered));
    Ok(Answers {
        at: request.at.clone(),
        host: Host::OF_PROFILES,
        answers,
        notes: dated::notes(&profiles, &tables),
        findings: opened.linted(&tables.inf_lints),
    })
}

/// An argument that was opened.
#[derive(Debug)]
pub(crate) struct Opened<'t> {
    package: Package<'t>,
    what: What,
}

/// What an argument asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    /// The driver in this file.
    Driver(usize),
    /// This INF and what it brings.
    Inf(usize),
    /// Every INF that names this catalog.
    Catalog(String),
    /// Everything in a folder.
    All,
    /// Everything in an installer that runs as LocalSystem.
    Installer,
}

impl<'t> Opened<'t> {
    /// Opens the file or folder that `argument` names; as if some files held what `others` hold.
    ///
    /// # Errors
    /// When it is not there or is nothing that Windows loads or installs.
    fn of(
        argument: &str,
        tables: &'t Tables,
        others: &BTreeMap<PathBuf, PathBuf>,
    ) -> Result<Self, Trouble> {
        let limits = &Limits::DEFAULT;
        let path = Path::new(argument);
        let trouble = |problem: &str| Trouble::Open {
            path: argument.to_owned(),
            problem: problem.to_owned(),
        };
        let metadata = caller::metadata_of(path).map_err(|outcome| match outcome {
            Outcome::Absent => trouble("no such file"),
            Outcome::Denied => trouble("may not be looked at"),
            _ => trouble("cannot be looked at"),
        })?;
        let authorities = &tables.authorities;
        let below = |folder: &Path| {
            let files = Files::below(folder, limits);
            if files.is_cut() {
                return Err(trouble(&format!("more than {MOST} files: name a folder with fewer")));
            }
            Ok(files.in_place(others).unfolded(limits))
        };
        if metadata.kind == FileKind::Folder {
            let files = below(path)?;
            let package = Package::open(argument, files, authorities, limits);
            return Ok(Self { package, what: What::All });
        }
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
        let folder = folder.unwrap_or_else(|| Path::new("."));
        let name = path.file_name().map_or(argument.into(), |n| n.to_string_lossy()).into_owned();
        // Files are shown as the argument shows them.
        let shown = argument.strip_suffix(name.as_str()).unwrap_or("");
        if has_extension(&name, "inf") || has_extension(&name, "cat") {
            let files = below(folder)?;
            let package = Package::open(shown, files, authorities, limits);
            let what = if has_extension(&name, "cat") {
                What::Catalog(name)
            } else {
                let all = &package.files.contents.infs;
                let at = all.iter().position(|d| d.path == name).or_else(|| {
                    // Names on Windows are the same in capitals.
                    all.iter().position(|d| d.path.eq_ignore_ascii_case(&name))
                });
                What::Inf(at.ok_or_else(|| trouble("cannot be read as an INF"))?)
            };
            return Ok(Self { package, what });
        }
        if let Some(files) = unpacked(path, limits) {
            let what = if has_extension(&name, "msi") { What::Installer } else { What::All };
            let package = Package::open(argument, files?.unfolded(limits), authorities, limits);
            return Ok(Self { package, what });
        }
        let mut beside = Files::beside(folder, limits).all;
        beside.retain(|at| has_extension(&at.path, "cat"));
        beside.push(At { path: name.clone(), bytes: Bytes::Disk(path.to_owned()) });
        let files = Files::of(beside, limits).in_place(others);
        let n = files.all.iter().position(|at| at.path == name).unwrap_or_default();
        let package = Package::open(shown, files, authorities, limits);
        Ok(Self { package, what: What::Driver(n) })
    }

    /// Every verdict, platform by platform.
    pub(crate) fn judge(&self, on: &[Profile], each: &mut dyn FnMut(Answered)) {
        let as_installed: Vec<Profile> = match &self.what {
            What::Installer => on.iter().map(installed).collect(),
            _ => Vec::new(),
        };
        match &self.what {
            What::All => self.everything(on, each),
            What::Installer => self.everything(&as_installed, each),
            _ => on.iter().for_each(|on| self.asked(on).into_iter().for_each(&mut *each)),
        }
    }

    /// The verdicts about one file on one platform, and about what it brings.
    fn asked(&self, on: &Profile) -> Vec<Answered> {
        let infs = &self.package.files.contents.infs;
        match &self.what {
            What::Driver(n) => self.driver(*n, None, on, false).into_iter().collect(),
            What::Inf(n) => self.inf(*n, on, &mut Vec::new()),
            What::Catalog(name) => {
                let mut done = Vec::new();
                let all: Vec<usize> =
                    (0..infs.len()).filter(|n| self.names(*n, name, on)).collect();
                if all.is_empty() {
                    return vec![no_package(name, on, "an INF that names this catalog")];
                }
                all.into_iter().flat_map(|n| self.inf(n, on, &mut done)).collect()
            }
            What::All | What::Installer => Vec::new(),
        }
    }

    /// Where everything is judged, reads it with all processors.
    fn read_ahead(&self, on: &Profile) {
        if matches!(self.what, What::All | What::Installer) {
            self.package.read_ahead(on);
        }
    }

    /// Whether the INF number `n` names this catalog.
    fn names(&self, n: usize, catalog: &str, on: &Profile) -> bool {
        let named = self.package.plan(n, on).catalog;
        named.is_some_and(|c| c.name.eq_ignore_ascii_case(catalog))
    }

    /// Every package, then every kernel image that none of them names. Those are read a few at a time, once
    /// for all platforms, and let go of when they are judged.
    fn everything(&self, on: &[Profile], each: &mut dyn FnMut(Answered)) {
        let strays: Vec<BTreeSet<usize>> =
            on.iter().map(|on| self.package.strays(on).into_iter().collect()).collect();
        let all: BTreeSet<usize> = strays.iter().flatten().copied().collect();
        let all: Vec<usize> = all.into_iter().collect();
        let closed = self.package.is_closed();
        let of_packages = |on: &Profile, each: &mut dyn FnMut(Answered)| {
            let mut done = Vec::new();
            for n in 0..self.package.files.contents.infs.len() {
                self.inf(n, on, &mut done).into_iter().for_each(&mut *each);
            }
        };
        let [first, others @ ..] = on else { return };
        of_packages(first, each);
        let mut later: Vec<Vec<Answered>> = others.iter().map(|_| Vec::new()).collect();
        for some in all.chunks(AT_A_TIME) {
            let judged = pool::on_all(some, |n| {
                let facts = self.package.passing(*n, closed);
                let on = on.iter().zip(&strays).map(|(on, strays)| {
                    (strays.contains(n) && on.version.load).then(|| loaded(facts.clone(), on))
                });
                on.collect::<Vec<_>>()
            });
            for answers in judged {
                let mut answers = answers.into_iter();
                answers.next().flatten().into_iter().for_each(&mut *each);
                later.iter_mut().zip(answers).for_each(|(all, one)| all.extend(one));
            }
        }
        for (on, strays) in others.iter().zip(later) {
            of_packages(on, each);
            strays.into_iter().for_each(&mut *each);
        }
    }

    /// The verdict about an INF, and those about drivers it brings that were not told yet.
    fn inf(&self, n: usize, on: &Profile, done: &mut Vec<usize>) -> Vec<Answered> {
        let plan = self.package.plan(n, on);
        let Some(facts) = self.package.facts(n, &plan, None) else { return Vec::new() };
        let mut answers = vec![self.package_answer(&facts, n, &plan, on)];
        let brings = if plan.applies() {
            self.package.kernel_files(&plan)
        } else {
            self.package.foreign(n, on)
        };
        for file in brings {
            if !done.contains(&file) {
                done.push(file);
                answers.extend(self.driver(file, Some(&plan), on, true));
            }
        }
        answers
    }

    fn package_answer(
        &self,
        facts: &PackageFacts,
        n: usize,
        plan: &Plan,
        on: &Profile,
    ) -> Answered {
        let policy = WindowsPolicy::of(&on.facts);
        let judgement = install::judge(&PackageCase::new(facts, &policy));
        let others: Vec<PackageFacts> = self
            .package
            .other_catalogs(n, plan)
            .iter()
            .filter_map(|other| self.package.facts(n, plan, Some(other)))
            .collect();
        let tried = remedies::of_package(facts, &others, &policy, &judgement);
        Answered {
            subject: Subject {
                kind: Kind::DriverPackage,
                name: facts.name.clone(),
                path: Some(facts.path.clone()),
                sha256: facts.sha256,
                required_by: Vec::new(),
                need: Need::default(),
            },
            on: Some(on.given.clone()),
            phase: Phase::Install,
            judgement,
            tried,
            pending: None,
        }
    }

    /// The verdict about loading a driver; none on systems that are judged for installing only.
    fn driver(
        &self,
        n: usize,
        plan: Option<&Plan>,
        on: &Profile,
        closed: bool,
    ) -> Option<Answered> {
        if !on.version.load {
            return None;
        }
        Some(loaded(self.package.driver(n, plan, closed), on))
    }
}

/// So many files that no INF names are judged before their verdicts are told.
const AT_A_TIME: usize = 256;

/// The platform as the account sees it that an installer runs under.
fn installed(on: &Profile) -> Profile {
    let mut on = on.clone();
    as_system(&mut on.facts);
    on
}

/// The verdict about loading a driver, started as the platform's own key says.
fn loaded(facts: DriverFacts, on: &Profile) -> Answered {
    judged(with_start(facts, on), on)
}

/// The driver as the platform's own key says it is started.
fn with_start(mut facts: DriverFacts, on: &Profile) -> DriverFacts {
    if let Some(start) = on.start {
        let shown = loadworthy_core::proof::Assumption {
            key: text("start"),
            value: text(match start {
                Start::Boot => "boot",
                Start::Demand => "demand",
            }),
        };
        facts.start = Fact::assumed(start, shown);
    }
    facts
}

fn judged(facts: DriverFacts, on: &Profile) -> Answered {
    let policy = WindowsPolicy::of(&on.facts);
    let judgement = load::judge(&DriverCase::new(&facts, &policy));
    let tried = remedies::of_driver(&facts, &policy, &judgement);
    Answered {
        subject: Subject {
            kind: Kind::WindowsDriver,
            name: facts.name,
            path: Some(facts.path),
            sha256: facts.sha256,
            required_by: Vec::new(),
            need: Need::default(),
        },
        on: Some(on.given.clone()),
        phase: Phase::Load,
        judgement,
        tried,
        pending: None,
    }
}

/// A catalog without its package.
fn no_package(name: &str, on: &Profile, missing: &str) -> Answered {
    let question = Question::Windows(WindowsQuestion::PackageBytes);
    let gaps = gap(question, Why::Missing(text(missing)));
    let facts = PackageFacts {
        name: Arc::from(name),
        path: Arc::from(name),
        sha256: None,
        unsound: Fact::unknown(gaps.clone()),
        model: Fact::unknown(gaps.clone()),
        catalog: Fact::unknown(gaps.clone()),
        inf: Fact::unknown(gaps.clone()),
        files: Fact::unknown(gaps),
    };
    let policy = WindowsPolicy::of(&on.facts);
    let judgement = install::judge(&PackageCase::new(&facts, &policy));
    Answered {
        subject: Subject {
            kind: Kind::DriverPackage,
            name: facts.name,
            path: Some(facts.path),
            sha256: None,
            required_by: Vec::new(),
            need: Need::default(),
        },
        on: Some(on.given.clone()),
        phase: Phase::Install,
        judgement,
        tried: Vec::new(),
        pending: None,
    }
}

/// The files of a cabinet or an installer; `None`: it is neither.
fn unpacked(path: &Path, limits: &Limits) -> Option<Result<Files, Trouble>> {
    let mut bytes = Vec::new();
    if !matches!(caller::look_into(path, limits.package_bytes, &mut bytes), Outcome::Bytes { .. }) {
        return None;
    }
    let trouble = |problem: String| Trouble::Open { path: path.display().to_string(), problem };
    Some(Files::inside(&bytes, limits)?.map_err(|e| trouble(e.to_string())))
}
