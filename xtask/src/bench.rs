//! Our figure beside a peer's, from one interleaved run.
//!
//! CPU is user and system time of the whole process tree. A run of ours counts only if it judged
//! every file rightly; a pair is our run and the peer's next to each other, in turns which comes
//! first; what is told is the median of the pairs' ratios.

use crate::kernels::{self, Kernel};
use crate::program::build;
use crate::scan_bench;
use crate::whole_trees::{Judged, judge};
use nix::sys::resource::{UsageWho, getrusage};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which benchmarks; empty for all.
    pub ids: Vec<String>,
    /// A root directory with one kernel, in place of the fetched ones.
    pub tree: Option<PathBuf>,
    /// A folder of drivers and catalogs, for what is measured on those alone.
    pub drivers: Option<PathBuf>,
    /// How many pairs.
    pub pairs: usize,
    /// A program that was built already, in place of a release build.
    pub program: Option<PathBuf>,
}

impl Options {
    /// The program that is measured.
    ///
    /// # Errors
    /// When it does not build.
    pub fn program(&self) -> Result<PathBuf, String> {
        self.program.clone().map_or_else(build, Ok)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self { ids: Vec::new(), tree: None, drivers: None, pairs: 7, program: None }
    }
}

/// One benchmark.
struct Bench {
    id: &'static str,
    what: &'static str,
    peer: &'static [&'static str],
    peer_says: &'static str,
    newer: bool,
    ours: fn(&Path, &Kernel) -> Result<(), String>,
    target: f64,
}

const BENCHES: [Bench; 3] = [
    Bench {
        id: "B1",
        what: "full verify and closure of the plain tree, what its image holds kept",
        peer: &["xargs", "-0", "-P2", "openssl", "dgst", "-sha256"],
        peer_says: "xargs -P2 openssl dgst -sha256",
        newer: false,
        ours: check_again,
        target: 1.25,
    },
    Bench {
        id: "B4",
        what: "full verify and closure of the .xz tree",
        peer: &["xargs", "-0", "-P2", "xz", "-dc"],
        peer_says: "xargs -P2 xz -dc",
        newer: true,
        ours: check,
        target: 1.0,
    },
    Bench {
        id: "B7",
        what: "metadata of all modules",
        peer: &["xargs", "-0", "-n", "100000", "-s", "2000000", "modinfo"],
        peer_says: "modinfo of all paths in one call",
        newer: false,
        ours: metadata,
        target: 0.2,
    },
];

/// Runs the benchmarks; whether each reached its target.
///
/// # Errors
/// When the program cannot be built, a tree is not there, or a run judged wrongly.
pub fn run(options: &Options, say: &mut dyn FnMut(&str)) -> Result<bool, String> {
    let program = options.program()?;
    let mut reached = true;
    for bench in &BENCHES {
        if !options.ids.is_empty() && !options.ids.iter().any(|id| id == bench.id) {
            continue;
        }
        let kernel = match &options.tree {
            Some(tree) => kernels::at(tree)?,
            None if bench.newer => kernels::fetch(say)?.newer,
            None => kernels::fetch(say)?.stable,
        };
        let list = kernels::home().with_file_name("bench-paths");
        write_list(&list, &kernel).map_err(|e| format!("{}: {e}", list.display()))?;
        reached &= measure(bench, &program, &kernel, &list, options.pairs.max(1), say)?;
    }
    if options.ids.is_empty() || options.ids.iter().any(|id| id == "D1") {
        reached &= scan_bench::run(&program, options.pairs, say)?;
    }
    Ok(reached)
}

fn measure(
    bench: &Bench,
    program: &Path,
    kernel: &Kernel,
    list: &Path,
    pairs: usize,
    say: &mut dyn FnMut(&str),
) -> Result<bool, String> {
    say(&format!(
        "{} {}: {} modules of {}",
        bench.id,
        bench.what,
        kernel.modules.len(),
        kernel.release
    ));
    let about =
        Pairs { id: bench.id, says: bench.peer_says, target: bench.target, pairs, apart: 0.0 };
    run_pairs(&about, &|| (bench.ours)(program, kernel), &|| peer(bench.peer, list), say)
}

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
}

/// Runs both sides in turns; whether the target was reached.
pub(crate) fn run_pairs(
    about: &Pairs,
    our: &dyn Fn() -> Result<(), String>,
    peer: &dyn Fn() -> Result<(), String>,
    say: &mut dyn FnMut(&str),
) -> Result<bool, String> {
    // One pair warms the file cache and is not counted.
    our()?;
    peer()?;
    let (mut ours, mut peers, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for pair in 0..about.pairs {
        let our_turn = || cpu(our).map(|all| all - about.apart);
        let peer_turn = || cpu(peer).map(|all| all - about.apart);
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

/// Every module's path with a zero after it, as `xargs -0` takes them.
fn write_list(list: &Path, kernel: &Kernel) -> std::io::Result<()> {
    let mut file = File::create(list)?;
    for path in &kernel.modules {
        file.write_all(path.as_os_str().as_encoded_bytes())?;
        file.write_all(&[0])?;
    }
    Ok(())
}

/// B1: as B4, and what the kernel image holds is known from the run that warms the file cache. Every
/// module is read and verified each time.
fn check_again(program: &Path, kernel: &Kernel) -> Result<(), String> {
    let kept = kernels::home().with_file_name("bench-kept");
    all_load(program, kernel, &["--cache", &kept.display().to_string()])
}

/// B4: every module of the tree is judged, and every one loads.
fn check(program: &Path, kernel: &Kernel) -> Result<(), String> {
    all_load(program, kernel, &[])
}

fn all_load(program: &Path, kernel: &Kernel, more: &[&str]) -> Result<(), String> {
    let judged = judge(program, kernel, &[&["--assume", "secure-boot=on"], more].concat())?;
    let all = kernel.modules.len();
    let Judged { exit, loads, tainted, refused, unknown, .. } = judged;
    match exit == 0 && loads + tainted == all && refused + unknown == 0 {
        true => Ok(()),
        false => Err(format!(
            "a wrong run: exit {exit}, {loads} load, {tainted} taint, {refused} refused, {unknown} unknown of {all}"
        )),
    }
}

/// B7: name, licence, dependencies and the rest of `.modinfo`, without looking at the code.
fn metadata(program: &Path, kernel: &Kernel) -> Result<(), String> {
    let done = Command::new(program)
        .args(["inspect", "--brief"])
        .args(&kernel.modules)
        .stdout(Stdio::piped())
        .output()
        .map_err(|e| format!("{}: {e}", program.display()))?;
    let told = String::from_utf8_lossy(&done.stdout).matches("\nvermagic: ").count();
    match done.status.success() && told >= kernel.modules.len() {
        true => Ok(()),
        false => Err(format!("a wrong run: {told} of {} modules told", kernel.modules.len())),
    }
}

fn peer(command: &[&str], list: &Path) -> Result<(), String> {
    let paths = File::open(list).map_err(|e| format!("{}: {e}", list.display()))?;
    let (program, arguments) = command.split_first().ok_or("no peer")?;
    let status = Command::new(program)
        .args(arguments)
        .stdin(paths)
        .stdout(Stdio::null())
        .status()
        .map_err(|e| format!("{program}: {e}"))?;
    status.success().then_some(()).ok_or_else(|| format!("{}: failed", command.join(" ")))
}

/// User and system seconds of everything that `work` starts and waits for.
pub(crate) fn cpu(work: impl FnOnce() -> Result<(), String>) -> Result<f64, String> {
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
