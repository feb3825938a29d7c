//! `collect`: everything that a verdict looks at, recorded.
//!
//! Nothing here lists what to record. The questions themselves are asked of every kernel, through a view
//! that keeps what it is asked: what a verdict needs is what it looked at.

use std::io::{self, Write};
use std::sync::Arc;

use loadworthy_collect::bundle::records::{Records, Told, Written};
use loadworthy_collect::gather::linux::module::{self, Scratch};
use loadworthy_collect::item::Item;
use loadworthy_collect::views::recording::Recording;
use loadworthy_core::proof::Origin;
use loadworthy_formats::bundle::index::Source;
use loadworthy_formats::limits::Limits;

use crate::boot_images::BootChain;
use crate::builds::builds_on;
use crate::check::check_on;
use crate::health;
use crate::host::{self, Host};
use crate::initramfs;
use crate::modules;
use crate::policy::policy_on;
use crate::preflight::seen;
use crate::request::{Progress, Request, Subjects, Trouble, Which};
use crate::rollback;
use loadworthy_collect::pool;

/// What to record.
#[derive(Clone, Copy, Debug, Default)]
pub struct How {
    /// Modules as whole files, to be loaded elsewhere.
    pub full: bool,
    /// Names and serial numbers replaced.
    pub redacted: bool,
}

/// A machine that was looked at.
#[derive(Debug)]
pub struct Recorded {
    records: Arc<Records>,
    told: Told,
}

/// Looks at everything that a verdict about the kernels asked for can need.
///
/// # Errors
/// When the machine cannot be opened, or the kernel asked for by name is not there.
pub fn record(request: &Request, how: How, progress: Progress<'_>) -> Result<Recorded, Trouble> {
    let view = host::view(&request.source)?;
    let source = if view.origin() == Origin::Live { Source::Live } else { Source::Root };
    let records = Arc::new(Records::new(how.full));
    let view = Recording::new(view, records.clone(), Limits::DEFAULT);
    let host = Host::over(Box::new(view))?;
    let quiet = |_, _| {};
    for kernel in [request.kernel.clone(), Which::Running] {
        let request = asked(request, kernel);
        match check_on(&host, &request, &quiet).and_then(|_| policy_on(&host, &request)) {
            Ok(_) => {}
            // A machine without a kernel has a policy of its firmware all the same.
            Err(Trouble::NoKernel { .. }) if !matches!(request.kernel, Which::Release(_)) => {}
            Err(trouble) => return Err(trouble),
        }
    }
    BootChain::of(&host, &asked(request, Which::All))?;
    rollback::look_around(&host);
    // What was up when it was recorded, for `check --health --since`.
    let manifest = seen::manifest_of(&host, None).map(|found| found.manifest).unwrap_or_default();
    drop(health::look(&host, &manifest));
    for kernel in host.asked(&request.kernel).unwrap_or_default() {
        let kernel = host.kernel(kernel, &asked(request, Which::All))?;
        let (paths, _) = modules::all(&host.looking(), &kernel);
        pool::each(&paths, request.jobs, progress, Scratch::default, |scratch, path| {
            drop(module::gather(&host.looking(), path, scratch));
        });
        initramfs::look_through(&host, &kernel, request.jobs);
    }
    builds_on(&host, &asked(request, Which::All), &quiet)?;
    // Names of people and their reasons stay where names are taken out.
    if !how.redacted {
        let looking = host.looking();
        let ledger = Item::file("var/lib/loadworthy/ledger");
        let _ = looking.view.look(&ledger, looking.limits.text_bytes);
    }
    host.sound()?;
    let told = Told {
        at: request.at.clone(),
        tool: env!("CARGO_PKG_VERSION").into(),
        source,
        redacted: how.redacted,
    };
    Ok(Recorded { records, told })
}

/// The question about everything in use, of this kernel.
fn asked(request: &Request, kernel: Which) -> Request {
    Request {
        source: request.source.clone(),
        with: request.with.clone(),
        kernel,
        subjects: Subjects::Used,
        assume: Vec::new(),
        manifest: None,
        at: request.at.clone(),
        cache: None,
        knowledge: request.knowledge.clone(),
        jobs: request.jobs,
        short: false,
    }
}

impl Recorded {
    /// Writes it as a bundle.
    ///
    /// # Errors
    /// When `out` does not take it.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<Written> {
        self.records.write(self.told.clone(), out)
    }
}
