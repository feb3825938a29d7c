//! The gate in a Debian that is really started, twice: a systemd that runs its units, a reboot that is
//! refused and then forced, and a boot that shows whether what was foretold came true.
//!
//! The first start asks for everything that a gate must not do, and for what it must (`walk NAME ANSWER`,
//! `proving/stories/gate-walk.sh`); the second one looks back. GRUB is not started: the firmware
//! starts the kernel with the command line of its entry.

use crate::oracles::live::packages::home;
use crate::program;
use loadworthy_rehearse::machine::QEMU;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long one start may take, without hardware virtualisation, until it ends by itself.
const PATIENCE: Duration = Duration::from_secs(900);

/// What each answer of the first start must be.
const FIRST: [(&str, &str, &str); 24] = [
    ("install", "0", "the gate is installed"),
    ("run", "0", "the kernel is loadworthy"),
    ("enabled", "enabled", "its units are switched on"),
    ("started", "0", "its units start"),
    ("required-by-reboot.target", "0", "reboot.target wants nothing of ours"),
    ("required-by-systemd-reboot.service", "0", "systemd-reboot.service wants nothing of ours"),
    ("required-by-shutdown.target", "0", "shutdown.target wants nothing of ours"),
    ("required-by-final.target", "0", "final.target wants nothing of ours"),
    ("required-by-umount.target", "0", "umount.target wants nothing of ours"),
    ("verity", "0", "a driver is protected by fs-verity"),
    ("measured", "1", "its digest, as fsverity measures it, is what is compared"),
    ("cached", "cached\" 1", "the verdict is believed again, and says by what"),
    ("replaced", "read\"", "another file in its place is read"),
    ("blocked", "1", "a driver that no kernel has blocks"),
    ("inhibited", "0", "systemd holds the lock"),
    ("check-inhibitors", "1", "a reboot that asks before is refused"),
    ("molly-guard", "1", "an interactive reboot is refused"),
    ("reason", "1", "and told why"),
    ("postinst", "0", "the hook of a kernel's package ends well all the same"),
    ("audit", "0", "nothing is half configured"),
    ("again", "0", "without that driver the way is free"),
    ("collect", "0", "what is up is recorded"),
    ("block", "there", "and blocked once more"),
    ("forced", "", "a reboot is forced"),
];

/// Does all of it; whether everything was as it must be.
///
/// # Errors
/// When the tree, the disk or the machine cannot be made.
pub fn run(say: &mut dyn FnMut(&str)) -> Result<bool, String> {
    let root = xtask::tree::root();
    let stories = root.join("proving/stories");
    let base = root.join("target/stories/debian-12");
    let tree = match std::env::var_os("LOADWORTHY_GATE_STORY") {
        Some(tree) => tree.into(),
        None => {
            let tree = root.join("target/stories/gate-debian-12");
            script(&stories.join("debian-12.sh"), &[&base])?;
            script(&stories.join("gate-debian-12.sh"), &[&tree, &base])?;
            tree
        }
    };
    let work = home().join("gate");
    script(&stories.join("gate-disk.sh"), &[&tree, &work, program::path()?])?;
    let (first, took) = start(&work, "first")?;
    let mut good = true;
    for (name, should, what) in FIRST {
        let is: Vec<&String> = first.iter().filter(|(n, _)| n == name).map(|(_, a)| a).collect();
        let fits = !is.is_empty() && is.iter().all(|is| is.as_str() == should);
        good &= fits;
        say(&format!("{}  {what}{}", word(fits), told(fits, name, &is)));
    }
    // The machine went down by itself: it was not left half shut down.
    let down = took < PATIENCE;
    good &= down;
    say(&format!("{}  the machine went down by itself, {} s in all", word(down), took.as_secs()));
    let (second, took) = start(&work, "second")?;
    let last: BTreeMap<&str, &str> = second.iter().map(|(n, a)| (n.as_str(), a.as_str())).collect();
    let document = |name: &str| -> Value {
        last.get(name).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    };
    let (boots, checks) = (document("boots"), document("checks"));
    let made = boots["predictions"]["made"].as_u64().unwrap_or(0);
    let wrong = boots["predictions"]["wrong"].as_u64();
    let units = checks["checks"].as_array().into_iter().flatten();
    let units = units.filter(|c| c["kind"] == "unit" && c["state"] == "up").count();
    // The driver that was refused, as foretold, is the only thing that failed.
    let failed = last.get("failed").map_or("not told", |failed| failed.trim());
    for (fits, what) in [
        (
            made >= 2 && wrong == Some(0),
            format!("the boot decided {made} predictions, {wrong:?} wrong"),
        ),
        (last.get("health") == Some(&"0"), format!("everything is up: {}", checks["summary"])),
        (units == 2, format!("{units} of 2 units are active, as systemd says")),
        (failed == "systemd-modules-load.service", format!("units that failed: {failed}")),
        (last.contains_key("end"), format!("the machine came to the end, {} s", took.as_secs())),
    ] {
        good &= fits;
        say(&format!("{}  {what}", word(fits)));
    }
    if !good {
        say(&format!("what it said: {}", work.display()));
    }
    Ok(good)
}

fn word(fits: bool) -> &'static str {
    if fits { "ok   " } else { "WRONG" }
}

fn told(fits: bool, name: &str, is: &[&String]) -> String {
    if fits { String::new() } else { format!(" ({name} is {is:?})") }
}

fn script(path: &Path, arguments: &[&Path]) -> Result<(), String> {
    let done = Command::new(path)
        .args(arguments)
        .output()
        .map_err(|e| format!("{}: {e}", path.display()))?;
    match done.status.success() {
        true => Ok(()),
        false => Err(format!("{}: {}", path.display(), String::from_utf8_lossy(&done.stderr))),
    }
}

/// Starts the machine once; its answers in their order, and how long it took.
fn start(work: &Path, name: &str) -> Result<(Vec<(String, String)>, Duration), String> {
    let line = fs::read_to_string(work.join("cmdline")).map_err(|e| format!("cmdline: {e}"))?;
    let complaints = fs::File::create(work.join("complaints")).map_err(|e| e.to_string())?;
    let begun = Instant::now();
    let mut running = Command::new(QEMU)
        .args(["-machine", "q35", "-accel", "tcg", "-cpu", "max", "-m", "1024", "-smp", "1"])
        .args(["-nodefaults", "-display", "none", "-no-reboot"])
        .args(["-kernel", "vmlinuz", "-initrd", "initrd.img", "-append", line.trim()])
        .args(["-drive", "if=virtio,format=raw,file=disk.img"])
        .args(["-serial", &format!("file:{name}.console"), "-serial", &format!("file:{name}")])
        .current_dir(work)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(complaints)
        .spawn()
        .map_err(|e| format!("{QEMU}: {e}"))?;
    while running.try_wait().map_err(|e| e.to_string())?.is_none() {
        if begun.elapsed() > PATIENCE {
            drop(running.kill());
            drop(running.wait());
            break;
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    let said = fs::read(work.join(name)).unwrap_or_default();
    let said = String::from_utf8_lossy(&said).into_owned();
    let answer = |line: &str| {
        let (name, answer) = line
            .trim_end()
            .strip_prefix("walk ")?
            .split_once(' ')
            .or_else(|| line.trim_end().strip_prefix("walk ").map(|name| (name, "")))?;
        Some((name.to_owned(), answer.trim().to_owned()))
    };
    Ok((said.lines().filter_map(answer).collect(), begun.elapsed()))
}
