//! The walk itself, in each kernel's order.

use loadworthy_formats::elf::header::{
    ET_REL, SHT_NOBITS, SHT_NULL, SHT_STRTAB, SHT_SYMTAB, Section,
};
use loadworthy_formats::elf::layout::Class;
use loadworthy_formats::elf::survey::{StringTable, Survey};

use crate::elf_rules::defect::Defect;
use crate::elf_rules::rules::{Rules, Walk};

const S390: u16 = 22;
const S390_OLD: u16 = 0xa390;
const I386: u16 = 3;
const I486: u16 = 6;
const RISCV: u16 = 243;

/// Whether a kernel of `rules` takes the structure of a module of `length` bytes, its appended signature not
/// counted where the kernel has cut it off; otherwise its first objection.
///
/// # Errors
/// The objection.
pub fn validity(survey: &Survey, length: u64, rules: &Rules) -> Result<(), Defect> {
    let case = Case { survey, length, rules };
    case.header()?;
    case.section_headers()?;
    match rules.walk {
        Walk::First => {
            case.names_inside()?;
            case.names_text()?;
            case.section_zero()?;
            case.sections()?;
            case.first_of_each()
        }
        Walk::Counted => {
            case.names_inside()?;
            case.names_text()?;
            case.section_zero()?;
            case.sections()?;
            case.counted()
        }
        Walk::Cached => {
            case.section_zero()?;
            case.contents()?;
            case.names_typed()?;
            case.cached()
        }
    }
}

struct Case<'a> {
    survey: &'a Survey,
    length: u64,
    rules: &'a Rules,
}

fn must(holds: bool, otherwise: Defect) -> Result<(), Defect> {
    if holds { Ok(()) } else { Err(otherwise) }
}

impl Case<'_> {
    /// `elf_check_arch` of the kernel's architecture.
    fn is_machine(&self) -> bool {
        let found = self.survey.header.machine;
        let [_, _, _, _, class, ..] = self.survey.header.ident;
        let native = match self.rules.class {
            Class::Elf32 => class == 1,
            Class::Elf64 => class == 2,
        };
        match self.rules.machine {
            S390 => matches!(found, S390 | S390_OLD) && native,
            RISCV => found == RISCV && native,
            I386 => matches!(found, I386 | I486),
            machine => found == machine,
        }
    }

    /// Whether a section's bytes are all in the file (`validate_section_offset`).
    fn is_inside(&self, section: &Section) -> bool {
        let end = match self.rules.class {
            Class::Elf64 => section.offset.checked_add(section.size),
            Class::Elf32 => {
                section.offset.checked_add(section.size).filter(|end| *end <= u64::from(u32::MAX))
            }
        };
        end.is_some_and(|end| end <= self.length)
    }

    fn names(&self) -> Option<&Section> {
        self.survey.sections.get(usize::from(self.survey.header.section_names))
    }

    fn header(&self) -> Result<(), Defect> {
        let header = &self.survey.header;
        let needed = match self.rules.class {
            Class::Elf32 => 52,
            Class::Elf64 => 64,
        };
        must(self.length >= needed, Defect::HeaderLength { length: self.length })?;
        must(header.has_magic(), Defect::Magic)?;
        must(header.kind == ET_REL, Defect::Type { found: header.kind })?;
        must(self.is_machine(), Defect::Machine { found: header.machine })
    }

    fn section_headers(&self) -> Result<(), Defect> {
        let header = &self.survey.header;
        let size: u16 = match self.rules.class {
            Class::Elf32 => 40,
            Class::Elf64 => 64,
        };
        must(header.section_size == size, Defect::SectionHeaderSize)?;
        let table = u64::from(header.section_count).saturating_mul(u64::from(size));
        let left = self.length.checked_sub(header.section_offset).filter(|left| *left != 0);
        must(left.is_some_and(|left| table <= left), Defect::SectionHeaders)
    }

    fn names_index(&self) -> Result<&Section, Defect> {
        let header = &self.survey.header;
        let (index, count) = (header.section_names, header.section_count);
        must(index != 0 && index < count, Defect::NamesIndex { index, count })?;
        self.names().ok_or(Defect::SectionHeaders)
    }

    fn names_inside(&self) -> Result<(), Defect> {
        let names = self.names_index()?;
        must(self.is_inside(names), Defect::NamesOutside { kind: names.kind })
    }

    fn names_text(&self) -> Result<(), Defect> {
        let names = self.names_index()?;
        must(names.size != 0, Defect::NamesEmpty)?;
        must(self.survey.section_names.is_some_and(|t| t.ends_with_nul), Defect::NamesUnended)
    }

    fn section_zero(&self) -> Result<(), Defect> {
        // A table of no sections still has a first header to the kernel; whatever it holds there is read.
        match self.survey.sections.first() {
            None => Ok(()),
            Some(s) => must(
                s.kind == SHT_NULL && s.size == 0 && s.address == 0,
                Defect::SectionZero { kind: s.kind },
            ),
        }
    }

    fn numbered(&self) -> impl Iterator<Item = (u16, &Section)> {
        (0u16..).zip(&self.survey.sections).skip(1)
    }

    /// The loop over sections of the walks before 6.13.
    fn sections(&self) -> Result<(), Defect> {
        let count = self.survey.header.section_count;
        let names = self.names().map_or(0, |s| s.size);
        for (index, s) in self.numbered() {
            let kind = s.kind;
            if matches!(kind, SHT_NULL | SHT_NOBITS) {
                continue;
            }
            if kind == SHT_SYMTAB {
                let link = s.link;
                must(link != 0 && link < u32::from(count), Defect::SymbolLink { link, count })?;
            }
            must(self.is_inside(s), Defect::SectionOutside { index, kind })?;
            if s.is_allocated() {
                must(u64::from(s.name) < names, Defect::SectionName { index, kind })?;
            }
        }
        Ok(())
    }

    /// `setup_load_info` up to 6.3.
    fn first_of_each(&self) -> Result<(), Defect> {
        must(self.survey.symbol_table.is_some(), Defect::NoSymbols)?;
        must(self.survey.this_module.allocated.is_some(), Defect::NoModule)
    }

    /// What the walk of 6.4 to 6.12 counted; sections without bytes are not counted there.
    fn counted(&self) -> Result<(), Defect> {
        let counted = |name: &[u8]| {
            self.numbered()
                .filter(|(_, s)| !matches!(s.kind, SHT_NULL | SHT_NOBITS))
                .filter(|(n, _)| self.survey.section_name(usize::from(*n)) == name)
                .count()
        };
        must(counted(b".modinfo") <= 1, Defect::ManyModinfo)?;
        must(self.symbol_tables() == 1, Defect::NoSymbols)?;
        must(counted(b".gnu.linkonce.this_module") == 1, Defect::ModuleCount)?;
        self.this_module()
    }

    fn symbol_tables(&self) -> usize {
        self.numbered().filter(|(_, s)| s.kind == SHT_SYMTAB).count()
    }

    fn this_module(&self) -> Result<(), Defect> {
        let index = self.survey.this_module.last.map(usize::from);
        let Some(module) = index.and_then(|n| self.survey.sections.get(n)) else {
            return Err(Defect::ModuleCount);
        };
        must(module.kind != SHT_NOBITS, Defect::ModuleNoBits)?;
        must(module.is_allocated(), Defect::ModuleNotLoaded)?;
        match self.rules.struct_module {
            Some(expected) if expected != module.size => {
                Err(Defect::ModuleSize { found: module.size, expected })
            }
            _ => Ok(()),
        }
    }

    /// The end of `elf_validity_cache_sechdrs`.
    fn contents(&self) -> Result<(), Defect> {
        for (index, s) in self.numbered() {
            let empty = matches!(s.kind, SHT_NULL | SHT_NOBITS);
            must(empty || self.is_inside(s), Defect::SectionOutside { index, kind: s.kind })?;
        }
        Ok(())
    }

    /// `elf_validity_cache_secstrings`.
    fn names_typed(&self) -> Result<(), Defect> {
        let names = self.names_index()?;
        must(
            !self.rules.table_types || names.kind == SHT_STRTAB,
            Defect::NamesType { kind: names.kind },
        )?;
        self.names_text()?;
        for (index, s) in (0u16..).zip(&self.survey.sections) {
            must(
                s.kind == SHT_NULL || u64::from(s.name) < names.size,
                Defect::SectionName { index, kind: s.kind },
            )?;
        }
        Ok(())
    }

    /// `elf_validity_cache_index_*` and `elf_validity_cache_strtab`.
    fn cached(&self) -> Result<(), Defect> {
        let survey = self.survey;
        must(survey.modinfo_sections.count <= 1, Defect::ManyModinfo)?;
        must(survey.this_module.count == 1, Defect::ModuleCount)?;
        self.this_module()?;
        must(self.symbol_tables() == 1, Defect::NoSymbols)?;
        let table = survey.symbol_table.and_then(|n| survey.sections.get(usize::from(n)));
        let link = table.map_or(0, |s| s.link);
        let count = survey.header.section_count;
        must(link != 0 && link < u32::from(count), Defect::SymbolLink { link, count })?;
        let strings = usize::try_from(link).ok().and_then(|n| survey.sections.get(n));
        let kind = strings.map_or(SHT_NULL, |s| s.kind);
        must(!self.rules.table_types || kind == SHT_STRTAB, Defect::SymbolNamesType { kind })?;
        if self.rules.extended_versions {
            let halves = (survey.extended_crcs.allocated, survey.extended_names.allocated);
            must(halves.0.is_some() == halves.1.is_some(), Defect::VersionHalves)?;
            must(survey.extended_complete, Defect::VersionNames)?;
        }
        if self.rules.symbol_names {
            let size = strings.map_or(0, |s| s.size);
            let nothing = StringTable { starts_with_nul: false, ends_with_nul: false };
            let text = survey.symbol_names.unwrap_or(nothing);
            must(size != 0, Defect::SymbolNamesEmpty)?;
            must(text.starts_with_nul, Defect::SymbolNamesHead)?;
            must(text.ends_with_nul, Defect::SymbolNamesUnended)?;
            let farthest = u64::from(survey.farthest_symbol_name);
            must(survey.symbol_count == 0 || farthest < size, Defect::SymbolName)?;
        }
        Ok(())
    }
}
