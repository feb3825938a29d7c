//! What a Linux kernel demands of a module's ELF structure, replayed from a survey of the file.
//!
//! Pure: a survey and the kernel's rules in, its first objection out, with the lines it logs. Every objection here is
//! answered with `ENOEXEC`. It must not know signatures, versions or symbols of others: those are checks of their own.
//!
//! Sources: `kernel/module.c` (5.10), `kernel/module/main.c` (6.1, 6.12, 6.14), `kernel/module/strict_rwx.c`,
//! `arch/x86/kernel/module.c`, `arch/*/include/asm/elf.h`.

pub mod rules;
pub mod defect;
pub mod validity;
pub mod late;

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "offsets are the test's own")]
mod tests;
