//! Work shared between threads: one counter, one scratch a thread, results in the order of the work.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

/// Does `work` on every item with `jobs` threads. Each thread makes its own scratch and takes the
/// next item when it is done with one, so items should come largest first. `progress` is told how many
/// are done, of how many.
pub fn each<I: Sync, S, O: Send>(
    items: &[I],
    jobs: usize,
    progress: &(dyn Fn(usize, usize) + Sync),
    scratch: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &I) -> O + Sync,
) -> Vec<O> {
    let next = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, O)>> = Mutex::new(Vec::with_capacity(items.len()));
    let run = || {
        let mut own = scratch();
        let mut mine = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { break };
            mine.push((at, work(&mut own, item)));
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, items.len());
        }
        match results.lock() {
            Ok(mut all) => all.extend(mine),
            Err(poisoned) => poisoned.into_inner().extend(mine),
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..jobs.clamp(1, items.len().max(1)) {
            scope.spawn(run);
        }
        run();
    });
    let mut results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, output)| output).collect()
}

/// The work done on every item, on as many threads as there are processors.
pub fn on_all<I: Sync, O: Send>(items: &[I], work: impl Fn(&I) -> O + Sync) -> Vec<O> {
    let jobs = available_parallelism().map_or(1, usize::from);
    each(items, jobs, &|_, _| {}, || (), |(), item| work(item))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_order_of_the_work() {
        let items: Vec<usize> = (0..100).collect();
        let out = each(&items, 3, &|_, _| {}, || (), |(), n| n * 2);
        assert_eq!(out, items.iter().map(|n| n * 2).collect::<Vec<_>>());
    }
}
