//! `check --health`: is everything really up that the manifest names, and as it was before?

use std::path::{Path, PathBuf};
use std::sync::Arc;

use loadworthy_collect::gather::linux::{hardware, health as vitals, stack};
use loadworthy_core::facts::health::Vitals;
use loadworthy_core::health::{self, Check, State};
use loadworthy_core::proof::Origin;
use loadworthy_formats::manifest::Manifest;

use crate::host::Host;
use crate::preflight::seen;
use crate::request::{Source, Trouble};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Which machine.
    pub source: Source,
    /// A manifest of the caller's, in place of the machine's own.
    pub manifest: Option<PathBuf>,
    /// What the machine was like before: a bundle of it, or a folder.
    pub since: Option<PathBuf>,
    /// As of when.
    pub at: String,
}

/// What was checked.
#[derive(Clone, Debug)]
pub struct Examined {
    /// As of when.
    pub at: String,
    /// Where it was looked at.
    pub source: Origin,
    /// The kernel that runs.
    pub kernel: Option<Arc<str>>,
    /// The files of the manifest.
    pub manifest: Vec<String>,
    /// What it was compared with.
    pub since: Option<Since>,
    /// Each check, by sort and name.
    pub checks: Vec<Check>,
}

/// An earlier time of the same machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Since {
    /// The file or folder.
    pub path: String,
    /// The kernel that ran then.
    pub kernel: Option<Arc<str>>,
}

impl Examined {
    /// The worst state of what counts; `None` where nothing was checked.
    #[must_use]
    pub fn worst(&self) -> Option<State> {
        self.checks.iter().filter(|check| check.counts()).map(|check| check.state).max()
    }
}

/// Examines a machine.
///
/// # Errors
/// When it, its manifest or what it was before cannot be read.
pub fn examine(asked: &Asked) -> Result<Examined, Trouble> {
    let host = Host::open(&asked.source)?;
    let found = seen::manifest_of(&host, asked.manifest.as_deref())?;
    let now = look(&host, &found.manifest);
    let before = asked.since.as_deref().map(|path| earlier(path, &found.manifest)).transpose()?;
    let hardware = &host.tables.hardware;
    let before_then = before.as_ref().map(|(_, vitals)| vitals);
    let checks = health::check(&found.manifest, &asked.at, &now, before_then, hardware);
    host.sound()?;
    Ok(Examined {
        at: asked.at.clone(),
        source: asked.source.origin(),
        kernel: now.kernel,
        manifest: found.files,
        since: before.map(|(since, _)| since),
        checks,
    })
}

fn earlier(path: &Path, manifest: &Manifest) -> Result<(Since, Vitals), Trouble> {
    let source = match path.is_dir() {
        true => Source::Root(path.to_owned()),
        false => Source::Bundle(path.to_owned()),
    };
    let host = Host::open(&source)?;
    let vitals = look(&host, manifest);
    host.sound()?;
    let since = Since { path: path.display().to_string(), kernel: vitals.kernel.clone() };
    Ok((since, vitals))
}

/// Looks at everything that a machine shows of itself.
pub(crate) fn look(host: &Host, manifest: &Manifest) -> Vitals {
    let looking = host.looking();
    let kernel = host.kernels.running.as_ref().ok().map(|kernel| kernel.release.clone());
    let (hardware, stack) = (hardware::gather(&looking), stack::gather(&looking));
    vitals::gather(&looking, &hardware, &stack, kernel.as_ref(), &manifest.health.units)
}
