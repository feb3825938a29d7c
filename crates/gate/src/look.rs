//! The host looked at: its manifest, its kernels, and what each that matters is worth.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use loadworthy_assess::check::check_on;
use loadworthy_assess::host::Host;
use loadworthy_assess::policy::policy_on;
use loadworthy_assess::preflight::seen;
use loadworthy_assess::request::{Request, Source, Subjects, Trouble, Which};
use loadworthy_collect::gather::linux::manifest::Found;
use loadworthy_collect::gather::linux::way_back;
use loadworthy_collect::view::View;
use loadworthy_collect::views::live_linux::LiveLinux;
use loadworthy_collect::views::root::Root;
use loadworthy_core::boot_claim::Loader;
use loadworthy_core::fact::step::Step;
use loadworthy_core::proof::Rule;
use loadworthy_formats::kernel::mounts::Mount;
use loadworthy_formats::manifest::Manifest;

use crate::inputs::{Inputs, Noting};
use crate::ledger::sha256;
use crate::pending;
use crate::verdict::Worth;

static RULE: Rule = Rule { name: "gate/one-boot", source: "GRUB manual, Environment block" };

/// Which host, as of when.
#[derive(Clone, Debug)]
pub struct Question {
    /// The folder to look at as if it were `/`; `None`: the machine itself.
    pub root: Option<PathBuf>,
    /// Packages to judge as if they were installed.
    pub with: Vec<PathBuf>,
    /// What to take for granted.
    pub assume: Vec<(String, String)>,
    /// A manifest of the caller's.
    pub manifest: Option<PathBuf>,
    /// As of when.
    pub at: String,
    /// Where findings about kernel images are kept.
    pub cache: Option<PathBuf>,
    /// Threads.
    pub jobs: usize,
}

impl Question {
    /// About the host as it stands: nothing laid over it, nothing taken for granted.
    #[must_use]
    pub const fn plain(root: Option<PathBuf>, at: String, jobs: usize) -> Self {
        Self { root, with: Vec::new(), assume: Vec::new(), manifest: None, at, cache: None, jobs }
    }
}

/// An entry of the boot loader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose it is.
    pub loader: Loader,
    /// What it is called there.
    pub id: String,
    /// The kernel.
    pub release: String,
    /// The file that holds it.
    pub file: String,
}

/// A host that is open for questions.
#[derive(Debug)]
pub struct Looked {
    host: Host,
    request: Request,
    /// Its manifest.
    pub manifest: Manifest,
    /// The files it was read from.
    pub files: Vec<String>,
    /// The kernel the next boot starts.
    pub next: Option<String>,
    /// The one that runs.
    pub running: Option<String>,
    /// Those that are installed, newest first.
    pub installed: Vec<String>,
    /// Entries of the boot loader.
    pub entries: Vec<Entry>,
}

/// Opens the feed of a host.
///
/// # Errors
/// When it cannot be opened.
pub fn view(root: Option<&Path>) -> Result<Box<dyn View>, Trouble> {
    let open = |e: std::io::Error| Trouble::Open {
        path: root.unwrap_or(Path::new("/")).display().to_string(),
        problem: e.to_string(),
    };
    Ok(match root {
        None => Box::new(LiveLinux::open().map_err(open)?),
        Some(path) => Box::new(Root::open(path).map_err(open)?),
    })
}

impl Looked {
    /// Opens a host; what is looked at is noted in `inputs`.
    ///
    /// # Errors
    /// When it cannot be opened, or its manifest is not in order.
    pub fn open(question: &Question, inputs: &Arc<Inputs>) -> Result<Self, Trouble> {
        let source = question.root.clone().map_or(Source::Live, Source::Root);
        let host = if question.with.is_empty() {
            Host::over(Box::new(Noting::new(view(question.root.as_deref())?, inputs.clone())))?
        } else {
            Host::open_with(&source, &question.with)?
        };
        // A folder that cannot be used keeps nothing, and everything is found again.
        let host = match &question.cache {
            Some(cache) if loadworthy_collect::keep::Keep::open(cache).is_ok() => {
                host.keeping(Some(cache))?
            }
            _ => host,
        };
        let request = Request {
            source,
            with: question.with.clone(),
            kernel: Which::Next,
            subjects: Subjects::Used,
            assume: question.assume.clone(),
            manifest: question.manifest.clone(),
            at: question.at.clone(),
            cache: None,
            knowledge: Vec::new(),
            jobs: question.jobs,
            short: false,
        };
        let Found { manifest, files, .. } = seen::manifest(&host, &request)?;
        let release = |kernel: &loadworthy_collect::gather::linux::kernels::Kernel| {
            kernel.release.to_string()
        };
        let entries = host.next_boot.entries.iter().filter_map(|entry| {
            Some(Entry {
                loader: entry.loader,
                id: entry.id.to_string(),
                release: entry.release.as_deref()?.to_owned(),
                file: entry.file.to_string(),
            })
        });
        Ok(Self {
            manifest,
            files,
            next: host.kernels.next.as_ref().ok().map(release),
            running: host.kernels.running.as_ref().ok().map(release),
            installed: host.kernels.installed.iter().map(release).collect(),
            entries: entries.collect(),
            host,
            request,
        })
    }

    /// What one kernel is worth. The next one is asked about as such, so that its own entry and
    /// command line count.
    ///
    /// # Errors
    /// When our own work cannot be done.
    pub fn worth(&self, release: &str) -> Result<Worth, Trouble> {
        let request = self.request_for(release);
        let mut answers = check_on(&self.host, &request, &|_, _| {})?;
        pending::mark(&self.host, release, &mut answers);
        Ok(Worth::of(release, &answers))
    }

    /// Why GRUB cannot be asked for an entry at one boot only; `None`: nothing stands in its way.
    /// Where that cannot be seen, that is why: a wish that GRUB cannot take back holds for ever.
    #[must_use]
    pub fn one_boot_barred(&self) -> Option<String> {
        let several = |mount: &Mount| {
            ["/dev/mapper/", "/dev/md", "/dev/dm-"].iter().any(|at| mount.source.starts_with(at))
        };
        let barred = way_back::unwritable(&self.host.looking(), true, several);
        match Step::of(&RULE).consult(&barred) {
            Ok(why) => why.as_ref().map(ToString::to_string),
            Err(_) => Some("it cannot be seen on which file system its files lie".to_owned()),
        }
    }

    /// What the platform demands at the next boot: names of demands and their values.
    #[must_use]
    pub fn demands(&self) -> BTreeMap<String, String> {
        let Ok(policies) = policy_on(&self.host, &self.request) else { return BTreeMap::new() };
        let demands = policies.into_iter().flat_map(|policy| policy.demands);
        demands.filter_map(|d| Some((d.name.to_owned(), d.value?))).collect()
    }

    fn request_for(&self, release: &str) -> Request {
        let kernel = match self.next.as_deref() == Some(release) {
            true => Which::Next,
            false => Which::Release(release.to_owned()),
        };
        Request { kernel, ..self.request.clone() }
    }
}

/// The digest of what a manifest says, wherever it is written; `None` where it says nothing.
#[must_use]
pub fn digest_of(manifest: &Manifest) -> Option<String> {
    let tables = manifest.tables();
    // How far the gate goes is no part of what must load.
    let mut lines = String::new();
    for (table, all) in tables.iter().filter(|(table, _)| *table != "[gate]") {
        for line in *all {
            lines.push_str(&format!("{table}\t{}\t{}\n", line.key, line.value));
        }
    }
    (!lines.is_empty()).then(|| sha256(lines.as_bytes()))
}
