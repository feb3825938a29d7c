//! Whole module trees of real kernels, judged: what must be true of each is known beforehand.
//!
//! A kernel's own tree loads, staging drivers with a mark. Under another kernel's image nothing of
//! it loads. Without its signatures it loads, marked, where nobody enforces, and not at all where
//! Secure Boot locks the kernel down. Debian's `-unsigned` packages have an unsigned image and
//! *signed* modules: those load as the signed package's do.

use crate::kernels::{self, Kernel};
use crate::program::build;
use crate::stripped::{self, link};
use crate::suites::Suite;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What `check --all` said.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The exit code; 256 where a signal ended the program.
    pub exit: i32,
    /// How many load.
    pub loads: usize,
    /// How many load with a mark.
    pub tainted: usize,
    /// How many are refused.
    pub refused: usize,
    /// How many cannot be told.
    pub unknown: usize,
    /// The whole document.
    pub document: Value,
}

/// Judges the whole tree of a kernel, with more arguments.
///
/// # Errors
/// When the program cannot be started or prints no document.
pub fn judge(program: &Path, kernel: &Kernel, more: &[&str]) -> Result<Judged, String> {
    let done = Command::new(program)
        .args(["check", "--all", "--json", "--kernel", &kernel.release, "--root"])
        .arg(&kernel.root)
        .args(more)
        .output()
        .map_err(|e| format!("{}: {e}", program.display()))?;
    let document: Value = serde_json::from_slice(&done.stdout).map_err(|e| {
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        format!("no JSON ({e}): {}", said.trim().lines().last().unwrap_or_default())
    })?;
    let count = |outcome: &str| {
        document["summary"][outcome].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0)
    };
    Ok(Judged {
        exit: done.status.code().unwrap_or(256),
        loads: count("loads"),
        tainted: count("loads-tainted"),
        refused: count("refused"),
        unknown: count("unknown"),
        document,
    })
}

/// What must be true of one run.
enum Must {
    /// All load; staging drivers, and nobody else, are marked C.
    Load,
    /// All are refused.
    BeRefused,
    /// All load and are marked as unsigned.
    BeMarked,
}

/// Fetches the kernels, judges their trees; whether all is as it must be.
///
/// # Errors
/// When a kernel cannot be fetched or the program does not run.
pub fn run(say: &mut dyn FnMut(&str)) -> Result<bool, String> {
    let program = build()?;
    let all = kernels::fetch(say)?;
    let crossed_stable = crossed(&all.stable, &all.newer)?;
    let crossed_newer = crossed(&all.newer, &all.stable)?;
    let stripped_stable = stripped::tree(&all.stable)?;
    let stripped_newer = stripped::tree(&all.newer)?;
    let on: &[&str] = &["--assume", "secure-boot=on"];
    let off: &[&str] = &["--assume", "secure-boot=off"];
    let runs = [
        ("its own image, Secure Boot on", &all.stable, on, Must::Load),
        ("its own image, Secure Boot on", &all.newer, on, Must::Load),
        ("the other kernel's image, Secure Boot on", &crossed_stable, on, Must::BeRefused),
        ("the other kernel's image, Secure Boot on", &crossed_newer, on, Must::BeRefused),
        ("the -unsigned package, Secure Boot on", &all.stable_unsigned, on, Must::Load),
        ("the -unsigned package, Secure Boot on", &all.newer_unsigned, on, Must::Load),
        ("signatures taken off, Secure Boot on", &stripped_stable, on, Must::BeRefused),
        ("signatures taken off, Secure Boot on", &stripped_newer, on, Must::BeRefused),
        ("signatures taken off, Secure Boot off", &stripped_stable, off, Must::BeMarked),
        ("signatures taken off, Secure Boot off", &stripped_newer, off, Must::BeMarked),
    ];
    let mut run = |what: &str, kernel: &Kernel, more: &[&str], must: &Must| {
        let started = std::time::Instant::now();
        let judged = judge(&program, kernel, more)?;
        let wrong = wrong(&judged, kernel.modules.len(), must);
        let good = wrong.is_none();
        say(&format!(
            "{} {} {what}: {} load, {} load with a mark, {} refused, {} unknown of {} in {:.2} s{}",
            if good { "ok   " } else { "WRONG" },
            kernel.release,
            judged.loads,
            judged.tainted,
            judged.refused,
            judged.unknown,
            kernel.modules.len(),
            started.elapsed().as_secs_f64(),
            wrong.map(|w| format!(": {w}")).unwrap_or_default(),
        ));
        Ok::<_, String>(usize::from(good))
    };
    let mut good = 0;
    for (what, kernel, more, must) in &runs {
        good += run(&format!("with {what}"), kernel, more, must)?;
    }
    for (suite, architecture) in OTHERS {
        let kernel = other(suite, architecture)?;
        good += run(&format!("on {architecture}"), &kernel, on, &Must::Load)?;
    }
    let all = runs.len() + OTHERS.len();
    say(&format!("whole trees: {good} of {all} as they must be"));
    Ok(good == all)
}

/// Other processors that Debian makes kernels for; their own trees load under Secure Boot.
const OTHERS: [(&str, &str); 8] = [
    ("bookworm", "arm64"),
    ("bookworm", "ppc64el"),
    ("bookworm", "s390x"),
    ("trixie", "arm64"),
    ("trixie", "armhf"),
    ("trixie", "ppc64el"),
    ("trixie", "riscv64"),
    ("trixie", "s390x"),
];

/// The newest ordinary kernel of a suite for a processor.
fn other(suite: &str, architecture: &str) -> Result<Kernel, String> {
    let suite = Suite::open_for(suite, architecture)?;
    let mut names = suite.names("linux-image-6")?;
    let special = ["-dbg", "-unsigned", "cloud", "-rt-", "-64k", "-16k", "-lpae"];
    names.retain(|name| !special.iter().any(|word| name.contains(word)));
    let package = names.pop().ok_or_else(|| format!("no kernel for {architecture}"))?;
    kernels::at(&suite.unpacked(&package)?)
}

/// What is not as it must be.
fn wrong(judged: &Judged, modules: usize, must: &Must) -> Option<String> {
    let verdicts = judged.document["verdicts"].as_array().map_or(0, Vec::len);
    let (counted, exit) = match must {
        Must::Load => (judged.loads + judged.tainted, 0),
        // Of a module that nobody vouches for it can stay open whether built-in code has its name:
        // `core` of 6.12, say, whose name kbuild also records for code inside the image.
        Must::BeMarked => {
            let open =
                judged.document["verdicts"].as_array()?.iter().filter(|v| name_open(v)).count();
            (judged.tainted + open, if open == 0 { 0 } else { 3 })
        }
        Must::BeRefused => (judged.refused, 1),
    };
    if counted != modules || verdicts != modules {
        return Some(format!("{counted} of {verdicts} verdicts are right"));
    }
    if judged.exit != exit {
        return Some(format!("exit code {} in place of {exit}", judged.exit));
    }
    judged.document["verdicts"].as_array()?.iter().find_map(|v| mark(v, must))
}

/// Whether all that is open about a verdict is whether its name, or the name of what it needs, is free.
fn name_open(verdict: &Value) -> bool {
    verdict["outcome"] == "unknown"
        && verdict["unknown"]
            .as_array()
            .is_some_and(|gaps| gaps.iter().all(|gap| gap["question"] == "builtin-names"))
}

/// A verdict whose marks are not those its module must have.
fn mark(verdict: &Value, must: &Must) -> Option<String> {
    let path = verdict["subject"]["path"].as_str().unwrap_or_default();
    let staging = path.contains("/drivers/staging/");
    let taint: Vec<&str> = verdict["host_says"]["taint"]
        .as_array()
        .map(|letters| letters.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let (wants_c, wants_e) = match must {
        Must::Load => (staging, false),
        Must::BeMarked if name_open(verdict) => return None,
        Must::BeMarked => (staging, true),
        Must::BeRefused => return None,
    };
    (taint.contains(&"C") != wants_c || taint.contains(&"E") != wants_e)
        .then(|| format!("{path} is marked {taint:?}"))
}

/// The tree of `tree` with the image of `image` in the place of its own. Files are linked.
fn crossed(tree: &Kernel, image: &Kernel) -> Result<Kernel, String> {
    let into = kernels::home().join(format!("{}-under-{}", tree.release, image.release));
    let told = |path: &Path| {
        let path = path.to_path_buf();
        move |e: std::io::Error| format!("{}: {e}", path.display())
    };
    if !into.is_dir() {
        let half = into.with_extension("part");
        drop(fs::remove_dir_all(&half));
        link(&tree.root, &half, &[]).map_err(told(&half))?;
        let own: PathBuf = half.join(format!("boot/vmlinuz-{}", tree.release));
        fs::remove_file(&own).map_err(told(&own))?;
        let other = image.root.join(format!("boot/vmlinuz-{}", image.release));
        fs::hard_link(&other, &own).map_err(told(&other))?;
        fs::rename(&half, &into).map_err(told(&into))?;
    }
    kernels::at(&into)
}
