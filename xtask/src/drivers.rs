//! Signatures over code: our figure beside that of other tools, on a folder of drivers and catalogs.
//!
//! W1 and W2 read every signed file below the folder; a run of ours counts only if each signature was
//! read and holds. The peer's roots do not matter: it does its arithmetic whether it trusts or not.
//! W3 reads one large image, W4 many files in bounded memory.

use crate::bench::Options;
use crate::kernels::output;
use crate::pairs::{Clock, Pairs, run_pairs};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Below how many files a folder says little.
const FEW: usize = 60;

/// Runs the benchmarks; whether each reached its target.
///
/// # Errors
/// When the program cannot be built, a file cannot be read, or a run judged wrongly.
pub fn run(folder: &Path, options: &Options, say: &mut dyn FnMut(&str)) -> Result<bool, String> {
    let (program, pairs) = (options.program()?, options.pairs);
    let files = signed(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let few = if files.len() < FEW { ", fewer than say much" } else { "" };
    say(&format!("W1, W2 signatures over code: {} files{few}", files.len()));
    let ours = || inspect(&program, &files);
    let one_by_one = || {
        files.iter().try_for_each(|file| {
            quiet(Command::new("osslsigncode").args(["verify", "-in"]).arg(file)).map(drop)
        })
    };
    let all_in_one = || {
        let script = "import sys\n\
            from signify.authenticode import AuthenticodeFile\n\
            for path in sys.argv[1:]:\n\
            \x20   with open(path, 'rb') as file:\n\
            \x20       AuthenticodeFile.from_stream(file).explain_verify()\n";
        let status = quiet(Command::new("python3").args(["-c", script]).args(&files))?;
        if status { Ok(()) } else { Err("signify: failed".to_owned()) }
    };
    let mut reached = true;
    for (id, target, says, peer) in [
        ("W1", 1.0 / 3.0, "osslsigncode verify", &one_by_one as &dyn Fn() -> Result<(), String>),
        ("W2", 1.0 / 30.0, "signify in one process", &all_in_one),
    ] {
        // A tool that is not there is told, and is no failure of ours.
        if let Err(problem) = peer() {
            say(&format!("{id}   skipped: {problem}"));
            continue;
        }
        reached &= run_pairs(
            &Pairs { id, says, target, pairs, apart: 0.0, clock: Clock::Processor },
            &ours,
            peer,
            say,
        )?;
    }
    reached &= large(&program, &files, pairs, say)?;
    Ok(reached & many(&program, &files, say)?)
}

/// W4: the most memory that a folder of 10,000 files takes, beside one of 1,000: looked into file by file,
/// and judged as a folder.
fn many(program: &Path, files: &[PathBuf], say: &mut dyn FnMut(&str)) -> Result<bool, String> {
    let wrong = |e: std::io::Error| e.to_string();
    let drivers = || files.iter().filter(|f| f.extension().is_some_and(|e| e == "sys"));
    let folder = std::env::temp_dir().join(format!("loadworthy-many-{}", std::process::id()));
    let mut peaks = Vec::new();
    for count in [1_000_usize, 10_000] {
        let inside = folder.join(count.to_string());
        fs::create_dir_all(&inside).map_err(wrong)?;
        let mut all = Vec::new();
        for (n, driver) in drivers().cycle().take(count).enumerate() {
            let path = inside.join(format!("{n}.sys"));
            std::os::unix::fs::symlink(driver.canonicalize().map_err(wrong)?, &path)
                .map_err(wrong)?;
            all.push(path);
        }
        let ours = peak(program, &[&["inspect".into(), "--json".into()], all.as_slice()].concat())?;
        let check = ["check", "--json", "--proof", "none", "--on", "windows-11-24h2"];
        let check: Vec<PathBuf> = check.iter().map(PathBuf::from).chain([inside]).collect();
        peaks.push((ours, peak(program, &check)?));
    }
    fs::remove_dir_all(&folder).map_err(wrong)?;
    let [(few, few_judged), (many, many_judged)] = peaks.as_slice() else { return Ok(true) };
    let ratio = *many as f64 / *few as f64;
    let judged = *many_judged as f64 / *few_judged as f64;
    let mib = |kib: &i64| *kib as f64 / 1024.0;
    say(&format!(
        "W4   10,000 files, inspect: {:.1} MiB at most, {ratio:.2} of what 1,000 take ({:.1} MiB), target \
         1.25; check of the folder: {:.1} and {:.1} MiB, {judged:.2}, target 1.25",
        mib(many),
        mib(few),
        mib(many_judged),
        mib(few_judged)
    ));
    Ok(ratio <= 1.25 && judged <= 1.25)
}

/// The most memory that the program takes, in KiB, whatever it says: drivers may be refused.
fn peak(program: &Path, arguments: &[PathBuf]) -> Result<i64, String> {
    let mut run = Command::new(std::env::current_exe().map_err(|e| e.to_string())?);
    run.args(["peak", "sh", "-c", "\"$@\"; test $? -ne 2", "sh"]).arg(program).args(arguments);
    output(&mut run)?.trim().parse().map_err(|_| "W4: no figure".to_owned())
}

/// W3: one image of 20 MB, in seconds of the clock: its three digests are made side by side.
fn large(
    program: &Path,
    files: &[PathBuf],
    pairs: usize,
    say: &mut dyn FnMut(&str),
) -> Result<bool, String> {
    let Some(driver) = files.iter().find(|f| f.extension().is_some_and(|e| e == "sys")) else {
        return Ok(true);
    };
    let path = std::env::temp_dir().join(format!("loadworthy-{}.sys", std::process::id()));
    let mut bytes = fs::read(driver).map_err(|e| e.to_string())?;
    // What is behind the table is digested like the rest.
    bytes.extend((0_u32..5 << 20).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()));
    fs::write(&path, bytes).map_err(|e| e.to_string())?;
    let clock = |command: &mut Command| {
        let begun = Instant::now();
        quiet(command).map(|_| begun.elapsed().as_secs_f64())
    };
    let mut ratios = Vec::new();
    for _ in 0..=pairs {
        let ours = clock(Command::new(program).args(["inspect", "--json"]).arg(&path))?;
        let theirs = clock(Command::new("openssl").args(["dgst", "-sha256"]).arg(&path))?;
        ratios.push(ours / theirs);
    }
    fs::remove_file(&path).map_err(|e| e.to_string())?;
    // The first pair warms the file cache.
    ratios.remove(0);
    ratios.sort_by(f64::total_cmp);
    let ratio = ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    // Three digests want three processors; two of them are SHA-256 of as many bytes.
    let target = if threads > 2 { 1.5 } else { 2.5 };
    say(&format!(
        "W3   20 MB image, wall, {threads} processors: {ratio:.2} of openssl dgst -sha256, \
         target {target}"
    ));
    Ok(ratio <= target)
}

fn inspect(program: &Path, files: &[PathBuf]) -> Result<(), String> {
    let done = Command::new(program)
        .args(["inspect", "--json"])
        .args(files)
        .stdout(Stdio::piped())
        .output()
        .map_err(|e| format!("{}: {e}", program.display()))?;
    let text = String::from_utf8_lossy(&done.stdout);
    let holds = text.matches("\"digest_algorithm\"").count() >= files.len();
    let broken = text.matches("\"broken\"").count();
    match done.status.success() && holds && broken == 0 {
        true => Ok(()),
        false => Err(format!("a wrong run: {broken} signatures do not hold")),
    }
}

/// Whether a command succeeded; what it prints is not looked at.
fn quiet(command: &mut Command) -> Result<bool, String> {
    let run = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let name = run.get_program().to_string_lossy().into_owned();
    run.status().map(|status| status.success()).map_err(|e| format!("{name}: {e}"))
}

/// Drivers and catalogs by their names, below a folder.
fn signed(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            for entry in fs::read_dir(&path)? {
                waiting.push(entry?.path());
            }
        } else if path.extension().is_some_and(|e| e == "sys" || e == "cat") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
