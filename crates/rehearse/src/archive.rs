//! An initramfs: a cpio archive as the kernel unpacks it (`Documentation/driver-api/early-userspace/buffer-format.rst`).

use std::collections::BTreeMap;

/// Files by their paths, without a leading slash, as newc: with their folders, everything executable.
#[must_use]
pub fn newc(files: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut folders: Vec<&str> = Vec::new();
    for (number, (path, bytes)) in files.iter().enumerate() {
        for (at, _) in path.match_indices('/') {
            let Some(folder) = path.get(..at) else { continue };
            if !folders.contains(&folder) {
                folders.push(folder);
                entry(&mut out, folder, 0o040_755, 0, &[]);
            }
        }
        entry(&mut out, path, 0o100_755, number + 1, bytes);
    }
    entry(&mut out, "TRAILER!!!", 0, 0, &[]);
    out
}

/// One entry: a header of 110 characters, name and data, each filled up to four bytes.
fn entry(out: &mut Vec<u8>, path: &str, mode: u32, inode: usize, bytes: &[u8]) {
    let links = 1;
    let fields = [inode, mode as usize, 0, 0, links, 0, bytes.len(), 0, 0, 0, 0, path.len() + 1, 0];
    out.extend(b"070701");
    for field in fields {
        out.extend(format!("{field:08x}").bytes());
    }
    out.extend(path.bytes().chain([0]));
    out.resize(out.len().next_multiple_of(4), 0);
    out.extend(bytes);
    out.resize(out.len().next_multiple_of(4), 0);
}
