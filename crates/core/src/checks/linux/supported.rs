//! SUSE tells modules it supports from others: by name, modprobe may refuse the others; the kernel
//! marks them, or refuses them too where it is told so.

use super::{LinuxCase, LinuxCheck, words};
use crate::check::{Answer, Check, Letter, Passage};
use crate::codes::{MODULE_NOT_SUPPORTED, UNSUPPORTED_MODULE_REFUSED};
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::facts::module::ModuleBytes;
use crate::proof::{Claim, Gaps, Rule, Support};

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/supported",
        source: "openSUSE/kernel-source, patches.suse/supported-flag: kernel/module.c setup_modinfo_supported, mod_sysfs_setup",
    },
    run: marked,
};

pub(super) static BY_NAME: LinuxCheck = Check {
    rule: Rule {
        name: "modprobe/supported",
        source: "openSUSE/suse-module-tools, 10-unsupported-modules.conf; SUSE's kmod, allow_unsupported_modules",
    },
    run: by_name,
};

fn support(bytes: &ModuleBytes) -> Support {
    match bytes.survey.modinfo().and_then(|m| m.get("supported")) {
        Some(b"yes") => Support::Vendor,
        Some(b"external") => Support::External,
        _ => Support::Nobody,
    }
}

/// Who supports the module, where this machine asks.
fn asked(case: &LinuxCase<'_>, step: &mut Step) -> Result<Support, Gaps> {
    if &*step.consult(&case.policy.identity)?.distro != "suse" {
        return Ok(Support::Unasked);
    }
    Ok(case.bytes(step)?.map_or(Support::Unasked, |bytes| support(&bytes)))
}

fn marked(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let supported = asked(case, step)?;
    let claim = Claim::Supported(supported);
    if matches!(supported, Support::Unasked | Support::Vendor)
        || !*step.consult(&case.policy.options.support_flag)?
    {
        return Ok(Passage::pass(claim));
    }
    if supported == Support::External {
        return Ok(Passage::taint(claim, Letter::X, &MODULE_NOT_SUPPORTED));
    }
    let name = case.bytes(step)?.map(|bytes| words::struct_name(&bytes)).unwrap_or_default();
    Ok(match *step.consult(&case.policy.options.unsupported)? {
        0 => {
            let mut passage = Passage::refuse(claim, &UNSUPPORTED_MODULE_REFUSED, Errno::ENOEXEC);
            passage.says.extend(case.line("unsupported-refused", &[&name], step)?);
            passage
        }
        loud => {
            let mut passage = Passage::taint(claim, Letter::N, &MODULE_NOT_SUPPORTED);
            if loud == 1 {
                passage.says.extend(case.line("unsupported-marked", &[&name], step)?);
            }
            passage
        }
    })
}

fn by_name(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let supported = asked(case, step)?;
    let claim = Claim::Supported(supported);
    let Some(by_name) = case.by_name.filter(|_| supported == Support::Nobody) else {
        return Ok(Passage::pass(claim));
    };
    Ok(if *step.consult(&by_name.unsupported_allowed)? {
        Passage::pass(claim)
    } else {
        Passage::never_asked(claim, &UNSUPPORTED_MODULE_REFUSED)
    })
}
