//! *What does this INF name for this system, and is it there?*

use crate::package::contents::{Contents, as_infs, base, folder};
use crate::package::target::{Target, choose};
use alloc::borrow::ToOwned;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use loadworthy_formats::inf::decoration::Architecture;
use loadworthy_formats::inf::document::Inf;
use loadworthy_formats::inf::install::{self, Copied, Install, Service};
use loadworthy_formats::inf::models::Manufacturer;
use loadworthy_formats::inf::sources::Source;
use loadworthy_formats::inf::text::{Line, Span};
use loadworthy_formats::limits::Limits;

/// What an INF is for one system.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The Models sections that apply, by their full names.
    pub models: Vec<String>,
    /// The devices in them.
    pub devices: Vec<Device>,
    /// Whether it installs without a device (`[DefaultInstall]`).
    pub primitive: bool,
    /// The install sections that apply, each once.
    pub installs: Vec<Install>,
    /// Every file they copy, each once.
    pub files: Vec<Named>,
    /// Every service they make, each once.
    pub services: Vec<Service>,
    /// Files for which further signatures are asked (`[SignatureAttributes]`), and what they are
    /// for: `Elam`, `HalExt`, `PETrust`, `DRM`, `WindowsHello`.
    pub purposes: Vec<(String, String)>,
    /// The catalog that counts on this system.
    pub catalog: Option<Catalog>,
    /// Install sections that models name and that are not there, with the place of the model.
    pub missing_installs: Vec<(String, Span)>,
}

/// A device that an INF is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The name that people see.
    pub description: String,
    /// Its install section, without decoration.
    pub install: String,
    /// Hardware id, then compatible ids.
    pub ids: Vec<String>,
    /// Where it is written.
    pub at: Span,
}

/// The catalog that an INF names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalog {
    /// The decoration of the directive: `ntamd64`, `nt`, or nothing.
    pub decoration: String,
    /// Its name.
    pub name: String,
    /// Which file it is; nothing where it is not there.
    pub file: Option<usize>,
}

/// A file that an INF copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// What the INF says.
    pub copied: Copied,
    /// Where it should lie in the package.
    pub path: String,
    /// Whether and where it is.
    pub found: Found,
}

/// Whether a file is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// At its place.
    There(usize),
    /// At its place and compressed (`demo.sy_`).
    Compressed(usize),
    /// In this cabinet, as the INF says.
    InCabinet(usize),
    /// Somewhere else in the package, where setup does not look.
    Elsewhere(usize),
    /// Not in the package; Windows may have it itself.
    Inbox,
    /// Nowhere.
    Missing,
}

impl Found {
    /// The file, where setup finds it as a file of its own.
    #[must_use]
    pub const fn file(self) -> Option<usize> {
        match self {
            Self::There(file) => Some(file),
            _ => None,
        }
    }
}

impl Plan {
    /// Whether the INF is for this system at all.
    #[must_use]
    pub fn applies(&self) -> bool {
        !self.devices.is_empty() || self.primitive
    }

    /// What further signatures of the file of this name are for.
    pub fn purposes_of<'p>(&'p self, name: &'p str) -> impl Iterator<Item = &'p str> {
        let of = move |(file, _): &&(String, String)| file.eq_ignore_ascii_case(name);
        self.purposes.iter().filter(of).map(|(_, purpose)| purpose.as_str())
    }

    /// The services whose program is the file of this name.
    pub fn services_of<'p>(&'p self, name: &'p str) -> impl Iterator<Item = &'p Service> {
        let of = move |s: &&Service| s.file().is_some_and(|f| f.eq_ignore_ascii_case(name));
        self.services.iter().filter(of)
    }
}

/// `FILE = SignatureAttributes.KIND`, each kind by the name of its section.
fn purposes(inf: &Inf, limits: &Limits) -> Vec<(String, String)> {
    let lines = inf.section("SignatureAttributes").into_iter().flat_map(|s| &s.lines);
    let one = |line: &Line| {
        let file = inf.expand(&line.key.as_ref()?.text).into_owned();
        let section = inf.value(line, 0)?;
        let (_, kind) = section.rsplit_once('.')?;
        Some((file, kind.to_owned()))
    };
    lines.filter_map(one).take(limits.items).collect()
}

impl Contents {
    /// What the INF number `n` is for a system.
    #[must_use]
    pub fn plan(&self, n: usize, on: &Target, limits: &Limits) -> Plan {
        let Some(described) = self.infs.get(n) else { return Plan::default() };
        let made = described.inf.manufacturers();
        let sections = made.iter().filter_map(|made| choose(&described.inf, made, on)).collect();
        self.plan_of(n, on.architecture, sections, |_| true, limits)
    }

    /// What the install sections of the INF number `n` are for a processor, whatever their models are for;
    /// without those that name another processor.
    #[must_use]
    pub fn plan_of_installs(&self, n: usize, on: Architecture, limits: &Limits) -> Plan {
        let Some(described) = self.infs.get(n) else { return Plan::default() };
        let others = Architecture::ALL.into_iter().filter(|other| *other != on);
        let others: Vec<_> = others.map(|other| format!(".nt{}", other.name())).collect();
        let takes = |install: &str| {
            let install = install.to_lowercase();
            !others.iter().any(|other| install.ends_with(other.as_str()))
        };
        self.plan_of(n, on, models_sections(&described.inf), takes, limits)
    }

    fn plan_of(
        &self,
        n: usize,
        on: Architecture,
        sections: Vec<String>,
        takes: impl Fn(&str) -> bool,
        limits: &Limits,
    ) -> Plan {
        let Some(described) = self.infs.get(n) else { return Plan::default() };
        let inf = &described.inf;
        let mut plan = Plan {
            catalog: self.catalog(n, on),
            purposes: purposes(inf, limits),
            ..Plan::default()
        };
        let mut chosen = BTreeSet::new();
        for section in sections {
            if !chosen.insert(section.clone()) {
                continue;
            }
            let left = limits.items.saturating_sub(plan.devices.len());
            for model in inf.models(&section).into_iter().flatten().take(left) {
                plan.devices.push(Device {
                    description: model.description,
                    install: model.install,
                    ids: model.ids,
                    at: model.at,
                });
            }
            plan.models.push(section);
        }
        let all = self.beside(n);
        let mut budget = limits.items;
        let mut seen = BTreeSet::new();
        let installs = plan.devices.iter().map(|d| (d.install.as_str(), Some(d.at)));
        let whole = [("DefaultInstall", None), ("ClassInstall32", None)];
        for (base, at) in installs.chain(whole).collect::<Vec<_>>() {
            if !takes(base) || !seen.insert(base.to_lowercase()) {
                continue;
            }
            match install::read(as_infs(&all), base, on, &mut budget, limits) {
                Some(install) => {
                    plan.primitive |= base == "DefaultInstall";
                    plan.installs.push(install);
                }
                None => plan.missing_installs.extend(at.map(|at| (base.to_owned(), at))),
            }
        }
        self.gather(folder(&described.path), &mut plan);
        plan
    }

    /// Where the INF number `n` looks for each file that it lists for a processor, and whether it is there.
    #[must_use]
    pub fn listed(
        &self,
        n: usize,
        architecture: Architecture,
        limits: &Limits,
    ) -> Vec<(String, Found)> {
        let Some(described) = self.infs.get(n) else { return Vec::new() };
        let (inf, here) = (&described.inf, folder(&described.path));
        let plain = "SourceDisksFiles";
        let decorated = format!("{plain}.{}", architecture.name());
        let sections = [decorated.as_str(), plain].into_iter().filter_map(|name| inf.section(name));
        let names = sections.flat_map(|s| &s.lines).filter_map(|line| line.key.as_ref());
        let listed = names.take(limits.items).filter_map(|key| {
            let source = inf.source_of(&inf.expand(&key.text), architecture)?;
            let found = self.at(here, &source.path, Some(&source)).unwrap_or(Found::Missing);
            Some((source.path, found))
        });
        listed.collect()
    }

    /// The catalog for a processor: its own, that of `.nt`, that without a decoration.
    fn catalog(&self, n: usize, architecture: Architecture) -> Option<Catalog> {
        let described = self.infs.get(n)?;
        let version = described.inf.version();
        let own = format!("nt{}", architecture.name());
        let chosen = [own.as_str(), "nt", ""].into_iter().find_map(|wanted| {
            version.catalog_files.iter().find(|(decoration, _)| decoration == wanted)
        })?;
        let (decoration, name) = chosen.clone();
        let file = self.find(folder(&described.path), &name);
        Some(Catalog { decoration, name, file })
    }

    fn gather(&self, folder: &str, plan: &mut Plan) {
        let mut names: BTreeMap<_, usize> = BTreeMap::new();
        let mut services = BTreeSet::new();
        for install in &plan.installs {
            for copied in &install.copies {
                let path = match &copied.source {
                    Some(source) => source.path.clone(),
                    None => base(&copied.source_name).to_owned(),
                };
                let key = (path.to_lowercase(), copied.name.to_lowercase());
                if let Some(known) = names.get(&key).and_then(|at| plan.files.get_mut(*at)) {
                    known.copied.for_processor &= copied.for_processor;
                    continue;
                }
                names.insert(key, plan.files.len());
                let found = self.look(folder, &path, copied);
                plan.files.push(Named { copied: copied.clone(), path, found });
            }
            for service in &install.services {
                let key = (service.name.to_lowercase(), service.binary.clone(), service.start);
                if services.insert(key) {
                    plan.services.push(service.clone());
                }
            }
        }
    }

    /// Where setup finds the file: as it is, compressed, or in the cabinet of its disk.
    fn at(&self, folder: &str, path: &str, source: Option<&Source>) -> Option<Found> {
        let packed = || compressed(path).and_then(|path| self.find(folder, &path));
        let cabinet = || source?.cabinet.as_ref().and_then(|name| self.find(folder, name));
        let there = self.find(folder, path).map(Found::There);
        there
            .or_else(|| packed().map(Found::Compressed))
            .or_else(|| cabinet().map(Found::InCabinet))
    }

    fn look(&self, folder: &str, path: &str, copied: &Copied) -> Found {
        if let Some(found) = self.at(folder, path, copied.source.as_ref()) {
            return found;
        }
        if copied.source.is_none() && copied.may_be_inbox {
            return Found::Inbox;
        }
        self.anywhere(base(path)).map_or(Found::Missing, Found::Elsewhere)
    }
}

/// The name of a file that `compress` made smaller: its last letter is `_`.
fn compressed(path: &str) -> Option<String> {
    let (stem, extension) = path.rsplit_once('.')?;
    let short = match extension.char_indices().nth(2) {
        Some((at, _)) => extension.get(..at)?,
        None => extension,
    };
    Some(format!("{stem}.{short}_"))
}

/// Every Models section that `[Manufacturer]` names, in order, each manufacturer's plain one first.
fn models_sections(inf: &Inf) -> Vec<String> {
    let of = |made: Manufacturer| {
        let decorated = made.targets.iter().map(|t| format!("{}.{}", made.models, t.text));
        let decorated: Vec<_> = decorated.collect();
        [made.models].into_iter().chain(decorated)
    };
    let mut seen = BTreeSet::new();
    let all = inf.manufacturers().into_iter().flat_map(of);
    all.filter(|section| seen.insert(section.to_lowercase())).collect()
}

/// The hardware and compatible ids of an INF in the order in which catalogs number them: those of every
/// Models section in order, each id once and in lower case.
#[must_use]
pub fn hardware_ids(inf: &Inf) -> Vec<String> {
    let models = models_sections(inf).into_iter().filter_map(|section| inf.models(&section));
    let ids = models.flatten().flat_map(|model| model.ids).map(|id| id.to_lowercase());
    let mut seen = BTreeSet::new();
    ids.filter(|id| seen.insert(id.clone())).collect()
}
