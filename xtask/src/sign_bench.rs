//! N1: modules of a kernel's tree signed, beside a loop of the kernel's own `sign-file`.
//!
//! Modules at even distances, by name, stand for the tree: both sides take so long a module that whole
//! trees, in pairs, would take a quarter of an hour, and the ratio is the same.
//!
//! What the private-key operations take is measured apart and taken off on both sides: it is the
//! same arithmetic for both, and depends on the key alone. Ours digests, signs, verifies, writes so that
//! a crash leaves the old file, and keeps its log. Judging what was made, which `sign-file` does not do,
//! is told beside it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::bench::Options;
use crate::kernels;
use crate::pairs::{Clock, Pairs, run_pairs};

/// So much of the loop's processor time, beside the key.
const RATIO: f64 = 0.1;

/// So many modules stand for all.
const SAMPLE: usize = 400;

/// Seconds that one private-key operation is measured for.
const MEASURED: &str = "3";

/// Runs the benchmark; whether it reached its aim. Without `sign-file` or `openssl` it is skipped.
///
/// # Errors
/// When a key cannot be made, or not every module was signed.
pub fn run(options: &Options, say: &mut dyn FnMut(&str)) -> Result<bool, String> {
    if !options.ids.is_empty() && !options.ids.iter().any(|id| id == "N1") {
        return Ok(true);
    }
    let kernel = match &options.tree {
        Some(tree) => kernels::at(tree)?,
        None => kernels::fetch(say)?.stable,
    };
    let told = |e: io::Error| format!("N1: {e}");
    let (Some(theirs), true) = (sign_file(), has_openssl()) else {
        say("N1 skipped: sign-file or openssl not found");
        return Ok(true);
    };
    let program = std::path::absolute(options.program()?).map_err(told)?;
    let folder = kernels::home().with_file_name("bench-sign");
    fs::create_dir_all(&folder).map_err(told)?;
    let status = Command::new("openssl")
        .args(
            "req -x509 -nodes -newkey rsa:2048 -keyout key.pem -out key.crt -subj /CN=bench"
                .split(' '),
        )
        .current_dir(&folder)
        .stderr(Stdio::null())
        .status();
    status.map_err(told)?.success().then_some(()).ok_or("N1: no key")?;
    let all = kernel.modules.len();
    let modules: Vec<&PathBuf> = kernel.modules.iter().step_by(all.div_ceil(SAMPLE)).collect();
    let list = folder.join("paths");
    let mut paths = File::create(&list).map_err(told)?;
    for module in &modules {
        writeln!(paths, "{}", module.display()).map_err(told)?;
    }
    let apart = modules.len() as f64 * operation()?;
    say(&format!(
        "N1 signing {} of {all} modules of {}; on both sides {apart:.3} s of the key alone are taken off",
        modules.len(),
        kernel.release,
    ));
    let our = |more: &[&str]| our(&program, &modules, more, &folder);
    let says = "loop of sign-file";
    let about = Pairs {
        id: "N1",
        says,
        target: RATIO,
        pairs: options.pairs.max(1),
        apart,
        clock: Clock::Processor,
    };
    let reached =
        run_pairs(&about, &|| our(&["--unjudged"]), &|| peer(&theirs, &list, &folder), say)?;
    let root = kernel.root.display().to_string();
    let judged =
        Clock::Processor.of(|| our(&["--kernel", &kernel.release, "--root", &root]))? - apart;
    say(&format!(
        "N1   {judged:.3} s where all are judged by their kernel before they are released"
    ));
    fs::remove_dir_all(&folder).map_err(told)?;
    Ok(reached)
}

fn our(program: &Path, modules: &[&PathBuf], more: &[&str], folder: &Path) -> Result<(), String> {
    let done = Command::new(program)
        .args(["sign", "--key", "key.pem", "--cert", "key.crt", "--log", "log"])
        .args(["--json", "-o", "ours"])
        .args(more)
        .args(modules)
        .current_dir(folder)
        .output()
        .map_err(|e| format!("N1: {e}"))?;
    let told: serde_json::Value = serde_json::from_slice(&done.stdout)
        .map_err(|_| format!("N1: {}", String::from_utf8_lossy(&done.stderr)))?;
    let signed = told["summary"]["signed"].as_u64();
    match signed == Some(modules.len() as u64) {
        true => Ok(()),
        false => Err(format!("N1: {signed:?} of {} modules are signed", modules.len())),
    }
}

fn peer(sign_file: &Path, list: &Path, folder: &Path) -> Result<(), String> {
    let script = "while read -r module; do \"$0\" sha256 key.pem key.crt \"$module\" theirs; done";
    let list = File::open(list).map_err(|e| format!("N1: {e}"))?;
    let status = Command::new("sh")
        .args(["-c", script])
        .arg(sign_file)
        .stdin(list)
        .current_dir(folder)
        .status()
        .map_err(|e| format!("N1: {e}"))?;
    status.success().then_some(()).ok_or_else(|| "N1: sign-file failed".to_owned())
}

/// Seconds that one operation with the private key takes: `openssl speed`, whose machine-readable lines
/// are `+F2:NUMBER:BITS:SIGNATURES A SECOND:VERIFICATIONS A SECOND`.
fn operation() -> Result<f64, String> {
    let done = Command::new("openssl")
        .args(["speed", "-mr", "-seconds", MEASURED, "rsa2048"])
        .output()
        .map_err(|e| format!("N1: {e}"))?;
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix("+F2:"));
    let rate: Option<f64> = line.and_then(|line| line.split(':').nth(2)?.parse().ok());
    rate.map(f64::recip).ok_or_else(|| "N1: openssl speed says nothing".to_owned())
}

fn has_openssl() -> bool {
    Command::new("openssl").arg("version").output().is_ok()
}

/// The kernel's own tool, wherever a distribution puts it.
pub(crate) fn sign_file() -> Option<PathBuf> {
    let entries = ["/usr/lib", "/usr/src", "/usr/src/kernels"].map(fs::read_dir);
    let mut found = entries.into_iter().flatten().flatten().flatten();
    found.find_map(|e| Some(e.path().join("scripts/sign-file")).filter(|path| path.is_file()))
}
