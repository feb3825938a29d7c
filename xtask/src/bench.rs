//! Our figure beside a peer's, from one interleaved run.
//!
//! A run of ours counts only if it judged every file rightly.

use crate::alone_bench;
use crate::bench_runs::{
    RELEASE, ROOT, all_load, forget_modules, kept, kept_whole, peer, write_list,
};
use crate::cms_bench;
use crate::cold_bench;
use crate::kernels::{self, Kernel, output};
use crate::packed_trees::{self, Packer};
use crate::pairs::{Clock, Pairs, run_pairs};
use crate::program::build;
use crate::scan_bench;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Those that are asked for by name; W1 to W4 are asked for with a folder of drivers.
pub const IDS: [&str; 17] = [
    "B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B9", "B10", "B12", "D1", "G1", "N1", "P1",
    "S1", "S2",
];

/// What to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which benchmarks; empty for all.
    pub ids: Vec<String>,
    /// A root directory with one kernel, in place of the fetched ones.
    pub tree: Option<PathBuf>,
    /// A folder of drivers and catalogs, for what is measured on those alone.
    pub drivers: Option<PathBuf>,
    /// Whether growth is measured and drawn.
    pub plot: bool,
    /// How many pairs.
    pub pairs: usize,
    /// A program that was built already, in place of a release build.
    pub program: Option<PathBuf>,
}

impl Options {
    /// Whether this benchmark is asked for.
    pub(crate) fn asks(&self, id: &str) -> bool {
        self.ids.is_empty() || self.ids.iter().any(|asked| asked == id)
    }

    fn kernel(&self, over: Over, say: &mut dyn FnMut(&str)) -> Result<Kernel, String> {
        let plain = match (&self.tree, over) {
            (Some(tree), _) => kernels::at(tree)?,
            (None, Over::Newer) => kernels::signed("6.12", say)?,
            (None, Over::Plain | Over::Packed(_)) => kernels::signed("6.1", say)?,
        };
        match over {
            Over::Packed(packer) => packed_trees::tree(&plain, packer),
            Over::Plain | Over::Newer => Ok(plain),
        }
    }

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
        Self { ids: Vec::new(), tree: None, drivers: None, plot: false, pairs: 7, program: None }
    }
}

/// Which tree a benchmark is over.
#[derive(Clone, Copy)]
enum Over {
    /// The kernel of the release, plain modules.
    Plain,
    /// The same, packed in another way.
    Packed(Packer),
    /// The newer kernel, `.xz` as it is shipped.
    Newer,
}

/// One benchmark that is a pair of runs in processor time.
struct Bench {
    id: &'static str,
    what: &'static str,
    peer: &'static [&'static str],
    peer_says: &'static str,
    over: Over,
    ours: fn(&Path, &Kernel) -> Result<(), String>,
    target: f64,
}

const BENCHES: [Bench; 7] = [
    Bench {
        id: "B1",
        what: "full verify and closure of the plain tree, what its image holds kept",
        peer: &["xargs", "-0", "-P2", "openssl", "dgst", "-sha256"],
        peer_says: "xargs -P2 openssl dgst -sha256",
        over: Over::Plain,
        ours: check_again,
        target: 1.05,
    },
    Bench {
        id: "B4",
        what: "full verify and closure of the .xz tree",
        peer: &["xargs", "-0", "-P2", "xz", "-dc"],
        peer_says: "xargs -P2 xz -dc",
        over: Over::Newer,
        ours: check,
        target: 0.9,
    },
    Bench {
        id: "B5",
        what: "full verify and closure of the .zst tree, what its image holds kept",
        peer: &["xargs", "-0", "-n", "100000", "-s", "2000000", "zstd", "-dcq"],
        peer_says: "zstd -dc of all paths in one call",
        over: Over::Packed(Packer::Zstd),
        ours: check_again,
        target: 1.5,
    },
    Bench {
        id: "B6",
        what: "full verify and closure of the .gz tree, what its image holds kept",
        peer: &["xargs", "-0", "-n", "100000", "-s", "2000000", "gzip", "-dc"],
        peer_says: "gzip -dc of all paths in one call",
        over: Over::Packed(Packer::Gzip),
        ours: check_again,
        target: 0.44,
    },
    Bench {
        id: "B7",
        what: "metadata of all modules",
        peer: &["xargs", "-0", "-n", "100000", "-s", "2000000", "modinfo"],
        peer_says: "modinfo of all paths in one call",
        over: Over::Plain,
        ours: metadata,
        target: 0.12,
    },
    Bench {
        id: "B8",
        what: "what every module depends on, by its symbols",
        peer: &["depmod", "-n", "-b", ROOT, RELEASE],
        peer_says: "depmod -n",
        over: Over::Plain,
        ours: dependencies,
        target: 0.15,
    },
    Bench {
        id: "B12",
        what: "the plain tree again, nothing of it changed, with all that the first run found kept",
        peer: &["xargs", "-0", "-P2", "openssl", "dgst", "-sha256"],
        peer_says: "xargs -P2 openssl dgst -sha256",
        over: Over::Plain,
        ours: check_kept,
        target: 0.55,
    },
];

/// Runs the benchmarks; whether each reached its target.
///
/// # Errors
/// When the program cannot be built, a tree is not there, or a run judged wrongly.
pub fn run(options: &Options, say: &mut dyn FnMut(&str)) -> Result<bool, String> {
    let ours = |id: &&str| !["G1", "N1", "P1"].contains(id);
    if !IDS.into_iter().filter(ours).any(|id| options.asks(id)) {
        return Ok(true);
    }
    let program = options.program()?;
    let pairs = options.pairs.max(1);
    let mut reached = true;
    for bench in BENCHES.iter().filter(|bench| options.asks(bench.id)) {
        let kernel = options.kernel(bench.over, say)?;
        let list = write_list(&kernel)?;
        reached &= measure(bench, &program, &kernel, &list, pairs, say)?;
    }
    if ["B2", "B3", "B9", "B10"].iter().any(|id| options.asks(id)) {
        let plain = options.kernel(Over::Plain, say)?;
        if options.asks("B2") {
            reached &= cms_bench::run(&program, &plain, pairs, say)?;
        }
        if options.asks("B3") {
            reached &= alone_bench::seconds(&program, &plain, pairs, say)?;
        }
        if options.asks("B9") {
            reached &= cold_bench::run(&program, &plain, &write_list(&plain)?, pairs, say)?;
        }
        if options.asks("B10") {
            reached &= alone_bench::memory(&program, &plain, 24, say)?;
            if options.tree.is_none() {
                let newer = options.kernel(Over::Newer, say)?;
                reached &= alone_bench::memory(&program, &newer, 48, say)?;
            }
        }
    }
    if options.asks("S1") || options.asks("S2") {
        reached &= alone_bench::start_and_size(&program, say)?;
    }
    if options.asks("D1") {
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
    let (modules, release) = (kernel.modules.len(), &kernel.release);
    say(&format!("{} {}: {modules} modules of {release}", bench.id, bench.what));
    let about = Pairs {
        id: bench.id,
        says: bench.peer_says,
        target: bench.target,
        pairs,
        apart: 0.0,
        clock: Clock::Processor,
    };
    run_pairs(&about, &|| (bench.ours)(program, kernel), &|| peer(bench.peer, kernel, list), say)
}

/// B1: as B4, and what the kernel image holds is known from the run that warms the file cache. Every
/// module is read and verified each time.
fn check_again(program: &Path, kernel: &Kernel) -> Result<(), String> {
    forget_modules()?;
    all_load(program, kernel, &["--cache", &kept().display().to_string()])
}

/// B12: nothing was changed since modules were read, and what they hold is known.
fn check_kept(program: &Path, kernel: &Kernel) -> Result<(), String> {
    all_load(program, kernel, &["--cache", &kept_whole().display().to_string()])
}

/// B4: every module of the tree is judged, and every one loads.
fn check(program: &Path, kernel: &Kernel) -> Result<(), String> {
    all_load(program, kernel, &[])
}

/// B8: a line for each module with everything that it needs.
fn dependencies(program: &Path, kernel: &Kernel) -> Result<(), String> {
    let mut run = Command::new(program);
    let told = output(run.args(["inspect", "--needs"]).args(&kernel.modules))?;
    let (lines, needs) = (told.lines().count(), told.split(' ').count());
    match lines == kernel.modules.len() && needs > lines {
        true => Ok(()),
        false => Err(format!("a wrong run: {lines} lines, {needs} needs")),
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
