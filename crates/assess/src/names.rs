//! From names to files: modprobe's index and configuration.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use loadworthy_collect::gather::linux::modprobe;
use loadworthy_collect::gather::linux::tree::AliasIndex;
use loadworthy_collect::gather::looking::Looking;
use loadworthy_collect::item::HostPath;
use loadworthy_core::checks::linux::by_name::NoFile;
use loadworthy_core::fact::step::Step;
use loadworthy_core::fact::{Fact, Listing};
use loadworthy_core::facts::linux::Offers;
use loadworthy_core::proof::{Assumption, Gaps, Proof, Question, Rule, Why, gap, text};
use loadworthy_core::signature::Examined;
use loadworthy_formats::kernel::modprobe_d::Directive;
use loadworthy_formats::kernel::modules_alias::matches;
use loadworthy_formats::kernel::modules_builtin::Builtin;
use loadworthy_formats::kernel::modules_dep::ModulesDep;
use loadworthy_formats::kernel::name;

use crate::host::{OneKernel, known};

static RULE: Rule = Rule { name: "modprobe/look-up", source: "kmod, libkmod/libkmod-module.c" };

/// What modprobe knows of one kernel's modules.
#[derive(Debug)]
pub struct Names {
    base: Option<HostPath>,
    index: Option<Arc<ModulesDep>>,
    aliases: Arc<AliasIndex>,
    builtin: Option<Arc<Builtin>>,
    directives: Listing<Directive>,
    /// Whether modprobe's configuration allows modules that SUSE does not support.
    pub(crate) unsupported_allowed: Fact<bool>,
    index_seen: Fact<()>,
    builtin_seen: Fact<()>,
    /// Every module file by name, where there is no index that would tell.
    walked: BTreeMap<String, HostPath>,
}

/// The configuration of modprobe; where the folder it is in is not there at all, as in an unpacked
/// package, it is taken to be empty, and the proof says so.
fn configured(seen: Listing<Directive>) -> Listing<Directive> {
    let out_of_reach = match Step::of(&RULE).consult(seen.whole()) {
        Ok(()) => false,
        Err(gaps) => gaps.iter().all(|gap| matches!(gap.why, Why::OutOfReach(_))),
    };
    if !out_of_reach {
        return seen;
    }
    let empty = Assumption {
        key: text("modprobe.d"),
        value: text("there is no etc here: nothing configured"),
    };
    Listing::new(Vec::new(), Fact::assumed((), empty))
}

/// The last line that says so decides, and without one they are allowed.
fn unsupported_allowed(directives: &Listing<Directive>) -> Fact<bool> {
    let says = |fact: &Fact<Directive>| match known(fact)? {
        Directive::AllowUnsupported(allowed) => Some(fact.map(|_| allowed)),
        _ => None,
    };
    let last = directives.items().iter().filter_map(says).next_back();
    last.unwrap_or_else(|| directives.whole().map(|()| true))
}

/// What a name comes to.
#[derive(Debug)]
pub enum Found {
    /// Files to judge, below the root.
    Files(Vec<HostPath>),
    /// No file, and why.
    None(NoFile),
}

impl Names {
    /// Reads what modprobe would read.
    #[must_use]
    pub fn of(looking: &Looking<'_>, kernel: &OneKernel) -> Self {
        let tree = &kernel.tree;
        let index = known(&tree.dependencies.fact(|d| (d.clone(), String::new())));
        let walked = match &tree.base {
            Ok(_) if index.is_none() => tree.walk(looking).modules.clone(),
            Ok(_) | Err(_) => Vec::new(),
        };
        let directives = configured(modprobe::directives(looking));
        Self {
            walked: walked
                .into_iter()
                .map(|m| (name::of_path(&m.path.to_string()), m.path))
                .collect(),
            base: tree.base.clone().ok(),
            index,
            aliases: tree.aliases.clone(),
            builtin: known(&tree.builtin.fact(|b| (b.clone(), String::new()))),
            unsupported_allowed: unsupported_allowed(&directives),
            directives,
            index_seen: tree.dependencies.fact(|d| ((), format!("{} modules", d.entries.len()))),
            builtin_seen: tree.builtin.fact(|_| ((), "drivers inside the kernel image".into())),
        }
    }

    /// The files that a name, or an alias such as a device's modalias, stands for.
    #[must_use]
    pub fn find(&self, wanted: &str) -> Found {
        let own = name::normalized(wanted).unwrap_or_else(|| wanted.to_owned());
        if let Some(entry) = self.index.as_ref().and_then(|i| i.get(&own)) {
            return Found::Files(self.file(&entry.path).into_iter().collect());
        }
        if let Some(path) = self.walked.get(&own) {
            return Found::Files(vec![path.clone()]);
        }
        let aliased = self.aliased(wanted);
        if !aliased.is_empty() {
            return Found::Files(aliased);
        }
        if self.builtin.as_ref().is_some_and(|b| b.has(&own)) {
            return Found::None(NoFile::BuiltIn(text(own), self.builtin_seen.clone()));
        }
        Found::None(NoFile::NotInIndex(self.index_seen.clone()))
    }

    /// Whether it was seen which modules there are.
    pub(crate) fn is_known(&self) -> bool {
        self.index.is_some() || !self.walked.is_empty()
    }

    /// Whether there is a module of this name, with `_`.
    pub(crate) fn has(&self, module: &str) -> bool {
        self.index.as_ref().is_some_and(|i| i.get(module).is_some())
            || self.walked.contains_key(module)
    }

    /// Whether a driver of this name is inside the image.
    pub(crate) fn has_built_in(&self, module: &str) -> bool {
        self.builtin.as_ref().is_some_and(|b| b.has(module))
    }

    /// The modules that an alias stands for, those of the configuration first, without those on a
    /// `blacklist` line (kmod `libkmod-module.c` `kmod_lookup`, `tools/modprobe.c`).
    pub(crate) fn answering(&self, alias: &str) -> Vec<Arc<str>> {
        let key = name::normalized(alias).unwrap_or_else(|| alias.to_owned());
        let directives = self.directives.items().iter().filter_map(known);
        let mut found: Vec<Arc<str>> = directives
            .filter_map(|directive| match directive {
                Directive::Alias { pattern, module }
                    if matches(pattern.as_bytes(), key.as_bytes()) =>
                {
                    Some(text(module))
                }
                _ => None,
            })
            .collect();
        if found.is_empty() {
            found.extend(self.aliases.all().find(alias).into_iter().map(text));
        }
        found.retain(|module| self.has(module) && self.blocked(module).is_none());
        found
    }

    /// The list of drivers inside the image, or that it was not seen.
    pub(crate) const fn built_in_seen(&self) -> &Fact<()> {
        &self.builtin_seen
    }

    /// Everything the module at `path` depends on, as its index tells.
    pub(crate) fn needs(&self, path: &HostPath) -> Vec<HostPath> {
        let entry = self.index.as_ref().and_then(|i| i.get(&name::of_path(&path.to_string())));
        entry.into_iter().flat_map(|e| &e.needs).filter_map(|n| self.file(n)).collect()
    }

    /// The index, or that it was not seen.
    pub(crate) const fn seen(&self) -> &Fact<()> {
        &self.index_seen
    }

    /// The files that the index of aliases gives for a modalias.
    #[must_use]
    pub fn aliased(&self, modalias: &str) -> Vec<HostPath> {
        let Some(index) = &self.index else { return Vec::new() };
        let found: BTreeSet<_> = self.aliases.all().find(modalias).into_iter().collect();
        let entries = found.into_iter().filter_map(|module| index.get(module));
        entries.filter_map(|entry| self.file(&entry.path)).collect()
    }

    /// Everything that must be read to judge `paths`: themselves and what they depend on.
    #[must_use]
    pub fn closure(&self, paths: &[HostPath]) -> Vec<HostPath> {
        let mut all: BTreeSet<HostPath> = paths.iter().cloned().collect();
        // Without an index, what a module depends on shows only in the symbols of all others.
        all.extend(self.walked.values().cloned());
        for path in paths {
            let entry = self.index.as_ref().and_then(|i| i.get(&name::of_path(&path.to_string())));
            all.extend(entry.into_iter().flat_map(|e| &e.needs).filter_map(|n| self.file(n)));
        }
        all.into_iter().collect()
    }

    /// The files of `paths` and of what they depend on, each once, in the order they load. Without
    /// an index only `paths` themselves.
    #[must_use]
    pub fn load_order(&self, paths: &[HostPath]) -> Vec<HostPath> {
        let mut order: Vec<HostPath> = Vec::new();
        for path in paths {
            let entry = self.index.as_ref().and_then(|i| i.get(&name::of_path(&path.to_string())));
            let needs = entry.into_iter().flat_map(|e| e.needs.iter().rev());
            let all = needs.filter_map(|n| self.file(n)).chain([path.clone()]);
            for file in all {
                if !order.contains(&file) {
                    order.push(file);
                }
            }
        }
        order
    }

    /// What the kernel may fetch by itself to verify signatures: each alias of an algorithm, with
    /// the files that are loaded for it (`crypto_larval_lookup` asks for `crypto-NAME`; aliases are as
    /// kmod compares them, with `_` for `-`).
    #[must_use]
    pub fn algorithms(&self) -> Vec<(String, Vec<HostPath>)> {
        let mut found: BTreeMap<String, Vec<HostPath>> = BTreeMap::new();
        let Some(index) = &self.index else { return Vec::new() };
        let all = self.aliases.all().all();
        for (alias, module) in all.filter(|(alias, _)| alias.starts_with("crypto_")) {
            let entry = index.get(module).filter(|e| e.path.contains("/crypto/"));
            let file = entry.and_then(|e| self.file(&e.path));
            found.entry(alias.to_owned()).or_default().extend(file);
        }
        found.into_iter().map(|(alias, files)| (alias, self.load_order(&files))).collect()
    }

    /// What the index says must be loaded before the module at `path`, in that order; `None` where it does
    /// not name this file.
    pub(crate) fn loaded_before(&self, path: &str) -> Option<Vec<String>> {
        let entry = self.index.as_ref()?.get(&name::of_path(path))?;
        if self.file(&entry.path)?.to_string() != path {
            return None;
        }
        let needs = entry.needs.iter().rev().filter_map(|n| self.file(n));
        Some(needs.map(|f| f.to_string()).collect())
    }

    /// What must be loaded before the module at `path`, in that order; and whether that is all it needs.
    pub(crate) fn dependencies(
        &self,
        path: &str,
        exports: &Offers,
        module: &Examined,
        files: &HashMap<String, String>,
    ) -> (Vec<String>, bool) {
        if let Some(needs) = self.loaded_before(path) {
            return (needs, true);
        }
        // Not in the index: what its own symbols ask for.
        let own = name::of_path(path);
        let Some(bytes) = known(&module.bytes).flatten() else { return (Vec::new(), true) };
        let (mut owners, mut all) = (BTreeSet::new(), true);
        for symbol in module.needs.of_others(&bytes.survey) {
            let owner = exports.get(symbol.name).and_then(|e| e.iter().find(|e| *e.owner != *own));
            all &= owner.is_some();
            owners.extend(owner.map(|e| e.owner.clone()));
        }
        (owners.into_iter().filter_map(|owner| files.get(&*owner).cloned()).collect(), all)
    }

    /// Why `module` is not loaded when a device asks for it: a `blacklist` line names it.
    pub(crate) fn blocked(&self, module: &str) -> Option<Proof> {
        let wanted = module.replace('-', "_");
        let names =
            |d: &Directive| matches!(d, Directive::Blacklist { module } if *module == wanted);
        let found = self.directives.items().iter().find(|d| known(*d).is_some_and(|d| names(&d)));
        found.map(Fact::proof)
    }

    /// The gap of a dependency whose file could not be had.
    pub(crate) fn missing(&self, path: &str) -> Gaps {
        gap(Question::ModuleBytes, Why::Missing(text(path)))
    }

    /// What `options` lines set for `module`.
    pub(crate) fn options(&self, module: &str) -> Vec<(String, Fact<()>)> {
        let set = |fact: &Fact<Directive>| match known(fact)? {
            Directive::Options { module: of, parameters } if name::same(&of, module) => {
                Some((parameters, fact.map(|_| ())))
            }
            _ => None,
        };
        self.directives.items().iter().filter_map(set).collect()
    }

    /// The command that modprobe's configuration runs instead of loading `module`.
    pub(crate) fn instead_of(&self, module: &str) -> Fact<Option<Arc<str>>> {
        let wanted = module.replace('-', "_");
        let mut step = Step::of(&RULE);
        let found = step.find(&self.directives, |d| match d {
            Directive::Install { module, .. } => *module == wanted,
            _ => false,
        });
        match found {
            Ok(Some(Directive::Install { command, .. })) => {
                let at = self.directives.items().iter().find(|d| {
                    known(d).is_some_and(
                        |d| matches!(d, Directive::Install { module, .. } if module == wanted),
                    )
                });
                let because = at.map_or_else(|| self.directives.whole().proof(), Fact::proof);
                Fact::because(Some(text(command.as_str())), because)
            }
            Ok(_) => self.directives.whole().map(|()| None),
            // Where the configuration was not seen, loading by name still is what modprobe does
            // unless somebody configured otherwise; that is not for us to guess.
            Err(gaps) => Fact::unknown(gaps),
        }
    }

    fn file(&self, path: &str) -> Option<HostPath> {
        if path.starts_with('/') {
            Some(HostPath::new(path))
        } else {
            Some(self.base.as_ref()?.join(path))
        }
    }
}
