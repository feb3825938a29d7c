//! The files of a package → facts of each INF in it, and of the drivers it brings, for one system.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use loadworthy_core::codesigning::catalog::{self, Catalog};
use loadworthy_core::crypt::digest::Digest;
use loadworthy_core::fact::{Fact, Listing};
use loadworthy_core::facts::driver::{DriverFacts, Role, Start};
use loadworthy_core::facts::package::{
    CatalogState, Membership, PackageCatalog, PackageFacts, PackageFile,
};
use loadworthy_core::facts::windows::WindowsFacts;
use loadworthy_core::package::contents::base;
use loadworthy_core::package::plan::{Found, Plan};
use loadworthy_core::package::target::Target;
use loadworthy_core::profile::Profile;
use loadworthy_core::proof::windows::{Machine, WindowsQuestion};
use loadworthy_core::proof::{Evidence, Origin, Question, Why, gap, text};
use loadworthy_core::tables::authorities::Authorities;
use loadworthy_formats::inf::decoration::Architecture;
use loadworthy_formats::limits::Limits;

use crate::pool::on_all;
use crate::sighting::Outcome;
use crate::views::caller;

use super::driver::{self, Digested, FileOf, NamedCatalog};
use super::files::{Files, has_extension};
use super::signature;
use super::volume::Volume;

/// A package that was opened: its files, read once for all systems.
#[derive(Debug)]
pub struct Package<'t> {
    /// How the caller names it; files are shown below it.
    pub shown: String,
    /// Its files.
    pub files: Files,
    authorities: &'t Authorities,
    limits: &'t Limits,
    /// With the number of the file; without: one of the machine's store.
    catalogs: Vec<(Option<usize>, NamedCatalog)>,
    /// Which of the catalogs list a digest.
    listed: BTreeMap<Digest, Vec<usize>>,
    /// The machine's own store of catalogs.
    store: Store,
    drivers: Vec<OnceLock<Arc<DriverFacts>>>,
    digests: Vec<OnceLock<Arc<Digested>>>,
    /// The survey of the system that was asked about last.
    survey: Mutex<Option<(Target, Arc<Survey>)>>,
}

/// The machine's own store of catalogs.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Store {
    /// Nobody named a machine.
    NotAsked,
    /// All of it was read.
    Seen(Evidence),
    /// Some of it could not be read, or there is none.
    OutOfReach,
}

/// What the INFs of a package name on any processor; sections are read as one system does.
#[derive(Debug, Default)]
pub struct Survey {
    /// What each INF brings, for each processor.
    pub brought: Vec<[Brought; Architecture::ALL.len()]>,
    /// Files that some INF copies, and catalogs that one names.
    pub named: BTreeSet<usize>,
}

/// What an INF brings on a processor.
#[derive(Debug, Default)]
pub struct Brought {
    /// Files it brings into the kernel.
    pub kernel: Vec<KernelFile>,
    /// Files it copies.
    copied: Vec<usize>,
    /// The catalog it names.
    catalog: Option<usize>,
}

/// A file that an INF brings into the kernel.
#[derive(Clone, Copy, Debug)]
pub struct KernelFile {
    /// Its number.
    pub file: usize,
    /// Whether a service of it is started by the boot loader.
    pub at_boot: bool,
}

/// A service of the kernel or of a file system (`SERVICE_KERNEL_DRIVER`, `…_FILE_SYSTEM_DRIVER`).
const KERNEL_SERVICES: [u32; 2] = [1, 2];

impl<'t> Package<'t> {
    /// Opens the package that these files are.
    #[must_use]
    pub fn open(
        shown: &str,
        files: Files,
        authorities: &'t Authorities,
        limits: &'t Limits,
    ) -> Self {
        let numbers: Vec<usize> = files.with("cat").collect();
        let read = |n: &usize| {
            let bytes = files.bytes(*n, limits).ok()?;
            catalog::read(&bytes, authorities, limits).ok()
        };
        let all = on_all(&numbers, read);
        let count = files.all.len();
        let mut package = Self {
            shown: shown.to_owned(),
            files,
            authorities,
            limits,
            catalogs: Vec::new(),
            listed: BTreeMap::new(),
            store: Store::NotAsked,
            drivers: (0..count).map(|_| OnceLock::new()).collect(),
            digests: (0..count).map(|_| OnceLock::new()).collect(),
            survey: Mutex::default(),
        };
        for (n, read) in numbers.into_iter().zip(all) {
            let Some(read) = read else { continue };
            let path = package.files.all.get(n).map_or("", |at| at.path.as_str());
            let name = text(base(path));
            package.add(Some(n), name, read);
        }
        package
    }

    /// The same on a machine whose store of catalogs was seen: nothing else can vouch for a driver.
    #[must_use]
    pub fn on_volume(mut self, volume: Volume<'_>) -> Self {
        self.store = Store::OutOfReach;
        let Some(paths) = volume.catalogs() else { return self };
        let (authorities, limits) = (self.authorities, self.limits);
        let read = |path: &PathBuf| {
            let mut bytes = Vec::new();
            match caller::look_into(path, limits.kernel_bytes, &mut bytes) {
                Outcome::Bytes { .. } => catalog::read(&bytes, authorities, limits).ok(),
                _ => None,
            }
        };
        let all = on_all(&paths, read);
        // A catalog that cannot be read may be the one that lists the file.
        if all.iter().all(Option::is_some) {
            self.store = Store::Seen(Evidence {
                origin: Origin::Argument,
                item: text(volume.root.to_string_lossy()),
                said: text(format!("the catalogs of its CatRoot, {} of them", paths.len())),
            });
        }
        for (path, read) in paths.iter().zip(all) {
            let name =
                path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
            if let Some(read) = read {
                self.add(None, text(name), read);
            }
        }
        self
    }

    /// Whether nothing else than its catalogs can vouch for a file that lies there by itself: for a
    /// folder that is all there is, for a machine only where its store was read.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.store != Store::OutOfReach
    }

    fn add(&mut self, file: Option<usize>, name: Arc<str>, read: Catalog) {
        let number = self.catalogs.len();
        for member in &read.members {
            if let Some((_, digest)) = member.digest.or_else(|| member.tag_digest()) {
                let by = self.listed.entry(digest).or_default();
                if by.last() != Some(&number) {
                    by.push(number);
                }
            }
        }
        self.catalogs.push((file, NamedCatalog { name, catalog: Arc::new(read) }));
    }

    /// How the file number `n` is shown.
    #[must_use]
    pub fn path(&self, n: usize) -> String {
        let path = self.files.all.get(n).map_or("", |at| at.path.as_str());
        // Who writes `\` between names on Windows reads it, too.
        let back = cfg!(windows) && self.shown.contains('\\') && !self.shown.contains('/');
        let top = self.shown.trim_end_matches(std::path::is_separator);
        match self.shown.as_str() {
            "" => path.to_owned(),
            _ if back => format!("{top}\\{}", path.replace('/', "\\")),
            _ => format!("{top}/{path}"),
        }
    }

    /// The catalogs that list the file number `n`: the path of each, and what it holds.
    #[must_use]
    pub fn vouching(&self, n: usize) -> Vec<(String, Arc<Catalog>)> {
        let numbers = self.numbers(&self.digested(n));
        let all = numbers.into_iter().filter_map(|n| self.catalogs.get(n));
        let shown = |file: &Option<usize>, named: &NamedCatalog| {
            file.map_or_else(|| named.name.to_string(), |file| self.path(file))
        };
        all.map(|(file, named)| (shown(file, named), named.catalog.clone())).collect()
    }

    /// The catalogs that list one of these digests.
    fn listing(&self, digests: &Digested) -> Vec<NamedCatalog> {
        let found = self.numbers(digests).into_iter();
        found.filter_map(|n| Some(self.catalogs.get(n)?.1.clone())).collect()
    }

    fn numbers(&self, digests: &Digested) -> BTreeSet<usize> {
        digests.all().filter_map(|digest| self.listed.get(digest)).flatten().copied().collect()
    }

    /// Reads the INFs, the files they copy on a system and every `.sys` they name, on as many threads as there
    /// are processors; a thread holds one file at a time.
    pub fn read_ahead(&self, on: &Profile) {
        let survey = self.survey(on);
        let own = target(on).architecture;
        let on_it = |all| Architecture::ALL.iter().zip(all).find(|(a, _)| **a == own);
        let copied = survey.brought.iter().filter_map(on_it).flat_map(|(_, of)| &of.copied);
        let mut all: BTreeSet<usize> = copied.copied().collect();
        let named = self.files.with("sys").filter(|n| survey.named.contains(n));
        all.extend(named.chain(self.files.with("inf")));
        let all: Vec<usize> = all.into_iter().collect();
        on_all(&all, |n| drop(self.digested(*n)));
    }

    /// What the INF number `n` is for a system.
    #[must_use]
    pub fn plan(&self, n: usize, on: &Profile) -> Plan {
        self.files.contents.plan(n, &target(on), self.limits)
    }

    /// Facts of the INF number `n` on a system; with the catalog it names, or `instead` of that.
    #[must_use]
    pub fn facts(
        &self,
        n: usize,
        plan: &Plan,
        instead: Option<&NamedCatalog>,
    ) -> Option<PackageFacts> {
        let described = self.files.contents.infs.get(n)?;
        let shown = self.path(described.file);
        let item = text(shown.as_str());
        let seen = |said: String| Evidence {
            origin: Origin::Argument,
            item: item.clone(),
            said: text(said),
        };
        let signature = described.inf.version().signature.unwrap_or_default();
        let known = ["$windows nt$", "$chicago$", "$windows 95$"];
        let unsound = (!known.contains(&signature.to_lowercase().as_str())).then(|| {
            text(if signature.is_empty() {
                "it has no Signature in [Version]".to_owned()
            } else {
                format!("its Signature is {signature:?}")
            })
        });
        let model = plan.applies().then(|| {
            text(if plan.models.is_empty() {
                "DefaultInstall".to_owned()
            } else {
                plan.models.join(", ")
            })
        });
        let own = plan.catalog.as_ref().and_then(|c| c.file);
        let named = own.and_then(|file| self.catalogs.iter().find(|(n, _)| *n == Some(file)));
        let named = instead.or(named.map(|(_, named)| named));
        let inf_digests = self.digested(described.file);
        let sha256 = inf_digests.sha256();
        let catalog = match (&plan.catalog, named) {
            (_, Some(named)) => CatalogState::Present(package_catalog(named, &inf_digests)),
            (None, _) => CatalogState::NotNamed,
            (Some(c), _) if c.file.is_none() => CatalogState::Absent(text(c.name.as_str())),
            (Some(c), None) => CatalogState::Unreadable(text(c.name.as_str())),
        };
        let said = match &catalog {
            CatalogState::NotNamed => "no CatalogFile for this system".to_owned(),
            CatalogState::Absent(name) => format!("CatalogFile={name}, which is not there"),
            CatalogState::Unreadable(name) => format!("CatalogFile={name}, which is no catalog"),
            CatalogState::Present(c) => format!("CatalogFile={}, which is there", c.name),
        };
        let inf = self.membership(described.file, named);
        Some(PackageFacts {
            name: text(base(&described.path)),
            path: item.clone(),
            sha256,
            unsound: Fact::seen(unsound, seen(format!("Signature = {signature:?}"))),
            model: match &model {
                Some(found) => Fact::seen(model.clone(), seen(format!("[{found}]"))),
                None => Fact::seen(None, seen("no models for this system".into())),
            },
            catalog: Fact::seen(catalog, seen(said)),
            inf: Fact::seen(inf, seen("its digest, held against the catalog".into())),
            files: self.copied(plan, named, &seen),
        })
    }

    /// Every file the INF copies, held against the catalog.
    fn copied(
        &self,
        plan: &Plan,
        named: Option<&NamedCatalog>,
        seen: &dyn Fn(String) -> Evidence,
    ) -> Fact<Vec<PackageFile>> {
        let mut files = Vec::new();
        for one in &plan.files {
            let member = match one.found {
                Found::There(file) => self.membership(file, named),
                Found::Elsewhere(_) | Found::Missing => Membership::Missing,
                Found::Inbox => continue,
                Found::Compressed(_) | Found::InCabinet(_) => {
                    let why = Why::OutOfReach(text(one.path.as_str()));
                    let question = Question::Windows(WindowsQuestion::PackageBytes);
                    return Fact::unknown(gap(question, why));
                }
            };
            files.push(PackageFile { name: text(one.path.as_str()), member });
        }
        let told: Vec<String> = files.iter().map(in_words).collect();
        let said = match told.as_slice() {
            [] => "it copies no files on this system".to_owned(),
            all => format!("it copies {}", all.join("; ")),
        };
        Fact::seen(files, seen(said))
    }

    /// Whether the file number `n` is in the catalog, or what would have to be done to it.
    fn membership(&self, n: usize, catalog: Option<&NamedCatalog>) -> Membership {
        let Some(named) = catalog else { return Membership::Unlisted(None) };
        let digests = self.digested(n);
        if named.catalog.covers(digests.image.as_ref(), &digests.flat).is_some() {
            return Membership::Listed;
        }
        let bytes = self.files.bytes(n, self.limits).unwrap_or_default();
        let found = named.catalog.changes(&bytes, self.limits).map(text);
        Membership::Unlisted(found)
    }

    fn digested(&self, n: usize) -> Arc<Digested> {
        // A driver is read once, and everything is learnt of it then.
        if self.files.all.get(n).is_some_and(|at| has_extension(&at.path, "sys")) {
            drop(self.examined(n));
        }
        let make = || {
            let bytes = self.files.bytes(n, self.limits).unwrap_or_default();
            Arc::new(driver::digested(&bytes, self.limits))
        };
        self.digests.get(n).map_or_else(make, |known| known.get_or_init(make).clone())
    }

    /// Files that a plan brings into the kernel: those of its services, and every other `.sys`.
    #[must_use]
    pub fn kernel_files(&self, plan: &Plan) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        for one in &plan.files {
            let Some(n) = one.found.file() else { continue };
            let kernel_service = plan
                .services_of(base(&one.copied.name))
                .any(|s| s.kind.is_some_and(|kind| KERNEL_SERVICES.contains(&kind)));
            let wanted = has_extension(&one.path, "sys") || kernel_service;
            if wanted && !found.contains(&n) {
                found.push(n);
            }
        }
        found
    }

    /// Kernel files that the INF number `n` names for any processor, where it has nothing for this
    /// system: somebody who installs them all the same meets the answer about them.
    #[must_use]
    pub fn foreign(&self, n: usize, on: &Profile) -> Vec<usize> {
        let mut found = Vec::new();
        let survey = self.survey(on);
        let all = survey.brought.get(n).into_iter().flatten();
        for one in all.flat_map(|of| &of.kernel) {
            if !found.contains(&one.file) {
                found.push(one.file);
            }
        }
        found
    }

    /// Kernel images that no INF of the package names for any processor.
    #[must_use]
    pub fn strays(&self, on: &Profile) -> Vec<usize> {
        let survey = self.survey(on);
        self.files.with("sys").filter(|n| !survey.named.contains(n)).collect()
    }

    /// What the INFs name on a system, for any processor. One survey is kept: whole plans of many INFs
    /// would fill the memory.
    #[must_use]
    pub fn survey(&self, on: &Profile) -> Arc<Survey> {
        let on = target(on);
        let of_system = Target { architecture: Architecture::Amd64, ..on };
        let mut kept = self.survey.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some((known, survey)) if *known == of_system => survey.clone(),
            _ => {
                let made = Arc::new(self.look_over(on));
                *kept = Some((of_system, made.clone()));
                made
            }
        }
    }

    fn look_over(&self, on: Target) -> Survey {
        let numbers: Vec<usize> = (0..self.files.contents.infs.len()).collect();
        let look = |n: &usize| {
            Architecture::ALL.map(|architecture| {
                let on = Target { architecture, ..on };
                let plan = self.files.contents.plan(*n, &on, self.limits);
                let copied: Vec<usize> = plan.files.iter().filter_map(|f| f.found.file()).collect();
                let catalog = plan.catalog.as_ref().and_then(|c| c.file);
                let starts = |file: usize| {
                    let name = self.files.all.get(file).map_or("", |at| base(&at.path));
                    plan.services_of(name).any(|s| s.start == Some(0))
                };
                let files = self.kernel_files(&plan).into_iter();
                let kernel = files.map(|file| KernelFile { file, at_boot: starts(file) }).collect();
                Brought { kernel, copied, catalog }
            })
        };
        let brought = on_all(&numbers, look);
        let all = brought.iter().flatten();
        let named = all.flat_map(|of| of.copied.iter().chain(&of.catalog)).copied().collect();
        Survey { brought, named }
    }

    /// Facts of the driver number `n`; with a plan, as that plan starts it. `closed`: no catalog
    /// outside the package counts.
    #[must_use]
    pub fn driver(&self, n: usize, plan: Option<&Plan>, closed: bool) -> DriverFacts {
        self.brought((*self.examined(n)).clone(), n, plan, closed)
    }

    /// Facts of the driver number `n`, which no INF brings and which is not asked for again.
    #[must_use]
    pub fn passing(&self, n: usize, closed: bool) -> DriverFacts {
        let facts = self.examine(n, &|made| made);
        self.brought(facts, n, None, closed)
    }

    /// What a driver is by what brings it.
    fn brought(
        &self,
        mut facts: DriverFacts,
        n: usize,
        plan: Option<&Plan>,
        closed: bool,
    ) -> DriverFacts {
        let shown = self.path(n);
        let item = text(shown.as_str());
        if closed && !matches!(self.store, Store::Seen(_)) {
            let evidence = Evidence {
                origin: Origin::Argument,
                item: item.clone(),
                said: text("the catalogs of its package, which is what would be installed"),
            };
            facts.catalogs =
                Listing::new(facts.catalogs.items().to_vec(), Fact::seen((), evidence));
        }
        let name = facts.name.clone();
        for kind in plan.iter().flat_map(|p| p.purposes_of(&name)) {
            let role = match kind.to_ascii_lowercase().as_str() {
                "elam" => Role::EarlyLaunch,
                "halext" => Role::HalExtension,
                "petrust" | "drm" => Role::ProtectedMedia,
                _ => continue,
            };
            let said = text(format!("SignatureAttributes.{kind} in the INF"));
            let evidence = Evidence { origin: Origin::Argument, item: item.clone(), said };
            facts.role = Fact::seen(role, evidence);
        }
        let service = plan.and_then(|p| p.services_of(&name).next());
        if let Some(service) = service {
            let start = if service.start == Some(0) { Start::Boot } else { Start::Demand };
            let group = service.load_order_group.clone().unwrap_or_default();
            let early = group.eq_ignore_ascii_case("Early-Launch");
            let number = service.start.map_or_else(|| "none".to_owned(), |n| n.to_string());
            let seen = |said: String| Evidence {
                origin: Origin::Argument,
                item: item.clone(),
                said: text(said),
            };
            facts.start = Fact::seen(start, seen(format!("StartType = {number} in the INF")));
            if early {
                facts.role =
                    Fact::seen(Role::EarlyLaunch, seen(format!("LoadOrderGroup = {group}")));
            }
        }
        facts
    }

    pub(super) fn examined(&self, n: usize) -> Arc<DriverFacts> {
        let keep = |made: Arc<Digested>| match self.digests.get(n) {
            Some(known) => known.get_or_init(|| made).clone(),
            None => made,
        };
        let make = || Arc::new(self.examine(n, &keep));
        self.drivers.get(n).map_or_else(make, |known| known.get_or_init(make).clone())
    }

    fn examine(&self, n: usize, keep: &dyn Fn(Arc<Digested>) -> Arc<Digested>) -> DriverFacts {
        let shown = self.path(n);
        let own = self.files.all.get(n).map_or("", |at| at.path.as_str());
        let store = || {
            if let Store::Seen(seen) = &self.store {
                return Fact::seen((), seen.clone());
            }
            let question = Question::Windows(WindowsQuestion::CatalogStore);
            Fact::unknown(gap(question, Why::OutOfReach(text("CatRoot"))))
        };
        match self.files.bytes(n, self.limits) {
            Err(why) => {
                let gaps = gap(Question::Windows(WindowsQuestion::DriverBytes), why);
                DriverFacts::unknown(text(base(own)), text(shown), &gaps)
            }
            Ok(bytes) => {
                let digests = &keep(Arc::new(driver::digested(&bytes, self.limits)));
                driver::gather(
                    FileOf { name: base(own), shown: &shown, bytes: &bytes },
                    digests,
                    &self.listing(digests),
                    store(),
                    self.authorities,
                    self.limits,
                )
            }
        }
    }

    /// Catalogs beside the INF that list it although it names another: a sibling's catalog.
    #[must_use]
    pub fn other_catalogs(&self, n: usize, plan: &Plan) -> Vec<NamedCatalog> {
        let Some(described) = self.files.contents.infs.get(n) else { return Vec::new() };
        let digests = self.digested(described.file);
        let own = plan.catalog.as_ref().and_then(|c| c.file);
        let others = self.catalogs.iter().filter(|(file, _)| file.is_some() && *file != own);
        others
            .filter(|(_, c)| c.catalog.covers(digests.image.as_ref(), &digests.flat).is_some())
            .map(|(_, c)| c.clone())
            .collect()
    }
}

/// `demo.sys: listed`.
fn in_words(file: &PackageFile) -> String {
    let name = &file.name;
    match &file.member {
        Membership::Listed => format!("{name}: listed"),
        Membership::Unlisted(None) => format!("{name}: not listed as it is"),
        Membership::Unlisted(Some(change)) => format!("{name}: listed after {change}"),
        Membership::Missing => format!("{name}: missing"),
    }
}

fn package_catalog(named: &NamedCatalog, inf: &Digested) -> PackageCatalog {
    let covers = named.catalog.covers(inf.image.as_ref(), &inf.flat);
    let members = covers.map(|c| c.members).unwrap_or_default();
    let mut systems: Vec<Arc<str>> = Vec::new();
    for member in members.iter().filter_map(|n| named.catalog.members.get(*n)) {
        for system in member.systems.as_deref().unwrap_or("").split(',') {
            let system = system.trim();
            if !system.is_empty() && !systems.iter().any(|s| **s == *system) {
                systems.push(text(system));
            }
        }
    }
    PackageCatalog {
        name: named.name.clone(),
        signatures: named
            .catalog
            .signatures
            .iter()
            .map(|one| signature::of(one, &named.name, None, None))
            .collect(),
        is_sorted: named.catalog.certificates_are_sorted,
        systems,
    }
}

/// The system as decorations tell systems apart.
#[must_use]
pub fn target(on: &Profile) -> Target {
    let (major, minor) = on.version.numbers();
    Target {
        architecture: match on.machine {
            Machine::X86 | Machine::Other => Architecture::X86,
            Machine::X64 => Architecture::Amd64,
            Machine::Arm64 => Architecture::Arm64,
            Machine::Arm => Architecture::Arm,
            Machine::Ia64 => Architecture::Ia64,
        },
        version: (u32::from(major), u32::from(minor)),
        build: on.version.build,
        server: on.version.server,
    }
}

/// What is installed from an `.msi` is installed by LocalSystem.
pub fn as_system(facts: &mut WindowsFacts) {
    use loadworthy_core::facts::windows::Account;
    let evidence = Evidence {
        origin: Origin::Argument,
        item: text("the .msi"),
        said: text("Windows Installer installs as LocalSystem: nobody can be asked"),
    };
    facts.installer.account = Fact::seen(Account::System, evidence);
}
