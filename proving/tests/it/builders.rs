//! Images that real builders made on a real Debian: dracut, kdump-tools, ukify, and mkinitcpio where one
//! is named (`proving/stories/builders.sh`). Opt-in as the stories are.

use crate::skipped;
use crate::stories::{Debian, EFIVARS, Machine, installed};
use libtest_mimic::{Failed, Trial};
use loadworthy_proving::forge::firmware;
use loadworthy_proving::program;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("images of real builders on a real Debian", builders)]
}

/// The folder with the images.
fn made(debian: &Debian) -> Result<PathBuf, Failed> {
    let folder = debian.root.parent().ok_or("no folder")?.join("builders");
    let script = xtask::tree::root().join("proving/stories/builders.sh");
    let built = Command::new(script).arg(&debian.root).arg(&folder).output()?;
    match built.status.success() {
        true => Ok(folder),
        false => Err(format!("builders.sh: {}", String::from_utf8_lossy(&built.stderr)).into()),
    }
}

fn builders() -> Result<(), Failed> {
    let Some(debian) = installed()? else { return Ok(()) };
    let made = made(&debian)?;
    let folder = tempfile::tempdir_in(debian.root.parent().ok_or("no folder")?)?;
    let machine = |name: &str| Machine::new(&debian, folder.path().join(name));
    let initrd = format!("boot/initrd.img-{}", debian.new);
    let silent = |machine: &Machine<'_>, code: &str| -> Result<(), Failed> {
        let (text, _) = machine.told(&["--proof", "short"])?;
        if text.contains(code) { Err(format!("{code}: {text}").into()) } else { Ok(()) }
    };

    // dracut's image is read, and its copies are those of the tree.
    let sound = machine("dracut")?;
    sound.put(&initrd, fs::read(made.join("dracut.img"))?)?;
    sound.tells(&[], 0, &["under NEXT: all will", "will not load: none"])?;
    silent(&sound, "LW3108")?;
    silent(&sound, "LW3110")?;
    let file = made.join("dracut.img").to_string_lossy().into_owned();
    sound.tells(&[&file], 0, &["none refused", "loads-tainted  acmedisk"])?;

    // A copy under the root without its signature is refused, one that was signed later is told.
    let stripped = machine("stripped")?;
    stripped.put(&initrd, fs::read(made.join("dracut-stripped.img"))?)?;
    stripped.tells(
        &["--proof", "short"],
        1,
        &[
            "ahci of the initramfs will not load (EKEYREJECTED)",
            "dracut --force /boot/initrd.img-NEXT NEXT",
            "LW3110",
            "the same build",
        ],
    )?;
    silent(&stripped, "LW3108")?;

    // The image for crashes, and the same cut off.
    let crash = machine("crash")?;
    let dump = format!("var/lib/kdump/initrd.img-{}", debian.new);
    let image = fs::read(made.join("kdump.img"))?;
    crash.put("boot/grub/grub.cfg", fs::read(made.join("grub.cfg"))?)?;
    crash.put(&dump, &image)?;
    crash.tells(&[], 0, &["under NEXT: all will"])?;
    silent(&crash, "LW3109")?;
    crash.put(&dump, &image[..image.len() / 2])?;
    crash.tells(&["--proof", "short"], 0, &["LW3109", "a crash leaves no dump"])?;

    squashed(&machine, &made, &initrd)?;
    unified(&machine("unified")?, &fs::read(made.join("uki.efi"))?)?;

    let Ok(arch) = fs::read(made.join("mkinitcpio.img")) else {
        skipped::told("mkinitcpio (LOADWORTHY_MKINITCPIO)");
        return Ok(());
    };
    // Its hook `strip` leaves modules alone: they are copied after it ran.
    let sound = machine("mkinitcpio")?;
    sound.put(&initrd, &arch)?;
    sound.tells(&[], 0, &["under NEXT: all will"])?;
    silent(&sound, "LW3108")?;
    silent(&sound, "LW3110")?;
    let cut = machine("mkinitcpio-cut")?;
    cut.put(&initrd, &arch[..arch.len() / 2])?;
    cut.tells(&[], 1, &["LW3102"])
}

/// All but the first steps lie in a squashfs, as dracut's module squash has it.
fn squashed<'d>(
    machine: &dyn Fn(&str) -> Result<Machine<'d>, Failed>,
    made: &Path,
    initrd: &str,
) -> Result<(), Failed> {
    let [whole, stripped] = ["squashed.img", "squashed-stripped.img"].map(|name| made.join(name));
    let sound = machine("squashed")?;
    sound.put(initrd, fs::read(&whole)?)?;
    sound.tells(&[], 0, &["under NEXT: all will", "will not load: none"])?;
    let file = whole.to_string_lossy().into_owned();
    sound.tells(&[&file], 0, &["none refused", "loads-tainted  acmedisk"])?;
    let config = format!("boot/config-{}", sound.of.new);
    let without = fs::read_to_string(sound.root.join(&config))?
        .replace("CONFIG_SQUASHFS_ZSTD=y", "# CONFIG_SQUASHFS_ZSTD is not set");
    sound.put(&config, without)?;
    sound.tells(&["--proof", "short"], 1, &["LW3103", "without unpacking squashfs with zstd"])?;

    let refused = machine("squashed-stripped")?;
    refused.put(initrd, fs::read(&stripped)?)?;
    let lines = ["ahci of the initramfs will not load (EKEYREJECTED)", "LW3110", "the same build"];
    refused.tells(&["--proof", "short"], 1, &lines)?;

    // The same for crashes, where Red Hat's kdump-utils puts it: the next boot is not touched by it.
    let crash = machine("squashed-crash")?;
    crash.put("boot/grub/grub.cfg", fs::read(made.join("grub.cfg"))?)?;
    let dump = format!("boot/initramfs-{}kdump.img", crash.of.new);
    crash.put(&dump, fs::read(&whole)?)?;
    let (text, exit) = crash.told(&["--proof", "short"])?;
    if exit != Some(0) || text.contains("LW3109") {
        return Err(format!("exit {exit:?}\n{text}").into());
    }
    crash.put(&dump, fs::read(&stripped)?)?;
    crash.tells(&["--proof", "short"], 0, &["LW3109", "ahci"])?;
    // It is nobody's ordinary one.
    fs::remove_file(crash.root.join(initrd))?;
    crash.tells(&[], 1, &["LW3101"])
}

/// The kernel lies in a unified image alone, which systemd-boot finds.
fn unified(machine: &Machine<'_>, image: &[u8]) -> Result<(), Failed> {
    let at = "boot/efi/EFI/Linux/debian.efi";
    machine.put(at, image)?;
    for gone in [format!("vmlinuz-{}", machine.of.new), format!("initrd.img-{}", machine.of.new)] {
        fs::remove_file(machine.root.join("boot").join(gone))?;
    }
    fs::remove_dir_all(machine.root.join("boot/grub"))?;
    machine.put("boot/efi/EFI/systemd/systemd-bootx64.efi", b"MZ")?;
    // Nobody signed the image.
    machine.tells(&[], 1, &["debian.efi", "LW3001"])?;
    let off = firmware::variable(false, &[0]);
    machine.put(&format!("{EFIVARS}/SecureBoot-{}", firmware::GLOBAL), off)?;
    machine.tells(&[], 0, &["under NEXT"])?;
    // The parts that systemd-stub(7) names are seen in it.
    let seen = program::document(&["inspect", "--json", at], &machine.root)?;
    let sections = seen["files"][0]["pe"]["sections"].as_array().into_iter().flatten();
    let there: Vec<&str> = sections.filter_map(serde_json::Value::as_str).collect();
    if ![".linux", ".initrd", ".uname", ".cmdline"].iter().all(|part| there.contains(part)) {
        return Err(format!("{there:?}").into());
    }
    let unified = &seen["files"][0]["pe"]["unified"];
    let told = (&unified["kernel"], &unified["command_line"], &unified["initramfs"]);
    match told == (&json!(machine.of.new), &json!("root=/dev/sda1 ro quiet"), &json!(true)) {
        true => Ok(()),
        false => Err(unified.to_string().into()),
    }
}
