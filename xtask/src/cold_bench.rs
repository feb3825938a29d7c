//! B9: the whole tree verified when nothing of it is in the page cache, beside two readers.
//!
//! Pages are dropped file by file before each run, which everybody may do to files nobody else has
//! open; the image is left warm, since its certificate is kept.

use std::fs::File;
use std::path::Path;

use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};

use crate::bench_runs::{all_load, forget_modules, kept, peer};
use crate::kernels::Kernel;
use crate::pairs::{Clock, Pairs, run_prepared};

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
    let about = Pairs {
        id: "B9",
        says: "xargs -P2 cat; both cold, by the clock",
        target: RATIO,
        pairs,
        apart: 0.0,
        clock: Clock::Wall,
    };
    let prepare = || {
        drop_pages(kernel)?;
        forget_modules()
    };
    let ours = || all_load(program, kernel, &["--cache", &kept]);
    let readers = || peer(&["xargs", "-0", "-P2", "cat"], kernel, list);
    run_prepared(&about, &prepare, &ours, &readers, say)
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
