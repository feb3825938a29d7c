//! Names and serial numbers of a machine, replaced: the same one always by the same.
//!
//! What is replaced is found in the texts that were recorded: the host's name and machine id, UUIDs
//! and serial numbers of disks and volumes, addresses of the network, names of servers and initiators.
//! A value gets a number in the order of the paths it was seen at, so the same machine gives the
//! same bundle. Whatever is signed or names code stays: certificates, modules, kernels, firmware
//! variables, indexes and configurations of kernels.

use std::collections::BTreeMap;

/// What stands for what.
#[derive(Debug, Default)]
pub(crate) struct Names {
    stands_for: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The same, longest first, for what is looked for anywhere in a text.
    words: Vec<(Vec<u8>, Vec<u8>)>,
}

/// The word for a machine's own number (`machine-id(5)`), which boot entries are named after.
const MACHINE: &str = "machine-id";
/// Options of a command line whose values name a machine, with the word that numbers them.
const OPTIONS: [(&str, &str); 8] = [
    ("systemd.hostname=", "host"),
    ("hostname=", "host"),
    ("systemd.machine_id=", MACHINE),
    ("ip=", "address"),
    ("nfsroot=", "server"),
    ("netroot=", "server"),
    ("rd.iscsi.initiator=", "initiator"),
    ("rd.luks.key=", "key"),
];
/// Files that hold one name.
const FILES: [(&str, &str); 3] =
    [("etc/hostname", "host"), ("proc/sys/kernel/hostname", "host"), ("etc/machine-id", MACHINE)];

/// Whether names may stand in the file at `path`: not in what belongs to a kernel or the firmware.
fn is_about_the_machine(path: &[u8]) -> bool {
    let kept = [
        "lib/",
        "usr/",
        "boot/vmlinu",
        "boot/config-",
        "boot/symvers-",
        "boot/System.map",
        "sys/firmware/efi/",
        "sys/kernel/",
        "sys/module/",
        "proc/version",
        "proc/keys",
        "proc/modules",
        "etc/os-release",
        "boot/efi/EFI/",
        "efi/EFI/",
        "var/lib/",
        "etc/pki/",
    ];
    !kept.iter().any(|start| path.starts_with(start.as_bytes()))
}

impl Names {
    /// Finds the names in `texts`: path and bytes of each.
    pub(crate) fn of<'t>(texts: impl Iterator<Item = (&'t [u8], &'t [u8])>) -> Self {
        let mut names = Self::default();
        for (path, bytes) in texts.filter(|(path, _)| is_about_the_machine(path)) {
            let Ok(text) = str::from_utf8(bytes) else { continue };
            for (file, word) in FILES {
                if path == file.as_bytes() {
                    names.add(text.trim(), word);
                }
            }
            for token in text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')) {
                names.in_token(token);
            }
        }
        names.words = names.stands_for.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        names.words.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then(a.cmp(b)));
        names
    }

    fn in_token(&mut self, token: &str) {
        for (option, word) in OPTIONS {
            if let Some(value) = token.strip_prefix(option) {
                self.add(value, word);
            }
        }
        if let Some((_, serial)) = token.split_once("/by-id/") {
            self.add(serial.split('/').next().unwrap_or_default(), "disk");
        }
        if let Some((_, label)) = token.split_once("LABEL=") {
            self.add(label, "label");
        }
        let word = |c: char| c.is_ascii_hexdigit() || c == '-';
        for part in token.split(|c: char| !word(c)) {
            if is_uuid(part) {
                self.uuid(part);
            } else if part.len() == 32 && !part.contains('-') {
                self.add(part, MACHINE);
            }
        }
        if let Some((_, id)) = token.split_once("UUID=") {
            let id = id.split(',').next().unwrap_or_default();
            if !is_uuid(id) {
                self.add(id, "volume");
            }
        }
        for part in token.split(|c: char| !(c.is_ascii_hexdigit() || matches!(c, ':' | '.'))) {
            if is_address(part) {
                self.add(part, "address");
            }
        }
        if let Some(at) = token.find("iqn.") {
            self.add(&token[at..], "initiator");
        }
    }

    fn uuid(&mut self, of: &str) {
        let number = self.stands_for.len() + 1;
        let stand_in = format!("00000000-0000-4000-8000-{number:012x}");
        self.stands_for.entry(of.into()).or_insert_with(|| stand_in.into());
    }

    fn add(&mut self, name: &str, word: &str) {
        if name.len() < 3 || is_uuid(name) || matches!(name, "dhcp" | "localhost" | "auto") {
            return;
        }
        let number = self.stands_for.len() + 1;
        self.stands_for.entry(name.into()).or_insert_with(|| format!("{word}-{number}").into());
    }

    /// How many names there are.
    pub(crate) fn len(&self) -> usize {
        self.stands_for.len()
    }

    /// The bytes of the file at `path`, with names replaced.
    pub(crate) fn replaced(&self, path: &[u8], bytes: &[u8]) -> Vec<u8> {
        if !is_about_the_machine(path) || str::from_utf8(bytes).is_err() {
            return bytes.to_vec();
        }
        self.anywhere(bytes, |_| true)
    }

    /// A path or a name in a folder, with what can only be a machine's replaced: a file may be called
    /// like a host by chance.
    pub(crate) fn in_path(&self, path: &[u8]) -> Vec<u8> {
        if !is_about_the_machine(path) {
            return path.to_vec();
        }
        self.anywhere(path, |stand_in| {
            stand_in.starts_with(MACHINE.as_bytes()) || stand_in.starts_with(b"00000000-")
        })
    }

    fn anywhere(&self, bytes: &[u8], counts: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let starts =
                |(name, stand_in): &&(Vec<u8>, Vec<u8>)| rest.starts_with(name) && counts(stand_in);
            if let Some((name, stand_in)) = self.words.iter().find(starts) {
                out.extend_from_slice(stand_in);
                at += name.len();
            } else {
                out.extend(rest.first());
                at += 1;
            }
        }
        out
    }
}

/// Eight, four, four, four and twelve hexadecimal digits.
fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// An address of a network card, or of the network.
fn is_address(text: &str) -> bool {
    let six = |by: char| {
        let parts: Vec<&str> = text.split(by).collect();
        parts.len() == 6 && parts.iter().all(|part| part.len() == 2)
    };
    six(':')
        || text
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| !ip.is_loopback() && !ip.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "BOOT_IMAGE=/vmlinuz-6.1 root=UUID=0a1b2c3d-0000-1111-2222-334455667788 \
         ip=10.1.2.3::10.1.2.1:255.255.255.0:db7:eth0:off systemd.hostname=db7 lockdown=integrity\n";

    #[test]
    fn a_name_is_replaced_everywhere_by_the_same() {
        let fstab =
            "UUID=0a1b2c3d-0000-1111-2222-334455667788 / ext4\nUUID=ABCD-12EF /boot/efi vfat\n";
        let texts = [
            ("boot/loader/entries/x.conf", "title db7\n"),
            ("etc/fstab", fstab),
            ("etc/hostname", "db7\n"),
            ("lib/modules/1/modules.alias", "alias wmi:0a1b2c3d-0000-1111-2222-334455667788 x\n"),
            ("proc/cmdline", LINE),
        ];
        let names = Names::of(texts.iter().map(|(p, t)| (p.as_bytes(), t.as_bytes())));
        let said = |n: usize| {
            let (path, text) = texts[n];
            String::from_utf8(names.replaced(path.as_bytes(), text.as_bytes())).unwrap()
        };
        assert_eq!(said(3), texts[3].1, "what belongs to a kernel stays");
        let uuid = "00000000-0000-4000-8000-000000000001";
        assert_eq!(said(1), format!("UUID={uuid} / ext4\nUUID=volume-2 /boot/efi vfat\n"));
        assert_eq!(said(0), "title host-3\n");
        let line = said(4);
        assert!(line.contains(&format!("root=UUID={uuid} ")), "{line}");
        assert!(line.ends_with("systemd.hostname=host-3 lockdown=integrity\n"), "{line}");
        assert!(!line.contains("10.1.2"), "{line}");
    }

    #[test]
    fn ordinary_words_are_no_names() {
        let line = "quiet ro console=ttyS0,115200 nvme_core.io_timeout=4294967295 ip=dhcp\n";
        let names = Names::of([(b"proc/cmdline".as_slice(), line.as_bytes())].into_iter());
        assert_eq!(names.len(), 0);
        assert!(is_address("52:54:00:12:34:56") && is_address("fe80::1") && !is_address("6.1.0"));
    }
}
