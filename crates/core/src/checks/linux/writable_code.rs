//! No section of a module may be writable and executable at once.

use super::{LinuxCase, LinuxCheck, unread};
use crate::check::{Answer, Check, Line, Passage};
use crate::codes::WRITABLE_CODE_SECTION;
use crate::elf_rules::late::writable_executable;
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::proof::{Claim, Rule};

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/writable-code",
        source: "linux, kernel/module/strict_rwx.c module_enforce_rwx_sections",
    },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some(bytes) = case.bytes(step)? else { return unread() };
    let rules = *step.consult(&case.policy.elf_rules)?;
    let Some(section) = writable_executable(&bytes.survey, &rules) else {
        return Ok(Passage::pass(Claim::WritableCode(false)));
    };
    let mut passage =
        Passage::refuse(Claim::WritableCode(true), &WRITABLE_CODE_SECTION, Errno::ENOEXEC);
    passage.says.push(Line { row: "elf", text: section.line(&bytes.survey), once: false });
    Ok(passage)
}
