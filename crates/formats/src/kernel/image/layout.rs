//! The sections of an unpacked kernel, or one nameless stretch of bytes and what is found in it.

use crate::error::{Error, Kind};
use crate::reader::{index, wide};
use object::{Object, ObjectSection};

/// More sections than any linked kernel has; Debian's have about fifty.
const MOST: usize = 1024;

/// `KSYM_NAME_LEN`, the longest name there is.
const LONGEST: usize = 512;

/// One section that has bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Section<'a> {
    pub(super) name: &'a str,
    pub(super) address: u64,
    pub(super) bytes: &'a [u8],
}

/// An unpacked kernel.
#[derive(Debug)]
pub(super) struct Layout<'a> {
    bytes: &'a [u8],
    sections: Vec<Section<'a>>,
    /// Where a flat kernel begins in memory.
    flat: Option<u64>,
    /// Whether addresses take eight bytes.
    pub(super) wide: bool,
    /// Whether the least significant byte comes first.
    pub(super) little: bool,
}

/// How numbers of a flat kernel are written: its machine decides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers {
    /// Whether addresses take eight bytes.
    pub(super) wide: bool,
    /// Whether the least significant byte comes first.
    pub(super) little: bool,
}

impl<'a> Layout<'a> {
    /// The layout of an ELF file; anything else is taken as flat.
    pub(super) fn read(bytes: &'a [u8], numbers: Numbers) -> Result<Self, Error> {
        if !bytes.starts_with(b"\x7fELF") {
            let Numbers { wide, little } = numbers;
            return Ok(Self { bytes, sections: Vec::new(), flat: Some(0), wide, little });
        }
        let illegal = Error::new("vmlinux ELF header", 0, Kind::Unsupported);
        let file = object::File::parse(bytes).map_err(|_| illegal)?;
        let sections = file
            .sections()
            .filter_map(|section| {
                let (start, size) = section.file_range()?;
                let end = start.checked_add(size)?;
                Some(Section {
                    name: str::from_utf8(section.name_bytes().ok()?).ok()?,
                    address: section.address(),
                    bytes: bytes.get(index(start)..index(end))?,
                })
            })
            .take(MOST + 1)
            .collect::<Vec<_>>();
        if sections.len() > MOST {
            let limit = wide(MOST);
            return Err(Error::new("vmlinux sections", 0, Kind::TooMany { limit }));
        }
        let (wide, little) = (file.is_64(), file.is_little_endian());
        Ok(Self { bytes, sections, flat: None, wide, little })
    }

    /// A flat kernel that begins at `base` in memory, with these sections.
    pub(super) const fn at(&self, base: u64, sections: Vec<Section<'a>>) -> Self {
        let Self { bytes, wide, little, .. } = *self;
        Self { bytes, sections, flat: Some(base), wide, little }
    }

    /// Whether it names no sections of its own.
    pub(super) const fn is_flat(&self) -> bool {
        self.flat.is_some()
    }

    /// All its bytes.
    pub(super) const fn whole(&self) -> &'a [u8] {
        self.bytes
    }

    /// The section of this name.
    pub(super) fn named(&self, name: &str) -> Option<Section<'a>> {
        self.sections.iter().copied().find(|section| section.name == name)
    }

    /// What lies from `address` to the end of its section. Sections at zero are not in memory.
    pub(super) fn from(&self, address: u64) -> Option<&'a [u8]> {
        if let Some(base) = self.flat {
            let at = address.checked_sub(base)?;
            return self.bytes.get(index(at)..).filter(|rest| !rest.is_empty());
        }
        self.sections.iter().filter(|section| section.address != 0).find_map(|section| {
            let at = address.checked_sub(section.address)?;
            section.bytes.get(index(at)..).filter(|rest| !rest.is_empty())
        })
    }

    /// The text at `address`, if it ends within [`LONGEST`] bytes.
    pub(super) fn text(&self, address: u64) -> Option<&'a str> {
        let text = self.from(address)?;
        let text = text.get(..LONGEST).unwrap_or(text);
        str::from_utf8(text.get(..memchr::memchr(0, text)?)?).ok()
    }

    /// The stretches where constants and strings lie.
    pub(super) fn constants(&self) -> Vec<&'a [u8]> {
        self.stretches(&[".rodata"])
    }

    /// The stretches where the compiled-in certificates may lie.
    pub(super) fn initial(&self) -> Vec<&'a [u8]> {
        self.stretches(&[".init.data", ".init.rodata", ".rodata"])
    }

    fn stretches(&self, names: &[&str]) -> Vec<&'a [u8]> {
        let named: Vec<_> =
            names.iter().filter_map(|name| self.named(name)).map(|found| found.bytes).collect();
        if self.named(".rodata").is_some() { named } else { vec![self.bytes] }
    }

    /// Thirty-two bits at the beginning of `bytes`, in the kernel's byte order.
    pub(super) fn u32(&self, bytes: &[u8]) -> Option<u32> {
        let word = *bytes.first_chunk()?;
        Some(if self.little { u32::from_le_bytes(word) } else { u32::from_be_bytes(word) })
    }

    /// A word as wide as an address.
    pub(super) fn word(&self, bytes: &[u8]) -> Option<u64> {
        if !self.wide {
            return self.u32(bytes).map(u64::from);
        }
        let word = *bytes.first_chunk()?;
        Some(if self.little { u64::from_le_bytes(word) } else { u64::from_be_bytes(word) })
    }

    /// Bytes of an address.
    pub(super) const fn word_size(&self) -> usize {
        if self.wide { 8 } else { 4 }
    }

    /// A word of a structure that is made of words.
    pub(super) fn nth_word(&self, bytes: &[u8], number: usize) -> Option<u64> {
        self.word(bytes.get(number.checked_mul(self.word_size())?..)?)
    }
}
