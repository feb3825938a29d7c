//! The symbol table of a module: what it needs, what it offers, and what should not be there.
//!
//! Sources: `simplify_symbols` in `kernel/module/main.c`; exports: `include/linux/export.h` (5.10, 6.1)
//! and `include/linux/export-internal.h` (6.12): an entry `__ksymtab_NAME` in `__ksymtab` or
//! `__ksymtab_gpl`, its checksum at the same place of `__kcrctab` or `__kcrctab_gpl`, its
//! namespace the string at `__kstrtabns_NAME`; since 7.x one flag byte an entry in `__kflagstab`.

use crate::elf::header::{SHT_REL, SHT_RELA, Section};
use crate::elf::layout::{Class, Layout, range};
use crate::elf::text::{Span, Text, until_nul};
use crate::reader::{index, wide};
use serde::{Deserialize, Serialize};

const SHN_LIVEPATCH: u16 = 0xff20;
const SHN_ABS: u16 = 0xfff1;
const SHN_COMMON: u16 = 0xfff2;
const STB_WEAK: u8 = 2;
/// `KSYM_FLAG_GPL_ONLY` in `include/linux/export-internal.h`.
const FLAG_GPL_ONLY: u8 = 1;

/// A symbol that some other code must offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undefined<'a> {
    /// Its index in the symbol table.
    pub index: u32,
    /// Its name.
    pub name: &'a [u8],
    /// Whether the module can do without it.
    pub weak: bool,
}

/// A symbol that the module offers to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Export<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Its namespace; empty where it has none.
    pub namespace: &'a [u8],
    /// Whether only GPL-compatible modules may use it.
    pub gpl_only: bool,
    /// The checksum of its interface, where the module carries one.
    pub crc: Option<u32>,
}

/// Bytes of a name that are looked at where names are compared (`KSYM_NAME_LEN`), so that many symbols
/// sharing one endless name cost no more than they should.
const NAME: usize = 512;

/// What is wrong with a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Oddity {
    /// It is a common symbol (`SHN_COMMON`).
    Common,
    /// It lies in a section that does not exist.
    NoSection {
        /// The section index it names.
        section: u16,
    },
}

/// A symbol that a kernel does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Odd<'a> {
    /// Its index in the symbol table.
    pub index: u32,
    /// Its name.
    pub name: &'a [u8],
    /// What is wrong with it.
    pub oddity: Oddity,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptUndefined {
    index: u32,
    name: Span,
    weak: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptExport {
    name: Span,
    namespace: Span,
    gpl_only: bool,
    crc: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptOdd {
    index: u32,
    name: Span,
    oddity: Oddity,
}

/// Everything kept of a symbol table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Symbols {
    undefined: Vec<KeptUndefined>,
    exports: Vec<KeptExport>,
    odd: Vec<KeptOdd>,
    /// How many entries the table has, with the empty one at its start.
    pub(crate) count: u64,
    /// The largest `st_name`.
    pub(crate) farthest_name: u32,
    /// How many symbols livepatch resolves later.
    pub(crate) livepatch: u32,
    /// Entries of the export tables that no symbol names.
    pub(crate) unnamed_exports: bool,
    /// Where the last object in the section of the module's own record ends.
    pub(crate) struct_size: Option<u64>,
}

/// The sections that export tables live in, by index.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ExportSections {
    pub(crate) plain: Option<u16>,
    pub(crate) gpl: Option<u16>,
    pub(crate) plain_crcs: Option<u16>,
    pub(crate) gpl_crcs: Option<u16>,
    pub(crate) flags: Option<u16>,
    pub(crate) strings: Option<u16>,
}

/// A table as read: the file, its sections, and which of them matter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) layout: Layout,
    pub(crate) sections: &'a [Section],
    pub(crate) section_count: u16,
    /// The symbol table's bytes.
    pub(crate) symbols: &'a [u8],
    /// The file from the start of the symbols' string table on: the kernel never looks where it ends.
    pub(crate) strings: &'a [u8],
    pub(crate) exports: ExportSections,
    /// The section of the module's own record.
    pub(crate) this_module: Option<u16>,
}

#[derive(Clone, Copy)]
struct Symbol {
    name: u32,
    section: u16,
    value: u64,
    size: u64,
    weak: bool,
}

/// An entry of an export table: its name and where it lies in the table.
struct Entry<'a> {
    name: &'a [u8],
    at: u64,
    gpl: bool,
}

impl<'a> Table<'a> {
    fn each(&self) -> impl Iterator<Item = (u32, Symbol)> + use<'a> {
        let layout = self.layout;
        self.symbols.chunks_exact(layout.symbol_size()).zip(0u32..).skip(1).map(
            move |(entry, n)| {
                let (info, section, value, size) = match layout.class {
                    Class::Elf32 => (12, 14, 4, 8),
                    Class::Elf64 => (4, 6, 8, 16),
                };
                let symbol = Symbol {
                    name: layout.u32(entry, 0),
                    section: layout.u16(entry, section),
                    value: layout.word(entry, value),
                    size: layout.word(entry, size),
                    weak: entry.get(info).is_some_and(|i| i >> 4 == STB_WEAK),
                };
                (n, symbol)
            },
        )
    }

    /// The file from the start of a symbol's name on.
    fn name(&self, symbol: Symbol) -> &'a [u8] {
        self.strings.get(index(u64::from(symbol.name))..).unwrap_or_default()
    }

    fn data(&self, section: Option<u16>) -> &'a [u8] {
        section
            .and_then(|s| self.sections.get(usize::from(s)))
            .and_then(|s| s.data(self.bytes))
            .unwrap_or_default()
    }

    /// Reads the table once.
    pub(crate) fn survey(&self, text: &mut Text) -> Symbols {
        let mut out = Symbols {
            count: wide(self.symbols.len().checked_div(self.layout.symbol_size()).unwrap_or(0)),
            farthest_name: self.layout.u32(self.symbols, 0),
            ..Symbols::default()
        };
        let mut entries = Vec::new();
        let mut namespaces = Vec::new();
        let namespace_strings = self.data(self.exports.strings);
        for (n, symbol) in self.each() {
            out.farthest_name = out.farthest_name.max(symbol.name);
            let here = Some(symbol.section);
            match symbol.section {
                0 => out.undefined.push(KeptUndefined {
                    index: n,
                    name: text.keep(self.name(symbol)),
                    weak: symbol.weak,
                }),
                SHN_ABS => {}
                SHN_LIVEPATCH => out.livepatch = out.livepatch.saturating_add(1),
                SHN_COMMON => {
                    let name = text.keep(self.name(symbol));
                    out.odd.push(KeptOdd { index: n, name, oddity: Oddity::Common });
                }
                section if section >= self.section_count => {
                    let name = text.keep(self.name(symbol));
                    out.odd.push(KeptOdd { index: n, name, oddity: Oddity::NoSection { section } });
                }
                _ if here == self.exports.plain || here == self.exports.gpl => {
                    if let Some(name) = self.name(symbol).strip_prefix(b"__ksymtab_") {
                        let gpl = here == self.exports.gpl;
                        entries.push(Entry { name, at: symbol.value, gpl });
                    }
                }
                _ if here == self.exports.strings => {
                    let space = namespace_strings.get(index(symbol.value)..).unwrap_or_default();
                    if space.first().is_some_and(|b| *b != 0)
                        && let Some(name) = self.name(symbol).strip_prefix(b"__kstrtabns_")
                    {
                        namespaces.push((clipped(name), space));
                    }
                }
                _ if here == self.this_module => {
                    let end = symbol.value.saturating_add(symbol.size);
                    out.struct_size = out.struct_size.max(Some(end));
                }
                _ => {}
            }
        }
        self.exports(&entries, namespaces, text, &mut out);
        out
    }

    fn exports(
        &self,
        entries: &[Entry<'a>],
        mut namespaces: Vec<(&'a [u8], &'a [u8])>,
        text: &mut Text,
        out: &mut Symbols,
    ) {
        let size = |section: Option<u16>| {
            section.and_then(|s| self.sections.get(usize::from(s))).map_or(0, |s| s.size)
        };
        let count = |gpl| wide(entries.iter().filter(|e| e.gpl == gpl).count());
        let plain = size(self.exports.plain).checked_div(count(false));
        let gpl = size(self.exports.gpl).checked_div(count(true));
        out.unnamed_exports = (plain.is_none() && size(self.exports.plain) != 0)
            || (gpl.is_none() && size(self.exports.gpl) != 0);
        if entries.is_empty() {
            return;
        }
        namespaces.sort_by_key(|(name, _)| *name);
        let crcs = self.symbol_crcs();
        for entry in entries {
            let name = clipped(entry.name);
            let (stride, table) = if entry.gpl {
                (gpl, self.exports.gpl_crcs)
            } else {
                (plain, self.exports.plain_crcs)
            };
            let place = stride.and_then(|stride| entry.at.checked_div(stride));
            let in_table = place.and_then(|n| range(self.data(table), n.checked_mul(4)?, 4));
            let by_symbol = crcs.binary_search_by_key(&name, |(n, _)| *n).ok();
            let flags = place
                .filter(|_| !entry.gpl)
                .and_then(|n| self.data(self.exports.flags).get(index(n)))
                .copied()
                .unwrap_or_default();
            let namespace = namespaces
                .binary_search_by_key(&name, |(n, _)| *n)
                .ok()
                .and_then(|n| namespaces.get(n));
            out.exports.push(KeptExport {
                name: text.keep(name),
                namespace: namespace.map(|(_, space)| text.keep(space)).unwrap_or_default(),
                gpl_only: entry.gpl || flags & FLAG_GPL_ONLY != 0,
                crc: by_symbol
                    .and_then(|n| crcs.get(n))
                    .map(|(_, crc)| *crc)
                    .or_else(|| in_table.map(|b| self.layout.u32(b, 0))),
            });
        }
    }

    /// Checksums by `__crc_NAME`, sorted by name: an absolute symbol is the value, any other one points at it.
    /// Only needed where the tables themselves are filled by relocation, as before 5.19.
    fn symbol_crcs(&self) -> Vec<(&'a [u8], u32)> {
        let tables = [self.exports.plain_crcs, self.exports.gpl_crcs];
        let relocated = self.sections.iter().any(|s| {
            matches!(s.kind, SHT_RELA | SHT_REL)
                && tables.iter().flatten().any(|table| u32::from(*table) == s.info)
        });
        if !relocated {
            return Vec::new();
        }
        let mut found: Vec<_> = self
            .each()
            .filter_map(|(_, symbol)| {
                let name = clipped(self.name(symbol).strip_prefix(b"__crc_")?);
                let crc = match symbol.section {
                    SHN_ABS => u32::try_from(symbol.value).ok()?,
                    section => {
                        let data = self.data(Some(section));
                        self.layout.u32(range(data, symbol.value, 4)?, 0)
                    }
                };
                Some((name, crc))
            })
            .collect();
        found.sort_by_key(|(name, _)| *name);
        found
    }
}

fn clipped(name: &[u8]) -> &[u8] {
    until_nul(name.get(..NAME).unwrap_or(name))
}

impl Symbols {
    pub(crate) fn undefined<'a>(&'a self, text: &'a Text) -> impl Iterator<Item = Undefined<'a>> {
        self.undefined.iter().map(|s| Undefined {
            index: s.index,
            name: text.get(s.name),
            weak: s.weak,
        })
    }

    pub(crate) fn exports<'a>(&'a self, text: &'a Text) -> impl Iterator<Item = Export<'a>> {
        self.exports.iter().map(|s| Export {
            name: text.get(s.name),
            namespace: text.get(s.namespace),
            gpl_only: s.gpl_only,
            crc: s.crc,
        })
    }

    pub(crate) fn odd<'a>(&'a self, text: &'a Text) -> impl Iterator<Item = Odd<'a>> {
        self.odd.iter().map(|s| Odd { index: s.index, name: text.get(s.name), oddity: s.oddity })
    }
}
