//! The virtual machine: QEMU with Secure Boot firmware, started on a folder as its disk.
//!
//! q35 with system management mode, as OVMF's Secure Boot demands; hardware virtualisation where it
//! can do that, emulation otherwise.

use crate::oracles::archive::Archive;
use crate::oracles::live::cases::Case;
use crate::oracles::live::packages::{Firmware, home};
use crate::oracles::live::policies::Drawn;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What the machine is made of, beside policy and cases.
#[derive(Clone, Debug)]
pub struct Parts {
    /// Firmware, shim, GRUB.
    pub firmware: Firmware,
    /// The signed kernel.
    pub kernel: PathBuf,
    /// The program that runs in it.
    pub runner: Vec<u8>,
    /// What the kernel may fetch by itself: an alias and the files to load, in order.
    pub autoload: Vec<(String, Vec<PathBuf>)>,
}

/// The kernel's answer to one case.
#[derive(Clone, Debug, Deserialize)]
pub struct Heard {
    /// The case.
    pub case: String,
    /// The number of the error.
    pub errno: Option<i32>,
    /// The letters on the module.
    pub mod_taint: String,
    /// The lines.
    pub log: Vec<String>,
}

/// What came out of one start.
#[derive(Clone, Debug, Default)]
pub struct Booted {
    /// The answers, as far as it got.
    pub heard: Vec<Heard>,
    /// What the running kernel shows: path and bytes.
    pub facts: BTreeMap<String, Vec<u8>>,
    /// Whether it came to the end of the list.
    pub whole: bool,
    /// Whether the runner was reached at all.
    pub started: bool,
    /// The end of what it printed.
    pub console: String,
    /// How long it took, in seconds.
    pub seconds: f64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Row {
    Heard(Heard),
    Fact { fact: String, hex: String },
    Begin { begin: bool },
    End { end: bool },
}

/// What the running kernel is asked to show.
const FACTS: [&str; 8] = [
    "/proc/cmdline",
    "/sys/kernel/security/lockdown",
    "/sys/module/module/parameters/sig_enforce",
    "/sys/firmware/efi/mok-variables/SecureBoot",
    "/sys/firmware/efi/mok-variables/db",
    "/sys/firmware/efi/mok-variables/dbx",
    "/sys/firmware/efi/mok-variables/MokListRT",
    "/sys/firmware/efi/mok-variables/MokListXRT",
];

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
    let put = |path: &str, bytes: &[u8]| crate::oracles::roots::put(&folder, path, bytes);
    let read = |path: &Path| fs::read(path).map_err(|e| format!("{}: {e}", path.display()));
    put("disk/EFI/BOOT/BOOTX64.EFI", &read(&parts.firmware.shim)?)?;
    put("disk/EFI/BOOT/grubx64.efi", &read(&parts.firmware.grub)?)?;
    let line = drawn.cmdline.split_once(' ').map_or("", |(_, rest)| rest);
    let menu = format!("linux /vmlinuz {line}\ninitrd /initrd.img\nboot\n");
    put("disk/EFI/debian/grub.cfg", menu.as_bytes())?;
    put("disk/vmlinuz", &read(&parts.kernel)?)?;
    put("disk/initrd.img", &initramfs(parts, cases)?)?;
    put("vars.fd", &drawn.store)?;
    let mut booted = Booted::default();
    for accelerator in accelerators() {
        booted = start(parts, &folder, accelerator, patience)?;
        if booted.started || accelerator == "tcg" {
            break;
        }
        put("vars.fd", &drawn.store)?;
    }
    Ok(booted)
}

/// Hardware first, where there is any.
fn accelerators() -> Vec<&'static str> {
    let usable = fs::OpenOptions::new().read(true).write(true).open("/dev/kvm").is_ok();
    if usable { vec!["kvm", "tcg"] } else { vec!["tcg"] }
}

fn initramfs(parts: &Parts, cases: &[&Case]) -> Result<Vec<u8>, String> {
    let mut archive = Archive::default();
    archive.put("init", parts.runner.clone());
    archive.put("sbin/modprobe", parts.runner.clone());
    archive.put("facts", FACTS.join("\n"));
    let mut aliases = String::new();
    for (alias, files) in &parts.autoload {
        aliases += alias;
        for file in files {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            aliases += &format!(" {name}");
            let bytes = fs::read(file).map_err(|e| format!("{}: {e}", file.display()))?;
            archive.put(&format!("autoload.d/{name}"), bytes);
        }
        aliases.push('\n');
    }
    archive.put("autoload", aliases);
    let mut list = String::new();
    for (n, case) in cases.iter().enumerate() {
        archive.put(&format!("cases/{n}.ko"), case.bytes.clone());
        list += &format!("{}\t{n}.ko\tfinit\t0\n", case.name);
    }
    archive.put("cases/list", list);
    Ok(archive.newc())
}

fn start(
    parts: &Parts,
    folder: &Path,
    accelerator: &str,
    patience: Duration,
) -> Result<Booted, String> {
    let code =
        format!("if=pflash,format=raw,unit=0,readonly=on,file={}", parts.firmware.code.display());
    let complaints =
        fs::File::create(folder.join("complaints")).map_err(|e| format!("complaints: {e}"))?;
    let begun = Instant::now();
    let mut machine = Command::new("nice")
        .arg("qemu-system-x86_64")
        .args(["-machine", "q35,smm=on", "-accel", accelerator, "-cpu", "max", "-m", "1024"])
        .args(["-smp", "1", "-nodefaults", "-display", "none", "-no-reboot"])
        .args(["-global", "driver=cfi.pflash01,property=secure,value=on"])
        .args(["-global", "ICH9-LPC.disable_s3=1"])
        .args(["-drive", &code, "-drive", "if=pflash,format=raw,unit=1,file=vars.fd"])
        .args(["-drive", "if=none,id=disk,format=raw,snapshot=on,file=fat:disk"])
        .args(["-device", "ide-hd,drive=disk,bootindex=0"])
        .args(["-serial", "file:console", "-serial", "file:answers"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(complaints)
        .spawn()
        .map_err(|e| format!("qemu-system-x86_64: {e}"))?;
    while machine.try_wait().map_err(|e| e.to_string())?.is_none() {
        if begun.elapsed() > patience {
            drop(machine.kill());
            drop(machine.wait());
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let text = |name: &str| {
        String::from_utf8_lossy(&fs::read(folder.join(name)).unwrap_or_default()).into_owned()
    };
    let mut booted = Booted { seconds: begun.elapsed().as_secs_f64(), ..Booted::default() };
    for line in text("answers").lines() {
        // The firmware writes to this port too, before the kernel does.
        let Some(row) = line.find('{').and_then(|at| serde_json::from_str(&line[at..]).ok()) else {
            continue;
        };
        match row {
            Row::Heard(heard) => booted.heard.push(heard),
            Row::Fact { fact, hex } => drop(booted.facts.insert(fact, bytes(&hex))),
            Row::Begin { begin } => booted.started = begin,
            Row::End { end } => booted.whole = end,
        }
    }
    let console = text("console") + &text("complaints");
    let lines: Vec<&str> = console.lines().collect();
    booted.console = lines[lines.len().saturating_sub(12)..].join("\n");
    Ok(booted)
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .filter_map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
