//! The order in which many modules can be judged side by side: what a module needs comes on a level before it.

use std::collections::HashMap;

use loadworthy_collect::item::HostPath;

/// A module of which it is known what it needs.
#[derive(Debug)]
pub(super) struct Planned {
    /// Its file.
    pub(super) path: HostPath,
    /// What is loaded first, in that order.
    pub(super) needs: Vec<String>,
}

impl Planned {
    /// Its file.
    pub(super) const fn path(&self) -> &HostPath {
        &self.path
    }
}

/// The order.
#[derive(Debug, Default)]
pub(super) struct Levels {
    /// The levels.
    pub(super) levels: Vec<Vec<Planned>>,
    /// Modules of which that is not known, and circles with all that needs them.
    pub(super) rest: Vec<HostPath>,
}

impl Levels {
    /// Of the modules at `paths` and what each needs; on each level they stay in that order.
    pub(super) fn of(paths: &[HostPath], mut needs: Vec<Option<Vec<String>>>) -> Self {
        let mut out = Self::default();
        let at: HashMap<String, usize> =
            paths.iter().enumerate().map(|(n, path)| (path.to_string(), n)).collect();
        // Who waits for a module, and for how many each still waits. What is not among the paths is
        // waited for by nobody; it will be told as missing.
        let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); paths.len()];
        let mut left: Vec<usize> = vec![usize::MAX; paths.len()];
        for (n, needs) in needs.iter().enumerate() {
            let Some(needs) = needs else { continue };
            let known: Vec<usize> = needs.iter().filter_map(|need| at.get(need).copied()).collect();
            left[n] = known.len();
            for need in known {
                waiting[need].push(n);
            }
        }
        let mut ready: Vec<usize> = (0..paths.len()).filter(|n| left[*n] == 0).collect();
        while !ready.is_empty() {
            let mut next = Vec::new();
            for &n in &ready {
                for &waits in &waiting[n] {
                    left[waits] -= 1;
                    if left[waits] == 0 {
                        next.push(waits);
                    }
                }
            }
            let plan =
                |&n: &usize| Some(Planned { path: paths[n].clone(), needs: needs[n].take()? });
            out.levels.push(ready.iter().filter_map(plan).collect());
            next.sort_unstable();
            ready = next;
        }
        let planned = needs.iter().zip(&left).map(|(needs, left)| needs.is_none() && *left == 0);
        out.rest = paths.iter().zip(planned).filter(|(_, p)| !p).map(|(p, _)| p.clone()).collect();
        out
    }
}
