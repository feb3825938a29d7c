//! A second, older kernel beside the one that a scenario is about.

use super::Root;
use crate::forge::kernel::Kernel;
use crate::forge::module::Module;

/// Its release.
const RELEASE: &str = "5.10.0-9-amd64";

/// GRUB's script with an entry for each kernel, and its environment block.
pub(super) fn entries(
    root: &Root<'_>,
    older: &str,
    release: &str,
    options: &str,
) -> Result<(), String> {
    let entry = |release: &str| {
        format!(
            "menuentry '{release}' {{\n linux /boot/vmlinuz-{release} {options}\n \
             initrd /boot/initrd.img-{release}\n}}\n"
        )
    };
    let mut script = "if [ -s $prefix/grubenv ]; then\n load_env\nfi\n\
        if [ \"${next_entry}\" ]; then\n set default=\"${next_entry}\"\n\
        else\n set default=0\nfi\n"
        .to_owned();
    script.push_str(&entry(release));
    if older != "no-entry" {
        script.push_str(&entry(RELEASE));
    }
    root.put("boot/grub/grub.cfg", script)?;
    if older != "no-environment" {
        let mut block = b"# GRUB Environment Block\n".to_vec();
        block.resize(1024, b'#');
        root.put("boot/grub/grubenv", block)?;
    }
    Ok(())
}

/// Its image, initramfs and tree, but for what the scenario says is missing.
pub(super) fn kernel(
    root: &Root<'_>,
    older: &str,
    kernel: &Kernel,
    module: &Module,
) -> Result<(), String> {
    match older {
        "none" => return Ok(()),
        "whole" | "unsigned" | "no-image" | "no-initramfs" | "no-module" | "no-entry"
        | "no-environment" => {}
        other => return Err(format!("older = {other:?}")),
    }
    match older {
        "no-image" => {}
        "unsigned" => root.put(&format!("boot/vmlinuz-{RELEASE}"), unsigned())?,
        _ => root.put(&format!("boot/vmlinuz-{RELEASE}"), kernel.image())?,
    }
    root.put(&format!("boot/config-{RELEASE}"), &kernel.config)?;
    if older != "no-initramfs" {
        root.put(&format!("boot/initrd.img-{RELEASE}"), "")?;
    }
    let under = format!("lib/modules/{RELEASE}");
    let path = format!("kernel/drivers/demo/{}.ko", module.name);
    let there = older != "no-module";
    if there {
        root.put(&format!("{under}/{path}"), module.forge(kernel)?)?;
    }
    let index = if there { format!("{path}:\n") } else { String::new() };
    root.put(&format!("{under}/modules.dep"), index)?;
    for name in ["alias", "symbols", "softdep", "builtin", "builtin.modinfo"] {
        root.put(&format!("{under}/modules.{name}"), "")?;
    }
    Ok(())
}

/// A kernel that firmware could start and that nobody signed: headers and one section of code.
fn unsigned() -> Vec<u8> {
    const OPTIONAL: usize = 0x58;
    let mut image = vec![0; 0x400];
    let section = [64, 0x1000, 64, 0x400].map(u32::to_le_bytes);
    for (at, bytes) in [
        (0, b"MZ".as_slice()),
        (0x3c, &[0x40]),
        (0x40, b"PE\0\0\x64\x86\x01"),
        (0x54, &[240, 0, 0x22, 0]),
        (OPTIONAL, &[0x0b, 2]),
        (OPTIONAL + 56, &0x4000_u32.to_le_bytes()),
        (OPTIONAL + 60, &0x400_u32.to_le_bytes()),
        (OPTIONAL + 68, &[10, 0, 0, 1]),
        (OPTIONAL + 108, &[16]),
        (OPTIONAL + 240, b".text"),
        (OPTIONAL + 248, section.as_flattened()),
        (OPTIONAL + 276, &[0x40, 0, 0, 0x40]),
        (0x202, b"HdrS"),
    ] {
        image[at..at + bytes.len()].copy_from_slice(bytes);
    }
    image.extend([0xc3; 64]);
    image
}
