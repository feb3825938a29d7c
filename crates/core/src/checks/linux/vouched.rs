//! What becomes of a module that nobody vouches for.

use super::{LinuxCase, LinuxCheck};
use crate::check::{Answer, Check, Passage};
use crate::code::Code;
use crate::codes::{
    SIGNATURE_CRYPTO_UNSUPPORTED, SIGNING_KEY_NOT_TRUSTED, UNSIGNED_MODULE_REFUSED,
};
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::proof::{Claim, Gaps, Gate, Rule};
use crate::signature::Failure;

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule { name: "linux/vouched", source: "linux, kernel/module/signing.c module_sig_check" },
    run: enforced,
};

/// The gate since 5.4 ([`crate::tables::behaviours::Point::Gate`]).
const BY_REASON: &str = "by-reason";

/// Asked after enforcement, and apart from it: where enforcement is not known, lockdown alone tells
/// that the module is refused, but not in which words.
pub(super) static LOCKED_DOWN: LinuxCheck = Check {
    rule: Rule {
        name: "linux/unvouched-locked-out",
        source: "linux, kernel/module/signing.c module_sig_check; security/lockdown/lockdown.c lockdown_is_locked_down, LOCKDOWN_MODULE_SIGNATURE",
    },
    run: locked_out,
};

/// Why nobody vouches for the module, where that is not an error of its own: the row of the line
/// that says so, and the code.
fn unvouched(
    case: &LinuxCase<'_>,
    step: &mut Step,
) -> Result<Option<(&'static str, &'static Code)>, Gaps> {
    if !*step.consult(&case.policy.signatures_checked)? {
        return Ok(None);
    }
    Ok(match step.consult(&case.signature.outcome)? {
        Ok(_) => None,
        Err(failure) => match failure.errno {
            Errno::ENODATA => Some(("unsigned-rejected", &UNSIGNED_MODULE_REFUSED)),
            Errno::ENOPKG if case.left_to_gate(failure, step)? => {
                Some(("crypto-rejected", &SIGNATURE_CRYPTO_UNSUPPORTED))
            }
            Errno::ENOKEY => Some(("key-rejected", &SIGNING_KEY_NOT_TRUSTED)),
            // Every other error was final where it arose.
            _ => None,
        },
    })
}

impl LinuxCase<'_> {
    /// Whether it depends on enforcement what becomes of a module whose signature fails so; all
    /// other failures are final where they arise.
    pub(super) fn left_to_gate(&self, failure: &Failure, step: &mut Step) -> Result<bool, Gaps> {
        Ok(match failure.errno {
            Errno::ENODATA | Errno::ENOKEY => true,
            Errno::ENOPKG => **step.consult(&self.policy.behaviours.gate)? == *BY_REASON,
            _ => false,
        })
    }
}

fn enforced(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some((line, code)) = unvouched(case, step)? else {
        return Ok(Passage::pass(Claim::Verified));
    };
    if !*step.consult(&case.policy.signatures_enforced)? {
        return Ok(Passage::pass(Claim::Unverified(Gate::Tolerated)));
    }
    let claim = Claim::Unverified(Gate::Enforced);
    if **step.consult(&case.policy.behaviours.gate)? != *BY_REASON {
        return Ok(Passage::refuse(claim, code, Errno::ENOKEY));
    }
    let mut passage = Passage::refuse(claim, code, Errno::EKEYREJECTED);
    passage.says.extend(case.line(line, &[], step)?);
    Ok(passage)
}

fn locked_out(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some((_, code)) = unvouched(case, step)? else {
        return Ok(Passage::pass(Claim::Verified));
    };
    // Where signatures are enforced, lockdown is not asked any more.
    let enforced = Step::of(step.rule()).consult(&case.policy.signatures_enforced).copied();
    if enforced == Ok(true) || !*step.consult(&case.policy.locked_down)? {
        return Ok(Passage::pass(Claim::Unverified(Gate::Tolerated)));
    }
    let (errno, line) = match &**step.consult(&case.policy.behaviours.gate)? {
        BY_REASON => (Errno::EPERM, Some("lockdown")),
        "untrusted" => (Errno::ENOKEY, Some("lockdown-untrusted")),
        _ => (Errno::ENOKEY, None),
    };
    let mut passage = Passage::refuse(Claim::Unverified(Gate::LockedDown), code, errno);
    if let Some(line) = line {
        passage.says.extend(case.line(line, &[case.loader], step)?);
    }
    Ok(passage)
}
