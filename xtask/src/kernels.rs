//! Real kernels: Debian packages, fetched by name and unpacked below `target/kernels`.
//!
//! Needs `apt-get`, `apt-cache` and `dpkg-deb`, and no rights.

use crate::tree::root;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One unpacked kernel package, as a root directory.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// The release: `6.1.0-56-amd64`.
    pub release: String,
    /// The directory that stands for `/`.
    pub root: PathBuf,
    /// Its module files.
    pub modules: Vec<PathBuf>,
}

/// The kernels of Debian 12 that the whole-tree runs and the benchmarks use.
#[derive(Clone, Debug)]
pub struct Kernels {
    /// The kernel of the release: 6.1, RSA-4096, plain modules.
    pub stable: Kernel,
    /// The same with an unsigned image; its modules are signed all the same.
    pub stable_unsigned: Kernel,
    /// The newest 6.12 of backports or security: ECDSA P-384, `.xz`.
    pub newer: Kernel,
    /// The same with an unsigned image; its modules are signed all the same.
    pub newer_unsigned: Kernel,
}

/// Where packages are unpacked.
#[must_use]
pub fn home() -> PathBuf {
    root().join("target/kernels")
}

/// Fetches and unpacks what is not there yet.
///
/// # Errors
/// When a package cannot be found, fetched or unpacked.
pub fn fetch(say: &mut dyn FnMut(&str)) -> Result<Kernels, String> {
    fs::create_dir_all(home()).map_err(|e| format!("{}: {e}", home().display()))?;
    let stable = stable()?;
    let newer = newer()?;
    let mut unpack = |package: &str| unpack(package, say);
    Ok(Kernels {
        stable: unpack(&stable)?,
        stable_unsigned: unpack(&format!("{stable}-unsigned"))?,
        newer: unpack(&newer)?,
        newer_unsigned: unpack(&format!("{newer}-unsigned"))?,
    })
}

/// One signed kernel alone: that of the release (`6.1`) or the newer one (`6.12`).
///
/// # Errors
/// As [`fetch`]; and when there is no such family.
pub fn signed(family: &str, say: &mut dyn FnMut(&str)) -> Result<Kernel, String> {
    fs::create_dir_all(home()).map_err(|e| format!("{}: {e}", home().display()))?;
    match family {
        "6.1" => unpack(&stable()?, say),
        "6.12" => unpack(&newer()?, say),
        other => Err(format!("kernel {other}: 6.1 or 6.12")),
    }
}

/// What `linux-image-amd64` of Debian 12 depends on.
fn stable() -> Result<String, String> {
    let text = output(Command::new("apt-cache").args(["show", "linux-image-amd64"]))?;
    let mut found: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("Depends: "))
        .filter_map(|line| line.split([' ', ',']).find(|p| p.starts_with("linux-image-6.1.")))
        .collect();
    found.sort_by_key(|name| numbers(name));
    Ok(found.pop().ok_or("no linux-image-6.1.* behind linux-image-amd64")?.to_owned())
}

/// The newest 6.12 that was built for Debian 12.
fn newer() -> Result<String, String> {
    let text = output(Command::new("apt-cache").args(["pkgnames", "linux-image-6.12"]))?;
    let mut found: Vec<&str> = text
        .lines()
        .filter(|n| n.ends_with("+deb12-amd64") && n.matches('-').count() == 3)
        .filter(|n| {
            // A name without a version to install is a leftover of an index.
            output(Command::new("apt-cache").args(["show", "--no-all-versions", n]))
                .is_ok_and(|shown| shown.contains("Version:"))
        })
        .collect();
    found.sort_by_key(|name| numbers(name));
    Ok(found.pop().ok_or("no linux-image-6.12*+deb12-amd64 in the package lists")?.to_owned())
}

/// The numbers in a name, so that 6.12.117 comes after 6.12.90.
fn numbers(name: &str) -> Vec<u64> {
    name.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect()
}

fn unpack(package: &str, say: &mut dyn FnMut(&str)) -> Result<Kernel, String> {
    let into = home().join(package);
    if !into.join("boot").is_dir() {
        say(&format!("fetching {package}"));
        output(Command::new("apt-get").args(["download", package]).current_dir(home()))?;
        let archive = files(&home(), 1)
            .into_iter()
            .find(|p| name(p).starts_with(&format!("{package}_")) && name(p).ends_with(".deb"))
            .ok_or_else(|| format!("{package}: nothing was downloaded"))?;
        let half = home().join(format!("{package}.part"));
        drop(fs::remove_dir_all(&half));
        output(Command::new("dpkg-deb").arg("-x").arg(&archive).arg(&half))?;
        fs::rename(&half, &into).map_err(|e| format!("{}: {e}", into.display()))?;
        drop(fs::remove_file(archive));
    }
    at(&into)
}

/// The kernel whose package was unpacked at `root`.
///
/// # Errors
/// When there is not exactly one kernel.
pub fn at(root: &Path) -> Result<Kernel, String> {
    let trees = ["lib/modules", "usr/lib/modules"].map(|under| root.join(under));
    let tree = trees.iter().find(|t| t.is_dir()).ok_or("no lib/modules there")?;
    let mut releases: Vec<String> = fs::read_dir(tree)
        .map_err(|e| format!("{}: {e}", tree.display()))?
        .flatten()
        .filter(|e| e.path().join("kernel").is_dir())
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    let release = releases.pop().ok_or_else(|| format!("{}: no kernel", tree.display()))?;
    if !releases.is_empty() {
        return Err(format!("{}: more than one kernel", tree.display()));
    }
    let mut modules = files(&tree.join(&release), 32);
    modules.retain(|p| [".ko", ".ko.gz", ".ko.xz", ".ko.zst"].iter().any(|e| name(p).ends_with(e)));
    modules.sort();
    Ok(Kernel { release, root: root.to_path_buf(), modules })
}

/// The files below a directory, `depth` levels deep.
fn files(under: &Path, depth: usize) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(under) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries.flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth > 1 => found.extend(files(&entry.path(), depth - 1)),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
    found
}

fn name(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

/// What a program prints.
///
/// # Errors
/// When it cannot be started or fails; with the last line it wrote.
pub fn output(command: &mut Command) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let done = command.output().map_err(|e| format!("{program}: {e}"))?;
    match done.status.success() {
        true => Ok(String::from_utf8_lossy(&done.stdout).into_owned()),
        false => {
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            Err(format!("{program}: {}", said.trim().lines().last().unwrap_or("failed")))
        }
    }
}
