//! ELF relocatable objects as Linux kernel modules use them.
//!
//! Holds what can be read from a module's bytes without judging it: header and section headers raw,
//! `.modinfo`, `__versions`, symbols that are needed and offered, and the byte-dependent facts that the
//! kernel's own validity walk looks at, so that the walk can be replayed later without the bytes.
//! It must not know which kernel minds what.
//!
//! Everything here is total: any bytes give a survey, truncated and hostile ones too.
//!
//! Sources: System V ABI chapter 4; Linux `kernel/module/main.c`, `kernel/module/version.c`,
//! `include/linux/export.h`, `include/linux/module.h`, `scripts/mod/modpost.c` (6.1 and 6.12).

pub mod layout;
pub mod header;
pub(crate) mod text;
pub mod modinfo;
pub mod notes;
pub mod versions;
pub mod symbols;
pub mod survey;
pub mod kept;
pub mod relocations;
pub mod pieces;
pub mod quick;
pub mod links;

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "sizes are the test's own")]
pub(crate) mod built;
#[cfg(test)]
mod tests;
