//! Word size and byte order of an object file, and fields read accordingly.

use crate::reader::index;
use serde::{Deserialize, Serialize};

/// Word size (`EI_CLASS`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Class {
    /// Thirty-two bits.
    Elf32,
    /// Sixty-four bits.
    Elf64,
}

/// Byte order (`EI_DATA`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

/// How the fields of a file are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// Word size.
    pub class: Class,
    /// Byte order.
    pub order: Order,
}

/// `e_machine` of x86-64.
pub const X86_64: u16 = 62;
/// `EM_AARCH64`.
pub const ARM64: u16 = 183;
/// `EM_PPC64`.
pub const PPC64: u16 = 21;
/// `EM_RISCV`, of either word size.
pub const RISCV: u16 = 243;
/// `EM_S390`, of either word size.
pub const S390: u16 = 22;
/// What `EM_S390` was before it was assigned.
pub const S390_OLD: u16 = 0xa390;

/// The word size that a machine's kernels have, where the machine leaves no choice: `Some(None)` is
/// a known machine of either size (`include/uapi/linux/elf-em.h`).
const fn known(machine: u16) -> Option<Option<Class>> {
    match machine {
        2 | 3 | 4 | 6 | 20 | 40 | 42 => Some(Some(Class::Elf32)),
        21 | 43 | 50 | X86_64 | ARM64 | 0x9026 => Some(Some(Class::Elf64)),
        8 | 15 | 22 | 243 | 258 => Some(None),
        _ => None,
    }
}

impl Layout {
    /// The layout of `bytes`. The identification says one thing, but a kernel never looks at its byte
    /// order and rarely at its class: where `e_machine` makes sense only in the other order, or belongs to
    /// machines of one word size, `e_machine` decides.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let declared = Self::declared(bytes);
        let other = match declared.order {
            Order::Little => Order::Big,
            Order::Big => Order::Little,
        };
        for order in [declared.order, other] {
            if let Some(class) = known(Self { order, ..declared }.u16(bytes, 18)) {
                return Self { class: class.unwrap_or(declared.class), order };
            }
        }
        declared
    }

    /// The layout that the identification names; 64 bits and little-endian where it names none.
    #[must_use]
    pub fn declared(bytes: &[u8]) -> Self {
        Self {
            class: if bytes.get(4) == Some(&1) { Class::Elf32 } else { Class::Elf64 },
            order: if bytes.get(5) == Some(&2) { Order::Big } else { Order::Little },
        }
    }

    /// Bytes of the file header (`sizeof(Elf_Ehdr)`).
    #[must_use]
    pub const fn header_size(self) -> usize {
        self.of_class(52, 64)
    }

    /// Bytes of one section header (`sizeof(Elf_Shdr)`).
    #[must_use]
    pub const fn section_size(self) -> usize {
        self.of_class(40, 64)
    }

    /// Bytes of one symbol (`sizeof(Elf_Sym)`).
    #[must_use]
    pub const fn symbol_size(self) -> usize {
        self.of_class(16, 24)
    }

    /// Bytes of a word (`sizeof(unsigned long)`).
    #[must_use]
    pub const fn word_size(self) -> usize {
        self.of_class(4, 8)
    }

    pub(crate) const fn of_class<T: Copy>(self, narrow: T, wide: T) -> T {
        match self.class {
            Class::Elf32 => narrow,
            Class::Elf64 => wide,
        }
    }

    /// A field of two bytes; zero where the bytes end.
    #[inline]
    pub(crate) fn u16(self, bytes: &[u8], at: usize) -> u16 {
        let field = bytes.get(at..).and_then(|b| b.first_chunk()).copied().unwrap_or_default();
        match self.order {
            Order::Little => u16::from_le_bytes(field),
            Order::Big => u16::from_be_bytes(field),
        }
    }

    /// A field of four bytes; zero where the bytes end.
    #[inline]
    pub(crate) fn u32(self, bytes: &[u8], at: usize) -> u32 {
        let field = bytes.get(at..).and_then(|b| b.first_chunk()).copied().unwrap_or_default();
        match self.order {
            Order::Little => u32::from_le_bytes(field),
            Order::Big => u32::from_be_bytes(field),
        }
    }

    /// A field of eight bytes; zero where the bytes end.
    #[inline]
    pub(crate) fn u64(self, bytes: &[u8], at: usize) -> u64 {
        let field = bytes.get(at..).and_then(|b| b.first_chunk()).copied().unwrap_or_default();
        match self.order {
            Order::Little => u64::from_le_bytes(field),
            Order::Big => u64::from_be_bytes(field),
        }
    }

    /// A field as wide as the class; zero where the bytes end.
    #[inline]
    pub(crate) fn word(self, bytes: &[u8], at: usize) -> u64 {
        match self.class {
            Class::Elf32 => u64::from(self.u32(bytes, at)),
            Class::Elf64 => self.u64(bytes, at),
        }
    }
}

/// `size` bytes from `offset`, or nothing where they are not all there.
#[inline]
pub(crate) fn range(bytes: &[u8], offset: u64, size: u64) -> Option<&[u8]> {
    bytes.get(index(offset)..index(offset.checked_add(size)?))
}
