use super::*;
use crate::gather::host::{Host, opened, value};
use loadworthy_core::boot_claim::{By, Loader};
use loadworthy_core::policy::next_boot::{NextBoot, Remark};
use loadworthy_formats::boot::grub::environment::SIGNATURE;

const GLOBAL: &str = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
const LOADER: &str = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";

const SCRIPT: &str = "if [ -s $prefix/grubenv ]; then\n load_env\nfi\n\
    if [ \"${next_entry}\" ] ; then\n set default=\"${next_entry}\"\n set next_entry=\n \
    save_env next_entry\n set boot_once=true\nelse\n set default=\"${saved_entry}\"\nfi\n\
    menuentry 'New' --id new {\n linux /boot/vmlinuz-6.12.1 root=/dev/sda ro\n initrd /boot/initrd.img-6.12.1\n}\n\
    submenu 'More' --id more {\n menuentry 'Old' --id old {\n linux /boot/vmlinuz-6.1.0 root=/dev/sda ro quiet\n }\n}\n";

fn block(line: &str) -> Vec<u8> {
    let mut block = [SIGNATURE, line.as_bytes()].concat();
    block.resize(1024, b'#');
    block
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

fn variable(host: Host, name: &str, vendor: &str, data: &[u8]) -> Host {
    let path = format!("sys/firmware/efi/efivars/{name}-{vendor}");
    host.with(&path, [&[7, 0, 0, 0], data].concat())
}

/// A load option for a file (UEFI 2.10, §3.1.3).
fn option(host: Host, number: u16, name: &str, file: &str) -> Host {
    let file = wide(file);
    let length = u16::try_from(file.len() + 4).unwrap().to_le_bytes();
    let path = [&[4, 4][..], &length, &file, &[0x7f, 0xff, 4, 0]].concat();
    let length = u16::try_from(path.len()).unwrap().to_le_bytes();
    let data = [&[1, 0, 0, 0][..], &length, &wide(name), &path].concat();
    variable(host, &format!("Boot{number:04X}"), GLOBAL, &data)
}

/// Release, what asks for it, and what is remarked.
fn next(host: &Host) -> Result<(String, By, Vec<Remark>), Why> {
    let found = NextBoot::of(&gather(&host.looking()));
    let remarks = found.remarks.iter().map(|(remark, _)| *remark).collect();
    let (chosen, _) = opened(&found.chosen)?;
    Ok((chosen.entry.release.as_deref().unwrap_or_default().to_owned(), chosen.by, remarks))
}

fn is(release: &str, by: By, remarks: &[Remark]) -> Result<(String, By, Vec<Remark>), Why> {
    Ok((release.to_owned(), by, remarks.to_vec()))
}

#[test]
fn grub_starts_what_its_environment_asks_for() {
    let host = || Host::new().with("boot/grub/grub.cfg", SCRIPT);
    assert_eq!(next(&host()), is("6.12.1", By::First, &[]));
    let saved = host().with("boot/grub/grubenv", block("saved_entry=more>old\n"));
    assert_eq!(next(&saved), is("6.1.0", By::Default, &[]));
    let once = host().with("boot/grub/grubenv", block("next_entry=1>0\nsaved_entry=new\n"));
    assert_eq!(next(&once), is("6.1.0", By::NextEntry, &[]));
    let titled = host().with("boot/grub/grubenv", block("saved_entry=More>Old\n"));
    assert_eq!(next(&titled), is("6.1.0", By::Default, &[]));
    let gone = host().with("boot/grub/grubenv", block("saved_entry=removed\n"));
    assert_eq!(next(&gone), is("6.12.1", By::First, &[]));
    let found = NextBoot::of(&gather(&saved.looking()));
    let old = found.entry_of("6.1.0").unwrap();
    assert_eq!((&*old.id, old.options.as_deref()), ("more>old", Some("root=/dev/sda ro quiet")));
    assert_eq!(found.entry_of("6.12.1").unwrap().initrds.len(), 1);
}

#[test]
fn what_cannot_be_read_is_a_gap() {
    let broken = Host::new().with("boot/grub/grub.cfg", "menuentry 'a' {\n linux /vmlinuz-1\n");
    assert!(matches!(next(&broken), Err(Why::Unreadable(..))));
    let damaged = Host::new()
        .with("boot/grub/grub.cfg", SCRIPT)
        .with("boot/grub/grubenv", "saved_entry=old\n");
    assert!(matches!(next(&damaged), Err(Why::Unreadable(..))));
    assert!(next(&Host::new()).is_err());
}

#[test]
fn numbers_are_read_as_each_grub_reads_them() {
    // An identifier that begins with a digit is a number to GRUB, and a name to Fedora's.
    let script = "set default=1abc\nmenuentry a --id 1abc { linux /vmlinuz-1.0 }\n\
                  menuentry b { linux /vmlinuz-2.0 }\n";
    let host = |id: &str| {
        Host::new().with("boot/grub/grub.cfg", script).with("etc/os-release", format!("ID={id}\n"))
    };
    assert_eq!(next(&host("debian")), is("2.0", By::Default, &[]));
    assert_eq!(next(&host("fedora")), is("1.0", By::Default, &[]));
    assert_eq!(next(&host("else")), is("2.0", By::Default, &[Remark::Several]));
}

fn systemd(host: Host) -> Host {
    let entry = |version: &str| {
        format!(
            "title Debian\nversion {version}\nsort-key debian\nlinux /debian/{version}/linux\noptions root=/dev/sda\noptions quiet\n"
        )
    };
    host.with("boot/efi/EFI/systemd/systemd-bootx64.efi", "MZ")
        .with("boot/efi/debian/6.1.0-9/linux", "")
        .with("boot/efi/debian/6.12.1/linux", "")
        .with("boot/efi/loader/entries/debian-6.12.1+3.conf", entry("6.12.1"))
        .with("boot/efi/loader/entries/debian-6.1.0-9.conf", entry("6.1.0-9"))
        .with("boot/efi/loader/entries/debian-6.13.0.conf", entry("6.13.0"))
        .with("boot/efi/loader/loader.conf", "timeout 3\n")
        .with_folder("sys/firmware/efi/efivars")
}

#[test]
fn systemd_boot_starts_what_it_sorts_first_unless_it_is_asked() {
    // The entry of 6.13.0 names an image that is not there, so it is not shown.
    assert_eq!(next(&systemd(Host::new())), is("6.12.1", By::First, &[]));
    let bad = systemd(Host::new());
    std::fs::rename(
        bad.path("boot/efi/loader/entries/debian-6.12.1+3.conf"),
        bad.path("boot/efi/loader/entries/debian-6.12.1+0-3.conf"),
    )
    .unwrap();
    assert_eq!(next(&bad), is("6.1.0-9", By::First, &[]));
    let conf = systemd(Host::new()).with("boot/efi/loader/loader.conf", "default *-6.1.*\n");
    assert_eq!(next(&conf), is("6.1.0-9", By::LoaderConf, &[]));
    let asked = |host, name, entry: &str| variable(host, name, LOADER, &wide(entry));
    let set = asked(conf, "LoaderEntryDefault", "debian-6.12.1.conf");
    assert_eq!(next(&set), is("6.12.1", By::DefaultVariable, &[]));
    let once = asked(set, "LoaderEntryOneShot", "debian-6.1.0-9.conf");
    assert_eq!(next(&once), is("6.1.0-9", By::OneShot, &[]));
    let found = NextBoot::of(&gather(&once.looking()));
    let entry = value(&found.chosen).entry;
    assert_eq!(entry.options.as_deref(), Some("root=/dev/sda quiet"));
    let saved = systemd(Host::new()).with("boot/efi/loader/loader.conf", "default @saved\n");
    let saved = asked(saved, "LoaderEntryLastBooted", "debian-6.1.0-9.conf");
    assert_eq!(next(&saved), is("6.1.0-9", By::LastBooted, &[]));
}

#[test]
fn without_its_machine_the_files_of_a_tree_tell() {
    // As openSUSE's sdbootutil lays it; the digest in the image's name is no release.
    let entry = |host: Host, release: &str| {
        let folder = format!("opensuse-tumbleweed/{release}");
        host.with(&format!("boot/efi/{folder}/linux-1a2b"), "").with(
            &format!("boot/efi/loader/entries/opensuse-tumbleweed-{release}-3.conf"),
            format!("sort-key opensuse\nversion 3@{release}\nlinux /{folder}/linux-1a2b\n"),
        )
    };
    let one = entry(Host::new().with("boot/efi/EFI/BOOT/BOOTX64.EFI", "MZ"), "6.12.1-1-default")
        .with("boot/efi/loader/loader.conf", "timeout 3\n");
    assert_eq!(next(&one), is("6.12.1-1-default", By::First, &[]));
    // Which of two is the default, a variable may say otherwise.
    let two = entry(one, "6.13.0-1-default");
    assert_eq!(next(&two), is("6.13.0-1-default", By::First, &[Remark::Several]));
    let conf = two.with("boot/efi/loader/loader.conf", "default *-6.12.*\n");
    assert_eq!(next(&conf), is("6.12.1-1-default", By::LoaderConf, &[Remark::Several]));
}

#[test]
fn firmware_tells_which_loader_starts() {
    let both = |host: Host| {
        systemd(host)
            .with("boot/grub/grub.cfg", SCRIPT)
            .with("boot/efi/EFI/debian/shimx64.efi", "MZ")
            .with("boot/efi/EFI/debian/grubx64.efi", "MZ")
            .with("boot/efi/EFI/Microsoft/bootmgfw.efi", "MZ")
    };
    let host = option(both(Host::new()), 1, "debian", r"\EFI\debian\shimx64.efi");
    let host = option(host, 2, "Linux Boot Manager", r"\EFI\systemd\systemd-bootx64.efi");
    let host = option(host, 3, "Windows Boot Manager", r"\EFI\Microsoft\bootmgfw.efi");
    assert_eq!(next(&host), is("6.12.1", By::First, &[Remark::Several]));
    let order = |host, order: &[u8]| variable(host, "BootOrder", GLOBAL, order);
    let host = order(host, &[1, 0, 2, 0]);
    let found = NextBoot::of(&gather(&host.looking()));
    assert_eq!(value(&found.chosen).entry.loader, Loader::Grub);
    let programs: Vec<String> = found.programs.iter().map(|p| value(p).to_string()).collect();
    assert_eq!(programs, ["EFI/debian/shimx64.efi", "EFI/debian/grubx64.efi"]);
    let host = order(host, &[3, 0, 2, 0, 1, 0]);
    let found = NextBoot::of(&gather(&host.looking()));
    assert_eq!(value(&found.chosen).entry.loader, Loader::SystemdBoot);
    assert_eq!(found.remarks.first().map(|(r, _)| *r), Some(Remark::OtherFirst));
    let host = variable(host, "BootNext", GLOBAL, &[1, 0]);
    let found = NextBoot::of(&gather(&host.looking()));
    assert_eq!(value(&found.chosen).entry.loader, Loader::Grub);
}

#[test]
fn a_kernel_that_waits_is_told() {
    let host =
        Host::new().with("boot/grub/grub.cfg", SCRIPT).with("sys/kernel/kexec_loaded", "1\n");
    assert_eq!(next(&host), is("6.12.1", By::First, &[Remark::Kexec]));
}

#[test]
fn files_are_found_where_the_loader_names_them() {
    let host = Host::new()
        .with("boot/vmlinuz-6.1.0", "")
        .with("boot/efi/debian/6.1.0/linux", "")
        .with("etc/fstab", "UUID=1 / btrfs subvol=root,compress=zstd:1 0 0\n")
        .with_link("vmlinuz", "boot/vmlinuz-6.1.0");
    let at = |named: &str| images::locate(&host.looking(), named).map(|p| p.to_string());
    assert_eq!(at("/vmlinuz-6.1.0").as_deref(), Ok("boot/vmlinuz-6.1.0"));
    assert_eq!(at("/boot/vmlinuz-6.1.0").as_deref(), Ok("boot/vmlinuz-6.1.0"));
    assert_eq!(at("/@/boot/vmlinuz-6.1.0").as_deref(), Ok("boot/vmlinuz-6.1.0"));
    for named in ["/@rootfs/boot/", "/root/boot/", "/BOOT/ubuntu_a@/", "/ROOT/debian@/boot/"] {
        let found = at(&format!("{named}vmlinuz-6.1.0"));
        assert_eq!(found.as_deref(), Ok("boot/vmlinuz-6.1.0"), "{named}");
    }
    assert!(at("/root/vmlinuz-6.2.0").is_err());
    assert_eq!(at("/debian/6.1.0/linux").as_deref(), Ok("boot/efi/debian/6.1.0/linux"));
    assert_eq!(at("/vmlinuz").as_deref(), Ok("vmlinuz"));
    assert!(matches!(at("/vmlinuz-6.2.0"), Err(Why::Missing(_))));
}
