//! What is in an initramfs: its archives, and the file system in one of their files, as one tree.

use std::collections::BTreeMap;
use std::io::{self, Read};

use loadworthy_formats::cpio::image::{self, Part};
use loadworthy_formats::error::Parsed;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::package::member::{Member, Sort, UNPACKED};
use loadworthy_formats::squashfs;

use super::store::Store;
use super::{Layer, Node};
use crate::item::HostPath;

/// Where dracut puts the file system that its module `squash` packs all but the first steps into. Sources:
/// dracut-ng, `modules.d/88squash-lib/init-squash.sh`; dracut, `modules.d/99squash/init-squash.sh` (059),
/// `modules.d/99squash/setup-squash.sh` (049).
pub const SEALED: [&str; 4] =
    ["squashfs-root.img", "erofs-root.img", "squash-root.img", "squash/root.img"];

impl Layer {
    /// What is in an initramfs, and the parts it is made of. Of files that are not `wanted` the bytes
    /// are passed over.
    ///
    /// # Errors
    /// Where there is no room to unpack it.
    pub fn of_initramfs(
        source: &mut dyn Read,
        wanted: &dyn Fn(&[u8]) -> bool,
        limits: &Limits,
    ) -> io::Result<(Self, Parsed<Vec<Part>>)> {
        let mut layer = Self::empty();
        let mut store = Store::default();
        let mut failed = None;
        let mut linked: BTreeMap<(u32, u32, u32), Vec<HostPath>> = BTreeMap::new();
        let mut file_systems = Vec::new();
        let parsed = image::walk(source, UNPACKED, limits, &mut |_, entry, data| {
            let mut target = Vec::new();
            let sort = match () {
                () if entry.is_file() => Sort::File,
                () if entry.is_folder() => Sort::Folder,
                () if entry.is_link() => {
                    let _ = data.take(4096).read_to_end(&mut target);
                    Sort::Link(&target)
                }
                () => Sort::Other,
            };
            // Of several names of one file only the last has the bytes.
            let path = HostPath::new(entry.path);
            if entry.is_file() && entry.links > 1 && entry.size == 0 {
                linked.entry(entry.file).or_default().push(path);
                return;
            }
            let member = Member { path: entry.path, sort, size: entry.size };
            if entry.is_file() && SEALED.contains(&&*path.to_string()) {
                let mut bytes = Vec::new();
                let most = limits.package_bytes as u64;
                let _ = (&mut *data).take(most).read_to_end(&mut bytes);
                file_systems.push((path.clone(), bytes));
            }
            if failed.is_none() {
                failed = layer.member(&member, data, wanted(entry.path), &mut store).err();
            }
            for other in linked.remove(&entry.file).unwrap_or_default() {
                if let Some(node) = layer.nodes.get(&path).cloned() {
                    layer.put(other, node);
                }
            }
        });
        // A stream that breaks off inside a file is damage of the image, not of ours.
        if let Some(e) = failed.filter(|e| e.raw_os_error().is_some()) {
            return Err(e);
        }
        for (path, bytes) in file_systems {
            layer.unseal(&path, &bytes, wanted, &mut store, limits)?;
        }
        layer.store = Some(store);
        Ok((layer, parsed))
    }

    /// Puts what is in a file system inside an initramfs where it lies when that is the root.
    fn unseal(
        &mut self,
        path: &HostPath,
        bytes: &[u8],
        wanted: &dyn Fn(&[u8]) -> bool,
        store: &mut Store,
        limits: &Limits,
    ) -> io::Result<()> {
        if !squashfs::begins(bytes) {
            self.sealed = Some(format!("{path} is not read: it is no squashfs"));
            return Ok(());
        }
        self.squashed = squashfs::packed(bytes);
        let mut failed = None;
        let walked = squashfs::walk(bytes, UNPACKED, limits, &mut |member, data| {
            // Modules of the first steps have an index of their own, which this one would hide.
            let before = match member.path.ends_with(b"/modules.dep") {
                true => self.packed(&HostPath::new(member.path), store),
                false => Vec::new(),
            };
            if failed.is_none() {
                let data = &mut data.chain(&*before);
                failed = self.member(member, data, wanted(member.path), store).err();
            }
        });
        let damage = match (failed, walked) {
            (Some(e), _) if e.raw_os_error().is_some() => return Err(e),
            (Some(e), _) => Some(e.to_string()),
            (None, walked) => walked.err().map(|e| e.to_string()),
        };
        self.sealed = damage.map(|damage| format!("{path} is not read: {damage}"));
        Ok(())
    }

    /// The unpacked bytes of the file at `path`; none where there is no such file.
    fn packed(&self, path: &HostPath, store: &Store) -> Vec<u8> {
        let Some(Node::Packed { at, size }) = self.nodes.get(path) else { return Vec::new() };
        let mut bytes = vec![0; usize::try_from(*size).unwrap_or_default()];
        store.read(*at, &mut bytes).map_or_else(|_| Vec::new(), |()| bytes)
    }
}
