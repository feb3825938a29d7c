//! Small object files for tests, in both classes and both byte orders.

use crate::elf::layout::{Class, Layout, Order};

pub(crate) const LAYOUTS: [Layout; 4] = [
    Layout { class: Class::Elf64, order: Order::Little },
    Layout { class: Class::Elf64, order: Order::Big },
    Layout { class: Class::Elf32, order: Order::Little },
    Layout { class: Class::Elf32, order: Order::Big },
];

/// A section to be written: name, type, flags, link, info, bytes.
pub(crate) struct Part {
    pub(crate) name: &'static str,
    pub(crate) kind: u32,
    pub(crate) flags: u64,
    pub(crate) link: u32,
    pub(crate) info: u32,
    pub(crate) data: Vec<u8>,
}

pub(crate) struct Built {
    pub(crate) layout: Layout,
    pub(crate) parts: Vec<Part>,
    strings: Vec<u8>,
    symbols: Vec<u8>,
}

impl Built {
    pub(crate) fn new(layout: Layout) -> Self {
        let mut built = Self { layout, parts: Vec::new(), strings: vec![0], symbols: Vec::new() };
        built.symbols.resize(layout.symbol_size(), 0);
        built
    }

    pub(crate) fn number(&self, value: u64, bytes: usize) -> Vec<u8> {
        match self.layout.order {
            Order::Little => value.to_le_bytes()[..bytes].to_vec(),
            Order::Big => value.to_be_bytes()[8 - bytes..].to_vec(),
        }
    }

    pub(crate) fn word(&self, value: u64) -> Vec<u8> {
        self.number(value, self.layout.word_size())
    }

    /// Adds a section and returns its index.
    pub(crate) fn part(&mut self, name: &'static str, kind: u32, flags: u64, data: &[u8]) -> u16 {
        self.parts.push(Part { name, kind, flags, link: 0, info: 0, data: data.to_vec() });
        u16::try_from(self.parts.len()).unwrap()
    }

    pub(crate) fn symbol(&mut self, name: &str, info: u8, section: u16, value: u64) {
        let at = self.number(u64::try_from(self.strings.len()).unwrap(), 4);
        self.strings.extend_from_slice(name.as_bytes());
        self.strings.push(0);
        let (section, value, size) =
            (self.number(u64::from(section), 2), self.word(value), self.word(0));
        let fields = match self.layout.class {
            Class::Elf32 => [at, value, size, vec![info, 0], section],
            Class::Elf64 => [at, vec![info, 0], section, value, size],
        };
        self.symbols.extend(fields.concat());
    }

    pub(crate) fn version(&self, crc: u64, name: &str) -> Vec<u8> {
        let mut entry = self.word(crc);
        entry.extend_from_slice(name.as_bytes());
        entry.resize(64, 0);
        entry
    }

    /// `struct module` as far as its name.
    pub(crate) fn this_module(&self, name: &str, size: usize) -> Vec<u8> {
        let mut module = vec![0; 3 * self.layout.word_size()];
        module.extend_from_slice(name.as_bytes());
        module.resize(size, 0);
        module
    }

    /// The whole file: sections, then `.symtab`, `.strtab` and `.shstrtab`, then the section headers.
    pub(crate) fn file(mut self, machine: u16) -> Vec<u8> {
        let symtab = self.part(".symtab", 2, 0, &self.symbols.clone());
        self.parts[usize::from(symtab) - 1].link = u32::from(symtab) + 1;
        self.part(".strtab", 3, 0, &self.strings.clone());
        let last = self.part(".shstrtab", 3, 0, &[]);
        let mut names = vec![0];
        let mut offsets = Vec::new();
        for part in &self.parts {
            offsets.push(u64::try_from(names.len()).unwrap());
            names.extend_from_slice(part.name.as_bytes());
            names.push(0);
        }
        self.parts[usize::from(last) - 1].data = names;
        let mut body = vec![0; self.layout.header_size()];
        let mut table = vec![0; self.layout.section_size()];
        for (part, name) in self.parts.iter().zip(offsets) {
            let at = u64::try_from(body.len()).unwrap();
            if part.kind != 8 {
                body.extend_from_slice(&part.data);
            }
            body.resize(body.len().next_multiple_of(8), 0);
            let size = u64::try_from(part.data.len()).unwrap();
            table.extend(self.number(name, 4));
            table.extend(self.number(u64::from(part.kind), 4));
            for value in [part.flags, 0, at, size] {
                table.extend(self.word(value));
            }
            table.extend(self.number(u64::from(part.link), 4));
            table.extend(self.number(u64::from(part.info), 4));
            table.extend([self.word(1), self.word(0)].concat());
        }
        let (ident, order) = match (self.layout.class, self.layout.order) {
            (Class::Elf32, Order::Little) => (1, 1),
            (Class::Elf32, Order::Big) => (1, 2),
            (Class::Elf64, Order::Little) => (2, 1),
            (Class::Elf64, Order::Big) => (2, 2),
        };
        let mut head = b"\x7fELF".to_vec();
        head.extend([ident, order, 1]);
        head.resize(16, 0);
        let end = u64::try_from(body.len()).unwrap();
        let count = u64::from(last) + 1;
        for (value, bytes) in [(1, 2), (u64::from(machine), 2), (1, 4)] {
            head.extend(self.number(value, bytes));
        }
        head.extend([self.word(0), self.word(0), self.word(end)].concat());
        let header = u64::try_from(self.layout.header_size()).unwrap();
        let section = u64::try_from(self.layout.section_size()).unwrap();
        for (value, bytes) in
            [(0, 4), (header, 2), (0, 2), (0, 2), (section, 2), (count, 2), (u64::from(last), 2)]
        {
            head.extend(self.number(value, bytes));
        }
        body[..head.len()].copy_from_slice(&head);
        body.extend(table);
        body
    }
}

/// A module `toy` that needs `printk` and weakly `maybe`, and offers `toy_plain` and, for GPL, `toy_gpl` in
/// namespace `TOYS`.
pub(crate) fn toy(layout: Layout, machine: u16) -> Vec<u8> {
    let mut b = Built::new(layout);
    b.part(".text", 1, 6, &[0x90; 16]);
    b.part(".modinfo", 1, 2, b"license=GPL\0\0name=toy\0alias=a\0alias=b\0vermagic=6.1 SMP \0");
    let versions = [b.version(7, "module_layout"), b.version(0xdead_beef, "printk")].concat();
    b.part("__versions", 1, 2, &versions);
    let plain = b.part("__ksymtab", 1, 2, &[0; 12]);
    let gpl = b.part("__ksymtab_gpl", 1, 2, &[0; 12]);
    let crc = [b.number(0x1111, 4), b.number(0x2222, 4)];
    b.part("__kcrctab", 1, 2, &crc[0]);
    b.part("__kcrctab_gpl", 1, 2, &crc[1]);
    let strings = b.part("__ksymtab_strings", 1, 2, b"toy_plain\0\0toy_gpl\0TOYS\0");
    let module = b.this_module("toy", 256);
    b.part(".gnu.linkonce.this_module", 1, 3, &module);
    b.part(".bss", 8, 3, &[0; 32]);
    b.symbol("__ksymtab_toy_plain", 0, plain, 0);
    b.symbol("__ksymtab_toy_gpl", 0, gpl, 0);
    b.symbol("__kstrtabns_toy_plain", 0, strings, 10);
    b.symbol("__kstrtabns_toy_gpl", 0, strings, 19);
    b.symbol("printk", 0x10, 0, 0);
    b.symbol("absolute", 0x10, 0xfff1, 5);
    b.symbol("maybe", 0x20, 0, 0);
    b.file(machine)
}
