//! The ladder that each signature climbs, and the checks that ask how far they come.

use super::rungs::{Fall, Hold, Rung, rung};
use super::{DriverCase, DriverCheck, audited, deny, pass, told};
use crate::check::{Answer, Check};
use crate::fact::step::Step;
use crate::facts::driver::DriverSignature;
use crate::policy::windows::disputed;
use crate::proof::windows::{WindowsClaim, WindowsQuestion};
use crate::proof::{Gaps, Rule};
use alloc::vec::Vec;

macro_rules! check {
    ($name:ident, $rung:ident, $rule:literal, $source:literal) => {
        pub(super) static $name: DriverCheck = Check {
            rule: Rule { name: $rule, source: $source },
            run: |case, step| climb(case, step, Rung::$rung),
        };
    };
}

check!(MATCHES, Matches, "windows/signature-matches", "Authenticode PE format; event 3004, 3002");
check!(DIGEST, Digest, "windows/digest-understood", "KB3033929; Appendix 4: Driver Signing Issues");
check!(
    CHAIN,
    Chain,
    "windows/root-accepted",
    "Kernel-Mode Code Signing Policy: roots in the kernel"
);
check!(USAGE, Usage, "windows/usage", "ELAM driver requirements; EKU 61.4.1, 61.5.1");
check!(PORTAL, Portal, "windows/portal-signed", "Kernel-Mode Code Signing Policy, since 1607");
check!(VALIDITY, Validity, "windows/valid-in-time", "Authenticode, lifetime signing; event 3033");

/// How far one signature comes.
enum Reach {
    Past(Hold),
    Fell(Fall),
    Before,
}

fn reach(
    case: &DriverCase<'_>,
    signature: &DriverSignature,
    at: Rung,
    step: &mut Step,
) -> Result<Reach, Gaps> {
    for lower in Rung::ALL.into_iter().filter(|r| *r < at) {
        // The rungs below are other checks, which draw their own proofs; what is open there is
        // taken for passed here.
        let mut scratch = Step::of(step.rule());
        if matches!(rung(lower, signature, case, &mut scratch), Ok(Err(_))) {
            return Ok(Reach::Before);
        }
    }
    Ok(match rung(at, signature, case, step)? {
        Ok(hold) => Reach::Past(hold),
        Err(fall) => Reach::Fell(fall),
    })
}

fn climb(case: &DriverCase<'_>, step: &mut Step, at: Rung) -> Answer {
    if case.not_asked(step)? {
        return Ok(pass(WindowsClaim::NotAsked));
    }
    let mut held: Option<Hold> = None;
    let mut fell: Option<Fall> = None;
    let mut open = Gaps::new();
    for signature in case.signatures(step)? {
        match reach(case, signature, at, step) {
            Ok(Reach::Past(hold)) => {
                // The one about which least is told is the one that counts.
                let noise = |h: &Hold| (h.audited.is_some(), !h.events.is_empty());
                held = Some(match held {
                    Some(before) if noise(&before) <= noise(&hold) => before,
                    _ => hold,
                });
            }
            Ok(Reach::Fell(fall)) => fell = fell.or(Some(fall)),
            Ok(Reach::Before) => {}
            Err(gaps) => open.extend(gaps),
        }
    }
    if let Some(hold) = held {
        return Ok(match hold.audited {
            Some(code) => audited(hold.claim, code, &hold.events),
            None if hold.events.is_empty() => pass(hold.claim),
            None => told(hold.claim, &hold.events),
        });
    }
    if !open.is_empty() {
        return Err(open);
    }
    let Some(fall) = fell else { return Ok(pass(WindowsClaim::NotAsked)) };
    if case.at_boot(step)? {
        let catalogs = case.catalogs(step)?;
        if !through(case, &catalogs, step)?.is_empty() {
            return Err(disputed(WindowsQuestion::CatalogAtBoot));
        }
    }
    Ok(deny(fall.claim, fall.code, Some(fall.status), fall.problem, &fall.events))
}

/// Those among `signatures` that get to the top.
///
/// # Errors
/// What is missing, where none does and one might.
pub(super) fn through<'s>(
    case: &DriverCase<'_>,
    signatures: &[&'s DriverSignature],
    step: &mut Step,
) -> Result<Vec<&'s DriverSignature>, Gaps> {
    let mut found = Vec::new();
    let mut open = Gaps::new();
    'next: for signature in signatures {
        let mut doubts = Gaps::new();
        for at in Rung::ALL {
            match rung(at, signature, case, step) {
                Ok(Ok(_)) => {}
                Ok(Err(_)) => continue 'next,
                Err(gaps) => doubts.extend(gaps),
            }
        }
        if doubts.is_empty() {
            found.push(*signature);
        } else {
            open.extend(doubts);
        }
    }
    if found.is_empty() && !open.is_empty() { Err(open) } else { Ok(found) }
}

/// The signatures that Code Integrity accepts.
///
/// # Errors
/// As [`through`].
pub(super) fn accepted<'c>(
    case: &'c DriverCase<'_>,
    step: &mut Step,
) -> Result<Vec<&'c DriverSignature>, Gaps> {
    let all = case.signatures(step)?;
    through(case, &all, step)
}
