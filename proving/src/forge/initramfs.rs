//! Writes an initramfs: an archive in cpio's newc form (`buffer-format.rst`), bare or in one zstd frame.

use serde::Deserialize;

/// What a scenario says of an initramfs: the keys of `initramfs` in `toml host`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the README of the scenarios describes each key")]
pub struct Initramfs {
    pub present: bool,
    pub holds: bool,
    pub release: Option<String>,
    pub copy: String,
    pub modprobe_d: Vec<String>,
    pub firmware: Vec<String>,
    pub cut: bool,
    pub builder: String,
    pub erofs: bool,
}

impl Default for Initramfs {
    fn default() -> Self {
        Self {
            present: true,
            holds: true,
            release: None,
            copy: "same".to_owned(),
            modprobe_d: Vec::new(),
            firmware: Vec::new(),
            cut: false,
            builder: String::new(),
            erofs: false,
        }
    }
}

/// An image with these files, as early microcode and a compressed part behind it.
///
/// # Panics
/// When the compressor fails.
#[must_use]
pub fn image(files: &[(String, Vec<u8>)], cut: bool) -> Vec<u8> {
    let early = archive(&[("kernel/x86/microcode/GenuineIntel.bin".to_owned(), vec![1; 64])]);
    let mut main = zstd::bulk::compress(&archive(files), 3).expect("a small archive");
    if cut {
        main.truncate(main.len() / 2);
    }
    [early, vec![0; 256], main].concat()
}

/// The same as booster lays it out: modules beside one another without the folder of their kernel, whose
/// release stands in the settings of its first program. Source: booster, `generator/kmod.go`,
/// `generator/config.init.go`.
#[must_use]
pub fn of_booster(files: &[(String, Vec<u8>)], release: &str) -> Vec<(String, Vec<u8>)> {
    let settings = format!("kernel: {release}\nmounttimeout: 180\n").into_bytes();
    let flat = files.iter().map(|(path, bytes)| match path.strip_prefix("lib/modules/") {
        Some(module) => {
            let name = module.rsplit('/').next().unwrap_or(module);
            (format!("usr/lib/modules/{name}"), bytes.clone())
        }
        None => (path.clone(), bytes.clone()),
    });
    let settings = ("etc/booster.init.yaml".to_owned(), settings);
    let aliases = ("usr/lib/modules/booster.alias".to_owned(), Vec::new());
    flat.chain([settings, aliases]).collect()
}

/// The same as dracut lays it out that packs all but its first steps into an EROFS. Source: dracut-ng,
/// `modules.d/74squash-erofs`; linux, `fs/erofs/erofs_fs.h`.
#[must_use]
pub fn in_erofs(release: &str) -> Vec<(String, Vec<u8>)> {
    let superblock =
        [vec![0; 1024], 0xe0f5_e1e2_u32.to_le_bytes().to_vec(), vec![0; 4096]].concat();
    vec![
        ("init".to_owned(), b"#!/bin/sh\n".to_vec()),
        ("erofs-root.img".to_owned(), superblock),
        (format!("usr/lib/modules/{release}/modules.dep"), Vec::new()),
    ]
}

fn archive(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (n, (path, data)) in files.iter().enumerate() {
        entry(&mut out, n + 1, path, 0o100_644, data);
    }
    entry(&mut out, 0, "TRAILER!!!", 0, &[]);
    out
}

fn entry(out: &mut Vec<u8>, number: usize, path: &str, mode: u32, data: &[u8]) {
    out.extend(format!("070701{number:08x}{mode:08x}{0:08x}{0:08x}{1:08x}{0:08x}", 0, 1).bytes());
    let (size, name) = (data.len(), path.len() + 1);
    out.extend(format!("{size:08x}{0:08x}{0:08x}{0:08x}{0:08x}{name:08x}{0:08x}", 0).bytes());
    out.extend(path.bytes().chain([0]));
    out.resize(out.len().next_multiple_of(4), 0);
    out.extend(data);
    out.resize(out.len().next_multiple_of(4), 0);
}
