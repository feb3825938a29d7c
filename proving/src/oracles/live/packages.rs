//! What the machine is built of: Debian packages, fetched by name and unpacked below
//! `target/oracle`, and one program of ours.
//!
//! Needs `apt-get` and `dpkg-deb`, and no rights.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use xtask::kernels::output;

/// Where everything of the live oracle is kept.
#[must_use]
pub fn home() -> PathBuf {
    xtask::tree::root().join("target/oracle")
}

/// The files that start the machine.
#[derive(Clone, Debug)]
pub struct Firmware {
    /// OVMF with Secure Boot and system management mode.
    pub code: PathBuf,
    /// Its variables with Microsoft's keys.
    pub variables: PathBuf,
    /// shim, signed by Microsoft.
    pub shim: PathBuf,
    /// GRUB, signed by Debian.
    pub grub: PathBuf,
}

/// Fetches firmware, shim and GRUB.
///
/// # Errors
/// When a package cannot be fetched or is not as expected.
pub fn firmware(say: &mut dyn FnMut(&str)) -> Result<Firmware, String> {
    let ovmf = unpacked("ovmf", say)?.join("usr/share/OVMF");
    let shim = unpacked("shim-signed", say)?;
    let grub = unpacked("grub-efi-amd64-signed", say)?;
    let found = Firmware {
        code: ovmf.join("OVMF_CODE_4M.secboot.fd"),
        variables: ovmf.join("OVMF_VARS_4M.ms.fd"),
        shim: shim.join("usr/lib/shim/shimx64.efi.signed"),
        grub: grub.join("usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed"),
    };
    for file in [&found.code, &found.variables, &found.shim, &found.grub] {
        if !file.is_file() {
            return Err(format!("{}: not there", file.display()));
        }
    }
    Ok(found)
}

/// MokManager, signed by Debian.
///
/// # Errors
/// When the package cannot be fetched or is not as expected.
pub fn manager(say: &mut dyn FnMut(&str)) -> Result<PathBuf, String> {
    let found = unpacked("shim-helpers-amd64-signed", say)?.join("usr/lib/shim/mmx64.efi.signed");
    match found.is_file() {
        true => Ok(found),
        false => Err(format!("{}: not there", found.display())),
    }
}

/// systemd-boot and its stub for kernels, which Debian does not sign.
///
/// # Errors
/// As [`manager`].
pub fn systemd_boot(say: &mut dyn FnMut(&str)) -> Result<[PathBuf; 2], String> {
    let folder = unpacked("systemd-boot-efi", say)?.join("usr/lib/systemd/boot/efi");
    let found = ["systemd-bootx64.efi", "linuxx64.efi.stub"].map(|name| folder.join(name));
    match found.iter().find(|path| !path.is_file()) {
        None => Ok(found),
        Some(path) => Err(format!("{}: not there", path.display())),
    }
}

fn unpacked(package: &str, say: &mut dyn FnMut(&str)) -> Result<PathBuf, String> {
    let into = home().join(package);
    if into.is_dir() {
        return Ok(into);
    }
    say(&format!("fetching {package}"));
    let half = home().join(format!("{package}.part"));
    drop(fs::remove_dir_all(&half));
    fs::create_dir_all(&half).map_err(|e| format!("{}: {e}", half.display()))?;
    output(Command::new("apt-get").args(["download", package]).current_dir(&half))?;
    let archive = fs::read_dir(&half)
        .map_err(|e| e.to_string())?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|e| e == "deb"))
        .ok_or_else(|| format!("{package}: nothing was downloaded"))?;
    output(Command::new("dpkg-deb").arg("-x").arg(&archive).arg(&half))?;
    drop(fs::remove_file(archive));
    fs::rename(&half, &into).map_err(|e| format!("{}: {e}", into.display()))?;
    Ok(into)
}
