//! The objections, and the lines a kernel logs with them.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use loadworthy_formats::elf::survey::Survey;
use loadworthy_formats::text::printable;

use crate::elf_rules::rules::{Rules, Walk};

/// The first thing a kernel minds about a module's structure. All are `ENOEXEC`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// Shorter than an ELF header.
    HeaderLength {
        /// Bytes of the file.
        length: u64,
    },
    /// No ELF magic.
    Magic,
    /// Not a relocatable object.
    Type {
        /// `e_type`.
        found: u16,
    },
    /// Made for another machine.
    Machine {
        /// `e_machine`.
        found: u16,
    },
    /// Section headers of another size.
    SectionHeaderSize,
    /// Section headers outside the file.
    SectionHeaders,
    /// No such section to hold the section names.
    NamesIndex {
        /// `e_shstrndx`.
        index: u16,
        /// `e_shnum`.
        count: u16,
    },
    /// The section names lie outside the file.
    NamesOutside {
        /// `sh_type`.
        kind: u32,
    },
    /// The section names are no string table.
    NamesType {
        /// `sh_type`.
        kind: u32,
    },
    /// There are no section names.
    NamesEmpty,
    /// The section names do not end with NUL.
    NamesUnended,
    /// Section 0 is not empty.
    SectionZero {
        /// `sh_type`.
        kind: u32,
    },
    /// A symbol table links to no string table.
    SymbolLink {
        /// `sh_link`.
        link: u32,
        /// `e_shnum`.
        count: u16,
    },
    /// A section lies outside the file.
    SectionOutside {
        /// Its index.
        index: u16,
        /// `sh_type`.
        kind: u32,
    },
    /// A section's name lies outside the names.
    SectionName {
        /// Its index.
        index: u16,
        /// `sh_type`.
        kind: u32,
    },
    /// More than one `.modinfo`.
    ManyModinfo,
    /// No symbol table, or (6.4 on) more than one.
    NoSymbols,
    /// No `.gnu.linkonce.this_module` (up to 6.3).
    NoModule,
    /// Not exactly one `.gnu.linkonce.this_module`.
    ModuleCount,
    /// `.gnu.linkonce.this_module` has no bytes.
    ModuleNoBits,
    /// `.gnu.linkonce.this_module` is not loaded.
    ModuleNotLoaded,
    /// `.gnu.linkonce.this_module` is not as large as this kernel's `struct module`.
    ModuleSize {
        /// Its size in bytes.
        found: u64,
        /// The kernel's, in bytes.
        expected: u64,
    },
    /// The symbol names are no string table.
    SymbolNamesType {
        /// `sh_type`.
        kind: u32,
    },
    /// There are no symbol names.
    SymbolNamesEmpty,
    /// The symbol names do not begin with NUL.
    SymbolNamesHead,
    /// The symbol names do not end with NUL.
    SymbolNamesUnended,
    /// A symbol's name lies outside the names.
    SymbolName,
    /// Only one half of the extended versions is there.
    VersionHalves,
    /// Fewer extended version names than checksums.
    VersionNames,
}

/// What a kernel calls a module whose `.modinfo` does not name it.
const NAMELESS: &str = "(missing .modinfo section or name field)";

impl Defect {
    /// The lines that a kernel of `rules` logs, as `/dev/kmsg` shows them.
    #[must_use]
    pub fn lines(&self, survey: &Survey, rules: &Rules) -> Vec<String> {
        let mut lines = Vec::new();
        let told = !rules.one_line || self.is_always_told();
        if told {
            lines.push(self.line(survey, rules.walk));
        }
        if rules.one_line && !matches!(self, Self::NoSymbols | Self::NoModule) {
            lines.push("Module has invalid ELF structures".to_owned());
        }
        lines
    }

    /// Whether even 5.10 has a line of its own for it.
    const fn is_always_told(&self) -> bool {
        matches!(
            self,
            Self::NamesOutside { .. }
                | Self::SectionOutside { .. }
                | Self::SectionName { .. }
                | Self::NoSymbols
                | Self::NoModule
        )
    }

    fn line(&self, survey: &Survey, walk: Walk) -> String {
        let name = survey.modinfo().and_then(|m| m.text("name"));
        let name = name.as_deref().unwrap_or(NAMELESS);
        match *self {
            Self::HeaderLength { length } => format!("Invalid ELF header len {length}"),
            Self::Magic => "Invalid ELF header magic: != \\x7fELF".to_owned(),
            Self::Type { found } => format!("Invalid ELF header type: {found} != 1"),
            Self::Machine { found } => format!("Invalid architecture in ELF header: {found}"),
            Self::SectionHeaderSize => "Invalid ELF section header size".to_owned(),
            Self::SectionHeaders => "Invalid ELF section header overflow".to_owned(),
            Self::NamesIndex { index, count } => format!(
                "Invalid ELF section name index: {index} || e_shstrndx ({index}) >= e_shnum ({count})"
            ),
            Self::NamesOutside { kind } => format!("Invalid ELF section hdr(type {kind})"),
            Self::NamesType { kind } => format!("Invalid ELF section name table type: {kind}"),
            Self::NamesEmpty => "empty section name table".to_owned(),
            Self::NamesUnended => {
                "ELF Spec violation: section name table isn't null terminated".to_owned()
            }
            Self::SectionZero { kind } => format!(
                "ELF Spec violation: section 0 type({})!=SH_NULL or non-zero len or addr",
                kind.cast_signed()
            ),
            Self::SymbolLink { link, count } => {
                let link = link.cast_signed();
                format!(
                    "Invalid ELF sh_link!=SHN_UNDEF({link}) or (sh_link({link}) >= hdr->e_shnum({count})"
                )
            }
            Self::SectionOutside { index, kind } => {
                format!("Invalid ELF section in module (section {index} type {kind})")
            }
            Self::SectionName { index, kind } => {
                format!("Invalid ELF section name in module (section {index} type {kind})")
            }
            Self::ManyModinfo => "Only one .modinfo section must exist.".to_owned(),
            Self::NoSymbols => format!("{name}: module has no symbols (stripped?)"),
            Self::NoModule => format!("{name}: No module found in object"),
            Self::ModuleCount => {
                let many = if walk == Walk::Counted { "Only" } else { "Exactly" };
                format!("module {name}: {many} one .gnu.linkonce.this_module section must exist.")
            }
            Self::ModuleNoBits => {
                format!("module {name}: .gnu.linkonce.this_module section must have a size set")
            }
            Self::ModuleNotLoaded => format!(
                "module {name}: .gnu.linkonce.this_module must occupy memory during process execution"
            ),
            Self::ModuleSize { .. } => format!(
                "module {name}: .gnu.linkonce.this_module section size must match the kernel's \
                 built struct module size at run time"
            ),
            Self::SymbolNamesType { kind } => {
                format!("Invalid ELF symbol string table type: {kind}")
            }
            Self::SymbolNamesEmpty => "empty symbol string table".to_owned(),
            Self::SymbolNamesHead => "symbol string table missing leading NUL".to_owned(),
            Self::SymbolNamesUnended => "symbol string table isn't NUL terminated".to_owned(),
            Self::SymbolName => "symbol name out of bounds in string table".to_owned(),
            Self::VersionHalves => "extended version crc+name presence does not match".to_owned(),
            Self::VersionNames => "more extended version crcs than names".to_owned(),
        }
    }
}

/// The name that a kernel uses for a module in its lines: the first `name=` of `.modinfo`,
/// otherwise the one in `struct module`.
#[must_use]
pub fn name_of(survey: &Survey) -> String {
    survey
        .modinfo()
        .and_then(|m| m.text("name"))
        .or_else(|| survey.struct_name().map(printable))
        .unwrap_or_default()
}
