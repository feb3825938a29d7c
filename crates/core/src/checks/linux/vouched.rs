//! What becomes of a module that nobody vouches for.

use super::{LinuxCase, LinuxCheck};
use crate::check::{Answer, Check, Passage};
use crate::codes::{
    SIGNATURE_CRYPTO_UNSUPPORTED, SIGNING_KEY_NOT_TRUSTED, UNSIGNED_MODULE_REFUSED,
};
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::proof::{Claim, Gate, Rule};

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule { name: "linux/vouched", source: "linux, kernel/module/signing.c module_sig_check" },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    if !*step.consult(&case.policy.signatures_checked)? {
        return Ok(Passage::pass(Claim::SignaturesChecked(false)));
    }
    let (line, code) = match step.consult(&case.signature.outcome)? {
        Ok(_) => return Ok(Passage::pass(Claim::Verified)),
        Err(failure) => match failure.errno {
            Errno::ENODATA => ("unsigned-rejected", &UNSIGNED_MODULE_REFUSED),
            Errno::ENOPKG => ("crypto-rejected", &SIGNATURE_CRYPTO_UNSUPPORTED),
            Errno::ENOKEY => ("key-rejected", &SIGNING_KEY_NOT_TRUSTED),
            // Every other error was final where it arose.
            _ => return Ok(Passage::pass(Claim::Unverified(Gate::Enforced))),
        },
    };
    // Enforcement is asked before lockdown; where it is not known, lockdown alone tells that the
    // module is refused, but not in which words.
    if *step.consult(&case.policy.signatures_enforced)? {
        let mut passage =
            Passage::refuse(Claim::Unverified(Gate::Enforced), code, Errno::EKEYREJECTED);
        passage.says.extend(case.line(line, &[], step)?);
        return Ok(passage);
    }
    if *step.consult(&case.policy.locked_down)? {
        let mut passage = Passage::refuse(Claim::Unverified(Gate::LockedDown), code, Errno::EPERM);
        passage.says.extend(case.line("lockdown", &[case.loader], step)?);
        return Ok(passage);
    }
    Ok(Passage::pass(Claim::Unverified(Gate::Tolerated)))
}
