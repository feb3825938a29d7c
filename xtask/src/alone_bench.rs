//! What is measured without a peer: seconds by the clock, memory, the size of the program and what it
//! takes to start.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};

use crate::bench_runs::{all_load, forget_modules, kept};
use crate::instructions;
use crate::kernels::{Kernel, output};
use crate::pairs::{Clock, median};

/// Seconds that the libraries alone need for the plain tree on two idle processors.
const SECONDS: f64 = 0.28;
/// Bytes the program may have, with every feature.
const SIZE: u64 = 8 << 20;
/// Instructions until `--version` is printed, in a program that is linked statically.
const START: u64 = 200_000;

fn told(id: &str, figure: &str, target: &str, reached: bool, say: &mut dyn FnMut(&str)) -> bool {
    let word = if reached { "reached" } else { "MISSED" };
    say(&format!("{id}   {figure} (target {target}) {word}"));
    reached
}

/// B3: the plain tree, in seconds of the clock.
///
/// # Errors
/// When a run judged wrongly.
pub(crate) fn seconds(
    program: &Path,
    kernel: &Kernel,
    runs: usize,
    say: &mut dyn FnMut(&str),
) -> Result<bool, String> {
    let kept = kept().display().to_string();
    let ours = || {
        forget_modules()?;
        all_load(program, kernel, &["--cache", &kept])
    };
    ours()?;
    let taken: Result<Vec<f64>, String> = (0..runs).map(|_| Clock::Wall.of(ours)).collect();
    let mut taken = taken?;
    let middle = median(&mut taken);
    let best = taken.first().copied().unwrap_or(middle);
    let figure = format!("{middle:.3} s by the clock, the best {best:.3} s");
    Ok(told("B3", &figure, "0.28 s on two idle processors", best <= SECONDS, say))
}

/// B10: the most memory a run takes, in MiB.
///
/// # Errors
/// When the program does not run.
pub(crate) fn memory(
    program: &Path,
    kernel: &Kernel,
    target: u64,
    say: &mut dyn FnMut(&str),
) -> Result<bool, String> {
    // A process of its own, since the system tells only the most that any child took.
    let this = std::env::current_exe().map_err(|e| e.to_string())?;
    let mut run = Command::new(this);
    run.arg("peak").arg(program).args(["check", "--all", "--json", "--assume", "secure-boot=on"]);
    run.arg("--cache").arg(kept()).args(["--kernel", &kernel.release, "--root"]).arg(&kernel.root);
    output(&mut run)?;
    forget_modules()?;
    let peak: u64 = output(&mut run)?.trim().parse().map_err(|_| "B10: no figure")?;
    let figure = format!("{:.1} MiB at most, {}", peak as f64 / 1024.0, kernel.release);
    Ok(told("B10", &figure, &format!("{target} MiB"), peak <= target << 10, say))
}

/// Runs a program and tells the most memory it took, in KiB.
///
/// # Errors
/// When it cannot be started.
pub fn peak(command: &[String]) -> Result<i64, String> {
    let (program, arguments) = command.split_first().ok_or("peak PROGRAM…")?;
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status();
    status.map_err(|e| format!("{program}: {e}"))?.success().then_some(()).ok_or("it failed")?;
    getrusage(UsageWho::RUSAGE_CHILDREN).map(|usage| usage.max_rss()).map_err(|e| e.to_string())
}

/// S1 and S2: what it takes to start the program, and its size.
///
/// # Errors
/// When the program cannot be looked at.
pub(crate) fn start_and_size(program: &Path, say: &mut dyn FnMut(&str)) -> Result<bool, String> {
    let size = fs::metadata(program).map_err(|e| format!("{}: {e}", program.display()))?.len();
    let figure = format!("{:.2} MiB", size as f64 / f64::from(1 << 20));
    let small = told("S2", &figure, "8 MiB", size <= SIZE, say);
    let Some(counted) = instructions::all(program, &["--version"])? else {
        say("S1   skipped: valgrind not found");
        return Ok(small);
    };
    let figure = format!("{counted} instructions for --version");
    Ok(told("S1", &figure, "200000", counted <= START, say) && small)
}
