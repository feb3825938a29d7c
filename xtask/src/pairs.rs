//! Two programs that do comparable work, run in turns.
//!
//! CPU is user and system time of the whole process tree. A pair is our run and the peer's next to
//! each other, in turns which comes first; what is told is the median of the pairs' ratios. A run that
//! answers wrongly ends the benchmark.

use nix::sys::resource::{UsageWho, getrusage};
use std::time::Instant;

/// What is compared in pairs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pairs {
    pub(crate) id: &'static str,
    /// The peer, in words.
    pub(crate) says: &'static str,
    /// The ratio that is wanted.
    pub(crate) target: f64,
    pub(crate) pairs: usize,
    /// Seconds that are the same on both sides and count on neither.
    pub(crate) apart: f64,
    pub(crate) clock: Clock,
}

/// What is counted of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Clock {
    /// User and system seconds of everything that is started.
    Processor,
    /// Seconds from beginning to end; they mean something on an idle machine only.
    Wall,
}

impl Clock {
    pub(crate) fn of(self, work: impl FnOnce() -> Result<(), String>) -> Result<f64, String> {
        match self {
            Self::Processor => cpu(work),
            Self::Wall => {
                let begun = Instant::now();
                work()?;
                Ok(begun.elapsed().as_secs_f64())
            }
        }
    }
}

/// Runs both sides in turns; whether the target was reached.
pub(crate) fn run_pairs(
    about: &Pairs,
    our: &dyn Fn() -> Result<(), String>,
    peer: &dyn Fn() -> Result<(), String>,
    say: &mut dyn FnMut(&str),
) -> Result<bool, String> {
    run_prepared(about, &|| Ok(()), our, peer, say)
}

/// The same with something done before each run that is not counted.
pub(crate) fn run_prepared(
    about: &Pairs,
    prepare: &dyn Fn() -> Result<(), String>,
    our: &dyn Fn() -> Result<(), String>,
    peer: &dyn Fn() -> Result<(), String>,
    say: &mut dyn FnMut(&str),
) -> Result<bool, String> {
    // One pair warms the file cache and is not counted.
    our()?;
    peer()?;
    let (mut ours, mut peers, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for pair in 0..about.pairs {
        let turn = |side: &dyn Fn() -> Result<(), String>| {
            prepare()?;
            about.clock.of(side).map(|all| all - about.apart)
        };
        let (our_turn, peer_turn) = (|| turn(our), || turn(peer));
        let (our, their) = if pair % 2 == 0 {
            let our = our_turn()?;
            (our, peer_turn()?)
        } else {
            let their = peer_turn()?;
            (our_turn()?, their)
        };
        ours.push(our);
        peers.push(their);
        ratios.push(our / their);
    }
    let (our, their, ratio) = (median(&mut ours), median(&mut peers), median(&mut ratios));
    let reached = ratio <= about.target;
    say(&format!(
        "{}   ours {our:.3} s   peer {their:.3} s ({})   ratio {ratio:.3} (pairs {:.3} to {:.3}; target {}) {}",
        about.id,
        about.says,
        ratios.first().copied().unwrap_or(ratio),
        ratios.last().copied().unwrap_or(ratio),
        about.target,
        if reached { "reached" } else { "MISSED" },
    ));
    Ok(reached)
}

/// User and system seconds of everything that `work` starts and waits for.
fn cpu(work: impl FnOnce() -> Result<(), String>) -> Result<f64, String> {
    let spent = || -> Result<f64, String> {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|e| e.to_string())?;
        let seconds = |t: nix::sys::time::TimeVal| t.tv_sec() as f64 + t.tv_usec() as f64 / 1e6;
        Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
    };
    let before = spent()?;
    work()?;
    Ok(spent()? - before)
}

/// The middle value; sorts on the way.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        0 if middle > 0 => f64::midpoint(values[middle - 1], values[middle]),
        _ => values.get(middle).copied().unwrap_or(f64::NAN),
    }
}
