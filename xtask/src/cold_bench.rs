//! B9: the whole tree verified when nothing of it is in the page cache, beside two readers.
//!
//! Pages are dropped file by file before each run, which everybody may do to files nobody else has
//! open; the image is left warm, since its certificate is kept.

use std::fs::File;
use std::path::Path;

use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};

use crate::bench_runs::{all_load, forget_signatures, kept, peer};
use crate::kernels::Kernel;
use crate::pairs::{Clock, median};

/// Most of the readers' time that is wanted.
const RATIO: f64 = 1.05;

/// Runs the benchmark; whether it reached its aim.
///
/// # Errors
/// When pages cannot be dropped, or a run judged wrongly.
pub(crate) fn run(
    program: &Path,
    kernel: &Kernel,
    list: &Path,
    pairs: usize,
    say: &mut dyn FnMut(&str),
) -> Result<bool, String> {
    let kept = kept().display().to_string();
    let ours = || all_load(program, kernel, &["--cache", &kept]);
    let readers = || peer(&["xargs", "-0", "-P2", "cat"], kernel, list);
    ours()?;
    let (mut our, mut their, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..pairs {
        drop_pages(kernel)?;
        forget_signatures()?;
        our.push(Clock::Wall.of(ours)?);
        drop_pages(kernel)?;
        their.push(Clock::Wall.of(readers)?);
        ratios.extend(our.last().zip(their.last()).map(|(our, their)| our / their));
    }
    let ratio = median(&mut ratios);
    let reached = ratio <= RATIO;
    say(&format!(
        "B9   ours {:.3} s   peer {:.3} s (xargs -P2 cat; both cold, by the clock)   ratio {ratio:.3} (pairs {:.3} to {:.3}; target {RATIO}) {}",
        median(&mut our),
        median(&mut their),
        ratios.first().copied().unwrap_or(ratio),
        ratios.last().copied().unwrap_or(ratio),
        if reached { "reached" } else { "MISSED" },
    ));
    Ok(reached)
}

fn drop_pages(kernel: &Kernel) -> Result<(), String> {
    for path in &kernel.modules {
        let told = |e: String| format!("{}: {e}", path.display());
        let file = File::open(path).map_err(|e| told(e.to_string()))?;
        posix_fadvise(&file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED)
            .map_err(|e| told(e.to_string()))?;
    }
    Ok(())
}
