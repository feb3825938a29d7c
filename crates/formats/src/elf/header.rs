//! The file header and the section headers, raw.

use crate::elf::layout::{Layout, range};
use crate::reader::index;
use serde::{Deserialize, Serialize};

/// `e_type` of a relocatable object.
pub const ET_REL: u16 = 1;
/// Section type: no section.
pub const SHT_NULL: u32 = 0;
/// Section type: symbol table.
pub const SHT_SYMTAB: u32 = 2;
/// Section type: string table.
pub const SHT_STRTAB: u32 = 3;
/// Section type: relocations with addends.
pub const SHT_RELA: u32 = 4;
/// Section type: no bytes in the file.
pub const SHT_NOBITS: u32 = 8;
/// Section type: relocations without addends.
pub const SHT_REL: u32 = 9;
/// Section flag: writable.
pub const SHF_WRITE: u64 = 1;
/// Section flag: part of the loaded module.
pub const SHF_ALLOC: u64 = 2;
/// Section flag: holds instructions.
pub const SHF_EXECINSTR: u64 = 4;
/// Section flag: relocations that livepatch applies later (`include/uapi/linux/elf.h`).
pub const SHF_RELA_LIVEPATCH: u64 = 0x0010_0000;

/// Fields of the file header as they stand; zero where the file ends before them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// `e_ident`.
    pub ident: [u8; 16],
    /// `e_type`.
    pub kind: u16,
    /// `e_machine`.
    pub machine: u16,
    /// `e_shoff`: where the section headers begin, in bytes.
    pub section_offset: u64,
    /// `e_flags`.
    pub flags: u32,
    /// `e_shentsize`.
    pub section_size: u16,
    /// `e_shnum`.
    pub section_count: u16,
    /// `e_shstrndx`: index of the section that holds the section names.
    pub section_names: u16,
}

impl Header {
    /// The header at the start of `bytes`.
    #[must_use]
    pub fn read(bytes: &[u8], layout: Layout) -> Self {
        let at = |narrow, wide| layout.of_class(narrow, wide);
        Self {
            ident: bytes.first_chunk().copied().unwrap_or_default(),
            kind: layout.u16(bytes, 16),
            machine: layout.u16(bytes, 18),
            section_offset: layout.word(bytes, at(32, 40)),
            flags: layout.u32(bytes, at(36, 48)),
            section_size: layout.u16(bytes, at(46, 58)),
            section_count: layout.u16(bytes, at(48, 60)),
            section_names: layout.u16(bytes, at(50, 62)),
        }
    }

    /// Whether the first four bytes are the ELF magic.
    #[must_use]
    pub fn has_magic(&self) -> bool {
        self.ident.starts_with(b"\x7fELF")
    }
}

/// A section header as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// `sh_name`: offset in the section names, in bytes.
    pub name: u32,
    /// `sh_type`.
    pub kind: u32,
    /// `sh_flags`.
    pub flags: u64,
    /// `sh_addr`.
    pub address: u64,
    /// `sh_offset`, in bytes.
    pub offset: u64,
    /// `sh_size`, in bytes.
    pub size: u64,
    /// `sh_link`.
    pub link: u32,
    /// `sh_info`.
    pub info: u32,
}

impl Section {
    /// The section header at the start of `bytes`.
    #[must_use]
    pub fn read(bytes: &[u8], layout: Layout) -> Self {
        let at = |narrow, wide| layout.of_class(narrow, wide);
        Self {
            name: layout.u32(bytes, 0),
            kind: layout.u32(bytes, 4),
            flags: layout.word(bytes, 8),
            address: layout.word(bytes, at(12, 16)),
            offset: layout.word(bytes, at(16, 24)),
            size: layout.word(bytes, at(20, 32)),
            link: layout.u32(bytes, at(24, 40)),
            info: layout.u32(bytes, at(28, 44)),
        }
    }

    /// Whether the section is part of the loaded module.
    #[must_use]
    pub const fn is_allocated(&self) -> bool {
        self.flags & SHF_ALLOC != 0
    }

    /// Whether the section can be written and executed at once.
    #[must_use]
    pub const fn is_writable_executable(&self) -> bool {
        const BOTH: u64 = SHF_WRITE | SHF_EXECINSTR;
        self.flags & BOTH == BOTH
    }

    /// The section's bytes in the file; nothing where it has none or they are not all there.
    #[must_use]
    pub fn data<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        if matches!(self.kind, SHT_NULL | SHT_NOBITS) {
            return None;
        }
        range(bytes, self.offset, self.size)
    }
}

/// The section headers that are wholly there. The kernel strides by its own header size, as here,
/// and refuses another `e_shentsize`.
pub(crate) fn sections(bytes: &[u8], header: &Header, layout: Layout) -> Vec<Section> {
    let table = bytes.get(index(header.section_offset)..).unwrap_or_default();
    table
        .chunks_exact(layout.section_size())
        .take(usize::from(header.section_count))
        .map(|entry| Section::read(entry, layout))
        .collect()
}
