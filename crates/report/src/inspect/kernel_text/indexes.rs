//! `modules_dep`, `modules_alias`, `modules_softdep`, `modules_builtin`: what `depmod` and the build
//! leave beside the modules.

use std::collections::{BTreeMap, BTreeSet};

use loadworthy_formats::error::{Error, Parsed};
use loadworthy_formats::kernel::{modules_alias, modules_builtin, modules_dep, modules_softdep};
use loadworthy_formats::limits::Limits;
use serde::Serialize;

use crate::inspect::page::Page;

/// `modules.dep`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Dependencies {
    /// How many modules it lists.
    pub modules: usize,
    /// How many of them need others.
    pub with_dependencies: usize,
    /// How many needs there are altogether.
    pub dependencies: usize,
    /// How many modules a file suffix stands on: `ko`, `ko.gz`, `ko.xz`, `ko.zst`, others.
    pub suffixes: BTreeMap<&'static str, usize>,
    /// The module that needs the most, and how many.
    pub most: Option<(String, usize)>,
    /// Files that are needed and have no line of their own.
    pub unlisted: Vec<String>,
}

pub(super) fn dependencies(bytes: &[u8], limits: &Limits) -> Result<Parsed<Dependencies>, Error> {
    let Parsed { value: index, deviations } = modules_dep::read(bytes, limits)?;
    let entries = &index.entries;
    let mut suffixes = BTreeMap::new();
    for entry in entries {
        let ends = ["ko", "ko.gz", "ko.xz", "ko.zst"];
        let base = entry.path.rsplit('/').next().unwrap_or_default();
        let suffix = base.split_once('.').and_then(|(_, end)| ends.into_iter().find(|e| *e == end));
        *suffixes.entry(suffix.unwrap_or("others")).or_default() += 1;
    }
    let listed: BTreeSet<&str> = entries.iter().map(|entry| entry.path.as_str()).collect();
    let needed: BTreeSet<&str> =
        entries.iter().flat_map(|entry| &entry.needs).map(String::as_str).collect();
    let most = entries.iter().rev().max_by_key(|entry| entry.needs.len());
    let value = Dependencies {
        modules: entries.len(),
        with_dependencies: entries.iter().filter(|entry| !entry.needs.is_empty()).count(),
        dependencies: entries.iter().map(|entry| entry.needs.len()).sum(),
        suffixes,
        most: most
            .filter(|entry| !entry.needs.is_empty())
            .map(|entry| (entry.path.clone(), entry.needs.len())),
        unlisted: needed.difference(&listed).map(|path| (*path).to_owned()).collect(),
    };
    Ok(Parsed { value, deviations })
}

impl Dependencies {
    pub(super) fn text(&self, page: &mut Page) {
        page.field(
            "modules",
            format!("{}, {} of them need others", self.modules, self.with_dependencies),
        );
        page.several("files", &counted(&self.suffixes), 10);
        page.maybe("most", self.most.as_ref().map(|(path, n)| format!("{path} needs {n}")));
        page.several("unlisted", &self.unlisted, 10);
    }
}

/// `modules.alias`.
#[derive(Clone, Debug, Serialize)]
pub struct Aliases {
    /// How many aliases there are.
    pub aliases: usize,
    /// How many modules answer to them.
    pub modules: usize,
    /// How many aliases there are for each bus, or whatever stands before the first colon; those
    /// without one are names.
    pub by_bus: BTreeMap<String, usize>,
}

pub(super) fn aliases(bytes: &[u8], limits: &Limits) -> Result<Parsed<Aliases>, Error> {
    let Parsed { value: index, deviations } = modules_alias::read(bytes, limits)?;
    let mut by_bus = BTreeMap::new();
    for (pattern, _) in index.all() {
        let bus = pattern.split_once(':').map_or("names", |(bus, _)| bus);
        *by_bus.entry(bus.to_owned()).or_default() += 1;
    }
    let modules: BTreeSet<&str> = index.all().map(|(_, module)| module).collect();
    let (aliases, modules) = (index.all().len(), modules.len());
    Ok(Parsed { value: Aliases { aliases, modules, by_bus }, deviations })
}

impl Aliases {
    pub(super) fn text(&self, page: &mut Page) {
        page.field("aliases", format!("{} of {} modules", self.aliases, self.modules));
        let mut buses: Vec<_> = self.by_bus.iter().collect();
        buses.sort_by_key(|(_, n)| usize::MAX - **n);
        let buses: Vec<_> = buses.iter().map(|(bus, n)| format!("{bus} {n}")).collect();
        page.several("buses", &buses, 10);
    }
}

/// `modules.softdep` or `modules.weakdep`.
#[derive(Clone, Debug, Serialize)]
pub struct SoftDependencies {
    /// Its lines.
    pub entries: Vec<SoftDependency>,
}

/// What a module would like to have beside it.
#[derive(Clone, Debug, Serialize)]
pub struct SoftDependency {
    /// The module, with `_`.
    pub module: String,
    /// To be loaded before it.
    pub before: Vec<String>,
    /// To be loaded after it.
    pub after: Vec<String>,
    /// To be at hand.
    pub weak: Vec<String>,
}

pub(super) fn soft_dependencies(
    bytes: &[u8],
    limits: &Limits,
) -> Result<Parsed<SoftDependencies>, Error> {
    let Parsed { value, deviations } = modules_softdep::read(bytes, limits)?;
    let one = |line: modules_softdep::SoftDependency| SoftDependency {
        module: line.module,
        before: line.before,
        after: line.after,
        weak: line.weak,
    };
    let entries = value.into_iter().map(one).collect();
    Ok(Parsed { value: SoftDependencies { entries }, deviations })
}

impl SoftDependencies {
    pub(super) fn text(&self, page: &mut Page) {
        let lines = self.entries.iter().map(|entry| {
            let lists = [("pre:", &entry.before), ("post:", &entry.after), ("weak:", &entry.weak)];
            let words = lists.iter().filter(|(_, names)| !names.is_empty());
            let words = words.map(|(label, names)| format!(" {label} {}", names.join(" ")));
            format!("{}{}", entry.module, words.collect::<String>())
        });
        page.several("modules", &lines.collect::<Vec<_>>(), 20);
    }
}

/// `modules.builtin` or `modules.builtin.modinfo`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Builtin {
    /// Names of modules that are compiled in, sorted.
    pub modules: Vec<String>,
    /// How many fields of each key there are, in `modules.builtin.modinfo`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<BTreeMap<String, usize>>,
    /// How many modules stand under a licence, in `modules.builtin.modinfo`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licenses: Option<BTreeMap<String, usize>>,
}

pub(super) fn builtin(bytes: &[u8], limits: &Limits) -> Result<Parsed<Builtin>, Error> {
    let Parsed { value, deviations } = modules_builtin::read(bytes, limits)?;
    let modules = value.iter().map(|(name, _)| name.to_owned()).collect();
    Ok(Parsed { value: Builtin { modules, ..Builtin::default() }, deviations })
}

pub(super) fn builtin_modinfo(bytes: &[u8], limits: &Limits) -> Result<Parsed<Builtin>, Error> {
    let Parsed { value, deviations } = modules_builtin::read_modinfo(bytes, limits)?;
    let (mut modules, mut fields, mut licenses) =
        (BTreeSet::new(), BTreeMap::new(), BTreeMap::new());
    for field in value {
        if field.key == "license" {
            *licenses.entry(field.value).or_default() += 1;
        }
        *fields.entry(field.key).or_default() += 1;
        modules.insert(field.module);
    }
    let value = Builtin {
        modules: modules.into_iter().collect(),
        fields: Some(fields),
        licenses: Some(licenses),
    };
    Ok(Parsed { value, deviations })
}

impl Builtin {
    pub(super) fn headline(&self) -> String {
        format!("{} modules", self.modules.len())
    }

    pub(super) fn text(&self, page: &mut Page) {
        for (label, counts) in [("fields", &self.fields), ("licences", &self.licenses)] {
            let counts = counts.iter().flatten().map(|(of, n)| format!("{of} {n}"));
            page.several(label, &counts.collect::<Vec<_>>(), 10);
        }
        page.several("modules", &self.modules, 10);
    }
}

fn counted(counts: &BTreeMap<&'static str, usize>) -> Vec<String> {
    counts.iter().map(|(of, n)| format!("{of} {n}")).collect()
}
