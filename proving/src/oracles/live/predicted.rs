//! What we say before the machine starts: the root directory it will have, and our answers to it.

use crate::oracles::answer::Said;
use crate::oracles::judge;
use crate::oracles::live::cases::{BASES, Case};
use crate::oracles::live::policies::Drawn;
use crate::oracles::roots::put;
use loadworthy_formats::compress;
use loadworthy_formats::limits::Limits;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use xtask::kernels::{Kernel, output};

/// Where a kernel keeps what it may fetch by itself to verify a signature.
const CRYPTO: [&str; 2] = ["/kernel/crypto/", "/kernel/arch/x86/crypto/"];

/// Writes what of the root directory depends on the kernel alone: image, configuration, the modules
/// the kernel may fetch by itself, and their indexes.
///
/// # Errors
/// When something is not there; `depmod` is needed.
pub fn kernel(kernel: &Kernel, at: &Path) -> Result<(), String> {
    let release = &kernel.release;
    let read = |path: PathBuf| fs::read(&path).map_err(|e| format!("{}: {e}", path.display()));
    for name in ["vmlinuz", "config"] {
        let path = format!("boot/{name}-{release}");
        put(at, &path, &read(kernel.root.join(&path))?)?;
    }
    let mut tree = kernel.root.join("lib/modules").join(release);
    if !tree.is_dir() {
        tree = kernel.root.join("usr/lib/modules").join(release);
    }
    for name in ["modules.builtin", "modules.builtin.modinfo", "modules.order"] {
        put(at, &format!("lib/modules/{release}/{name}"), &read(tree.join(name))?)?;
    }
    for path in &kernel.modules {
        let text = path.display().to_string();
        let Some(inside) = text.split_once(&format!("/{release}")).map(|(_, rest)| rest) else {
            continue;
        };
        let base = |(_, name): &(_, &str)| inside.contains(&format!("/{name}.ko"));
        if CRYPTO.iter().any(|folder| inside.starts_with(folder)) || BASES.iter().any(base) {
            let bytes = read(path.clone())?;
            let (mut plain, limits) = (Vec::new(), Limits::DEFAULT);
            if let Some(packed) = compress::sniff(&bytes) {
                compress::unpack(&bytes, packed, limits.module_bytes, &limits, &mut plain)
                    .map_err(|e| format!("{text}: {e}"))?;
            } else {
                plain = bytes;
            }
            let inside = inside.split(".ko").next().unwrap_or_default();
            put(at, &format!("lib/modules/{release}{inside}.ko"), &plain)?;
        }
    }
    put(at, "sbin/modprobe", b"#!/bin/sh\n")?;
    output(Command::new("/sbin/depmod").arg("-b").arg(at).arg(release)).map(drop)
}

/// What the kernel may fetch by itself: an alias and the files to load for it, in order.
///
/// # Errors
/// When the indexes are not there.
pub fn autoload(at: &Path, release: &str) -> Result<Vec<(String, Vec<PathBuf>)>, String> {
    let tree = at.join("lib/modules").join(release);
    let text = |name: &str| fs::read_to_string(tree.join(name)).map_err(|e| format!("{name}: {e}"));
    let (aliases, depends) = (text("modules.alias")?, text("modules.dep")?);
    let files = |module: &str| -> Vec<PathBuf> {
        let is = |path: &str| {
            let name = path.rsplit('/').next().unwrap_or_default().split(".ko").next();
            name.is_some_and(|name| name.replace('-', "_") == module)
        };
        let row = depends.lines().filter_map(|l| l.split_once(':')).find(|(path, _)| is(path));
        let Some((path, needed)) = row else { return Vec::new() };
        // What is needed first of all stands last.
        let needed = needed.split_whitespace().rev();
        needed.chain([path]).map(|path| tree.join(path)).collect()
    };
    let mut out: Vec<(String, Vec<PathBuf>)> = Vec::new();
    for line in aliases.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let &["alias", alias, module] = words.as_slice() else { continue };
        if !alias.starts_with("crypto-") {
            continue;
        }
        match out.iter_mut().find(|(known, _)| known == alias) {
            Some((_, known)) => known.extend(files(module)),
            None => out.push((alias.to_owned(), files(module))),
        }
    }
    Ok(out)
}

/// Writes what a policy makes of the root directory, over what another one made of it.
///
/// # Errors
/// When it cannot be written.
pub fn policy(drawn: &Drawn, at: &Path) -> Result<(), String> {
    drop(fs::remove_dir_all(at.join("sys")));
    for (name, bytes) in &drawn.variables {
        put(at, &format!("sys/firmware/efi/efivars/{name}"), bytes)?;
    }
    for (name, bytes) in &drawn.tables {
        put(at, &format!("sys/firmware/efi/mok-variables/{name}"), bytes)?;
    }
    put(at, "proc/cmdline", format!("{}\n", drawn.cmdline).as_bytes())
}

/// What we say to the cases.
///
/// # Errors
/// When our own work fails.
pub fn ask(at: &Path, release: &str, cases: &[Case], folder: &Path) -> Result<Vec<Said>, String> {
    let mut files = Vec::new();
    for case in cases {
        let (name, bytes) = case.stored()?;
        put(folder, &name, &bytes)?;
        files.push(folder.join(name).display().to_string());
    }
    judge::ask(at, release, &files)
}
