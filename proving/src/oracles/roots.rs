//! The root directory of a machine that booted a recorded policy.
//!
//! What a disk and the firmware's variables tell is always there; what only the running kernel
//! knows, and the symbol list of the headers, where they are asked for.

use crate::oracles::archive::Archive;
use crate::oracles::stand_in::StandIn;
use serde::Deserialize;
use std::fs;
use std::path::Path;

/// A policy in words.
#[derive(Clone, Debug, Deserialize)]
pub struct Policy {
    /// Its name.
    pub policy: String,
    /// The folder of its cases.
    pub tag: String,
    /// The kernel's release.
    pub kernel: String,
    /// Whether the kernel could run modprobe.
    pub modprobe: bool,
    /// Whether only the running kernel can tell.
    #[serde(default)]
    pub needs_runtime: bool,
}

/// How much of the machine is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// What only the running kernel knows.
    pub runtime: bool,
    /// The symbol list that comes with the headers.
    pub headers: bool,
}

/// What a running kernel tells: the recorded name, and where it stands on the machine.
pub const RUNTIME: [(&str, &str); 8] = [
    ("lockdown", "sys/kernel/security/lockdown"),
    ("lsm", "sys/kernel/security/lsm"),
    ("sig_enforce", "sys/module/module/parameters/sig_enforce"),
    ("proc_keys", "proc/keys"),
    ("proc_modules", "proc/modules"),
    ("proc_version", "proc/version"),
    ("tainted", "proc/sys/kernel/tainted"),
    ("modules_disabled", "proc/sys/kernel/modules_disabled"),
];

/// The names of the policies of an archive.
#[must_use]
pub fn policies(archive: &Archive) -> Vec<String> {
    let ends = |path: &str| path.strip_suffix("/policy.json").map(str::to_owned);
    archive.below("policies").filter_map(|(path, _)| ends(path)).collect()
}

/// A policy in words.
///
/// # Errors
/// When there is none of this name.
pub fn policy(archive: &Archive, name: &str) -> Result<Policy, String> {
    let path = format!("policies/{name}/policy.json");
    serde_json::from_slice(archive.get(&path)?).map_err(|e| format!("{path}: {e}"))
}

/// Writes the root directory of a policy's machine below `at`.
///
/// # Errors
/// When something is not recorded or cannot be written.
pub fn write(archive: &Archive, policy: &Policy, shown: Shown, at: &Path) -> Result<(), String> {
    let release = &policy.kernel;
    let kernel = format!("kernels/{release}");
    let own = format!("policies/{}", policy.policy);
    put(at, &format!("boot/vmlinuz-{release}"), &StandIn::kept(archive, &kernel)?.image())?;
    put(at, &format!("boot/config-{release}"), archive.get(&format!("{kernel}/config"))?)?;
    for (path, bytes) in archive.below(&format!("{kernel}/lib")) {
        put(at, &format!("lib/{path}"), bytes)?;
    }
    if shown.headers
        && let Ok(symbols) = archive.get(&format!("{kernel}/Module.symvers"))
    {
        put(at, &format!("usr/src/linux-headers-{release}/Module.symvers"), symbols)?;
        let link = at.join(format!("lib/modules/{release}/build"));
        let target = format!("../../../usr/src/linux-headers-{release}");
        std::os::unix::fs::symlink(target, &link)
            .map_err(|e| format!("{}: {e}", link.display()))?;
    }
    put(at, "proc/cmdline", archive.get(&format!("{own}/cmdline"))?)?;
    for folder in ["efivars", "mok-variables"] {
        for (name, bytes) in archive.below(&format!("{own}/{folder}")) {
            put(at, &format!("sys/firmware/efi/{folder}/{name}"), bytes)?;
        }
    }
    if policy.modprobe {
        put(at, "sbin/modprobe", b"#!/bin/sh\n")?;
    }
    if shown.runtime {
        for (name, path) in RUNTIME {
            if let Ok(bytes) = archive.get(&format!("{own}/runtime/{name}")) {
                put(at, path, bytes)?;
            }
        }
        put(at, "proc/sys/kernel/osrelease", format!("{release}\n").as_bytes())?;
    }
    Ok(())
}

/// Writes one file.
///
/// # Errors
/// The system's own.
pub fn put(at: &Path, path: &str, bytes: &[u8]) -> Result<(), String> {
    let path = at.join(path);
    let told = |e: std::io::Error| format!("{}: {e}", path.display());
    fs::create_dir_all(path.parent().unwrap_or(at)).map_err(told)?;
    fs::write(&path, bytes).map_err(told)
}
