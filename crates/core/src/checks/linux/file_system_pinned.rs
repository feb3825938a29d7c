//! `LoadPin` lets modules come from one file system only, and none without a file.

use super::unpacking::unpacker;
use super::{LinuxCase, LinuxCheck};
use crate::check::{Answer, Check, Passage};
use crate::codes::LOADPIN_REFUSED;
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::proof::{Claim, Gaps, Question, Rule, Unpacker, Why, gap, text};

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/file-system",
        source: "linux, security/loadpin/loadpin.c loadpin_check; kmod, libkmod/libkmod-module.c do_init_module",
    },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let pinned = pinned(case, step)?;
    let claim = Claim::FileSystemPinned(pinned);
    if !pinned {
        return Ok(Passage::pass(claim));
    }
    // Bytes that a program unpacked come from no file system.
    if unpacker(case, step)? == Unpacker::Program {
        return Ok(Passage::refuse(claim, &LOADPIN_REFUSED, Errno::EPERM));
    }
    let why = Why::OutOfReach(text("the file system of the first module that was loaded"));
    Err(gap(Question::PinnedFileSystem, why))
}

/// Whether it counts for this module.
fn pinned(case: &LinuxCase<'_>, step: &mut Step) -> Result<bool, Gaps> {
    let pinned = &case.policy.file_system_pinned;
    let modules = *step.consult(&pinned.modules)?;
    let alike = step.consult(&pinned.packed).is_ok_and(|packed| *packed == modules);
    // Where files that the kernel unpacks are another kind, who unpacks must be known: a program, or nobody can tell.
    if case.module.packed.is_some() && !alike {
        unpacker(case, step)?;
    }
    Ok(modules)
}
