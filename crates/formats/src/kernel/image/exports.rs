//! The symbols a kernel exports, out of `__ksymtab` and its neighbours.
//!
//! An entry names value, name and namespace, either relative to itself or by address; which, and
//! whether there is a namespace, is found by trying: the right reading alone gives names throughout.
//! The CRCs stand in `__kcrctab` in the same order. In 7.2 the licence class is bit 0 of
//! `__kflagstab`; before, it is the `_gpl` section. Sources: `include/linux/export-internal.h`,
//! `kernel/module/internal.h` (`struct kernel_symbol`), `include/asm-generic/vmlinux.lds.h`.

use super::layout::{Layout, Section};
use crate::error::{Error, Kind};
use crate::limits::Limits;
use crate::reader::wide;
use serde::{Deserialize, Serialize};

/// One exported symbol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// Its name.
    pub name: String,
    /// Its CRC; `None` on kernels without `MODVERSIONS`.
    pub crc: Option<u32>,
    /// Whether only modules under a licence compatible with the GPL may use it.
    pub gpl_only: bool,
    /// The namespace a user must import.
    pub namespace: Option<String>,
}

/// Symbol sections and their CRC sections; the last three are of the past.
const TABLES: [(&str, &str, bool); 5] = [
    ("__ksymtab", "__kcrctab", false),
    ("__ksymtab_gpl", "__kcrctab_gpl", true),
    ("__ksymtab_gpl_future", "__kcrctab_gpl_future", false),
    ("__ksymtab_unused", "__kcrctab_unused", false),
    ("__ksymtab_unused_gpl", "__kcrctab_unused_gpl", true),
];

/// How one entry is written.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    /// Whether its fields are relative to where they stand.
    pub(super) relative: bool,
    /// Whether it names a namespace.
    pub(super) namespaced: bool,
}

impl Shape {
    /// Bytes of a field.
    pub(super) const fn field(self, layout: &Layout<'_>) -> usize {
        if self.relative { 4 } else { layout.word_size() }
    }

    /// Bytes of an entry.
    pub(super) fn size(self, layout: &Layout<'_>) -> Option<usize> {
        self.field(layout).checked_mul(if self.namespaced { 3 } else { 2 })
    }

    /// Where a field of the entry at `address` leads: value, name, namespace.
    pub(super) fn target(
        self,
        layout: &Layout<'_>,
        entry: &[u8],
        address: u64,
        number: usize,
    ) -> Option<u64> {
        let at = number.checked_mul(self.field(layout))?;
        let value = entry.get(at..)?;
        if self.relative {
            let distance = layout.u32(value)?.cast_signed();
            Some(address.wrapping_add(wide(at)).wrapping_add_signed(distance.into()))
        } else {
            layout.word(value)
        }
    }

    /// Name and namespace of the entry at `address`.
    pub(super) fn names<'a>(
        self,
        layout: &Layout<'a>,
        entry: &[u8],
        address: u64,
    ) -> Option<(&'a str, &'a str)> {
        let text = |number| layout.text(self.target(layout, entry, address, number)?);
        let name = text(1).filter(|name| is_name(name))?;
        // A null pointer is how absolute entries say "no namespace".
        let namespace = match self.namespaced {
            true if self.relative => text(2)?,
            true => text(2).unwrap_or_default(),
            false => "",
        };
        Some((name, namespace))
    }
}

/// All exports, or `None` when the image names no such sections. What cannot be read is noted.
pub(super) fn read(
    layout: &Layout<'_>,
    limits: &Limits,
    deviations: &mut Vec<Error>,
) -> Option<Vec<Export>> {
    let first = layout.named("__ksymtab").or_else(|| layout.named("__ksymtab_gpl"))?;
    let shapes = [(true, true), (false, true), (true, false), (false, false)];
    let Some(shape) = shapes
        .into_iter()
        .map(|(relative, namespaced)| Shape { relative, namespaced })
        .find(|shape| entries(layout, first, *shape, limits).is_some())
    else {
        deviations.push(Error::new("vmlinux __ksymtab", 0, Kind::Unsupported));
        return None;
    };
    let mut exports = Vec::new();
    for (symbols, crcs, gpl_only) in TABLES {
        let Some(section) = layout.named(symbols) else { continue };
        let Some(names) = entries(layout, section, shape, limits) else {
            deviations.push(Error::new("vmlinux symbol table", 0, Kind::Unsupported));
            return None;
        };
        let crcs = match layout.named(crcs) {
            Some(section) if section.bytes.len() / 4 == names.len() => checksums(layout, section),
            Some(section) if !section.bytes.is_empty() => {
                let value = wide(section.bytes.len());
                deviations.push(Error::new("vmlinux __kcrctab size", 0, Kind::Illegal { value }));
                Vec::new()
            }
            _ => Vec::new(),
        };
        let flags = match layout.named("__kflagstab") {
            Some(flags) if symbols == "__ksymtab" && flags.bytes.len() >= names.len() => {
                flags.bytes
            }
            _ => &[],
        };
        exports.extend(names.into_iter().enumerate().map(|(at, (name, namespace))| Export {
            name: name.to_owned(),
            crc: crcs.get(at).copied(),
            gpl_only: gpl_only || flags.get(at).is_some_and(|flags| flags & 1 == 1),
            namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
        }));
    }
    Some(exports)
}

/// Names and namespaces of a table, `None` unless every entry has a name.
fn entries<'a>(
    layout: &Layout<'a>,
    section: Section<'a>,
    shape: Shape,
    limits: &Limits,
) -> Option<Vec<(&'a str, &'a str)>> {
    let size = shape.size(layout)?;
    let entries = section.bytes.chunks_exact(size);
    if !entries.remainder().is_empty() || entries.len() > limits.items {
        return None;
    }
    let mut address = section.address;
    let mut names = Vec::with_capacity(entries.len());
    for entry in entries {
        names.push(shape.names(layout, entry, address)?);
        address = address.wrapping_add(wide(size));
    }
    Some(names)
}

pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$'))
}

/// The CRCs of a table. From 4.11 to 5.13 some architectures kept them elsewhere and a relative
/// reference here (`MODULE_REL_CRCS`): then every word points into the image.
fn checksums(layout: &Layout<'_>, section: Section<'_>) -> Vec<u32> {
    let words = || section.bytes.chunks_exact(4).filter_map(|word| layout.u32(word));
    let addresses = (section.address..).step_by(4);
    let referred: Option<Vec<u32>> = words()
        .zip(addresses)
        .map(|(word, address)| {
            let target = address.wrapping_add_signed(word.cast_signed().into());
            layout.from(target).and_then(|bytes| layout.u32(bytes))
        })
        .collect();
    referred.unwrap_or_else(|| words().collect())
}
