//! EFI images signed by `sign`, started under Secure Boot: a kernel by the real shim, systemd-boot and a
//! unified kernel image by the firmware itself. Beside each start that must go on stands one that must not.

use crate::oracles::live::desk::Desk;
use crate::oracles::live::packages::{self, home};
use crate::oracles::live::policies::Policy;
use crate::oracles::live::predicted;
use loadworthy_rehearse::machine::{Booted, Machine, boot};
use loadworthy_rehearse::runner;
use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;
use xtask::kernels::{output, signed};

/// The longest a start may take.
const PATIENCE: Duration = Duration::from_secs(240);
/// The key in db.
const TRUSTED: &str = "distribution";
/// A key nobody knows.
const UNKNOWN: &str = "stranger";
/// The kernel's command line, where the image holds it.
const LINE: &str = "console=ttyS0,115200 quiet panic=-1";
/// The sections of a unified kernel image and where they are loaded: behind one another, at the
/// addresses that systemd-stub(7) gives as an example.
const SECTIONS: [(&str, &str); 4] =
    [("osrel", "0x20000"), ("cmdline", "0x30000"), ("linux", "0x2000000"), ("initrd", "0x3000000")];

/// Signs and starts all of them; whether each start came out as it must.
///
/// # Errors
/// When the machine cannot be made, or the program does not do its work.
pub fn run(say: &mut dyn FnMut(&str)) -> Result<bool, String> {
    let kernel = signed("6.12", say)?;
    let firmware = packages::firmware(say)?;
    let [loader, stub] = packages::systemd_boot(say)?;
    let desk = Desk::new(home().join("images"))?;
    let root = desk.at("root");
    predicted::kernel(&kernel, &root)?;
    let (variables, shim) = (desk.read(&firmware.variables)?, desk.read(&firmware.shim)?);
    let drawn = Policy::named("sb-on-nomok")?.draw(&variables, &shim, &[], &[TRUSTED])?;
    predicted::policy(&drawn, &root)?;
    desk.key(TRUSTED)?;
    desk.key(UNKNOWN)?;
    let shipped = kernel.root.join(format!("boot/vmlinuz-{}", kernel.release));
    desk.put("shipped", &desk.read(shipped)?)?;
    desk.put("loader", &desk.read(loader)?)?;
    desk.put("stub", &desk.read(stub)?)?;
    let initramfs = runner::initramfs(&[], &[]);
    for (name, bytes) in
        [("initrd", &initramfs[..]), ("osrel", b"ID=debian\n"), ("cmdline", LINE.as_bytes())]
    {
        desk.put(name, bytes)?;
    }

    desk.run("sign shipped --strip --log log -o linux", 0)?;
    unify(&desk)?;
    for name in ["linux", "loader", "uki"] {
        let by = |key: &str, from: &str, to: &str| {
            format!("sign {from} -k {key}.key -c {key}.der --log log -o {to} --root root")
        };
        let (unknown, both) = (format!("{name}-unknown"), format!("{name}-both"));
        // What this machine would not start is not released unless its owner insists.
        let refused = by(UNKNOWN, name, &unknown);
        desk.run(&refused, 1)?;
        desk.run(&format!("{refused} --force"), 0)?;
        // A second signature beside the first.
        desk.run(&by(TRUSTED, &unknown, &both), 0)?;
    }

    let mut number = 0;
    let mut start = |files: &[(&str, Vec<u8>)]| -> Result<Booted, String> {
        number += 1;
        let disk: BTreeMap<String, Vec<u8>> =
            files.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.clone())).collect();
        let (code, store) = (firmware.code.clone(), drawn.store.clone());
        let machine = Machine { code, store, disk, memory: 1024, direct: None };
        boot(&desk.at(&format!("start-{number}")), &machine, PATIENCE)
    };
    let mut good = true;
    let mut tell = |what: &str, must: bool, booted: &Booted| {
        // What the kernel shows: that the firmware did look at signatures.
        let enforced = booted.facts.get("/sys/firmware/efi/mok-variables/SecureBoot");
        let refused = ["bad shim signature", "Access Denied", "Security Violation"];
        let said = booted.console.iter().find(|line| refused.iter().any(|r| line.contains(r)));
        good &= booted.started == must && said.is_some() != must;
        say(&format!(
            "{what}: started {}, SecureBoot {enforced:?}, refused {said:?}, {:.0} s",
            booted.started,
            booted.took.as_secs_f64()
        ));
    };
    let menu = format!("linux /vmlinuz {LINE}\ninitrd /initrd.img\nboot\n");
    for (end, must) in [("both", true), ("unknown", false)] {
        let booted = start(&[
            ("EFI/BOOT/BOOTX64.EFI", shim.clone()),
            ("EFI/BOOT/grubx64.efi", desk.read(&firmware.grub)?),
            ("EFI/debian/grub.cfg", menu.clone().into_bytes()),
            ("vmlinuz", desk.read(format!("linux-{end}"))?),
            ("initrd.img", initramfs.clone()),
        ])?;
        tell(&format!("shim, GRUB, kernel signed by {end}"), must, &booted);
    }
    for (loader, uki, must) in
        [("both", "both", true), ("both", "unknown", false), ("unknown", "both", false)]
    {
        let booted = start(&[
            ("EFI/BOOT/BOOTX64.EFI", desk.read(format!("loader-{loader}"))?),
            ("EFI/Linux/debian.efi", desk.read(format!("uki-{uki}"))?),
        ])?;
        tell(&format!("systemd-boot signed by {loader}, UKI by {uki}"), must, &booted);
    }
    Ok(good)
}

/// Puts stub, kernel, initramfs and command line together, as systemd-stub(7) says.
fn unify(desk: &Desk) -> Result<(), String> {
    let mut objcopy = Command::new("objcopy");
    for (name, address) in SECTIONS {
        objcopy.args(["--add-section", &format!(".{name}={}", desk.at(name).display())]);
        objcopy.args(["--change-section-vma", &format!(".{name}={address}")]);
    }
    output(objcopy.arg(desk.at("stub")).arg(desk.at("uki"))).map(drop)
}
