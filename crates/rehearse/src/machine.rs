//! The virtual machine: QEMU with Secure Boot firmware, started on a folder as its disk.
//!
//! q35 with system management mode, as OVMF's Secure Boot demands; hardware virtualisation where it
//! can do that, emulation otherwise.

use crate::runner::{Heard, Row};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The program that is the machine.
pub const QEMU: &str = "qemu-system-x86_64";

/// What a machine is started with.
#[derive(Clone, Debug)]
pub struct Machine {
    /// OVMF with Secure Boot and system management mode.
    pub code: PathBuf,
    /// The firmware's memory.
    pub store: Vec<u8>,
    /// The files of its disk.
    pub disk: BTreeMap<String, Vec<u8>>,
    /// Memory, in MiB.
    pub memory: usize,
    /// Where the firmware starts `vmlinuz` of the disk itself: its command line.
    pub direct: Option<String>,
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
    /// Whether the kernel was reached at all.
    pub started: bool,
    /// The end of what it printed.
    pub console: Vec<String>,
    /// How long it took.
    pub took: Duration,
    /// `kvm`, or `tcg` for emulation.
    pub accelerator: &'static str,
}

/// What firmware, shim, GRUB and kernel print when they go no further (OVMF `BmBoot.c`, shim
/// `shim.c`, GRUB `kern/efi/sb.c`, Linux `kernel/panic.c`).
const ENDS: [&str; 5] = [
    "Access Denied",
    "Security Violation",
    "bad shim signature",
    "No bootable option or device",
    "Kernel panic",
];
/// How long such a line may stand there before nothing more is waited for.
const AFTER_END: Duration = Duration::from_secs(5);

/// So many lines of the console are kept.
const KEPT: usize = 12;

/// Starts a machine once, in `folder`, which it may fill.
///
/// # Errors
/// When it cannot be set up; a start that fails is told in [`Booted`].
pub fn boot(folder: &Path, machine: &Machine, patience: Duration) -> Result<Booted, String> {
    lay_out(folder, machine)?;
    let mut booted = Booted::default();
    for accelerator in accelerators() {
        put(folder, "vars.fd", &machine.store)?;
        booted = start(machine, folder, accelerator, patience)?;
        if booted.started {
            break;
        }
    }
    Ok(booted)
}

/// Writes the disk's files and the firmware's memory into `folder`.
pub(crate) fn lay_out(folder: &Path, machine: &Machine) -> Result<(), String> {
    for (path, bytes) in &machine.disk {
        put(folder, &format!("disk/{path}"), bytes)?;
    }
    put(folder, "vars.fd", &machine.store)
}

fn put(folder: &Path, path: &str, bytes: &[u8]) -> Result<(), String> {
    let at = folder.join(path);
    let made = at.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(&at, bytes)).map_err(|e| format!("{}: {e}", at.display()))
}

/// Hardware first, where there is any.
pub(crate) fn accelerators() -> &'static [&'static str] {
    let usable = fs::OpenOptions::new().read(true).write(true).open("/dev/kvm").is_ok();
    if usable { &["kvm", "tcg"] } else { &["tcg"] }
}

fn start(
    machine: &Machine,
    folder: &Path,
    accelerator: &'static str,
    patience: Duration,
) -> Result<Booted, String> {
    let complaints =
        fs::File::create(folder.join("complaints")).map_err(|e| format!("complaints: {e}"))?;
    let begun = Instant::now();
    let mut running = command(machine, folder, accelerator)
        .args(["-serial", "file:console", "-serial", "file:answers"])
        .stderr(complaints)
        .spawn()
        .map_err(|e| format!("{QEMU}: {e}"))?;
    let text = |name: &str| {
        String::from_utf8_lossy(&fs::read(folder.join(name)).unwrap_or_default()).into_owned()
    };
    let mut ended: Option<Instant> = None;
    while running.try_wait().map_err(|e| e.to_string())?.is_none() {
        if ended.is_none() {
            let said = text("console");
            ended = ENDS.iter().any(|end| said.contains(end)).then(Instant::now);
        }
        if begun.elapsed() > patience || ended.is_some_and(|at| at.elapsed() > AFTER_END) {
            drop(running.kill());
            drop(running.wait());
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let mut booted = Booted { took: begun.elapsed(), accelerator, ..Booted::default() };
    for line in text("answers").lines() {
        // The firmware writes to this port too, before the kernel does.
        let row = line.find('{').and_then(|at| line.get(at..));
        match row.and_then(|row| serde_json::from_str(row).ok()) {
            Some(Row::Heard(heard)) => booted.heard.push(heard),
            Some(Row::Fact { fact, hex }) => drop(booted.facts.insert(fact, bytes(&hex))),
            Some(Row::Begin { begin }) => booted.started = begin,
            Some(Row::End { end }) => booted.whole = end,
            None => {}
        }
    }
    let said = text("console") + &text("complaints");
    let mut lines: Vec<String> = said.lines().map(shown).filter(|l| !l.is_empty()).collect();
    booted.console = lines.split_off(lines.len().saturating_sub(KEPT));
    Ok(booted)
}

/// The machine's program and everything but its serial ports.
pub(crate) fn command(machine: &Machine, folder: &Path, accelerator: &str) -> Command {
    let code = format!("if=pflash,format=raw,unit=0,readonly=on,file={}", machine.code.display());
    let mut command = Command::new(QEMU);
    if let Some(line) = &machine.direct {
        command.args(["-kernel", "disk/vmlinuz", "-initrd", "disk/initrd.img", "-append", line]);
    }
    command
        .args(["-machine", "q35,smm=on", "-accel", accelerator, "-cpu", "max"])
        .args(["-m", &machine.memory.to_string()])
        .args(["-smp", "1", "-nodefaults", "-display", "none", "-no-reboot"])
        .args(["-global", "driver=cfi.pflash01,property=secure,value=on"])
        .args(["-global", "ICH9-LPC.disable_s3=1"])
        .args(["-drive", &code, "-drive", "if=pflash,format=raw,unit=1,file=vars.fd"])
        .args(["-drive", "if=none,id=disk,format=raw,snapshot=on,file=fat:disk"])
        .args(["-device", "ide-hd,drive=disk,bootindex=0"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

/// A line of the console without what moves the cursor.
pub(crate) fn shown(line: &str) -> String {
    let mut out = String::new();
    let mut escaped = false;
    for c in line.chars() {
        match c {
            '\x1b' => escaped = true,
            _ if escaped => escaped = !c.is_ascii_alphabetic(),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out.trim().chars().take(160).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .filter_map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
