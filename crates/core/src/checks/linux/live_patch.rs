//! A live patch needs a kernel that can apply one, and is marked `K`.

use super::{LinuxCase, LinuxCheck, unread, words};
use crate::check::{Answer, Check, Letter, Passage};
use crate::codes::{LIVE_PATCH, LIVE_PATCH_UNSUPPORTED};
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::proof::{Claim, Rule};

pub(super) static SUPPORTED: LinuxCheck = Check {
    rule: Rule {
        name: "linux/live-patch-supported",
        source: "linux, kernel/module/main.c check_modinfo_livepatch",
    },
    run: supported,
};

pub(super) static MARK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/live-patch-mark",
        source: "linux, kernel/module/main.c check_modinfo_livepatch (module_augment_kernel_taints since 6.4)",
    },
    run: mark,
};

fn supported(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some(bytes) = case.bytes(step)? else { return unread() };
    if !words::has_tag(&bytes, "livepatch") {
        return Ok(Passage::pass(Claim::Livepatch(false)));
    }
    if *step.consult(&case.policy.options.livepatch)? {
        return Ok(Passage::pass(Claim::LivepatchSupported(true)));
    }
    let mut passage =
        Passage::refuse(Claim::LivepatchSupported(false), &LIVE_PATCH_UNSUPPORTED, Errno::ENOEXEC);
    passage.says.extend(case.line(
        "livepatch-unsupported",
        &[&words::struct_name(&bytes)],
        step,
    )?);
    Ok(passage)
}

fn mark(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some(bytes) = case.bytes(step)? else { return unread() };
    if !words::has_tag(&bytes, "livepatch") {
        return Ok(Passage::pass(Claim::Livepatch(false)));
    }
    let mut passage = Passage::taint(Claim::Livepatch(true), Letter::K, &LIVE_PATCH);
    passage.says.extend(case.line("livepatch", &[&words::struct_name(&bytes)], step)?);
    Ok(passage)
}
