//! Modules of one kernel: read and examined once each, then judged in the order they would load.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use loadworthy_collect::gather::linux::type_information::{self, Place};
use loadworthy_collect::gather::looking::Looking;
use loadworthy_collect::item::HostPath;
use loadworthy_core::checks::linux::by_name::{ByName, Dependency};
use loadworthy_core::checks::linux::{self, LinuxCase, Scene, exports_of, types_matter};
use loadworthy_core::crypt::digest::DigestSet;
use loadworthy_core::crypt::good::Good;
use loadworthy_core::fact::step::Step;
use loadworthy_core::fact::{Fact, Source};
use loadworthy_core::facts::linux::{Export, Offers};
use loadworthy_core::facts::module::{ModuleFacts, ModuleFile};
use loadworthy_core::proof::{Evidence, Gap, Gaps, Origin, Rule, Why, text};
use loadworthy_core::signature::Examined;
use loadworthy_core::tables::Version;
use loadworthy_core::verdict::{Judgement, Verdict};
use loadworthy_formats::kernel::name;

use crate::host::{Host, OneKernel, known};
use crate::names::Names;
use crate::request::Progress;
use loadworthy_collect::pool;

mod levels;
mod pairs;

use levels::{Levels, Planned};
use pairs::Ahead;

/// One module, read and examined.
#[derive(Clone, Debug)]
pub struct Module {
    /// What was seen of it.
    pub facts: ModuleFacts,
    /// Digests that its signature names.
    pub digests: DigestSet,
    /// Its signature under the kernel's policy; `None` once it was judged and nothing more is asked.
    signature: Option<Examined>,
}

impl Module {
    /// What is kept of it once it was judged: of one that simply loads, who it is.
    fn behind(mut self, judgement: &Judgement) -> Self {
        if judgement.verdict == Verdict::Loads {
            self.facts.file = Source::unknown(Gaps::new());
            self.signature = None;
        }
        self
    }
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
    /// Whether two are called the same or offer the same symbol: the order of paths decides between them.
    doubled: bool,
}

/// So many modules are read before those of them are judged that can be.
const WAVE: usize = 512;

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
        let mut all = Self::none(host, kernel, names, paths.len());
        let note = paths.len() <= ASKED_ABOUT;
        all.read_more(paths, jobs, progress, note);
        host.keep_modules();
        all
    }

    /// The same, judged while it is read where an index tells what is needed, else behind it: a module
    /// follows what it needs. Of what simply loads no more is kept than that.
    #[must_use]
    pub fn judged(
        host: &'a Host,
        kernel: &'a OneKernel,
        names: &'a Names,
        paths: &[HostPath],
        jobs: usize,
        progress: Progress<'_>,
    ) -> Self {
        let all = Self::in_waves(host, kernel, names, paths, WAVE, (jobs, progress));
        // Which of two counts shows when all were read.
        match all.doubled {
            true => Self::in_waves(host, kernel, names, paths, usize::MAX, (jobs, progress)),
            false => all,
        }
    }

    /// The same; of modules that no index tells about so many are read before those are judged that need
    /// nothing else, so that less waits in memory.
    fn in_waves(
        host: &'a Host,
        kernel: &'a OneKernel,
        names: &'a Names,
        paths: &[HostPath],
        wave: usize,
        (jobs, progress): (usize, Progress<'_>),
    ) -> Self {
        let mut all = Self::none(host, kernel, names, paths.len());
        let needs = paths.iter().map(|path| names.loaded_before(&path.to_string())).collect();
        let Levels { levels, rest } = Levels::of(paths, needs);
        let mut before = 0;
        let ahead = Ahead::on(host.unread());
        for level in &levels {
            let told = |done: usize, _: usize| progress(before + done, paths.len());
            let judged = pairs::each(level, Planned::path, &ahead, jobs, &told, |scratch, pair| {
                let paths: Vec<&HostPath> = pair.iter().map(Planned::path).collect();
                let read = host.modules(&paths, scratch);
                let judge = |(planned, facts)| all.examine_and_judge(planned, facts);
                pair.iter().zip(read).map(judge).collect()
            });
            before += level.len();
            for (path, module, offers, judgement) in judged {
                all.offer(&path, offers);
                all.settle(path, module, judgement);
            }
        }
        let mut waiting = Vec::new();
        for wave in rest.chunks(wave) {
            let told = |done: usize, _: usize| progress(before + done, paths.len());
            all.read_more(wave, jobs, &told, false);
            before += wave.len();
            waiting.extend_from_slice(wave);
            let last = before == paths.len();
            waiting = all.judge_read(&waiting, last, jobs);
        }
        all.doubled &= rest.len() > wave;
        host.keep_modules();
        all
    }

    /// Judges modules that were read and that no index tells about, by what their symbols need. Before the
    /// `last` were read, those stay that need what nobody offers yet; and so do circles, which are judged when
    /// they are asked for.
    fn judge_read(&mut self, read: &[HostPath], last: bool, jobs: usize) -> Vec<HostPath> {
        let untold = |_: usize, _: usize| ();
        let needs = pool::each(
            read,
            jobs,
            &untold,
            || (),
            |(), path| {
                let path = path.to_string();
                let module = self.modules.get(&path)?.signature.as_ref()?;
                let (needs, all) =
                    self.names.dependencies(&path, &self.exports, module, &self.files);
                (all || last).then_some(needs)
            },
        );
        let Levels { levels, rest } = Levels::of(read, needs);
        for level in levels {
            let judged = pool::each(
                &level,
                jobs,
                &untold,
                || (),
                |(), planned| {
                    let path = planned.path.to_string();
                    let module = self.modules.get(&path)?.clone();
                    let judgement =
                        self.judge_alone(planned, &module.facts, module.signature.as_ref()?);
                    Some((path, module, judgement))
                },
            );
            for (path, module, judgement) in judged.into_iter().flatten() {
                self.modules.remove(&path);
                self.settle(path, Arc::unwrap_or_clone(module), judgement);
            }
        }
        rest
    }

    fn settle(&mut self, path: String, module: Module, judgement: Judgement) {
        let module = Arc::new(module.behind(&judgement));
        self.judged.insert(path.clone(), Arc::new(judgement));
        self.modules.insert(path, module);
    }

    fn none(host: &'a Host, kernel: &'a OneKernel, names: &'a Names, most: usize) -> Self {
        Self {
            host,
            kernel,
            names,
            modules: HashMap::with_capacity(most),
            exports: Arc::default(),
            files: HashMap::with_capacity(most),
            judged: HashMap::with_capacity(most),
            doubled: false,
        }
    }

    fn read_more(&mut self, paths: &[HostPath], jobs: usize, progress: Progress<'_>, note: bool) {
        let ahead = Ahead::on(self.host.unread());
        let mut read = pairs::each(
            paths,
            |path| path,
            &ahead,
            jobs,
            progress,
            |scratch, pair| {
                let read = self.host.modules(&pair.iter().collect::<Vec<_>>(), scratch);
                let examine = |(path, facts): (&HostPath, ModuleFacts)| {
                    if note {
                        self.host.note(&facts);
                    }
                    let path = path.to_string();
                    let offers = offers(&path, &facts);
                    let signature = Some(self.examined(&facts));
                    let digests = digests_named(&facts);
                    (path, Arc::new(Module { facts, digests, signature }), offers)
                };
                pair.iter().zip(read).map(examine).collect()
            },
        );
        // Of several that offer a symbol, or are called the same, the order of paths decides.
        read.sort_by(|(a, ..), (b, ..)| a.cmp(b));
        for (path, module, offers) in read {
            self.offer(&path, offers);
            self.modules.insert(path, module);
        }
    }

    fn examined(&self, facts: &ModuleFacts) -> Examined {
        let good: &dyn Good = &*self.host.signatures;
        Examined::with(facts, &self.kernel.policy, Some(good))
    }

    fn examine_and_judge(
        &self,
        planned: &Planned,
        facts: ModuleFacts,
    ) -> (String, Module, Vec<(Arc<str>, Export)>, Judgement) {
        let path = planned.path.to_string();
        let signature = self.examined(&facts);
        let offers = offers(&path, &facts);
        let digests = digests_named(&facts);
        let judgement = self.judge_alone(planned, &facts, &signature);
        let module = Module { facts, digests, signature: Some(signature) };
        (path, module.behind(&judgement), offers, judgement)
    }

    /// Judges a module of which all that it needs was judged.
    fn judge_alone(
        &self,
        planned: &Planned,
        facts: &ModuleFacts,
        signature: &Examined,
    ) -> Judgement {
        let needs = planned.needs.iter().map(|need| (need.as_str(), self.judged.get(need)));
        linux::judge_shortly(&self.prepared(facts, needs).of(facts, signature))
    }

    fn offer(&mut self, path: &str, offers: Vec<(Arc<str>, Export)>) {
        self.doubled |= self.files.insert(name::of_path(path), path.to_owned()).is_some();
        if offers.is_empty() {
            return;
        }
        let exports = Arc::make_mut(&mut self.exports);
        for (symbol, export) in offers {
            self.doubled |= exports.add(symbol, export);
        }
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
        let signature = module.signature.as_ref()?;
        above.insert(path.to_owned());
        let prepared = self.prepare(path, &module.facts, signature, above);
        above.remove(path);
        let judgement = Arc::new(linux::judge(&prepared.of(&module.facts, signature)));
        self.judged.insert(path.to_owned(), judgement.clone());
        Some(judgement)
    }

    /// The judgement of the module at `path`, taken out: it is judged anew if it is asked for again, and
    /// stays where that cannot be done.
    pub fn take(&mut self, path: &str) -> Option<Judgement> {
        let judged = self.judge(path)?;
        if self.modules.get(path).is_some_and(|module| module.signature.is_some()) {
            self.judged.remove(path);
        }
        Some(Arc::unwrap_or_clone(judged))
    }

    /// What `judge` would judge, for somebody who changes something about it.
    pub fn with_case<T>(
        &mut self,
        path: &str,
        then: impl FnOnce(&LinuxCase<'_>) -> T,
    ) -> Option<T> {
        let module = self.modules.get(path)?.clone();
        let signature = module.signature.as_ref()?;
        let above = &mut BTreeSet::from([path.to_owned()]);
        let prepared = self.prepare(path, &module.facts, signature, above);
        Some(then(&prepared.of(&module.facts, signature)))
    }

    /// Judges what the module depends on, and sets the scene for it.
    fn prepare(
        &mut self,
        path: &str,
        module: &ModuleFacts,
        signature: &Examined,
        above: &mut BTreeSet<String>,
    ) -> Prepared<'a> {
        let (mut needs, _) = self.names.dependencies(path, &self.exports, signature, &self.files);
        // A circle cannot be loaded by anybody; depmod breaks it, and so does this.
        needs.retain(|need| !above.contains(need));
        let judged: Vec<_> =
            needs.iter().map(|need| (need.as_str(), self.judge_within(need, above))).collect();
        self.prepared(module, judged.iter().map(|(need, judged)| (*need, judged.as_ref())))
    }

    /// The scene for a module: what it needs, and how that was judged.
    fn prepared<'j>(
        &self,
        module: &ModuleFacts,
        needs: impl Iterator<Item = (&'j str, Option<&'j Arc<Judgement>>)>,
    ) -> Prepared<'a> {
        let mut dependencies = Vec::new();
        let mut loaded = BTreeSet::new();
        for (path, judged) in needs {
            let called: Arc<str> = Arc::from(name::of_path(path));
            // One that is refused, or not decided, says so itself; its symbols would say it again.
            loaded.insert(called.clone());
            let missing = || self.modules.get(path).and_then(|m| missing_file(&m.facts));
            dependencies.push(match judged {
                Some(judgement) => match missing() {
                    Some(why) => Dependency::missing(&called, &why),
                    None => Dependency::judged(&called, judgement),
                },
                None => Dependency { loads: Fact::unknown(self.names.missing(path)), name: called },
            });
        }
        let instead = self.names.instead_of(&module.name);
        Prepared {
            host: self.host,
            kernel: self.kernel,
            scene: Scene { exports: self.exports.clone(), loaded },
            by_name: ByName {
                instead,
                unsupported_allowed: self.names.unsupported_allowed.clone(),
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
    fn of<'c>(&'c self, module: &'c ModuleFacts, signature: &'c Examined) -> LinuxCase<'c> {
        LinuxCase {
            types_fit: types_fit(self.host, self.kernel, module, signature, Place::Host),
            module,
            policy: &self.kernel.policy,
            scene: &self.scene,
            tables: &self.host.tables,
            signature,
            loader: "modprobe",
            by_name: Some(&self.by_name),
        }
    }
}

/// The first version that reads `.BTF.base` (`kernel/module/main.c find_module_sections`).
const BESIDE: Version = Version { major: 6, minor: 11 };

/// Whether the kernel takes the type information of a module; read where it asks.
pub(crate) fn types_fit(
    host: &Host,
    kernel: &OneKernel,
    module: &ModuleFacts,
    signature: &Examined,
    place: Place,
) -> Fact<bool> {
    if types_matter(&kernel.policy, signature) {
        let beside = known(&kernel.policy.identity).is_some_and(|who| who.version >= BESIDE);
        return type_information::fits(&host.looking(), module, place, kernel.types(host), beside);
    }
    Fact::unknown(Vec::new())
}

/// What a module that was read holds.
fn held(facts: &ModuleFacts) -> Option<Arc<ModuleFile>> {
    known(&facts.file.fact(|file| (file.clone(), String::new())))
}

/// What a module offers to others.
fn offers(path: &str, facts: &ModuleFacts) -> Vec<(Arc<str>, Export)> {
    let file = held(facts);
    let Some(ModuleFile::Read(bytes)) = file.as_deref() else { return Vec::new() };
    let owner: Arc<str> = Arc::from(name::of_path(path));
    exports_of(bytes, &owner).collect()
}

/// Digests that a module's signature names.
pub(crate) fn digests_named(facts: &ModuleFacts) -> DigestSet {
    let mut named = DigestSet::default();
    if let Some(ModuleFile::Read(bytes)) = held(facts).as_deref() {
        bytes.digests.keys().for_each(|algorithm| named.insert(*algorithm));
    }
    named
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
