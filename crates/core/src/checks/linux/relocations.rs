//! Every place that is filled in when the module is laid out must be empty before, and of a kind the
//! loader knows.

use super::{LinuxCase, LinuxCheck, unread, words};
use crate::check::{Answer, Check, Line, Passage};
use crate::codes::RELOCATION_REFUSED;
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::proof::{Claim, Rule};
use alloc::format;
use alloc::string::String;
use loadworthy_formats::elf::layout::{PPC64, RISCV, S390, S390_OLD, X86_64};
use loadworthy_formats::elf::relocations::Obstacle;

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/relocations",
        source: "linux, kernel/module/main.c apply_relocations; arch/x86/kernel/module.c __write_relocate_add; arch/arm64, arch/riscv and arch/powerpc (module_64.c), apply_relocate_add; arch/s390/kernel/module.c apply_rela",
    },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some(bytes) = case.bytes(step)? else { return unread() };
    let machine = bytes.survey.header.machine;
    let obstacles = bytes.obstacles;
    let other = obstacles.usual != obstacles.other
        && *step.consult(match machine {
            RISCV => &case.policy.behaviours.riscv_few_relocations,
            _ => &case.policy.options.power_pcrel,
        })?;
    let Some(obstacle) = (if other { obstacles.other } else { obstacles.usual }) else {
        return Ok(Passage::pass(Claim::Relocations(None)));
    };
    let errno = if machine == RISCV { Errno::EINVAL } else { Errno::ENOEXEC };
    let claim = Claim::Relocations(Some(obstacle));
    let mut passage = Passage::refuse(claim, &RELOCATION_REFUSED, errno);
    // A place that is not empty has a line that goes on with addresses, which nobody can foretell.
    if let Obstacle::UnknownType { kind } = obstacle
        && let Some(text) = line(machine, kind, &words::struct_name(&bytes))
    {
        passage.says.push(Line { row: "elf", text, once: false });
    }
    Ok(passage)
}

/// What the loader says of a kind it does not know. Kinds that it knows and refuses have no line, or one with an
/// address; arm64's begins in different ways.
fn line(machine: u16, kind: u32, name: &str) -> Option<String> {
    match (machine, kind) {
        (X86_64, _) => Some(format!("module: {name}: Unknown rela relocation: {kind}")),
        (PPC64, _) => Some(format!("module_64: {name}: Unknown ADD relocation: {kind}")),
        (RISCV, 3..=11 | 21 | 22 | 29..=32 | 43 | 58) | (S390 | S390_OLD, 9..=12) => None,
        (RISCV, _) => Some(format!("{name}: Unknown relocation type {kind}")),
        (S390 | S390_OLD, _) => Some(format!("module {name}: unknown relocation: {kind}")),
        _ => None,
    }
}
