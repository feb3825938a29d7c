//! Logs of recorded refusals, beside the files that caused them: the cause is proven.

use libtest_mimic::{Failed, Trial};
use loadworthy_proving::oracles::archive::Archive;
use loadworthy_proving::oracles::joined::join;
use loadworthy_proving::oracles::recorded;
use loadworthy_proving::oracles::roots::policies;
use std::sync::Arc;

/// Refusals of each policy that are diagnosed, and of those with another file in their place.
const MOST: usize = 6;
const DECOYS: usize = 2;

pub(crate) fn trials() -> Vec<Trial> {
    // Without an archive the recorded answers say so.
    let Ok(archive) = recorded::archive() else { return Vec::new() };
    let archive = Arc::new(archive);
    let trial = |policy: String| {
        let archive = archive.clone();
        Trial::test(format!("oracle joined {policy}"), move || joined(&archive, &policy))
    };
    // Of cases made at random the lines are not recorded.
    let told = |policy: &String| !policy.contains("-generated-");
    policies(&archive).into_iter().filter(told).map(trial).collect()
}

fn joined(archive: &Archive, policy: &str) -> Result<(), Failed> {
    let done = join(archive, policy, MOST, false)?;
    if done.cases == 0 || done.proven != done.cases {
        return Err(format!("{} of {} proven: {:#?}", done.proven, done.cases, done.open).into());
    }
    let decoys = join(archive, policy, DECOYS, true)?;
    match decoys.proven {
        0 => Ok(()),
        _ => Err(format!("proven by a file that loads: {:?}", decoys.causes).into()),
    }
}
