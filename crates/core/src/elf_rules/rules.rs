//! Which kernel's rules are meant.

use loadworthy_formats::elf::layout::{Class, X86_64};

/// In which order, and how far, a kernel walks a module's structure before it uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// Up to 6.3: `elf_validity_check`, then `setup_load_info` takes the first of each section.
    First,
    /// 6.4 to 6.12: one walk that also counts the sections that must be unique.
    Counted,
    /// 6.13 and what was carried back from it, as in 6.12.117: `elf_validity_cache_*`, one step a function.
    Cached,
}

/// How one kernel judges the structure of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// `e_machine` of its modules.
    pub machine: u16,
    /// Word size of the kernel.
    pub class: Class,
    /// The walk.
    pub walk: Walk,
    /// Whether it logs one line for whatever is wrong, as 5.10 does.
    pub one_line: bool,
    /// Whether the sections of names must be string tables by type (6.12.y late, 7.x).
    pub table_types: bool,
    /// Whether symbol names are checked before they are used (6.13 on).
    pub symbol_names: bool,
    /// Whether the two halves of extended versions must agree (6.14 on).
    pub extended_versions: bool,
    /// `sizeof(struct module)` in bytes, where it is known. Unknown, it is not compared.
    pub struct_module: Option<u64>,
    /// Whether a section both writable and executable is refused (`CONFIG_STRICT_MODULE_RWX`).
    pub strict_rwx: bool,
}

impl Rules {
    /// Linux 5.10 on x86-64.
    pub const V5_10: Self = Self {
        machine: X86_64,
        class: Class::Elf64,
        walk: Walk::First,
        one_line: true,
        table_types: false,
        symbol_names: false,
        extended_versions: false,
        struct_module: None,
        strict_rwx: true,
    };
    /// Linux 6.1 on x86-64.
    pub const V6_1: Self = Self { one_line: false, ..Self::V5_10 };
    /// Linux 6.4 to 6.12 on x86-64.
    pub const V6_4: Self = Self { walk: Walk::Counted, ..Self::V6_1 };
    /// Linux 6.12.117 on x86-64, which has the steps of 6.13.
    pub const V6_12: Self = Self { walk: Walk::Cached, table_types: true, ..Self::V6_1 };
    /// Linux 6.14 on x86-64.
    pub const V6_14: Self =
        Self { table_types: false, symbol_names: true, extended_versions: true, ..Self::V6_12 };
    /// Linux 7.x on x86-64.
    pub const V7: Self = Self { table_types: true, ..Self::V6_14 };

    /// These rules for another machine's kernel.
    #[must_use]
    pub const fn on(self, machine: u16, class: Class) -> Self {
        Self { machine, class, ..self }
    }

    /// These rules with a known `sizeof(struct module)`.
    #[must_use]
    pub const fn with_struct_module(self, bytes: Option<u64>) -> Self {
        Self { struct_module: bytes, ..self }
    }
}
