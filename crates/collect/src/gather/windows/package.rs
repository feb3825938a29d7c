//! The files of a package → facts of each INF in it, and of the drivers it brings, for one system.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use loadworthy_core::codesigning::catalog;
use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
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

use super::driver::{self, Digested, FileOf, NamedCatalog};
use super::files::{Files, has_extension};
use super::signature;

/// A package that was opened: its files, read once for all systems.
#[derive(Debug)]
pub struct Package<'t> {
    /// How the caller names it; files are shown below it.
    pub shown: String,
    /// Its files.
    pub files: Files,
    authorities: &'t Authorities,
    limits: &'t Limits,
    catalogs: Vec<(usize, NamedCatalog)>,
    drivers: RefCell<BTreeMap<usize, Arc<DriverFacts>>>,
    digests: RefCell<BTreeMap<usize, Arc<Digested>>>,
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
        let mut catalogs = Vec::new();
        let numbers: Vec<usize> = files.with("cat").collect();
        for n in numbers {
            let read = files.bytes(n, limits).ok();
            if let Some(read) = read.and_then(|b| catalog::read(&b, authorities, limits).ok()) {
                let path = files.all.get(n).map_or("", |at| at.path.as_str());
                let name = text(base(path));
                catalogs.push((n, NamedCatalog { name, catalog: Arc::new(read) }));
            }
        }
        Self {
            shown: shown.to_owned(),
            files,
            authorities,
            limits,
            catalogs,
            drivers: RefCell::default(),
            digests: RefCell::default(),
        }
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

    /// Every catalog that can be read.
    #[must_use]
    pub fn catalogs(&self) -> Vec<NamedCatalog> {
        self.catalogs.iter().map(|(_, catalog)| catalog.clone()).collect()
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
        let bytes = self.files.bytes(described.file, self.limits).unwrap_or_default();
        let sha256 = digest(DigestAlgorithm::Sha256, &bytes).as_bytes().try_into().ok();
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
        let named = own.and_then(|file| self.catalogs.iter().find(|(n, _)| *n == file));
        let named = instead.or(named.map(|(_, named)| named));
        let inf_digests = self.digested(described.file);
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
        let mut known = self.digests.borrow_mut();
        let made = known.entry(n).or_insert_with(|| {
            let bytes = self.files.bytes(n, self.limits).unwrap_or_default();
            Arc::new(driver::digested(&bytes, self.limits))
        });
        made.clone()
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
        for plan in self.plans(n, on) {
            for file in self.kernel_files(&plan) {
                if !found.contains(&file) {
                    found.push(file);
                }
            }
        }
        found
    }

    /// What the INF number `n` is for each sort of processor.
    pub(super) fn plans(&self, n: usize, on: &Profile) -> impl Iterator<Item = Plan> {
        let on = target(on);
        Architecture::ALL.into_iter().map(move |architecture| {
            self.files.contents.plan(n, &Target { architecture, ..on }, self.limits)
        })
    }

    /// Kernel images that no INF of the package names for any processor.
    #[must_use]
    pub fn strays(&self, on: &Profile) -> Vec<usize> {
        let named = self.named(on);
        self.files.with("sys").filter(|n| !named.contains(n)).collect()
    }

    /// Files that an INF of the package copies for some processor, and catalogs that one names.
    pub(super) fn named(&self, on: &Profile) -> BTreeSet<usize> {
        let infs = 0..self.files.contents.infs.len();
        infs.flat_map(|n| self.plans(n, on))
            .flat_map(|plan| {
                let catalog = plan.catalog.as_ref().and_then(|c| c.file);
                plan.files.into_iter().filter_map(|f| f.found.file()).chain(catalog)
            })
            .collect()
    }

    /// Facts of the driver number `n`; with a plan, as that plan starts it. `closed`: no catalog
    /// outside the package counts.
    #[must_use]
    pub fn driver(&self, n: usize, plan: Option<&Plan>, closed: bool) -> DriverFacts {
        let mut facts = (*self.examined(n)).clone();
        let shown = self.path(n);
        let item = text(shown.as_str());
        if closed {
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
        let mut known = self.drivers.borrow_mut();
        let made = known.entry(n).or_insert_with(|| Arc::new(self.examine(n)));
        made.clone()
    }

    fn examine(&self, n: usize) -> DriverFacts {
        let shown = self.path(n);
        let own = self.files.all.get(n).map_or("", |at| at.path.as_str());
        let store = || {
            let question = Question::Windows(WindowsQuestion::CatalogStore);
            Fact::unknown(gap(question, Why::OutOfReach(text("CatRoot"))))
        };
        match self.files.bytes(n, self.limits) {
            Err(why) => {
                let gaps = gap(Question::Windows(WindowsQuestion::DriverBytes), why);
                DriverFacts::unknown(text(base(own)), text(shown), &gaps)
            }
            Ok(bytes) => driver::gather(
                FileOf { name: base(own), shown: &shown, bytes: &bytes },
                &self.catalogs(),
                store(),
                self.authorities,
                self.limits,
            ),
        }
    }

    /// Catalogs beside the INF that list it although it names another: a sibling's catalog.
    #[must_use]
    pub fn other_catalogs(&self, n: usize, plan: &Plan) -> Vec<NamedCatalog> {
        let Some(described) = self.files.contents.infs.get(n) else { return Vec::new() };
        let digests = self.digested(described.file);
        let own = plan.catalog.as_ref().and_then(|c| c.file);
        let others = self.catalogs.iter().filter(|(file, _)| Some(*file) != own);
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
