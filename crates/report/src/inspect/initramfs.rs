//! `initramfs`: an image of archives, and the modules in it.

use loadworthy_formats::cpio::{archive, image};
use loadworthy_formats::kernel::name::is_module;
use loadworthy_formats::limits::Limits;
use serde::Serialize;

use crate::inspect::noticed::tell;
use crate::inspect::page::Page;

/// Bytes that an image may unpack to, all its parts together; large ones have 400 MB.
const UNPACKED: u64 = 2 << 30;

/// An initramfs image.
#[derive(Clone, Debug, Serialize)]
pub struct Initramfs {
    /// What it is made of, in order: `cpio`, `gzip`, `xz`, `zstd`, `lz4`, `lzma`, `bzip2`, `lzo`.
    pub parts: Vec<&'static str>,
    /// Paths of kernel modules, in order of appearance.
    pub modules: Vec<String>,
    /// How many files, folders and links there are.
    pub entries: usize,
}

/// Whether an archive begins here.
pub(super) fn begins(bytes: &[u8]) -> bool {
    archive::begins(bytes)
}

/// Reads an image.
pub(super) fn read(
    bytes: &[u8],
    limits: &Limits,
    errors: &mut Vec<String>,
    deviations: &mut Vec<String>,
) -> Initramfs {
    let mut modules = Vec::new();
    let mut entries = 0;
    let found = image::walk(&mut &*bytes, UNPACKED, limits, &mut |_, entry, _| {
        entries += 1;
        if entry.is_file() && is_module(entry.path) {
            modules.push(String::from_utf8_lossy(entry.path).into_owned());
        }
    });
    // A part without a length is the last one, and the last deviation says why it has none.
    let cut = found.value.last().is_some_and(|part| part.length == 0);
    match found.deviations.split_last() {
        Some((why, rest)) if cut => {
            tell(rest, errors, deviations);
            errors.push(why.to_string());
        }
        _ => tell(&found.deviations, errors, deviations),
    }
    Initramfs { parts: found.value.iter().map(|part| part.name()).collect(), modules, entries }
}

impl Initramfs {
    /// What it is made of.
    pub(super) fn headline(&self) -> String {
        self.parts.join(" + ")
    }

    /// Lines for people.
    pub(super) fn text(&self, page: &mut Page) {
        page.field("entries", self.entries.to_string());
        page.field("modules", self.modules.len().to_string());
        page.several("", &self.modules, 10);
    }
}
