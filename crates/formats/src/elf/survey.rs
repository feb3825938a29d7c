//! Everything about a module that later rooms ask for, without its bytes.

use crate::elf::header::{Header, SHT_SYMTAB, Section, sections};
use crate::elf::layout::{Class, Layout, Order, PPC64, range};
use crate::elf::modinfo::Modinfo;
use crate::elf::notes;
use crate::elf::symbols::{Export, ExportSections, Odd, Symbols, Table, Undefined};
use crate::elf::text::{Span, Text, until_nul};
use crate::elf::versions::{self, Kept, Version};
use crate::error::{Deviation, Error, Kind, Parsed};
use crate::limits::Limits;
use crate::reader::{index, wide};
use serde::{Deserialize, Serialize};

/// Bytes of section names that are kept. Debian's modules have under 1 KiB, one section a function under 1 MiB.
const SECTION_NAMES: usize = 1 << 20;

/// Where the sections of one name are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occurrences {
    /// How many there are, section 0 not counted.
    pub count: u32,
    /// The last one, whatever its flags.
    pub last: Option<u16>,
    /// The first one that is part of the loaded module (`find_sec` in `kernel/module/main.c`).
    pub allocated: Option<u16>,
}

impl Occurrences {
    fn add(&mut self, section: u16, allocated: bool) {
        self.count = self.count.saturating_add(1);
        self.last = Some(section);
        if allocated && self.allocated.is_none() {
            self.allocated = Some(section);
        }
    }

    /// The one a kernel reads: the first allocated, otherwise the last.
    const fn chosen(&self) -> Option<u16> {
        match self.allocated {
            Some(section) => Some(section),
            None => self.last,
        }
    }
}

/// What the bytes of a string table look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StringTable {
    /// Whether its first byte is NUL.
    pub starts_with_nul: bool,
    /// Whether its last byte is NUL.
    pub ends_with_nul: bool,
}

/// What a module file holds, owned and small.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// Bytes that were surveyed.
    pub length: u64,
    /// Word size and byte order its fields were read with.
    pub layout: Layout,
    /// The file header, raw.
    pub header: Header,
    /// The section headers that are wholly in the file, raw.
    pub sections: Vec<Section>,
    /// The table of section names, where there is one and all of it is there.
    pub section_names: Option<StringTable>,
    /// The table of symbol names that the first symbol table links to, where all of it is there.
    pub symbol_names: Option<StringTable>,
    /// The first symbol table's index.
    pub symbol_table: Option<u16>,
    /// Entries of that table.
    pub symbol_count: u64,
    /// The largest name offset in it.
    pub farthest_symbol_name: u32,
    /// Symbols that livepatch resolves (`SHN_LIVEPATCH`).
    pub livepatch_symbols: u32,
    /// Sections named `.modinfo`.
    pub modinfo_sections: Occurrences,
    /// Sections named `.gnu.linkonce.this_module`.
    pub this_module: Occurrences,
    /// Sections named `__versions`.
    pub version_sections: Occurrences,
    /// Sections named `__version_ext_crcs`.
    pub extended_crcs: Occurrences,
    /// Sections named `__version_ext_names`.
    pub extended_names: Occurrences,
    /// Whether every extended checksum has a name.
    pub extended_complete: bool,
    /// Whether the module exports symbols, without and with GPL class, and has checksums for them:
    /// sizes in bytes of `__ksymtab`, `__ksymtab_gpl`, `__kcrctab`, `__kcrctab_gpl`, `__kflagstab`, where loaded.
    pub export_tables: ExportTables,
    /// Bytes of the `struct module` the file was compiled with, by the symbol of that object
    /// (`__this_module`).
    pub struct_size: Option<u64>,
    /// Whether every name found room; hostile files can ask for more than is kept.
    pub is_whole: bool,
    modinfo: Option<Modinfo>,
    build_id: Option<Span>,
    struct_name: Option<Span>,
    versions: Vec<Kept>,
    extended: Vec<Kept>,
    symbols: Symbols,
    text: Text,
    #[serde(with = "serde_bytes")]
    names: Vec<u8>,
}

/// Sizes in bytes of the loaded export tables; nothing where there is no such section.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportTables {
    /// `__ksymtab`.
    pub plain: Option<u64>,
    /// `__ksymtab_gpl`.
    pub gpl: Option<u64>,
    /// `__kcrctab`.
    pub plain_crcs: Option<u64>,
    /// `__kcrctab_gpl`.
    pub gpl_crcs: Option<u64>,
    /// `__kflagstab`.
    pub flags: Option<u64>,
}

/// Sections by the names that matter.
#[derive(Default)]
struct Named {
    modinfo: Occurrences,
    this_module: Occurrences,
    versions: Occurrences,
    extended_crcs: Occurrences,
    extended_names: Occurrences,
    exports: ExportSections,
    build_id: Option<u16>,
}

impl Named {
    fn of(sections: &[Section], names: &[u8]) -> Self {
        let mut named = Self::default();
        for (section, n) in sections.iter().zip(0u16..).skip(1) {
            let allocated = section.is_allocated();
            let first = |slot: &mut Option<u16>| {
                if allocated && slot.is_none() {
                    *slot = Some(n);
                }
            };
            match until_nul(names.get(index(u64::from(section.name))..).unwrap_or_default()) {
                b".modinfo" => named.modinfo.add(n, allocated),
                b".gnu.linkonce.this_module" => named.this_module.add(n, allocated),
                b"__versions" => named.versions.add(n, allocated),
                b"__version_ext_crcs" => named.extended_crcs.add(n, allocated),
                b"__version_ext_names" => named.extended_names.add(n, allocated),
                b".note.gnu.build-id" => first(&mut named.build_id),
                b"__ksymtab" => first(&mut named.exports.plain),
                b"__ksymtab_gpl" => first(&mut named.exports.gpl),
                b"__kcrctab" => first(&mut named.exports.plain_crcs),
                b"__kcrctab_gpl" => first(&mut named.exports.gpl_crcs),
                b"__kflagstab" => first(&mut named.exports.flags),
                b"__ksymtab_strings" => first(&mut named.exports.strings),
                _ => {}
            }
        }
        named
    }
}

/// Surveys a module. Give it the file without its appended signature, or with it: nothing that is read changes,
/// only `length`.
#[must_use]
pub fn survey(bytes: &[u8], limits: &Limits) -> Parsed<Survey> {
    survey_as(bytes, Layout::of(bytes), limits)
}

/// Surveys a module with the layout of a kernel that is known, as that kernel would read it.
#[must_use]
pub fn survey_as(bytes: &[u8], layout: Layout, limits: &Limits) -> Parsed<Survey> {
    let mut deviations = Vec::new();
    let header = Header::read(bytes, layout);
    note_header(bytes, layout, &header, &mut deviations);
    let sections = if header.has_magic() { sections(bytes, &header, layout) } else { Vec::new() };
    let found = |n: Option<u16>| n.and_then(|n| sections.get(usize::from(n)));

    let name_section = found(Some(header.section_names).filter(|n| *n != 0));
    let name_bytes = name_section.and_then(|s| range(bytes, s.offset, s.size)).unwrap_or_default();
    let (names, cut) = match name_bytes.get(..SECTION_NAMES) {
        Some(kept) if name_bytes.len() > SECTION_NAMES => (kept, true),
        _ => (name_bytes, false),
    };
    let named = Named::of(&sections, names);
    let data = |n: Option<u16>| found(n).and_then(|s| s.data(bytes));
    // The kernel reads these where the header says they lie, whatever type it claims
    // (`rewrite_section_headers`, `find_sec`).
    let placed = |n: Option<u16>| found(n).and_then(|s| range(bytes, s.offset, s.size));
    let rest = |n: Option<u16>| found(n).and_then(|s| bytes.get(index(s.offset)..));

    let versions_bytes = placed(named.versions.allocated).unwrap_or_default();
    let expected = versions_bytes.len().saturating_mul(3) / 4;
    let mut text = Text::with_budget(bytes.len().min(limits.module_bytes), expected);
    let modinfo = placed(named.modinfo.chosen())
        .map(|section| Modinfo::read_on(section, rest(named.modinfo.chosen()).unwrap_or_default()));
    // The section that the kernel shows of a loaded module; anything longer is none.
    let build_id = placed(named.build_id)
        .and_then(|section| notes::build_id(section, layout))
        .filter(|id| id.len() <= 64)
        .map(|id| text.keep(id));
    let struct_name = rest(named.this_module.chosen()).map(|module| {
        let (at, length) = layout.of_class((12, 60), (24, 56));
        let name = module.get(at..).unwrap_or_default();
        text.keep(name.get(..length).unwrap_or(name))
    });
    let versions = versions::classic(versions_bytes, layout, &mut text);
    let (extended, extended_complete) = versions::extended(
        placed(named.extended_crcs.allocated).unwrap_or_default(),
        placed(named.extended_names.allocated).unwrap_or_default(),
        layout,
        &mut text,
    );

    let symbol_table =
        sections.iter().zip(0u16..).skip(1).find(|(s, _)| s.kind == SHT_SYMTAB).map(|(_, n)| n);
    let linked = found(symbol_table).and_then(|s| sections.get(index(u64::from(s.link))));
    let symbols = Table {
        bytes,
        layout,
        sections: &sections,
        section_count: header.section_count,
        symbols: data(symbol_table).unwrap_or_default(),
        strings: linked.and_then(|s| bytes.get(index(s.offset)..)).unwrap_or_default(),
        exports: named.exports,
        this_module: named.this_module.chosen(),
    }
    .survey(&mut text);

    let size = |n: Option<u16>| found(n).map(|s| s.size);
    let export_tables = ExportTables {
        plain: size(named.exports.plain),
        gpl: size(named.exports.gpl),
        plain_crcs: size(named.exports.plain_crcs),
        gpl_crcs: size(named.exports.gpl_crcs),
        flags: size(named.exports.flags),
    };
    let note = |what, at: Option<&Section>, kind| {
        Error::new(what, at.map_or(0, |s| index(s.offset)), kind)
    };
    if cut {
        let kind = Kind::TooLarge { limit: wide(SECTION_NAMES) };
        deviations.push(note("elf section names", name_section, kind));
    }
    if text.is_full() {
        let kind = Kind::TooLarge { limit: wide(bytes.len().min(limits.module_bytes)) };
        deviations.push(note("elf names", linked, kind));
    }
    if symbols.unnamed_exports {
        deviations.push(note("elf __ksymtab symbols", found(symbol_table), Kind::Missing));
    }
    let value = Survey {
        length: wide(bytes.len()),
        layout,
        header,
        section_names: name_section.and_then(|s| string_table(bytes, s)),
        symbol_names: linked.and_then(|s| string_table(bytes, s)),
        symbol_table,
        symbol_count: symbols.count,
        farthest_symbol_name: symbols.farthest_name,
        livepatch_symbols: symbols.livepatch,
        modinfo_sections: named.modinfo,
        this_module: named.this_module,
        version_sections: named.versions,
        extended_crcs: named.extended_crcs,
        extended_names: named.extended_names,
        extended_complete,
        export_tables,
        is_whole: !cut && !text.is_full(),
        modinfo,
        build_id,
        struct_name,
        struct_size: symbols.struct_size,
        versions,
        extended,
        symbols,
        text,
        names: names.to_vec(),
        sections,
    };
    Parsed { value, deviations }
}

fn string_table(bytes: &[u8], section: &Section) -> Option<StringTable> {
    let data = range(bytes, section.offset, section.size)?;
    Some(StringTable {
        starts_with_nul: data.first() == Some(&0),
        ends_with_nul: data.last() == Some(&0),
    })
}

fn note_header(bytes: &[u8], layout: Layout, header: &Header, out: &mut Vec<Deviation>) {
    let have = wide(bytes.len());
    if !header.has_magic() {
        out.push(Error::new("elf magic", 0, Kind::Missing));
        return;
    }
    if bytes.len() < layout.header_size() {
        let need = wide(layout.header_size());
        out.push(Error::new("elf header", 0, Kind::Truncated { need, have }));
        return;
    }
    let class = match layout.class {
        Class::Elf32 => 1,
        Class::Elf64 => 2,
    };
    let order = match layout.order {
        Order::Little => 1,
        Order::Big => 2,
    };
    let [_, _, _, _, said_class, said_order, ..] = header.ident;
    if said_class != class {
        out.push(Error::new("elf EI_CLASS", 4, Kind::Illegal { value: u64::from(said_class) }));
    }
    if said_order != order {
        out.push(Error::new("elf EI_DATA", 5, Kind::Illegal { value: u64::from(said_order) }));
    }
    let size = wide(layout.section_size());
    let need = size.saturating_mul(u64::from(header.section_count));
    let left = have.saturating_sub(header.section_offset);
    if need > left {
        let at = index(header.section_offset);
        out.push(Error::new("elf section headers", at, Kind::Truncated { need, have: left }));
    }
    if u64::from(header.section_size) != size {
        let value = u64::from(header.section_size);
        out.push(Error::new("elf e_shentsize", 0, Kind::Illegal { value }));
    }
}

impl Survey {
    /// The name of a section by its index: empty where it has none.
    #[must_use]
    pub fn section_name(&self, section: usize) -> &[u8] {
        let at = self.sections.get(section).map_or(usize::MAX, |s| index(u64::from(s.name)));
        until_nul(self.names.get(at..).unwrap_or_default())
    }

    /// The first section of a name, with its index. Section 0 has no name.
    #[must_use]
    pub fn section(&self, name: &[u8]) -> Option<(usize, &Section)> {
        self.sections.iter().enumerate().skip(1).find(|(n, _)| self.section_name(*n) == name)
    }

    /// The same module as a reader sees it that finds no `.modinfo`.
    #[must_use]
    pub fn without_modinfo(&self) -> Self {
        Self { modinfo: None, ..self.clone() }
    }

    /// The entries of `.modinfo`, where there is such a section.
    #[must_use]
    pub const fn modinfo(&self) -> Option<&Modinfo> {
        self.modinfo.as_ref()
    }

    /// The build id that the linker left, where there is one.
    #[must_use]
    pub fn build_id(&self) -> Option<&[u8]> {
        self.build_id.map(|span| self.text.get(span))
    }

    /// The name inside `struct module`, where there is one.
    #[must_use]
    pub fn struct_name(&self) -> Option<&[u8]> {
        self.struct_name.map(|span| self.text.get(span))
    }

    /// Symbols that others must offer, in the order of the symbol table. On 64-bit PowerPC the loader
    /// fills in `.TOC.` itself and takes a dot off the beginning of others
    /// (`arch/powerpc/kernel/module_64.c` `dedotify`).
    pub fn undefined(&self) -> impl Iterator<Item = Undefined<'_>> {
        let dotted = self.header.machine == PPC64;
        let needed = self.symbols.undefined(&self.text);
        needed.filter(move |symbol| !dotted || symbol.name != b".TOC.").map(move |symbol| {
            let bare = symbol.name.strip_prefix(b".").filter(|_| dotted);
            Undefined { name: bare.unwrap_or(symbol.name), ..symbol }
        })
    }

    /// Symbols that the module offers, in the order of the symbol table.
    pub fn exports(&self) -> impl Iterator<Item = Export<'_>> {
        self.symbols.exports(&self.text)
    }

    /// Symbols that a kernel does not take, in the order of the symbol table.
    pub fn odd_symbols(&self) -> impl Iterator<Item = Odd<'_>> {
        self.symbols.odd(&self.text)
    }

    /// The entries of `__versions`, in order.
    pub fn versions(&self) -> impl Iterator<Item = Version<'_>> {
        self.versions.iter().map(|v| v.shown(&self.text))
    }

    /// The entries of `__version_ext_crcs` with their names, in order.
    pub fn extended_versions(&self) -> impl Iterator<Item = Version<'_>> {
        self.extended.iter().map(|v| v.shown(&self.text))
    }
}
