//! A module without a licence the kernel takes for free software is marked `P`.

use super::{LinuxCase, LinuxCheck, unread, words};
use crate::check::{Answer, Check, Letter, Passage};
use crate::codes::PROPRIETARY_LICENCE;
use crate::fact::step::Step;
use crate::facts::module::ModuleBytes;
use crate::proof::{Claim, Rule, text};
use alloc::borrow::ToOwned;
use alloc::string::String;
use loadworthy_formats::text::printable;

/// Licences the kernel takes for free, letter by letter (`include/linux/license.h`).
const FREE: [&[u8]; 6] = [
    b"GPL",
    b"GPL v2",
    b"GPL and additional rights",
    b"Dual BSD/GPL",
    b"Dual MIT/GPL",
    b"Dual MPL/GPL",
];

/// Modules that are taken for proprietary whatever they say (`kernel/module/main.c`).
const NEVER_FREE: [&[u8]; 2] = [b"driverloader", b"lve"];

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/licence",
        source: "linux, include/linux/license.h; kernel/module/main.c set_license (module_license_taint_check since 6.4)",
    },
    run: check,
};

pub(super) static AGAIN: LinuxCheck = Check {
    rule: Rule {
        name: "linux/licence-again",
        source: "linux, kernel/module/main.c module_augment_kernel_taints",
    },
    run: again,
};

/// Whether the module counts as proprietary.
pub(super) fn is_proprietary(bytes: &ModuleBytes) -> bool {
    !FREE.contains(&licence(bytes))
        || bytes.survey.struct_name().is_some_and(|n| NEVER_FREE.contains(&n))
}

fn licence(bytes: &ModuleBytes) -> &[u8] {
    bytes.survey.modinfo().and_then(|m| m.get("license")).unwrap_or(b"unspecified")
}

fn stated(bytes: &ModuleBytes) -> String {
    match bytes.survey.modinfo().and_then(|m| m.get("license")) {
        Some(value) => printable(value),
        None => "unspecified".to_owned(),
    }
}

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some(bytes) = case.bytes(step)? else { return unread() };
    let licence = stated(&bytes);
    if !is_proprietary(&bytes) {
        return Ok(Passage::pass(Claim::LicenceFree { free: true, licence: text(licence) }));
    }
    let claim = Claim::LicenceFree { free: false, licence: text(licence.as_str()) };
    let mut passage = Passage::taint(claim, Letter::P, &PROPRIETARY_LICENCE);
    passage.says.extend(case.line("licence", &[&words::struct_name(&bytes), &licence], step)?);
    passage.says.extend(case.line("lock-debugging-off", &[], step)?);
    Ok(passage)
}

fn again(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some(bytes) = case.bytes(step)? else { return unread() };
    let free = !is_proprietary(&bytes);
    let mut passage = Passage::pass(Claim::LicenceFree { free, licence: text(stated(&bytes)) });
    if !free {
        passage.says.extend(case.line("licence-again", &[&words::struct_name(&bytes)], step)?);
    }
    Ok(passage)
}
