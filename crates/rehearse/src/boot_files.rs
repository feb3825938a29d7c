//! What starts the kernel on the host: shim, GRUB, the image, and its command line.

use loadworthy_collect::gather::linux::image;
use loadworthy_collect::gather::looking::Looking;
use loadworthy_collect::item::{HostPath, Item};
use loadworthy_collect::sighting::Outcome;
use loadworthy_formats::kernel::cmdline::CommandLine;
use loadworthy_formats::pe::header;

/// A file of the host.
#[derive(Debug)]
pub(crate) struct Found {
    /// Its path below the root.
    pub(crate) path: String,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
}

/// What the firmware starts, and what that starts.
#[derive(Debug)]
pub(crate) struct Loaders {
    /// shim.
    pub(crate) shim: Found,
    /// A signed GRUB, which looks for its configuration beside itself.
    pub(crate) grub: Found,
    /// The folders below `EFI` in which it may look.
    pub(crate) folders: Vec<String>,
}

/// Where the EFI system partition is mounted.
const PARTITIONS: [&str; 3] = ["boot/efi/EFI", "efi/EFI", "boot/EFI"];
/// Where packages keep what they install there.
const PACKAGED: (&str, &str) =
    ("usr/lib/shim/shimx64.efi.signed", "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed");
/// Where signed builds of GRUB look (`grub-mkimage --prefix` of their packages).
const PREFIXES: [&str; 5] = ["debian", "ubuntu", "fedora", "redhat", "BOOT"];

/// The loaders of the host; `None` where there is no shim with a signed GRUB.
pub(crate) fn loaders(looking: &Looking<'_>) -> Option<Loaders> {
    let folders = || PREFIXES.map(str::to_owned).to_vec();
    for partition in PARTITIONS {
        let (Outcome::Entries(names), _) = looking.view.look(&Item::entries(partition), 0) else {
            continue;
        };
        for name in names {
            let at = HostPath::new(partition).join(&name.name);
            let pair = (at.join("shimx64.efi"), at.join("grubx64.efi"));
            if let Some((shim, grub)) = signed(looking, &pair) {
                let mut folders = folders();
                folders.push(String::from_utf8_lossy(&name.name).into_owned());
                return Some(Loaders { shim, grub, folders });
            }
        }
    }
    let pair = (HostPath::new(PACKAGED.0), HostPath::new(PACKAGED.1));
    signed(looking, &pair).map(|(shim, grub)| Loaders { shim, grub, folders: folders() })
}

/// Both files, if both carry a signature: one built on the host looks elsewhere for its menu.
fn signed(looking: &Looking<'_>, pair: &(HostPath, HostPath)) -> Option<(Found, Found)> {
    let one = |path: &HostPath| {
        file(looking, path).filter(|found| {
            let image = header::read(&found.bytes, looking.limits);
            image.is_ok_and(|image| image.value.certificate_table().is_some())
        })
    };
    Some((one(&pair.0)?, one(&pair.1)?))
}

/// The image of a kernel.
pub(crate) fn kernel(looking: &Looking<'_>, release: &str) -> Option<Found> {
    image::places(release).iter().find_map(|item| file(looking, &item.path()?))
}

/// A file's bytes, where they can be had.
pub(crate) fn file(looking: &Looking<'_>, path: &HostPath) -> Option<Found> {
    let (outcome, bytes) =
        looking.view.look(&Item::File(path.clone()), looking.limits.kernel_bytes);
    matches!(outcome, Outcome::Bytes { .. }).then(|| Found { path: path.to_string(), bytes })
}

/// Parameters that name what the machine does not have.
const HOSTS_OWN: [&str; 9] =
    ["BOOT_IMAGE", "initrd", "root", "init", "rdinit", "resume", "console", "crashkernel", "quiet"];

/// The host's command line for the machine: without what names its disks and consoles, with a log
/// that is not lost and an end where the kernel gives up.
pub(crate) fn command_line(host: Option<&CommandLine>) -> String {
    let words = host.map(|line| line.words.as_slice()).unwrap_or_default();
    let kept =
        words.iter().filter(|w| !HOSTS_OWN.contains(&w.name.as_str())).map(|w| match &w.value {
            None => w.name.clone(),
            Some(value) if value.contains(' ') => format!("{}=\"{value}\"", w.name),
            Some(value) => format!("{}={value}", w.name),
        });
    let ours = ["console=ttyS0,115200", "quiet", "loglevel=3", "log_buf_len=4M", "panic=-1"];
    kept.chain(ours.map(str::to_owned)).collect::<Vec<_>>().join(" ")
}

/// GRUB's menu: one entry that starts at once.
pub(crate) fn menu(command_line: &str) -> String {
    let quoted = command_line.replace('\'', "'\\''");
    let words = quoted.split(' ').map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
    format!("linux /vmlinuz {words}\ninitrd /initrd.img\nboot\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadworthy_formats::kernel::cmdline;
    use loadworthy_formats::limits::Limits;

    #[test]
    fn what_names_the_hosts_disks_is_left_out() {
        let line = b"BOOT_IMAGE=/vmlinuz root=UUID=1 ro lockdown=integrity console=tty0 a=\"b c\"";
        let line = cmdline::read(line, &Limits::DEFAULT).unwrap().value;
        let given = command_line(Some(&line));
        assert!(given.starts_with("ro lockdown=integrity a=\"b c\" console=ttyS0"), "{given}");
        assert!(menu("a=1;reboot").starts_with("linux /vmlinuz 'a=1;reboot'\n"));
    }
}
