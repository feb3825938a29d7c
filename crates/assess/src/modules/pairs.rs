//! Modules are read two by two, and those that come soon are asked for before.

use std::sync::atomic::{AtomicUsize, Ordering};

use loadworthy_collect::gather::linux::module::Scratch;
use loadworthy_collect::item::{HostPath, Item};
use loadworthy_collect::pool;
use loadworthy_collect::view::View;

use crate::request::Progress;

/// So many pairs are asked for before they are read: the disk is busy while the one at hand is verified.
const AHEAD: usize = 12;
/// After so many files in a row that were in memory already, no more are asked for.
const ENOUGH: usize = 32;

/// Where modules lie that come soon.
pub(super) struct Ahead<'v> {
    view: Option<&'v dyn View>,
    in_memory: AtomicUsize,
}

impl<'v> Ahead<'v> {
    /// `None`: nobody is asked.
    pub(super) const fn on(view: Option<&'v dyn View>) -> Self {
        Self { view, in_memory: AtomicUsize::new(0) }
    }

    fn expect(&self, path: &HostPath) {
        let Some(view) = self.view else { return };
        if self.in_memory.load(Ordering::Relaxed) >= ENOUGH {
            return;
        }
        match view.expect(&Item::File(path.clone())) {
            true => self.in_memory.store(0, Ordering::Relaxed),
            false => _ = self.in_memory.fetch_add(1, Ordering::Relaxed),
        }
    }
}

/// Does `work` on every two of `items`, the files at `path`, with buffers for both. `progress` is told of
/// single ones.
pub(super) fn each<I: Sync, O: Send>(
    items: &[I],
    path: impl Fn(&I) -> &HostPath + Sync,
    ahead: &Ahead<'_>,
    jobs: usize,
    progress: Progress<'_>,
    work: impl Fn(&mut [Scratch; 2], &[I]) -> Vec<O> + Sync,
) -> Vec<O> {
    let pairs: Vec<(usize, &[I])> = items.chunks(2).enumerate().collect();
    let told = |done: usize, _: usize| progress((2 * done).min(items.len()), items.len());
    let done = pool::each(&pairs, jobs, &told, Default::default, |scratch, (n, pair)| {
        let soon = if *n == 0 { 1 } else { n + AHEAD };
        let soon = pairs.get(soon..=n + AHEAD).or(pairs.get(soon..)).unwrap_or_default();
        soon.iter().flat_map(|(_, pair)| *pair).for_each(|item| ahead.expect(path(item)));
        work(scratch, pair)
    });
    done.into_iter().flatten().collect()
}
