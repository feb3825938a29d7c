//! The machine under test: everything the live oracle starts, made ready for [`machine::boot`].

use crate::oracles::live::cases::Case;
use crate::oracles::live::packages::{Firmware, home};
use crate::oracles::live::policies::Drawn;
use loadworthy_rehearse::machine::{self, Booted, Machine};
use loadworthy_rehearse::runner::{self, Autoload, Load};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the machine is made of, beside policy and cases.
#[derive(Clone, Debug)]
pub struct Parts {
    /// Firmware, shim, GRUB.
    pub firmware: Firmware,
    /// The signed kernel.
    pub kernel: PathBuf,
    /// What the kernel may fetch by itself: an alias and the files to load, in order.
    pub autoload: Vec<(String, Vec<PathBuf>)>,
}

/// Starts the machine once and lets it answer all cases.
///
/// # Errors
/// When it cannot be set up; a start that fails is told in [`Booted`].
pub fn boot(
    parts: &Parts,
    drawn: &Drawn,
    cases: &[&Case],
    patience: Duration,
) -> Result<Booted, String> {
    let folder = home().join("machine");
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let read = |path: &Path| fs::read(path).map_err(|e| format!("{}: {e}", path.display()));
    let line = drawn.cmdline.split_once(' ').map_or("", |(_, rest)| rest);
    let menu = format!("linux /vmlinuz {line}\ninitrd /initrd.img\nboot\n");
    let mut autoload: Vec<Autoload> = Vec::new();
    for (alias, files) in &parts.autoload {
        let file = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Ok::<_, String>((name, read(path)?))
        };
        autoload.push((alias.clone(), files.iter().map(file).collect::<Result<_, _>>()?));
    }
    let loads: Vec<Load<'_>> = cases
        .iter()
        .map(|case| Load { name: &case.name, bytes: &case.bytes, call: case.call, stays: false })
        .collect();
    let disk = BTreeMap::from([
        ("EFI/BOOT/BOOTX64.EFI".to_owned(), read(&parts.firmware.shim)?),
        ("EFI/BOOT/grubx64.efi".to_owned(), read(&parts.firmware.grub)?),
        ("EFI/debian/grub.cfg".to_owned(), menu.into_bytes()),
        ("vmlinuz".to_owned(), read(&parts.kernel)?),
        ("initrd.img".to_owned(), runner::initramfs(&loads, &autoload)),
    ]);
    let code = parts.firmware.code.clone();
    let machine = Machine { code, store: drawn.store.clone(), disk, memory: 1024, direct: None };
    machine::boot(&folder, &machine, patience)
}
