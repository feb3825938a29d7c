//! Every place that is filled in when the module is laid out must be empty before, and of a kind the
//! loader knows.

use super::{LinuxCase, LinuxCheck, unread, words};
use crate::check::{Answer, Check, Line, Passage};
use crate::codes::RELOCATION_REFUSED;
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::proof::{Claim, Rule};
use alloc::format;
use loadworthy_formats::elf::layout::X86_64;
use loadworthy_formats::elf::relocations::Obstacle;

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/relocations",
        source: "linux, kernel/module/main.c apply_relocations, arch/x86/kernel/module.c __write_relocate_add",
    },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some(bytes) = case.bytes(step)? else { return unread() };
    let Some(obstacle) = bytes.obstacle else {
        return Ok(Passage::pass(Claim::Relocations(None)));
    };
    let claim = Claim::Relocations(Some(obstacle));
    let mut passage = Passage::refuse(claim, &RELOCATION_REFUSED, Errno::ENOEXEC);
    // The other line goes on with addresses, which nobody can foretell; arm64's begins in different ways.
    if let Obstacle::UnknownType { kind } = obstacle
        && bytes.survey.header.machine == X86_64
    {
        let name = words::struct_name(&bytes);
        let text = format!("module: {name}: Unknown rela relocation: {kind}");
        passage.says.push(Line { row: "elf", text, once: false });
    }
    Ok(passage)
}
