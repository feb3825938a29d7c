//! The host of `check --example`: small, real in form, and built into the program.
//!
//! Secure Boot is on. `megadisk` comes with the kernel and is signed by it; `labnic` was built on the
//! machine and signed with a key its owner enrolled; `acme_raid` was built there, too, and nobody
//! signed it. Kernel, keys and modules were forged by `proving`; nobody owns such hardware.

use loadworthy_collect::item::{HostPath, Item};
use loadworthy_collect::sighting::{Entry, Kind, Metadata, Outcome};
use loadworthy_collect::view::View;
use loadworthy_core::proof::Origin;

/// The drivers of the example, by name.
pub(crate) const SUBJECTS: [&str; 3] = ["megadisk", "labnic", "acme_raid"];

/// A file of the example.
macro_rules! file {
    ($path:literal) => {
        ($path, include_bytes!(concat!("../example/", $path)))
    };
}

/// The files, in order of their paths.
static FILES: &[(&str, &[u8])] = &[
    file!("boot/config-6.1.0-99-amd64"),
    file!("boot/grub/grub.cfg"),
    file!("boot/vmlinuz-6.1.0-99-amd64"),
    file!("etc/modprobe.d/example.conf"),
    file!("etc/os-release"),
    file!("lib/modules/6.1.0-99-amd64/kernel/drivers/scsi/megadisk.ko"),
    file!("lib/modules/6.1.0-99-amd64/modules.alias"),
    file!("lib/modules/6.1.0-99-amd64/modules.builtin"),
    file!("lib/modules/6.1.0-99-amd64/modules.builtin.modinfo"),
    file!("lib/modules/6.1.0-99-amd64/modules.dep"),
    file!("lib/modules/6.1.0-99-amd64/modules.softdep"),
    file!("lib/modules/6.1.0-99-amd64/modules.symbols"),
    file!("lib/modules/6.1.0-99-amd64/updates/dkms/acme_raid.ko"),
    file!("lib/modules/6.1.0-99-amd64/updates/dkms/labnic.ko"),
    file!("proc/cmdline"),
    file!("sbin/modprobe"),
    file!("sys/firmware/efi/efivars/MokListRT-605dab50-e046-4300-abb6-3dd810dd8b23"),
    file!("sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"),
    file!("sys/firmware/efi/efivars/SetupMode-8be4df61-93ca-11d2-aa0d-00e098032b8c"),
    file!("sys/firmware/efi/efivars/dbx-d719b2cb-3d3a-4596-a3bc-dad00e67656f"),
    file!("sys/firmware/efi/mok-variables/MokListRT"),
];

/// The view of the example.
#[derive(Debug)]
pub(crate) struct Example;

impl Example {
    /// What an item names that is no file of the example.
    fn missing(path: &HostPath) -> Outcome {
        match path.parent() {
            Some(folder) if is_folder(&folder) => Outcome::Absent,
            Some(_) | None => Outcome::OutOfReach,
        }
    }
}

impl View for Example {
    fn origin(&self) -> Origin {
        Origin::BuiltIn
    }

    fn look_into(&self, item: &Item, limit: usize, buffer: &mut Vec<u8>) -> Outcome {
        buffer.clear();
        let (Some(path), Some(_)) = (item.path(), item.row()) else { return Outcome::OutOfReach };
        match (item, content(&path)) {
            (Item::Entries(_), None) if is_folder(&path) => Outcome::Entries(entries(&path)),
            (Item::Entries(_) | Item::Link(_), Some(_)) => Outcome::NotRegular(Kind::File),
            (_, Some(bytes)) if bytes.len() <= limit => {
                buffer.extend_from_slice(bytes);
                Outcome::Bytes { file_signature: Some(false) }
            }
            (_, Some(_)) => Outcome::TooLarge { limit: limit as u64 },
            (_, None) if is_folder(&path) => Outcome::NotRegular(Kind::Folder),
            (_, None) => Self::missing(&path),
        }
    }

    fn metadata(&self, item: &Item) -> Result<Metadata, Outcome> {
        let path = item.path().ok_or(Outcome::OutOfReach)?;
        let (kind, size) = match content(&path) {
            Some(bytes) => (Kind::File, bytes.len() as u64),
            None if is_folder(&path) => (Kind::Folder, 0),
            None => return Err(Self::missing(&path)),
        };
        let inode = FILES.iter().position(|(p, _)| p.as_bytes() == path.as_bytes());
        let inode = inode.map_or(0, |n| n as u64 + 1);
        Ok(Metadata { kind, size, modified: 0, inode, device: 0 })
    }
}

fn content(path: &HostPath) -> Option<&'static [u8]> {
    FILES.iter().find(|(p, _)| p.as_bytes() == path.as_bytes()).map(|(_, bytes)| *bytes)
}

/// What comes below `path` in `file`; `None` where `file` is not below it.
fn below<'f>(path: &HostPath, file: &'f str) -> Option<&'f [u8]> {
    match path.as_bytes() {
        b"" => Some(file.as_bytes()),
        folder => file.as_bytes().strip_prefix(folder)?.strip_prefix(b"/"),
    }
}

fn is_folder(path: &HostPath) -> bool {
    FILES.iter().any(|(file, _)| below(path, file).is_some())
}

fn entries(path: &HostPath) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for rest in FILES.iter().filter_map(|(file, _)| below(path, file)) {
        let mut steps = rest.splitn(2, |b| *b == b'/');
        let name = steps.next().unwrap_or_default().to_vec();
        let kind = if steps.next().is_some() { Kind::Folder } else { Kind::File };
        if !entries.iter().any(|e| e.name == name) {
            entries.push(Entry { name, kind });
        }
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    entries
}

#[cfg(test)]
mod tests {
    use super::{Example, FILES};
    use loadworthy_collect::item::Item;
    use loadworthy_collect::sighting::Outcome;
    use loadworthy_collect::view::View;

    #[test]
    fn what_is_not_there_is_absent_only_where_its_folder_is() {
        let look = |item| Example.look(&item, 1 << 20).0;
        assert_eq!(look(Item::file("proc/version")), Outcome::Absent);
        assert_eq!(look(Item::file("sys/kernel/security/lockdown")), Outcome::OutOfReach);
        assert_eq!(
            look(Item::file("proc/cmdline")),
            Outcome::Bytes { file_signature: Some(false) }
        );
        let Outcome::Entries(found) = look(Item::entries("lib/modules")) else {
            panic!("no folder")
        };
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn the_files_are_in_order() {
        assert!(FILES.is_sorted_by_key(|(path, _)| *path));
    }
}
