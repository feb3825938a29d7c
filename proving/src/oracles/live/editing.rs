//! Changes to a real module's bytes: sections, module information, symbol versions, names.
//!
//! Written for relocatable ELF files of 64 bits, little-endian. A section that changes its length
//! moves to the end of the file.

use crate::forge::signature::MARKER;
use std::ops::Range;

/// A module that is being changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// The file.
    pub bytes: Vec<u8>,
}

/// A section: where its header and its bytes lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its name.
    pub name: String,
    /// Where its header lies.
    pub header: usize,
    /// Where its bytes lie.
    pub range: Range<usize>,
}

impl Module {
    /// A module without the signature it came with.
    #[must_use]
    pub fn unsigned(file: &[u8]) -> Self {
        let mut bytes = file.to_vec();
        if let Some(rest) = file.strip_suffix(MARKER)
            && let Some((_, length)) = rest.split_last_chunk::<4>()
        {
            let signature = u32::from_be_bytes(*length) as usize;
            bytes.truncate(rest.len().saturating_sub(12 + signature));
        }
        Self { bytes }
    }

    fn number(&self, at: usize, size: usize) -> usize {
        let bytes = self.bytes.get(at..at.saturating_add(size)).unwrap_or_default();
        bytes.iter().rev().fold(0, |n, b| n << 8 | usize::from(*b))
    }

    /// Writes over bytes; what lies behind the end is left out.
    pub fn poke(&mut self, at: usize, bytes: &[u8]) {
        for (n, byte) in bytes.iter().enumerate() {
            if let Some(place) = self.bytes.get_mut(at.saturating_add(n)) {
                *place = *byte;
            }
        }
    }

    /// The sections.
    #[must_use]
    pub fn sections(&self) -> Vec<Section> {
        let (table, count) = (self.number(0x28, 8), self.number(0x3c, 2));
        let header = |n: usize| table.saturating_add(64 * n);
        let names = self.number(header(self.number(0x3e, 2)).saturating_add(0x18), 8);
        (0..count)
            .map(|n| {
                let at = header(n);
                let name =
                    self.bytes.get(names.saturating_add(self.number(at, 4))..).unwrap_or_default();
                let name = name.split(|b| *b == 0).next().unwrap_or_default();
                let offset = self.number(at.saturating_add(0x18), 8);
                Section {
                    name: String::from_utf8_lossy(name).into_owned(),
                    header: at,
                    range: offset..offset.saturating_add(self.number(at.saturating_add(0x20), 8)),
                }
            })
            .collect()
    }

    /// The section of this name, if its bytes lie within the file.
    #[must_use]
    pub fn section(&self, name: &str) -> Option<Section> {
        let there = |s: &Section| self.bytes.get(s.range.clone()).is_some();
        self.sections().into_iter().find(|s| s.name == name && there(s))
    }

    /// The bytes of a section; none where there is no such section.
    #[must_use]
    pub fn contents(&self, name: &str) -> Vec<u8> {
        let range = self.section(name).map(|s| s.range).unwrap_or_default();
        self.bytes.get(range).unwrap_or_default().to_vec()
    }

    /// Gives a section other bytes.
    pub fn replace(&mut self, name: &str, contents: &[u8]) {
        let Some(section) = self.section(name) else { return };
        if contents.len() == section.range.len() {
            return self.poke(section.range.start, contents);
        }
        self.bytes.resize(self.bytes.len().next_multiple_of(64), 0);
        let at = self.bytes.len() as u64;
        self.bytes.extend(contents);
        self.poke(section.header + 0x18, &at.to_le_bytes());
        self.poke(section.header + 0x20, &(contents.len() as u64).to_le_bytes());
    }

    /// Gives a section another name, of which only the first letter differs.
    pub fn hide(&mut self, name: &str) {
        let wanted = [name.as_bytes(), &[0]].concat();
        let Some(names) = self.section(".shstrtab") else { return };
        let found = self.bytes[names.range.clone()].windows(wanted.len()).position(|w| w == wanted);
        if let Some(found) = found {
            self.poke(names.range.start + found, b"X");
        }
    }

    /// Gives a section a name that the file does not have yet.
    pub fn rename_section(&mut self, name: &str, other: &str) {
        let Some(header) = self.section(name).map(|s| s.header) else { return };
        let names = self.contents(".shstrtab");
        let at = u32::try_from(names.len()).unwrap_or_default();
        self.replace(".shstrtab", &[&names, other.as_bytes(), &[0]].concat());
        self.poke(header, &at.to_le_bytes());
    }

    /// Gives a section the name of another.
    pub fn name_like(&mut self, name: &str, other: &str) {
        let (Some(section), Some(other)) = (self.section(name), self.section(other)) else {
            return;
        };
        let name = self.bytes[other.header..][..4].to_vec();
        self.poke(section.header, &name);
    }

    /// The rows of `.modinfo`.
    #[must_use]
    pub fn modinfo(&self) -> Vec<String> {
        let contents = self.contents(".modinfo");
        let rows = contents.split(|b| *b == 0).filter(|row| !row.is_empty());
        rows.map(|row| String::from_utf8_lossy(row).into_owned()).collect()
    }

    /// Writes `.modinfo` anew.
    pub fn set_modinfo(&mut self, rows: &[String]) {
        let contents: Vec<u8> = rows.iter().flat_map(|row| row.bytes().chain([0])).collect();
        self.replace(".modinfo", &contents);
    }

    /// Sets a row of `.modinfo`, or takes it out.
    pub fn inform(&mut self, key: &str, value: Option<&str>) {
        let mut rows = self.modinfo();
        rows.retain(|row| row.split('=').next() != Some(key));
        rows.extend(value.map(|value| format!("{key}={value}")));
        self.set_modinfo(&rows);
    }

    /// The value of a row of `.modinfo`.
    #[must_use]
    pub fn informed(&self, key: &str) -> String {
        let of = |row: &String| row.strip_prefix(&format!("{key}=")).map(str::to_owned);
        self.modinfo().iter().find_map(of).unwrap_or_default()
    }

    /// Where the entries of `__versions` lie, with the names.
    #[must_use]
    pub fn versions(&self) -> Vec<(usize, String)> {
        let Some(section) = self.section("__versions") else { return Vec::new() };
        let entry = |at: usize| {
            let name = self.bytes.get(at + 8..at + 64).unwrap_or_default();
            let name = name.split(|b| *b == 0).next().unwrap_or_default();
            (at, String::from_utf8_lossy(name).into_owned())
        };
        section.range.step_by(64).map(entry).collect()
    }

    /// Makes the recorded sum of a symbol another one.
    pub fn other_sum(&mut self, symbol: &str) {
        if let Some((at, _)) = self.versions().iter().find(|(_, name)| name == symbol) {
            let byte = self.number(*at, 1) as u8 ^ 0xff;
            self.poke(*at, &[byte]);
        }
    }

    /// Names an undefined symbol otherwise: its first letter becomes a Z.
    pub fn rename_symbol(&mut self, symbol: &str) {
        let wanted = [&[0], symbol.as_bytes(), &[0]].concat();
        let Some(names) = self.section(".strtab") else { return };
        let found = self.bytes[names.range.clone()].windows(wanted.len()).position(|w| w == wanted);
        if let Some(found) = found {
            self.poke(names.range.start + found + 1, b"Z");
        }
    }

    /// Gives `struct module` another name.
    pub fn rename(&mut self, name: &str) {
        if let Some(section) = self.section(".gnu.linkonce.this_module") {
            let mut field = name.as_bytes().to_vec();
            field.resize(56, 0);
            self.poke(section.range.start + 24, &field);
        }
    }
}
