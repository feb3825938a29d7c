//! *Which files does the catalog of a package name, and for which systems?*
//!
//! What Inf2Cat decides, and the tests of signability that stop it, by its numbers. Sources: Microsoft's
//! Inf2Cat reference, outputs of the tool in public build logs, and catalogs of vendors held against
//! their packages.

use crate::package::contents::{Contents, folder};
use crate::package::plan::{Found, Named, Plan, hardware_ids};
use crate::package::signability::{Fault, Today, What};
use crate::package::target::Target;
use crate::tables::catalog_systems::CatalogSystem;
use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use loadworthy_formats::catalog::member::NameValue;
use loadworthy_formats::inf::decoration::Architecture;
use loadworthy_formats::inf::document::Inf;
use loadworthy_formats::inf::text::Span;
use loadworthy_formats::limits::Limits;

/// One catalog of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Planned {
    /// Its name, as `CatalogFile` says.
    pub name: String,
    /// The INFs that name it, by number.
    pub infs: Vec<usize>,
    /// The systems it is for: tokens, in the order in which they were asked for.
    pub systems: Vec<String>,
    /// Hardware and compatible ids of every INF of the run, in the order of their numbers.
    pub hardware_ids: Vec<String>,
    /// Attributes of the catalog beside these, as a definition gives them.
    pub attributes: Vec<NameValue>,
    /// The files it names.
    pub entries: Vec<Entry>,
}

/// A file that a catalog names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which file of the package it is.
    pub file: usize,
    /// Its name at the place where it goes, in lower case.
    pub name: String,
    /// `OSAttr`: `2:6.1,2:10.0`; empty: it is for no system in particular.
    pub systems: String,
    /// What the catalog calls it, where that is not its digest.
    pub tag: Option<String>,
    /// Whether it is digested byte for byte, whatever it is.
    pub is_flat: bool,
    /// What the catalog says of it: `File`, `OSAttr` and others.
    pub attributes: Vec<NameValue>,
}

/// The catalogs of the package's outermost folder for these systems, and what is wrong with them.
///
/// With `only`, of this INF and those that share a catalog with it, as if no other lay there.
#[must_use]
pub fn plan(
    contents: &Contents,
    only: Option<usize>,
    systems: &[&CatalogSystem],
    today: &Today,
    limits: &Limits,
) -> (Vec<Planned>, Vec<Fault>) {
    let mut making =
        Making { contents, systems, today, limits, made: Vec::new(), faults: Vec::new() };
    let infs = contents.infs.iter().enumerate();
    let own = infs.filter(|(n, d)| {
        let alone = only.and_then(|only| contents.infs.get(only).filter(|_| only != *n));
        folder(&d.path).is_empty() && alone.is_none_or(|alone| share(&alone.inf, &d.inf))
    });
    let own = own.map(|(n, _)| n);
    let own: Vec<usize> = own.collect();
    for n in &own {
        making.inf(*n);
    }
    // Catalogs number the ids of all of them, whichever INF they are for.
    let mut ids: Vec<String> = Vec::new();
    for described in own.iter().filter_map(|n| contents.infs.get(*n)) {
        for id in hardware_ids(&described.inf) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
    }
    let Making { made, faults, .. } = making;
    let planned = made.into_iter().map(|raw| raw.planned(contents, systems, &ids));
    (planned.collect(), faults)
}

/// Whether both name a catalog of the same name.
fn share(one: &Inf, other: &Inf) -> bool {
    let others = other.version().catalog_files;
    let mut own = one.version().catalog_files.into_iter();
    own.any(|(_, name)| others.iter().any(|(_, named)| named.eq_ignore_ascii_case(&name)))
}

/// The system as decorations tell systems apart; `None`: the row is not in order.
#[must_use]
pub fn target(system: &CatalogSystem) -> Option<Target> {
    let (major, minor) = system.nt.split_once('.')?;
    Some(Target {
        architecture: Architecture::named(&system.architecture)?,
        version: (major.parse().ok()?, minor.parse().ok()?),
        build: system.build,
        server: system.server,
    })
}

struct Making<'m> {
    contents: &'m Contents,
    systems: &'m [&'m CatalogSystem],
    today: &'m Today,
    limits: &'m Limits,
    made: Vec<Raw>,
    faults: Vec<Fault>,
}

/// A catalog while systems are added: each file and name with the numbers of its systems.
struct Raw {
    name: String,
    infs: Vec<usize>,
    systems: Vec<usize>,
    files: BTreeMap<(usize, String), Vec<usize>>,
}

impl Making<'_> {
    fn inf(&mut self, n: usize) {
        let Some(described) = self.contents.infs.get(n) else { return };
        self.driver_ver(n);
        let before = self.faults.len();
        let mut applies = false;
        for (number, system) in self.systems.iter().enumerate() {
            let Some(on) = target(system) else { continue };
            let plan = self.contents.plan(n, &on, self.limits);
            if !plan.applies() && plan.installs.is_empty() {
                let what = What::NoDevices { system: system.id.clone() };
                self.note(n, None, false, None, what);
                if plan.catalog.is_none() {
                    continue;
                }
            } else {
                applies = true;
            }
            let Some(catalog) = &plan.catalog else {
                let architecture = on.architecture.name();
                self.note(n, Some("22.9.4"), true, None, What::NoCatalogFile { architecture });
                continue;
            };
            // What stands in a folder of its own would not be found there by setup.
            if catalog.name.is_empty()
                || catalog.name.contains(['/', '\\', ':'])
                || catalog.name == ".."
            {
                let written = catalog.name.clone();
                self.note(n, None, true, None, What::CatalogElsewhere { written });
                continue;
            }
            let into = self.catalog(&catalog.name, n, number);
            self.absent(n, &plan);
            let plan = self.contents.plan_of_installs(n, on.architecture, self.limits);
            self.files(n, number, into, described.file, &plan);
        }
        if !applies {
            // One system without devices is a note; all of them leave nothing to catalogue.
            let of_this = self.faults.iter_mut().skip(before);
            for fault in of_this.filter(|f| matches!(f.what, What::NoDevices { .. })) {
                fault.stops = true;
            }
        }
    }

    fn catalog(&mut self, name: &str, inf: usize, system: usize) -> usize {
        let same = |raw: &Raw| raw.name.eq_ignore_ascii_case(name);
        let at = self.made.iter().position(same).unwrap_or_else(|| {
            self.made.push(Raw {
                name: name.to_owned(),
                infs: Vec::new(),
                systems: Vec::new(),
                files: BTreeMap::new(),
            });
            self.made.len().saturating_sub(1)
        });
        if let Some(raw) = self.made.get_mut(at) {
            if !raw.infs.contains(&inf) {
                raw.infs.push(inf);
            }
            if !raw.systems.contains(&system) {
                raw.systems.push(system);
            }
        }
        at
    }

    /// What a system would copy and is not there.
    fn absent(&mut self, inf: usize, plan: &Plan) {
        for one in &plan.files {
            let at = Some(one.copied.at);
            let listed = one.copied.source.is_some();
            if !listed {
                let stops = !one.copied.may_be_inbox;
                let name = one.copied.source_name.clone();
                self.note(inf, Some("22.9.10"), stops, at, What::NotListed { name });
            }
            match one.found {
                Found::There(_) | Found::Inbox => {}
                Found::Compressed(_) | Found::InCabinet(_) => {
                    let path = one.path.clone();
                    self.note(inf, Some("22.9.1"), true, at, What::Packed { path });
                }
                Found::Elsewhere(_) | Found::Missing if !listed => {}
                found @ (Found::Elsewhere(_) | Found::Missing) => {
                    let elsewhere = match found {
                        Found::Elsewhere(file) => self.contents.path(file).map(ToOwned::to_owned),
                        _ => None,
                    };
                    let path = one.path.clone();
                    self.note(inf, Some("22.9.1"), true, at, What::Missing { path, elsewhere });
                }
            }
        }
    }

    /// What goes into the catalog for a system: all that install sections for its processor, or for any,
    /// copy and that is listed for it. Inf2Cat does not ask which processor and version their models are for.
    fn files(&mut self, inf: usize, system: usize, into: usize, own: usize, plan: &Plan) {
        let base = |path: &str| path.rsplit('/').next().unwrap_or(path).to_lowercase();
        let path = self.contents.infs.get(inf).map(|d| d.path.clone()).unwrap_or_default();
        let mut all = alloc::vec![(own, base(&path))];
        let listed = plan.files.iter().filter(|one| one.copied.source.is_some());
        let there = |one: &Named| Some((one.found.file()?, one.copied.name.to_lowercase()));
        all.extend(listed.filter_map(there));
        self.other_processors(inf, plan, &mut all);
        let copied = plan.installs.iter().flat_map(|install| &install.infs);
        for name in copied {
            if let Some(file) = self.contents.find(folder(&path), name) {
                all.push((file, base(name)));
            }
        }
        let Some(raw) = self.made.get_mut(into) else { return };
        for key in all {
            let systems = raw.files.entry(key).or_default();
            if !systems.contains(&system) {
                systems.push(system);
            }
        }
    }

    /// What `[SourceDisksFiles]` of other processors lists under the same names: where the section that
    /// copies a name is for any processor, Inf2Cat takes every one of them into the catalog.
    fn other_processors(&mut self, inf: usize, plan: &Plan, all: &mut Vec<(usize, String)>) {
        let Some(described) = self.contents.infs.get(inf) else { return };
        let here = folder(&described.path);
        let mut absent = Vec::new();
        for one in plan.files.iter().filter(|one| !one.copied.for_processor) {
            for architecture in Architecture::ALL {
                let source = described.inf.source_of(&one.copied.source_name, architecture);
                let Some(path) = source.map(|s| s.path).filter(|p| *p != one.path) else {
                    continue;
                };
                match self.contents.find(here, &path) {
                    Some(file) => all.push((file, one.copied.name.to_lowercase())),
                    None => absent.push((path, one.copied.at)),
                }
            }
        }
        for (path, at) in absent {
            let what = What::Missing { path, elsewhere: None };
            self.note(inf, Some("22.9.1"), false, Some(at), what);
        }
    }

    fn driver_ver(&mut self, inf: usize) {
        let Some(described) = self.contents.infs.get(inf) else { return };
        let Some(driver) = described.inf.version().driver else {
            return self.note(inf, Some("22.9.6"), true, None, What::NoDriverVer { written: None });
        };
        let (at, written) = (Some(driver.at), driver.date.clone());
        let Some(day) =
            driver.day().filter(|_| driver.version.is_none() || driver.numbers().is_some())
        else {
            let written = Some(match &driver.version {
                Some(version) => format!("{written},{version}"),
                None => written,
            });
            return self.note(inf, Some("22.9.6"), true, at, What::NoDriverVer { written });
        };
        if day > self.today.latest {
            let has_come_here = self.today.here.is_some_and(|here| day <= here);
            let now = self.today.told.clone();
            let what = What::Future { written: written.clone(), now, has_come_here };
            self.note(inf, Some("22.9.7"), true, at, what);
        }
        let newest = self
            .systems
            .iter()
            .filter_map(|s| Some((s.since.as_deref()?, s)))
            .max_by_key(|(since, _)| *since);
        if let Some((since, system)) = newest
            && format!("{:04}-{:02}-{:02}", day.0, day.1, day.2).as_str() < since
        {
            let (system, since) = (system.id.clone(), since.to_owned());
            self.note(inf, Some("22.9.7"), true, at, What::TooOld { written, system, since });
        }
    }

    fn note(
        &mut self,
        inf: usize,
        number: Option<&'static str>,
        stops: bool,
        at: Option<Span>,
        what: What,
    ) {
        let inf = self.contents.infs.get(inf).map(|d| d.path.clone()).unwrap_or_default();
        let fault = Fault { number, stops, inf, at, what };
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}

impl Raw {
    fn planned(self, contents: &Contents, systems: &[&CatalogSystem], ids: &[String]) -> Planned {
        let mut of: Vec<usize> = self.systems;
        of.sort_unstable();
        // INFs first, then the files in the order of the package.
        let is_inf = |file: usize| contents.infs.iter().any(|d| d.file == file);
        let mut entries: Vec<Entry> = Vec::new();
        for ((file, name), numbers) in self.files {
            let all = numbers.iter().filter_map(|n| systems.get(*n));
            let systems = attribute(all.copied());
            let attributes = alloc::vec![pair("File", &name), pair("OSAttr", &systems)];
            entries.push(Entry { file, name, systems, tag: None, is_flat: false, attributes });
        }
        entries.sort_by_key(|entry| !is_inf(entry.file));
        let token = |n: &usize| systems.get(*n).map(|s| s.token.clone());
        Planned {
            name: self.name,
            infs: self.infs,
            systems: of.iter().filter_map(token).collect(),
            hardware_ids: ids.to_vec(),
            attributes: Vec::new(),
            entries,
        }
    }
}

/// `CRYPTCAT_ATTR_AUTHENTICATED | …_DATAASCII | …_NAMEASCII`: every pair that Inf2Cat writes.
const PLAIN: u32 = 0x1001_0001;

/// A pair as Inf2Cat writes it.
pub(crate) fn pair(name: &str, value: &str) -> NameValue {
    NameValue { name: name.to_owned(), flags: PLAIN, value: value.to_owned() }
}

/// `OSAttr` of systems: each once, oldest first.
fn attribute<'s>(systems: impl Iterator<Item = &'s CatalogSystem>) -> String {
    let mut all: Vec<&str> =
        systems.flat_map(|s| s.attributes.iter().map(String::as_str)).collect();
    let number = |text: &str| -> Vec<u32> {
        text.split([':', '.']).map(|part| part.parse().unwrap_or(0)).collect()
    };
    all.sort_by_key(|text| number(text));
    all.dedup();
    all.join(",")
}
