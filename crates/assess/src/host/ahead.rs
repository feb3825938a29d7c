//! What was read of a machine before it was asked for, while something else had to be waited for.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use loadworthy_collect::gather::linux::initramfs::Initramfs;
use loadworthy_collect::item::HostPath;
use loadworthy_core::facts::module::ModuleFacts;
use loadworthy_core::proof::Why;

use super::Host;

/// An initramfs, unpacked.
pub(crate) struct Unpacked {
    pub(crate) found: Result<Initramfs, Why>,
    /// What is in it, as a machine; modules of it may have been read.
    pub(crate) host: Option<Box<Host>>,
}

/// What waits for being asked for.
#[derive(Default)]
pub(super) struct Ahead {
    initramfs: Mutex<BTreeMap<Arc<str>, Unpacked>>,
    modules: Mutex<BTreeMap<HostPath, ModuleFacts>>,
}

impl Ahead {
    /// These modules, if all of them were read.
    pub(super) fn take_modules(&self, paths: &[&HostPath]) -> Option<Vec<ModuleFacts>> {
        let mut modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        if !paths.iter().all(|path| modules.contains_key(*path)) {
            return None;
        }
        paths.iter().map(|path| modules.remove(*path)).collect()
    }
}

impl Host {
    /// Reads modules before they are asked for, until there is `enough` of it.
    pub(crate) fn read_ahead(&self, paths: &[HostPath], enough: &AtomicBool) {
        let mut scratch = Default::default();
        for pair in paths.chunks(2).take_while(|_| !enough.load(Ordering::Relaxed)) {
            let read = self.modules(&pair.iter().collect::<Vec<_>>(), &mut scratch);
            let mut modules = self.ahead.modules.lock().unwrap_or_else(PoisonError::into_inner);
            modules.extend(pair.iter().cloned().zip(read));
        }
    }

    /// Keeps the initramfs of a kernel until it is asked for.
    pub(crate) fn keep_initramfs(&self, release: &Arc<str>, unpacked: Unpacked) {
        let mut all = self.ahead.initramfs.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(release.clone(), unpacked);
    }

    /// The initramfs of a kernel, if it was unpacked before.
    pub(crate) fn take_initramfs(&self, release: &str) -> Option<Unpacked> {
        self.ahead.initramfs.lock().unwrap_or_else(PoisonError::into_inner).remove(release)
    }
}
