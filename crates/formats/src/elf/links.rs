//! Which symbols a module needs and offers, without reading the whole file: what `depmod` looks at.

use crate::elf::header::SHT_SYMTAB;
use crate::elf::pieces::{Pieces, ReadAt};
use crate::elf::symbols::{ExportSections, Symbols, Table};
use crate::elf::text::{Text, until_nul};
use crate::error::Error;
use crate::limits::Limits;
use crate::reader::index;

/// The symbols that tie a module to others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    symbols: Symbols,
    text: Text,
}

impl Links {
    /// Names of the symbols that others must offer, in the order of the symbol table.
    pub fn needs(&self) -> impl Iterator<Item = &[u8]> {
        self.symbols.undefined(&self.text).map(|symbol| symbol.name)
    }

    /// Names of the symbols that it offers, in the order of the symbol table.
    pub fn offers(&self) -> impl Iterator<Item = &[u8]> {
        self.symbols.exports(&self.text).map(|symbol| symbol.name)
    }
}

/// Reads a file of `length` bytes through `read_at`, as [`crate::elf::quick::quick`] does. `room` is lent,
/// and can be used again.
///
/// # Errors
/// `Missing` where there is no ELF magic, `Truncated` where bytes are not to be had, `TooLarge` beyond `limits`.
pub fn links(
    length: u64,
    read_at: &mut ReadAt<'_>,
    room: &mut [Vec<u8>; 3],
    limits: &Limits,
) -> Result<Links, Error> {
    let [end, table, names] = room;
    let mut file = Pieces::open(length, read_at, end)?;
    let (header, layout) = (file.header, file.layout);
    let table = file.table(limits.text_bytes, table)?;
    let sections: Vec<_> =
        (0..header.section_count).map_while(|n| file.section(table, n)).collect();
    let Some(symbols) = sections.iter().skip(1).find(|s| s.kind == SHT_SYMTAB).copied() else {
        return Ok(Links::default());
    };
    let mut exports = ExportSections::default();
    if let Some(at) = sections.get(usize::from(header.section_names)) {
        let place = (at.offset, at.size);
        let said = file.piece("elf section names", place, limits.text_bytes, names)?;
        for (section, n) in sections.iter().zip(0u16..).skip(1).filter(|(s, _)| s.is_allocated()) {
            match until_nul(said.get(index(u64::from(section.name))..).unwrap_or_default()) {
                b"__ksymtab" => exports.plain = exports.plain.or(Some(n)),
                b"__ksymtab_gpl" => exports.gpl = exports.gpl.or(Some(n)),
                _ => {}
            }
        }
    }
    // The table and its names lie side by side as linkers write them; one read has both.
    let strings = sections.get(index(u64::from(symbols.link))).copied();
    let from = strings.map_or(symbols.offset, |s| s.offset.min(symbols.offset));
    let ends = [Some(symbols), strings].into_iter().flatten();
    let last = ends.map(|s| s.offset.saturating_add(s.size)).max().unwrap_or(from);
    let place = (from, last.saturating_sub(from));
    let both = file.piece("elf symbols", place, limits.module_bytes, names)?;
    let part = |offset: u64| both.get(index(offset.saturating_sub(from))..).unwrap_or_default();
    let entries = part(symbols.offset);
    let mut text = Text::with_budget(both.len(), both.len() / 4);
    let symbols = Table {
        bytes: &[],
        layout,
        sections: &sections,
        section_count: header.section_count,
        symbols: entries.get(..index(symbols.size)).unwrap_or(entries),
        strings: strings.map(|s| part(s.offset)).unwrap_or_default(),
        exports,
        this_module: None,
    }
    .survey(&mut text);
    Ok(Links { symbols, text })
}
