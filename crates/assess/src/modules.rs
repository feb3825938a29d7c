//! Modules of one kernel: read and examined once each, then judged in the order they would load.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use loadworthy_collect::gather::linux::module::{self, Scratch};
use loadworthy_collect::gather::looking::Looking;
use loadworthy_collect::item::HostPath;
use loadworthy_core::checks::linux::by_name::{ByName, Dependency};
use loadworthy_core::checks::linux::{self, LinuxCase, Scene, exports_of};
use loadworthy_core::crypt::good::Good;
use loadworthy_core::fact::Fact;
use loadworthy_core::fact::step::Step;
use loadworthy_core::facts::linux::Offers;
use loadworthy_core::facts::module::{ModuleFacts, ModuleFile};
use loadworthy_core::proof::{Evidence, Gap, Gaps, Origin, Rule, Why, text};
use loadworthy_core::signature::Examined;
use loadworthy_core::verdict::Judgement;
use loadworthy_formats::kernel::name;

use crate::host::{Host, OneKernel, known};
use crate::names::Names;
use crate::request::Progress;
use loadworthy_collect::pool;

/// One module, read and examined.
#[derive(Clone, Debug)]
pub struct Module {
    /// What was seen of it.
    pub facts: ModuleFacts,
    /// Its signature under the kernel's policy.
    pub signature: Examined,
}

/// Modules of one kernel's tree, by their path.
#[derive(Debug)]
pub struct Modules<'a> {
    host: &'a Host,
    kernel: &'a OneKernel,
    names: &'a Names,
    modules: HashMap<String, Arc<Module>>,
    exports: Arc<Offers>,
    files: HashMap<String, String>,
    judged: HashMap<String, Arc<Judgement>>,
}

/// Of so many modules it is kept what they say of themselves; more are a whole tree.
const ASKED_ABOUT: usize = 1000;

impl<'a> Modules<'a> {
    /// Reads and examines the modules at `paths`, largest first, with `jobs` threads.
    #[must_use]
    pub fn read(
        host: &'a Host,
        kernel: &'a OneKernel,
        names: &'a Names,
        paths: &[HostPath],
        jobs: usize,
        progress: Progress<'_>,
    ) -> Self {
        let looking = host.looking();
        let good = host.signatures.as_ref().map(|signatures| signatures as &dyn Good);
        let mut read = pool::each(paths, jobs, progress, Scratch::default, |scratch, path| {
            let facts = module::gather(&looking, path, scratch);
            let signature = Examined::with(&facts, &kernel.policy, good);
            if paths.len() <= ASKED_ABOUT {
                host.note(&facts);
            }
            (path.to_string(), Arc::new(Module { facts, signature }))
        });
        host.keep_signatures();
        // Of several that offer a symbol, or are called the same, the order of paths decides.
        read.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut exports = Offers::default();
        for (path, module) in &read {
            let Some(file) = known(&module.facts.file.fact(|f| (f.clone(), String::new()))) else {
                continue;
            };
            let ModuleFile::Read(bytes) = &*file else { continue };
            let owner: Arc<str> = Arc::from(name::of_path(path));
            for (symbol, export) in exports_of(bytes, &owner) {
                exports.entry(symbol).push(export);
            }
        }
        let files = read.iter().map(|(path, _)| (name::of_path(path), path.clone())).collect();
        let modules = read.into_iter().collect();
        let exports = Arc::new(exports);
        Self { host, kernel, names, modules, exports, files, judged: HashMap::new() }
    }

    /// Every module that was read.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Module> {
        self.modules.values().map(|module| &**module)
    }

    /// What was read of the module at `path`.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Module> {
        self.modules.get(path).map(|module| &**module)
    }

    /// Judges the module at `path` as modprobe would load it: what it depends on first.
    ///
    /// `None` when it was not among the paths that were read.
    pub fn judge(&mut self, path: &str) -> Option<Arc<Judgement>> {
        self.judge_within(path, &mut BTreeSet::new())
    }

    fn judge_within(&mut self, path: &str, above: &mut BTreeSet<String>) -> Option<Arc<Judgement>> {
        if let Some(done) = self.judged.get(path) {
            return Some(done.clone());
        }
        let module = self.modules.get(path)?.clone();
        above.insert(path.to_owned());
        let prepared = self.prepare(path, &module, above);
        above.remove(path);
        let judgement = Arc::new(linux::judge(&prepared.of(&module)));
        self.judged.insert(path.to_owned(), judgement.clone());
        Some(judgement)
    }

    /// The judgement of the module at `path`, taken out: it is judged anew if it is asked for again.
    pub fn take(&mut self, path: &str) -> Option<Judgement> {
        self.judge(path)?;
        self.judged.remove(path).map(Arc::unwrap_or_clone)
    }

    /// What `judge` would judge, for somebody who changes something about it.
    pub fn with_case<T>(
        &mut self,
        path: &str,
        then: impl FnOnce(&LinuxCase<'_>) -> T,
    ) -> Option<T> {
        let module = self.modules.get(path)?.clone();
        let prepared = self.prepare(path, &module, &mut BTreeSet::from([path.to_owned()]));
        Some(then(&prepared.of(&module)))
    }

    /// Judges what the module depends on, and sets the scene for it.
    fn prepare(
        &mut self,
        path: &str,
        module: &Module,
        above: &mut BTreeSet<String>,
    ) -> Prepared<'a> {
        let mut dependencies = Vec::new();
        let mut loaded = BTreeSet::new();
        let needs = self.names.dependencies(
            path,
            &self.exports,
            &module.facts,
            &self.kernel.policy,
            &self.files,
        );
        for dependency in needs {
            // A circle cannot be loaded by anybody; depmod breaks it, and so does this.
            if above.contains(&dependency) {
                continue;
            }
            let called: Arc<str> = Arc::from(name::of_path(&dependency));
            // One that is refused, or not decided, says so itself; its symbols would say it again.
            loaded.insert(called.clone());
            match self.judge_within(&dependency, above) {
                Some(judgement) => {
                    let missing =
                        self.modules.get(&dependency).and_then(|m| missing_file(&m.facts));
                    dependencies.push(match missing {
                        Some(why) => Dependency::missing(&called, &why),
                        None => Dependency::judged(&called, &judgement),
                    });
                }
                None => dependencies.push(Dependency {
                    name: called,
                    loads: Fact::unknown(self.names.missing(&dependency)),
                }),
            }
        }
        let instead = self.names.instead_of(&module.facts.name);
        Prepared {
            host: self.host,
            kernel: self.kernel,
            scene: Scene { exports: self.exports.clone(), loaded },
            by_name: ByName {
                instead,
                unsupported_allowed: self.names.unsupported_allowed(),
                dependencies,
            },
        }
    }
}

/// What stands around a module when it is loaded by name.
struct Prepared<'a> {
    host: &'a Host,
    kernel: &'a OneKernel,
    scene: Scene,
    by_name: ByName,
}

impl Prepared<'_> {
    fn of<'c>(&'c self, module: &'c Module) -> LinuxCase<'c> {
        LinuxCase {
            module: &module.facts,
            policy: &self.kernel.policy,
            scene: &self.scene,
            tables: &self.host.tables,
            signature: &module.signature,
            loader: "modprobe",
            by_name: Some(&self.by_name),
        }
    }
}

/// That the file of a module is not where it should be, where that is what was seen.
pub(crate) fn missing_file(facts: &ModuleFacts) -> Option<Fact<()>> {
    static RULE: Rule = Rule { name: "modprobe/file", source: "kmod, libkmod/libkmod-module.c" };
    let gaps = Step::of(&RULE).consult(&facts.file.fact(|_| ((), String::new()))).err()?;
    let [Gap { why: Why::Missing(item), .. }] = gaps.as_slice() else { return None };
    let evidence = Evidence { origin: Origin::Root, item: item.clone(), said: text("") };
    Some(Fact::absent((), evidence))
}

/// Every module file of the tree, largest first, and what could not be walked.
#[must_use]
pub fn all(looking: &Looking<'_>, kernel: &OneKernel) -> (Vec<HostPath>, Gaps) {
    let walk = kernel.tree.walk(looking);
    (walk.modules.iter().map(|m| m.path.clone()).collect(), walk.gaps.clone())
}
