//! In FIPS mode the kernel ends when a module that nobody vouches for brings cryptography.

use super::{LinuxCase, LinuxCheck, unread, words};
use crate::check::{Answer, Check, Line, Passage};
use crate::codes::FIPS_MODE_PANICS;
use crate::fact::step::Step;
use crate::proof::{Claim, Rule};
use alloc::format;

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/fips-vouched",
        source: "linux, crypto/algapi.c crypto_check_module_sig",
    },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some(bytes) = case.bytes(step)? else { return unread() };
    // Whoever registers an algorithm or a template calls one of these.
    let brings = bytes.survey.undefined().any(|s| s.name.starts_with(b"crypto_register_"));
    let claim = Claim::BringsCryptography(brings);
    if !brings
        || !*step.consult(&case.policy.fips)?
        || !*step.consult(&case.policy.signatures_checked)?
        || case.vouched(step)?
    {
        return Ok(Passage::pass(claim));
    }
    let name = words::struct_name(&bytes);
    let text = format!(
        "Kernel panic - not syncing: Module {name} signature verification failed in FIPS mode"
    );
    let mut passage = Passage::never_asked(claim, &FIPS_MODE_PANICS);
    passage.says.push(Line { row: "fips", text, once: false });
    Ok(passage)
}
