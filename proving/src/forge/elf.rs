//! Writes ELF files of 64 bits, little-endian (System V ABI).

/// `SHT_PROGBITS`
pub const PROGBITS: u32 = 1;
/// `SHT_RELA`
pub const RELA: u32 = 4;
/// `SHT_NOTE`
pub const NOTE: u32 = 7;
/// `SHF_WRITE`
pub const WRITE: u64 = 1;
/// `SHF_ALLOC`
pub const ALLOC: u64 = 2;
/// `SHF_EXECINSTR`
pub const EXECUTE: u64 = 4;

/// What the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `ET_REL`: a module.
    Relocatable,
    /// `ET_EXEC`: a kernel.
    Executable,
}

/// A file in the making.
#[derive(Clone, Debug)]
pub struct Elf {
    kind: Kind,
    machine: u16,
    sections: Vec<Section>,
    strings: Vec<u8>,
    symbols: Vec<u8>,
}

#[derive(Clone, Debug)]
struct Section {
    name: String,
    kind: u32,
    flags: u64,
    address: u64,
    link: u32,
    info: u32,
    bytes: Vec<u8>,
}

impl Elf {
    /// An empty file for a machine (`EM_X86_64` is 62, `EM_AARCH64` 183).
    #[must_use]
    pub fn new(kind: Kind, machine: u16) -> Self {
        // The first symbol is the undefined one.
        Self { kind, machine, sections: Vec::new(), strings: vec![0], symbols: vec![0; 24] }
    }

    /// Adds a section and returns its index.
    pub fn section(&mut self, name: &str, kind: u32, flags: u64, bytes: &[u8]) -> u16 {
        self.section_at(name, kind, flags, 0, bytes)
    }

    /// Adds a section that lies at an address in memory.
    pub fn section_at(
        &mut self,
        name: &str,
        kind: u32,
        flags: u64,
        address: u64,
        bytes: &[u8],
    ) -> u16 {
        let (name, bytes) = (name.to_owned(), bytes.to_vec());
        self.sections.push(Section { name, kind, flags, address, link: 0, info: 0, bytes });
        self.sections.len() as u16
    }

    /// Adds a symbol: `info` is binding and type, `section` 0 an undefined one.
    pub fn symbol(&mut self, name: &str, info: u8, section: u16, value: u64) {
        self.symbols.extend((self.strings.len() as u32).to_le_bytes());
        self.symbols.extend([info, 0]);
        self.symbols.extend(section.to_le_bytes());
        self.symbols.extend(value.to_le_bytes());
        self.symbols.extend([0; 8]);
        self.strings.extend(name.bytes().chain([0]));
    }

    /// Adds a place in the section `target` that the loader is to fill in: the relocation type and
    /// the offset in the section (`Elf64_Rela`, of no symbol).
    pub fn relocation(&mut self, target: u16, kind: u32, offset: u64) {
        let entry = [offset, u64::from(kind), 0].map(u64::to_le_bytes).concat();
        self.section(".rela", RELA, 0, &entry);
        if let Some(last) = self.sections.last_mut() {
            last.info = u32::from(target);
        }
    }

    /// The whole file; `stripped` leaves the symbol table out.
    #[must_use]
    pub fn finish(mut self, stripped: bool) -> Vec<u8> {
        if !stripped {
            let (symbols, strings) = (self.symbols.clone(), self.strings.clone());
            let table = self.section(".symtab", 2, 0, &symbols);
            let last = &mut self.sections[usize::from(table) - 1];
            // The first symbol that is not local comes first of all here.
            (last.link, last.info) = (u32::from(table) + 1, 1);
            self.section(".strtab", 3, 0, &strings);
        }
        let names_at = self.section(".shstrtab", 3, 0, &[]);
        let mut names = vec![0];
        let mut starts = Vec::new();
        for section in &self.sections {
            starts.push(names.len() as u32);
            names.extend(section.name.bytes().chain([0]));
        }
        self.sections[usize::from(names_at) - 1].bytes = names;
        let mut body = vec![0; 64];
        let mut headers = vec![0; 64];
        for (section, start) in self.sections.iter().zip(starts) {
            let at = body.len() as u64;
            body.extend_from_slice(&section.bytes);
            body.resize(body.len().next_multiple_of(8), 0);
            headers.extend(start.to_le_bytes());
            headers.extend(section.kind.to_le_bytes());
            for word in [section.flags, section.address, at, section.bytes.len() as u64] {
                headers.extend(word.to_le_bytes());
            }
            headers.extend(section.link.to_le_bytes());
            headers.extend(section.info.to_le_bytes());
            let entry: u64 = if matches!(section.kind, 2 | RELA) { 24 } else { 0 };
            headers.extend(8_u64.to_le_bytes());
            headers.extend(entry.to_le_bytes());
        }
        let mut head = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
        let kind: u16 = if self.kind == Kind::Relocatable { 1 } else { 2 };
        head.extend(kind.to_le_bytes());
        head.extend(self.machine.to_le_bytes());
        head.extend(1_u32.to_le_bytes());
        head.extend([0; 16]);
        head.extend((body.len() as u64).to_le_bytes());
        head.extend([0; 4]);
        let count = self.sections.len() as u16 + 1;
        for half in [64, 0, 0, 64, count, names_at] {
            head.extend(half.to_le_bytes());
        }
        body[..64].copy_from_slice(&head);
        body.extend(headers);
        body
    }
}
