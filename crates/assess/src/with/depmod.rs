//! The indexes of a tree that things were laid over, derived as `depmod` derives them.
//!
//! Where the tree was indexed before, what is new is added to what was there. Source: kmod
//! `tools/depmod.c`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use loadworthy_collect::gather::linux::depmod;
use loadworthy_collect::gather::linux::module::{self, Scratch};
use loadworthy_collect::gather::linux::tree;
use loadworthy_collect::gather::looking::Looking;
use loadworthy_collect::item::{HostPath, Item};
use loadworthy_collect::sighting::Outcome;
use loadworthy_collect::views::overlay::Overlay;
use loadworthy_core::facts::module::ModuleFile;
use loadworthy_formats::kernel::{modules_dep, modules_symbols, name};
use loadworthy_formats::text::printable;

use crate::known::known;
use loadworthy_collect::pool;

/// One module, as far as indexes go.
#[derive(Default)]
struct Indexed {
    needs: Vec<String>,
    exports: Vec<String>,
    aliases: Vec<String>,
    soft: Vec<String>,
    weak: Vec<String>,
}

/// Derives the indexes of `release` and puts them into the overlay.
pub fn derive(overlay: &Overlay, looking: &Looking<'_>, release: &str, jobs: usize) {
    let tree = tree::gather(looking, release);
    let Ok(base) = &tree.base else { return };
    let walk = tree.walk(looking);
    let config = depmod::configuration(looking);
    let prefix = format!("{base}/");
    let below = |path: &HostPath| {
        let path = path.to_string();
        path.strip_prefix(&prefix).map_or(path.clone(), str::to_owned)
    };
    // Of several modules of one name, one is taken; of equal ones the first by path.
    let mut sorted: Vec<&HostPath> = walk.modules.iter().map(|module| &module.path).collect();
    sorted.sort();
    let mut taken: BTreeMap<String, (usize, HostPath)> = BTreeMap::new();
    for path in sorted {
        let rank = config.rank(&below(path), release);
        let own = name::of_path(&path.to_string());
        match taken.get(&own) {
            Some((other, _)) if *other <= rank => {}
            _ => {
                taken.insert(own, (rank, path.clone()));
            }
        }
    }
    let old = Old::read(looking, base);
    let kept: BTreeSet<String> = taken
        .iter()
        .filter(|(own, (_, path))| {
            let indexed = old.dependencies.as_ref().and_then(|index| index.get(own));
            !overlay.lays(path) && indexed.is_some_and(|entry| base.join(&entry.path) == *path)
        })
        .map(|(own, _)| own.clone())
        .collect();
    let anew: Vec<(&String, &HostPath)> = taken
        .iter()
        .filter(|(own, _)| !kept.contains(*own))
        .map(|(own, (_, path))| (own, path))
        .collect();
    let read = pool::each(&anew, jobs, &|_, _| {}, Scratch::default, |scratch, (own, path)| {
        ((*own).clone(), indexed(looking, path, scratch))
    });
    let anew: BTreeMap<String, Indexed> = read.into_iter().collect();
    let mut owners: HashMap<&str, &str> = HashMap::new();
    if let Some(symbols) = &old.symbols {
        owners.extend(symbols.iter().filter(|(_, owner)| kept.contains(*owner)));
    }
    for (own, module) in &anew {
        owners.extend(module.exports.iter().map(|symbol| (symbol.as_str(), own.as_str())));
    }
    let mut graph =
        Graph { old: &old, kept: &kept, anew: &anew, owners: &owners, orders: HashMap::new() };
    let mut dependencies = String::new();
    for (own, (_, path)) in &taken {
        let order = graph.order(own, &mut BTreeSet::new());
        let needs = order.iter().rev().filter_map(|name| taken.get(name));
        let _ = write!(dependencies, "{}:", below(path));
        for (_, needed) in needs {
            let _ = write!(dependencies, " {}", below(needed));
        }
        dependencies.push('\n');
    }
    let mut aliases = old.lines("modules.alias", looking, base, &kept, 2);
    let mut soft = old.lines("modules.softdep", looking, base, &kept, 1);
    let mut symbols = old.lines("modules.symbols", looking, base, &kept, 2);
    for (own, module) in &anew {
        for alias in &module.aliases {
            let _ = writeln!(aliases, "alias {alias} {own}");
        }
        for line in &module.soft {
            let _ = writeln!(soft, "softdep {own} {line}");
        }
        for line in &module.weak {
            let _ = writeln!(soft, "weakdep {own} {line}");
        }
        for symbol in &module.exports {
            let _ = writeln!(symbols, "alias symbol:{symbol} {own}");
        }
    }
    let put = |name: &str, text: String| overlay.put(base.join(name), text.into_bytes());
    put("modules.dep", dependencies);
    put("modules.alias", aliases);
    put("modules.softdep", soft);
    put("modules.symbols", symbols);
}

/// The indexes that were there before.
struct Old {
    dependencies: Option<modules_dep::ModulesDep>,
    symbols: Option<modules_symbols::ModulesSymbols>,
}

fn bytes(looking: &Looking<'_>, base: &HostPath, name: &str) -> Option<Vec<u8>> {
    let item = Item::File(base.join(name));
    match looking.view.look(&item, looking.limits.text_bytes) {
        (Outcome::Bytes { .. }, bytes) => Some(bytes),
        _ => None,
    }
}

impl Old {
    fn read(looking: &Looking<'_>, base: &HostPath) -> Self {
        let symbols = bytes(looking, base, "modules.symbols");
        let symbols = symbols.and_then(|b| modules_symbols::read(&b, looking.limits).ok());
        let dependencies = bytes(looking, base, "modules.dep");
        let dependencies = dependencies.and_then(|b| modules_dep::read(&b, looking.limits).ok());
        // Without the symbols nobody knows who offers what: then all modules are read.
        let both = symbols.zip(dependencies);
        let (symbols, dependencies) =
            both.map_or((None, None), |(s, d)| (Some(s.value), Some(d.value)));
        Self { dependencies, symbols }
    }

    /// Lines of an index about modules that stay; word `at` names the module.
    fn lines(
        &self,
        name: &str,
        looking: &Looking<'_>,
        base: &HostPath,
        kept: &BTreeSet<String>,
        at: usize,
    ) -> String {
        let mut lines = String::new();
        if self.dependencies.is_none() {
            return lines;
        }
        let text = bytes(looking, base, name).unwrap_or_default();
        for line in String::from_utf8_lossy(&text).lines() {
            let module = line.split_ascii_whitespace().nth(at).map(name::of_path);
            if module.is_some_and(|module| kept.contains(&module)) {
                lines.push_str(line);
                lines.push('\n');
            }
        }
        lines
    }
}

struct Graph<'g> {
    old: &'g Old,
    kept: &'g BTreeSet<String>,
    anew: &'g BTreeMap<String, Indexed>,
    owners: &'g HashMap<&'g str, &'g str>,
    orders: HashMap<String, Vec<String>>,
}

impl Graph<'_> {
    /// What must be loaded before `module`, in that order.
    fn order(&mut self, module: &String, above: &mut BTreeSet<String>) -> Vec<String> {
        if let Some(done) = self.orders.get(module) {
            return done.clone();
        }
        let mut order: Vec<String> = Vec::new();
        if self.kept.contains(module) {
            let entry = self.old.dependencies.as_ref().and_then(|index| index.get(module));
            let needs = entry.map(|entry| entry.needs.as_slice()).unwrap_or_default();
            order.extend(needs.iter().rev().map(|path| name::of_path(path)));
        } else if let Some(indexed) = self.anew.get(module) {
            above.insert(module.clone());
            let owners: BTreeSet<String> = indexed
                .needs
                .iter()
                .filter_map(|symbol| self.owners.get(symbol.as_str()))
                .map(|owner| (*owner).to_owned())
                .filter(|owner| owner != module)
                .collect();
            for owner in owners {
                // depmod leaves circles out and says so.
                if above.contains(&owner) {
                    continue;
                }
                for needed in self.order(&owner, above).into_iter().chain([owner]) {
                    if !order.contains(&needed) {
                        order.push(needed);
                    }
                }
            }
            above.remove(module);
        }
        self.orders.insert(module.clone(), order.clone());
        order
    }
}

fn indexed(looking: &Looking<'_>, path: &HostPath, scratch: &mut Scratch) -> Indexed {
    let facts = module::gather(looking, path, scratch);
    let file = known(&facts.file.fact(|file| (file.clone(), String::new())));
    let Some(ModuleFile::Read(bytes)) = file.as_deref() else { return Indexed::default() };
    let survey = &bytes.survey;
    let all = |key: &str| -> Vec<String> {
        survey.modinfo().map(|info| info.all(key).map(printable).collect()).unwrap_or_default()
    };
    Indexed {
        needs: survey.undefined().map(|symbol| printable(symbol.name)).collect(),
        exports: survey.exports().map(|export| printable(export.name)).collect(),
        aliases: all("alias"),
        soft: all("softdep"),
        weak: all("weakdep"),
    }
}
