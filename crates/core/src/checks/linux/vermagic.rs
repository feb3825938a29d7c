//! The version magic of module and kernel must be equal; with symbol versions, from the first blank on.

use super::{LinuxCase, LinuxCheck, layout_version, unread, words};
use crate::check::{Answer, Check, Passage};
use crate::codes::VERMAGIC_DIFFERS;
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::proof::{Claim, Fit, Rule};
use loadworthy_formats::text::printable;

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/vermagic-fits",
        source: "linux, kernel/module/main.c check_modinfo; kernel/module/version.c same_magic",
    },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some(bytes) = case.bytes(step)? else { return unread() };
    let Some(ours) = bytes.survey.modinfo().and_then(|m| m.get("vermagic")) else {
        return layout_version::forced(
            case,
            step,
            &bytes,
            "bad vermagic",
            Claim::VermagicFits(Fit::Absent),
        );
    };
    let theirs = step.consult(&case.policy.vermagic)?.clone();
    let without_release = *step.consult(&case.policy.options.modversions)?
        && bytes.survey.version_sections.allocated.is_some();
    let blank = |magic: &[u8]| {
        let blank = magic.iter().position(|b| *b == b' ').unwrap_or(magic.len());
        if without_release { blank } else { 0 }
    };
    if ours.get(blank(ours)..) == theirs.get(blank(&theirs)..) {
        return Ok(Passage::pass(Claim::VermagicFits(Fit::Fits)));
    }
    let mut passage =
        Passage::refuse(Claim::VermagicFits(Fit::Differs), &VERMAGIC_DIFFERS, Errno::ENOEXEC);
    let name = words::info_name(&bytes);
    passage.says.extend(case.line(
        "vermagic-differs",
        &[&name, &printable(ours), &printable(&theirs)],
        step,
    )?);
    Ok(passage)
}
