//! One machine, opened; one of its kernels, with its facts and its policy.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use loadworthy_collect::gather::boot_image;
use loadworthy_collect::gather::firmware;
use loadworthy_collect::gather::linux as linux_facts;
use loadworthy_collect::gather::linux::kernels::{self, Kernel, Kernels};
use loadworthy_collect::gather::linux::module::{self, Reading, Scratch};
use loadworthy_collect::gather::linux::tree::{self, Tree};
use loadworthy_collect::gather::linux::type_information;
use loadworthy_collect::gather::looking::Looking;
use loadworthy_collect::good_signatures::GoodSignatures;
use loadworthy_collect::item::HostPath;
use loadworthy_collect::keep::Keep;
use loadworthy_collect::kept_modules::KeptModules;
use loadworthy_collect::view::View;
use loadworthy_collect::views::bundle::Recorded;
use loadworthy_collect::views::live_linux::LiveLinux;
use loadworthy_collect::views::nothing::Nothing;
use loadworthy_collect::views::root::Root;
use loadworthy_collect::views::split::{Split, trust_side};
use loadworthy_core::fact::Fact;
use loadworthy_core::facts::boot_image::BootImageFacts;
use loadworthy_core::facts::firmware::FirmwareFacts;
use loadworthy_core::facts::linux::LinuxFacts;
use loadworthy_core::facts::module::{ModuleFacts, ModuleFile};
use loadworthy_core::platform::Named;
use loadworthy_core::policy::linux::LinuxPolicy;
use loadworthy_core::policy::next_boot::NextBoot;
use loadworthy_core::proof::{Assumption, Gaps, Stage, text};
use loadworthy_core::tables::Tables;
use loadworthy_formats::kernel::btf::Base;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::text::hex;

use crate::assumptions;
use crate::knowledge;
pub(crate) use crate::known::known;
use crate::modinfo::Said;
use crate::next_boot;
use crate::request::{Request, Source, Trouble, Which};
use crate::with::{self, Laid, With, depmod, weak};

mod ahead;

use ahead::Ahead;
pub(crate) use ahead::Unpacked;

/// An opened machine.
pub struct Host {
    view: Box<dyn View>,
    /// The bundle it was opened from.
    path: String,
    /// The file whose inside it is.
    within: Option<String>,
    with: Option<With>,
    /// Trees whose indexes were derived.
    derived: Mutex<BTreeSet<Arc<str>>>,
    /// What modules that were read say of themselves.
    said: Mutex<BTreeMap<Arc<str>, Arc<Said>>>,
    /// Digests of modules that were read.
    digests: Mutex<BTreeMap<Arc<str>, Fact<[u8; 32]>>>,
    /// Trees that were looked at.
    trees: Mutex<BTreeMap<Arc<str>, Tree>>,
    /// Images of the boot chain that were read: the ways to several kernels share them.
    images: Mutex<BTreeMap<HostPath, BootImageFacts>>,
    ahead: Ahead,
    limits: Limits,
    keep: Option<Keep>,
    /// Signatures that were found good: copies of one module have the same.
    pub(crate) signatures: Arc<GoodSignatures>,
    /// What modules held that were read in earlier runs, likewise.
    pub(crate) known: Option<KeptModules>,
    /// The platform that it only is by name.
    named: Option<Named>,
    /// Its kernels.
    pub kernels: Kernels,
    /// What starts next, as boot loaders tell.
    pub next_boot: NextBoot,
    /// The tables it is judged with.
    pub tables: Arc<Tables>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("kernels", &self.kernels).finish_non_exhaustive()
    }
}

/// One kernel of a machine.
#[derive(Debug)]
pub struct OneKernel {
    /// Which.
    pub kernel: Kernel,
    /// Its module tree.
    pub tree: Tree,
    /// What was seen of it, with what is assumed.
    pub facts: LinuxFacts,
    /// What was seen of the firmware, with what is assumed.
    pub firmware: FirmwareFacts,
    /// What it demands.
    pub policy: LinuxPolicy,
    /// Its type information, once somebody asked.
    pub(crate) types: OnceLock<Fact<Arc<Base>>>,
}

impl OneKernel {
    /// Its type information, out of the image on `host`.
    pub(crate) fn types(&self, host: &Host) -> &Fact<Arc<Base>> {
        let read = || type_information::of_kernel(&host.looking(), &self.kernel.release);
        self.types.get_or_init(read)
    }
}

/// Opens the feed of a machine.
///
/// # Errors
/// When the folder or file cannot be opened.
pub(crate) fn view(source: &Source) -> Result<Box<dyn View>, Trouble> {
    let open = |path: &Path, e: &dyn Error| Trouble::Open {
        path: path.display().to_string(),
        problem: e.to_string(),
    };
    Ok(match source {
        Source::Live => Box::new(LiveLinux::open().map_err(|e| open(Path::new("/"), &e))?),
        Source::Root(path) => Box::new(Root::open(path).map_err(|e| open(path, &e))?),
        Source::Under { files, policy } => {
            Box::new(Split::new(view(files)?.into(), view(policy)?.into(), trust_side))
        }
        Source::Named(_) => Box::new(Nothing),
        Source::Ordinary(files) => Box::new(Split::apart(view(files)?.into())),
        Source::Bundle(path) => {
            Box::new(Recorded::open(path, &Limits::DEFAULT).map_err(|e| open(path, &e))?)
        }
    })
}

impl Host {
    /// Opens the machine that is asked about.
    ///
    /// # Errors
    /// When the folder cannot be opened.
    pub fn open(source: &Source) -> Result<Self, Trouble> {
        Self::open_with(source, &[])
    }

    /// The machine a request is about: with its packages laid over it, its tables known, and costly
    /// findings kept where it says.
    ///
    /// # Errors
    /// When the folder, a package or a table cannot be read.
    pub fn of(request: &Request) -> Result<Self, Trouble> {
        Self::open_with(&request.source, &request.with)?
            .keeping(request.cache.as_deref())?
            .knowing(&request.knowledge)
    }

    /// The same, with `packages` laid over it.
    ///
    /// # Errors
    /// When the folder or a package cannot be read.
    pub fn open_with(source: &Source, packages: &[PathBuf]) -> Result<Self, Trouble> {
        if let Source::Named(named) = source {
            return Self::named((**named).clone());
        }
        let view = view(source)?;
        let mut host = if packages.is_empty() {
            Self::over(view)?
        } else {
            let with = with::lay(view, packages, &Limits::DEFAULT)?;
            let mut host = Self::over(Box::new(with.view.clone()))?;
            // A package that brings a kernel has the boot loader's list written anew.
            let guessed = kernels::gather(&host.looking()).next;
            let brought = |release: &str| with.laid.iter().any(|l| l.images.contains(release));
            if guessed.as_ref().is_ok_and(|kernel| brought(&kernel.release)) {
                host.kernels.next = guessed;
            }
            Self { with: Some(with), ..host }
        };
        if let Source::Bundle(path) = source {
            host.path = path.display().to_string();
        }
        Ok(host)
    }

    /// The same over a view that is open already.
    ///
    /// # Errors
    /// When a built-in table is not in order.
    pub fn over(view: Box<dyn View>) -> Result<Self, Trouble> {
        let tables = Tables::built_in().map_err(|e| Trouble::Table(e.to_string()))?;
        Ok(Self::judged_by(view, Arc::new(tables)))
    }

    fn judged_by(view: Box<dyn View>, tables: Arc<Tables>) -> Self {
        let limits = Limits::DEFAULT;
        let looking = Looking::new(&*view, &limits);
        let mut kernels = kernels::gather(&looking);
        let next_boot = next_boot::settle(&looking, &mut kernels);
        Self {
            view,
            path: String::new(),
            within: None,
            with: None,
            derived: Mutex::default(),
            said: Mutex::default(),
            digests: Mutex::default(),
            trees: Mutex::default(),
            ahead: Ahead::default(),
            limits,
            keep: None,
            signatures: Arc::default(),
            images: Mutex::default(),
            known: None,
            named: None,
            kernels,
            next_boot,
            tables,
        }
    }

    /// What this machine holds inside one of its files, judged by the same tables.
    pub(crate) fn within(&self, file: &str, view: Box<dyn View>) -> Self {
        let (signatures, within) = (self.signatures.clone(), Some(file.to_owned()));
        Self { signatures, within, ..Self::judged_by(view, self.tables.clone()) }
    }

    /// A platform that is only named.
    ///
    /// # Errors
    /// When a built-in table is not in order.
    pub fn named(named: Named) -> Result<Self, Trouble> {
        Ok(Self { named: Some(named), ..Self::over(Box::new(Nothing))? })
    }

    /// The same, with costly findings kept in `folder`.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn keeping(mut self, folder: Option<&Path>) -> Result<Self, Trouble> {
        let open = |path: &Path| {
            let path_and = |e: std::io::Error| (path.display().to_string(), e.to_string());
            Keep::open(path).map_err(path_and)
        };
        let keep = folder.map(open).transpose();
        self.keep = keep.map_err(|(path, problem)| Trouble::Open { path, problem })?;
        self.signatures = self.keep.as_ref().map(GoodSignatures::read).unwrap_or_default().into();
        self.known = self.keep.as_ref().map(KeptModules::read).filter(KeptModules::is_of_use);
        Ok(self)
    }

    /// Keeps what modules held and what signatures were found good, for the next run.
    pub(crate) fn keep_modules(&self) {
        let Some(keep) = &self.keep else { return };
        self.signatures.write(keep);
        self.known.iter().for_each(|known| known.write(keep));
    }

    /// The machine, where nothing is kept of its modules: all of them will be read.
    pub(crate) fn unread(&self) -> Option<&dyn View> {
        self.known.as_ref().is_none_or(KeptModules::is_empty).then_some(&*self.view)
    }

    /// Reads one or two modules, unless they were read ahead, or are kept and were not changed since.
    pub(crate) fn modules(
        &self,
        paths: &[&HostPath],
        scratch: &mut [Scratch; 2],
    ) -> Vec<ModuleFacts> {
        if let Some(read) = self.ahead.take_modules(paths) {
            return read;
        }
        let reading = Reading { looking: &self.looking(), kept: self.known.as_ref() };
        match *paths {
            [one, other] => reading.both([one, other], scratch).into(),
            _ => paths.iter().map(|path| reading.one(path, &mut scratch[0])).collect(),
        }
    }

    /// The same, judged with the tables of these folders as well.
    ///
    /// # Errors
    /// When a folder has none, or one is not in order.
    pub fn knowing(mut self, folders: &[PathBuf]) -> Result<Self, Trouble> {
        knowledge::extend(Arc::make_mut(&mut self.tables), folders)?;
        Ok(self)
    }

    /// Whether everything that was answered so far can be relied on.
    ///
    /// # Errors
    /// When the bundle that it was read from turned out to be damaged.
    pub fn sound(&self) -> Result<(), Trouble> {
        match self.view.trouble() {
            Some(problem) => Err(Trouble::Open { path: self.path.clone(), problem }),
            None => Ok(()),
        }
    }

    /// How this machine is looked at.
    #[must_use]
    pub fn looking(&self) -> Looking<'_> {
        let (keep, within) = (self.keep.as_ref(), self.within.as_deref());
        Looking { keep, within, ..Looking::new(&*self.view, &self.limits) }
    }

    /// What was laid over the machine.
    #[must_use]
    pub fn laid(&self) -> &[Laid] {
        self.with.as_ref().map(|with| with.laid.as_slice()).unwrap_or_default()
    }

    /// Keeps what a module says of itself, and the digest of its bytes.
    pub(crate) fn note(&self, facts: &ModuleFacts) {
        let mut digests = self.digests.lock().unwrap_or_else(PoisonError::into_inner);
        digests.insert(facts.path.clone(), content(facts));
        drop(digests);
        if let Some(said) = Said::of(facts) {
            let mut all = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            all.insert(facts.path.clone(), Arc::new(said));
        }
    }

    /// The digest of the module at `path` once it is unpacked, its signature included.
    pub(crate) fn digest(&self, path: &HostPath, scratch: &mut Scratch) -> Fact<[u8; 32]> {
        let digests = self.digests.lock().unwrap_or_else(PoisonError::into_inner);
        let known = digests.get(path.to_string().as_str()).cloned();
        drop(digests);
        known.unwrap_or_else(|| content(&module::gather(&self.looking(), path, scratch)))
    }

    /// The boot image at `path`, which `sought_by` looks for; it is read once.
    pub(crate) fn boot_image(&self, path: &HostPath, sought_by: Stage) -> BootImageFacts {
        let mut images = self.images.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || boot_image::gather_installed(&self.looking(), path, sought_by);
        let image = images.entry(path.clone()).or_insert_with(read).clone();
        BootImageFacts { sought_by, ..image }
    }

    /// The tree of a kernel; it is read once, unless packages are laid over it as they are asked for.
    fn tree(&self, release: &Arc<str>) -> Tree {
        if self.with.is_some() {
            return tree::gather(&self.looking(), release);
        }
        let mut trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || tree::gather(&self.looking(), release);
        trees.entry(release.clone()).or_insert_with(read).clone()
    }

    /// A kernel of which nothing is known but its name and its tree.
    pub(crate) fn nameless(&self, kernel: &Kernel) -> OneKernel {
        let looking = Looking::new(&Nothing, &self.limits);
        let tree = self.tree(&kernel.release);
        let facts = linux_facts::gather(&looking, &self.kernels, kernel, &tree);
        let firmware = firmware::gather(&looking);
        let policy = LinuxPolicy::of(&facts, &firmware, &self.tables);
        OneKernel { kernel: kernel.clone(), tree, facts, firmware, policy, types: OnceLock::new() }
    }

    /// What the module at `path` says of itself, where it was read.
    pub(crate) fn said(&self, path: &str) -> Option<Arc<Said>> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }

    /// Derives what the package manager would for the tree of one kernel.
    fn derive(&self, kernel: &Kernel, jobs: usize) {
        let Some(with) = &self.with else { return };
        let mut derived = self.derived.lock().unwrap_or_else(PoisonError::into_inner);
        if !derived.insert(kernel.release.clone()) {
            return;
        }
        let (looking, release) = (self.looking(), &kernel.release);
        let linked = weak::wanted(with, &looking, release);
        if linked {
            let tree = tree::gather(&looking, release);
            let facts = linux_facts::gather(&looking, &self.kernels, kernel, &tree);
            weak::link(with, &looking, release, &facts.symbols);
        }
        if linked || with.laid.iter().any(|laid| laid.releases().contains(&**release)) {
            depmod::derive(&with.view, &looking, release, jobs);
        }
    }

    /// The kernels that are asked about.
    ///
    /// # Errors
    /// When there is none that fits.
    pub fn asked(&self, which: &Which) -> Result<Vec<Kernel>, Trouble> {
        let none = |asked: &str| Trouble::NoKernel {
            asked: asked.to_owned(),
            there: self.kernels.installed.iter().map(|k| k.release.to_string()).collect(),
        };
        match which {
            Which::Next => self.kernels.next.clone().map(|k| vec![k]).map_err(|_| none("next")),
            Which::Running => {
                self.kernels.running.clone().map(|k| vec![k]).map_err(|_| none("running"))
            }
            Which::All if self.kernels.installed.is_empty() => Err(none("all")),
            Which::All => Ok(self.kernels.installed.clone()),
            Which::Release(release) => {
                let asked = Assumption { key: text("--kernel"), value: text(release.as_str()) };
                Ok(vec![self.kernels.named(release, Fact::assumed(text(release.as_str()), asked))])
            }
        }
    }

    /// Looks at one kernel and draws its policy.
    ///
    /// # Errors
    /// When an assumption cannot be made.
    pub fn kernel(&self, kernel: Kernel, request: &Request) -> Result<OneKernel, Trouble> {
        self.derive(&kernel, request.jobs);
        let looking = self.looking();
        let tree = self.tree(&kernel.release);
        let mut facts = linux_facts::gather(&looking, &self.kernels, &kernel, &tree);
        if request.kernel != Which::Running {
            next_boot::command_line(&looking, &self.next_boot, &kernel.release, &mut facts);
        }
        if let Some(named) = &self.named {
            named.apply(&self.tables.distros, &mut facts);
        }
        let mut firmware = firmware::gather(&looking);
        assumptions::apply(&request.assume, &mut facts, &mut firmware)?;
        let policy = LinuxPolicy::of(&facts, &firmware, &self.tables);
        Ok(OneKernel { kernel, tree, facts, firmware, policy, types: OnceLock::new() })
    }
}

/// The digest of a module that was read.
fn content(facts: &ModuleFacts) -> Fact<[u8; 32]> {
    let digest = facts.file.fact(|file| match &**file {
        ModuleFile::Read(bytes) => (Some(bytes.sha256), format!("sha256 {}", hex(&bytes.sha256))),
        ModuleFile::NotReadable(_) => (None, String::new()),
    });
    match known(&digest).flatten() {
        Some(sha256) => digest.map(|_| sha256),
        None => Fact::unknown(Gaps::new()),
    }
}
