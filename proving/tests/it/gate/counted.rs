//! A kernel on trial under systemd-boot, which counts in the names of its entries.
//!
//! The names are those of systemd's `docs/AUTOMATIC_BOOT_ASSESSMENT.md`: `+LEFT-DONE`, counted down before
//! the entry is started, taken away by `systemd-bless-boot` once the boot is good.

use super::{Tried, is};
use libtest_mimic::Trial;
use std::fs;

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("gate: a kernel on trial under systemd-boot", || Ok(on_trial()?))]
}

fn on_trial() -> Result<(), String> {
    let host = "ask = \"preflight\"\nolder = \"whole\"\n";
    let tried = Tried::forge(host, "signed_by = \"distribution\"\n")?;
    let (release, old) = (tried.newer()?, "5.10.0-9-amd64");
    fs::remove_dir_all(tried.root().join("boot/grub")).map_err(|e| e.to_string())?;
    let entry = |name: &str| tried.root().join(format!("boot/loader/entries/{name}.conf"));
    for kernel in [release.as_str(), old] {
        let text = format!(
            "title Linux\nversion {kernel}\nlinux /vmlinuz-{kernel}\noptions root=UUID=0123 ro\n"
        );
        tried.put(&format!("boot/loader/entries/{kernel}.conf"), &text)?;
    }
    tried.put("boot/loader/loader.conf", "timeout 3\n")?;
    tried.put("boot/EFI/systemd/systemd-bootx64.efi", "MZ")?;
    tried.put(
        "etc/loadworthy/manifest.toml",
        "[[require]]\nmodule = \"demo\"\n[gate]\nenforce = \"gate\"\n[health]\ninterfaces = [\"eth0\"]\n",
    )?;
    let boots = |kernel: &str, boot: &str, state: &str| -> Result<(), String> {
        tried.put("proc/version", &format!("Linux version {kernel} (x)\n"))?;
        tried.put("proc/sys/kernel/random/boot_id", &format!("{boot}\n"))?;
        tried.put("proc/modules", "demo 16384 0 - Live 0x0\n")?;
        tried.put("sys/class/net/eth0/operstate", &format!("{state}\n"))
    };
    let named = |name: &str| match entry(name).exists() {
        true => Ok(()),
        false => Err(format!("the entry is not called {name}")),
    };
    // systemd-boot counts before it starts the entry.
    let counts = || {
        let (from, to) = (entry(&format!("{release}+1")), entry(&format!("{release}+0-1")));
        fs::rename(from, to).map_err(|e| e.to_string())
    };
    boots(old, "0a", "up")?;
    // What names a default starts it whatever the counter says.
    tried.put("boot/loader/loader.conf", &format!("default {release}.conf\n"))?;
    tried.must("trial --at 2026-11-21", 1)?;
    tried.put("boot/loader/loader.conf", "timeout 3\n")?;
    tried.must("trial --at 2026-11-21", 0)?;
    named(&format!("{release}+1"))?;
    // It comes up without its network, so nothing blesses it: the old kernel is next.
    counts()?;
    boots(&release, "0b", "down")?;
    let said = tried.must("confirm --at 2026-11-21T01:00:00Z", 1)?;
    if !said.contains("eth0") {
        return Err(format!("the trial did not fail: {said}"));
    }
    named(&format!("{release}+0-1"))?;
    boots(old, "0c", "up")?;
    tried.must("run --act --at 2026-11-21T02:00:00Z", 0)?;
    is(&tried.verdict()?, "/next", &old.into())?;
    // Mended, and tried again: it stays.
    tried.must("trial --clear --at 2026-11-21T03:00:00Z", 0)?;
    named(&release)?;
    tried.must("run --act --at 2026-11-21T03:01:00Z", 0)?;
    tried.must("trial --at 2026-11-21T03:02:00Z", 0)?;
    counts()?;
    boots(&release, "0d", "up")?;
    let (_, said) = tried.gate("confirm --at 2026-11-21T04:00:00Z")?;
    if !said.contains("passed") {
        return Err(format!("the trial did not pass: {said}"));
    }
    named(&release)?;
    tried.must("run --act --at 2026-11-21T04:01:00Z", 0)?;
    is(&tried.verdict()?, "/next", &release.into())?;
    tried.must("status --verify --at 2026-11-21T04:02:00Z", 0).map(drop)
}
