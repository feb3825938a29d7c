//! `__versions`: the checksums of the symbols a module was built against, in both forms.
//!
//! Sources: `struct modversion_info` (`include/linux/module.h`): a word and a name, 64 bytes together;
//! `__version_ext_crcs` and `__version_ext_names` since 6.14 (`kernel/module/version.c`).

use crate::elf::layout::Layout;
use crate::elf::text::{Span, Text, until_nul};
use serde::{Deserialize, Serialize};

/// Bytes of one entry, whatever the class.
const ENTRY: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    crc: u64,
    name: Span,
}

/// A symbol and the checksum of the interface the module was built against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version<'a> {
    /// The symbol's name.
    pub name: &'a [u8],
    /// The checksum; a word in the file, of which the kernel compares all bits.
    pub crc: u64,
}

impl Kept {
    pub(crate) fn shown<'a>(&self, text: &'a Text) -> Version<'a> {
        Version { name: text.get(self.name), crc: self.crc }
    }
}

/// The entries of a `__versions` section; the bytes after the last whole one are ignored, as the kernel does.
pub(crate) fn classic(section: &[u8], layout: Layout, text: &mut Text) -> Vec<Kept> {
    section
        .chunks_exact(ENTRY)
        .map(|entry| Kept {
            crc: layout.word(entry, 0),
            name: text.keep(entry.get(layout.word_size()..).unwrap_or_default()),
        })
        .collect()
}

/// The entries of the extended form, and whether there was a name for every checksum.
pub(crate) fn extended(
    crcs: &[u8],
    names: &[u8],
    layout: Layout,
    text: &mut Text,
) -> (Vec<Kept>, bool) {
    let mut left = names;
    let mut kept = Vec::new();
    for crc in crcs.chunks_exact(4) {
        let name = until_nul(left);
        let Some(rest) = left.get(name.len().saturating_add(1)..) else {
            return (kept, false);
        };
        kept.push(Kept { crc: u64::from(layout.u32(crc, 0)), name: text.keep(name) });
        left = rest;
    }
    (kept, true)
}
