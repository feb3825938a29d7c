//! The kernel reads only regular files that are not empty.

use super::{LinuxCase, LinuxCheck};
use crate::check::{Answer, Check, Passage};
use crate::codes::NOT_A_READABLE_FILE;
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::proof::{Claim, Rule};

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/file-readable",
        source: "linux, fs/kernel_read_file.c kernel_read_file",
    },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let readable = case.bytes(step)?.is_some();
    let claim = Claim::FileReadable(readable);
    Ok(if readable {
        Passage::pass(claim)
    } else {
        Passage::refuse(claim, &NOT_A_READABLE_FILE, Errno::EINVAL)
    })
}
