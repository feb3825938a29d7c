//! A program that unpacks a module must hand over at least the header of an ELF file; nobody else is asked before.

use super::unpacking::unpacker;
use super::{LinuxCase, LinuxCheck, unread};
use crate::check::{Answer, Check, Passage};
use crate::codes::NOT_A_LOADABLE_ELF;
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::proof::{Claim, Rule, Unpacker};
use loadworthy_formats::elf::layout::Class;

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/header-handed-over",
        source: "linux, kernel/module/main.c copy_module_from_user",
    },
    run: check,
};

/// `sizeof(Elf64_Ehdr)`.
const LARGEST: u64 = 64;

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some(bytes) = case.bytes(step)? else { return unread() };
    if bytes.len >= LARGEST {
        return Ok(Passage::pass(Claim::ElfSound));
    }
    let needed = match step.consult(&case.policy.elf_rules)?.class {
        Class::Elf32 => 52,
        Class::Elf64 => LARGEST,
    };
    if bytes.len >= needed || unpacker(case, step)? != Unpacker::Program {
        return Ok(Passage::pass(Claim::ElfSound));
    }
    Ok(Passage::refuse(Claim::ElfRefused, &NOT_A_LOADABLE_ELF, Errno::ENOEXEC))
}
