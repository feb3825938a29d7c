//! P1: the whole preflight of a Debian root, beside a program that reads, unpacks and digests the same
//! files with the same libraries and knows nothing else.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::bench::Options;
use crate::kernels;
use crate::pairs::{Clock, Pairs, median, run_pairs};
use crate::program::peer;
use crate::tree::root;

/// So many modules are named; what they depend on comes beside.
const MODULES: usize = 120;
/// Where drivers that a host names are found.
const SORTS: [&str; 10] = [
    "drivers/ata/",
    "drivers/block/",
    "drivers/gpu/",
    "drivers/md/",
    "drivers/net/ethernet/",
    "drivers/nvme/",
    "drivers/scsi/",
    "drivers/usb/",
    "drivers/vfio/",
    "fs/",
];
/// Most of the peer's processor time that is wanted.
const RATIO: f64 = 1.1;

/// Runs the benchmark; whether it reached its aim. Without an installed root it is skipped.
///
/// # Errors
/// When a program cannot be built, or a run judged wrongly.
pub fn run(options: &Options, say: &mut dyn FnMut(&str)) -> Result<bool, String> {
    if !options.ids.is_empty() && !options.ids.iter().any(|id| id == "P1") {
        return Ok(true);
    }
    let installed = root().join("target/stories/debian-12");
    let tree = options.tree.clone().unwrap_or(installed);
    let Some(release) = newest(&tree) else {
        say(&format!(
            "P1 skipped: {} is no installed root: it has no boot/initrd.img-* (--tree DIR takes one that \
             proving/stories/debian-12.sh DIR makes)",
            tree.display()
        ));
        return Ok(true);
    };
    let program = options.program()?;
    let beside = program.with_file_name("necessary");
    let peer = match options.program.is_some() && beside.is_file() {
        true => beside,
        false => peer("necessary")?,
    };
    let folder = kernels::home().with_file_name("bench-preflight");
    let told = |e: std::io::Error| format!("P1: {e}");
    fs::create_dir_all(&folder).map_err(told)?;
    let (manifest, list) = (folder.join("manifest.toml"), folder.join("list"));
    fs::write(&manifest, named(&tree, &release).map_err(told)?).map_err(told)?;
    let ours = || judged(&program, &tree, &release, &manifest).map(drop);
    let answers = judged(&program, &tree, &release, &manifest)?;
    let (lines, count) = necessary(&answers, &tree);
    fs::write(&list, lines).map_err(told)?;
    let theirs = || {
        let status = Command::new(&peer).arg(&list).status().map_err(|e| format!("P1: {e}"))?;
        status.success().then_some(()).ok_or_else(|| "P1: the peer failed".to_owned())
    };
    say(&format!(
        "P1 preflight of {release}: {MODULES} modules named, {count} judged, with the boot chain and the initramfs"
    ));
    let about = Pairs {
        id: "P1",
        says: "the same files read, unpacked and digested",
        target: RATIO,
        pairs: options.pairs,
        apart: 0.0,
        clock: Clock::Processor,
    };
    let reached = run_pairs(&about, &ours, &theirs, say)?;
    let (mut walls, mut peers) = (Vec::new(), Vec::new());
    for _ in 0..options.pairs.max(1) {
        walls.push(Clock::Wall.of(ours)?);
        peers.push(Clock::Wall.of(theirs)?);
    }
    say(&format!(
        "P1   by the clock: ours {:.3} s   peer {:.3} s (target 0.5 s; means something on an idle machine only)",
        median(&mut walls),
        median(&mut peers)
    ));
    Ok(reached)
}

/// The newest kernel that has an initramfs there.
fn newest(tree: &Path) -> Option<String> {
    let names = fs::read_dir(tree.join("boot")).ok()?.flatten();
    let mut found: Vec<String> = names
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            name.strip_prefix("initrd.img-").map(str::to_owned)
        })
        .collect();
    found.sort();
    found.pop()
}

/// A manifest with modules from all over the tree, the same ones each time.
fn named(tree: &Path, release: &str) -> std::io::Result<String> {
    let index = fs::read_to_string(tree.join("lib/modules").join(release).join("modules.dep"))?;
    let paths = index.lines().filter_map(|line| line.split(':').next());
    let mut paths: Vec<&str> =
        paths.filter(|path| SORTS.iter().any(|sort| path.contains(sort))).collect();
    paths.sort_unstable();
    let picked = (0..MODULES).filter_map(|n| paths.get(n * paths.len() / MODULES));
    let name = |path: &&str| {
        let file = path.rsplit('/').next().unwrap_or(path);
        file.split(".ko").next().unwrap_or(file).to_owned()
    };
    Ok(picked.map(|path| format!("[[require]]\nmodule = \"{}\"\n\n", name(path))).collect())
}

/// The answers; every one of them must be that it loads.
fn judged(program: &Path, tree: &Path, release: &str, manifest: &Path) -> Result<Value, String> {
    let done = Command::new(program)
        .args(["check", "--json", "--assume", "secure-boot=on", "--kernel", release, "--root"])
        .arg(tree)
        .arg("--manifest")
        .arg(manifest)
        .output()
        .map_err(|e| format!("{}: {e}", program.display()))?;
    let told: Value = serde_json::from_slice(&done.stdout)
        .map_err(|_| format!("P1: {}", String::from_utf8_lossy(&done.stderr)))?;
    let verdicts = told["verdicts"].as_array().map_or(0, Vec::len);
    let loads = told["summary"]["loads"].as_u64().unwrap_or(0)
        + told["summary"]["loads-tainted"].as_u64().unwrap_or(0);
    let initramfs = told["verdicts"]
        .as_array()
        .is_some_and(|all| all.iter().any(|v| v["subject"]["kind"] == "initramfs"));
    match verdicts >= MODULES && loads == verdicts as u64 && initramfs {
        true => Ok(told),
        false => Err(format!("P1: a wrong run: {loads} of {verdicts} load, initramfs {initramfs}")),
    }
}

/// What must be read for these answers, a line each, and how many modules that are.
fn necessary(answers: &Value, tree: &Path) -> (String, usize) {
    let mut lines = Vec::new();
    let mut modules = 0;
    for verdict in answers["verdicts"].as_array().into_iter().flatten() {
        let subject = &verdict["subject"];
        let Some(path) = subject["path"].as_str() else { continue };
        let at = tree.join(path).display().to_string();
        match subject["kind"].as_str() {
            Some("linux-module") => {
                modules += 1;
                let name = path.rsplit('/').next().unwrap_or(path);
                let name = name.split(".ko").next().unwrap_or(name).replace('-', "_");
                lines.push(format!("module\t{at}\ncopy\t{name}\n"));
            }
            // What takes longest begins first.
            Some("boot-image") if path.contains("vmlinuz") => {
                lines.insert(0, format!("kernel\t{at}\n"));
            }
            Some("boot-image") => lines.push(format!("image\t{at}\n")),
            Some("initramfs") => lines.insert(0, format!("initramfs\t{at}\n")),
            _ => {}
        }
    }
    (lines.concat(), modules)
}
