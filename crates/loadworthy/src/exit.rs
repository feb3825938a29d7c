//! The exit code, decided in one place.

use crate::args::FailOn;
use loadworthy_core::answer::{Answered, Answers};
use loadworthy_core::proof::Standing;
use loadworthy_core::rehearsed::{OnTrial, Rehearsed};
use loadworthy_core::tables::inf_lints::Level;
use loadworthy_core::verdict::Verdict;

/// Everything loads.
pub(crate) const LOADS: u8 = 0;
/// Something is refused, or is what `--fail-on` names.
pub(crate) const REFUSED: u8 = 1;
/// A usage error, or our own work failed: never a statement about the host.
pub(crate) const FAILED: u8 = 2;
/// Nothing is refused, and something is unknown, or there was nothing to judge.
pub(crate) const UNKNOWN: u8 = 3;

/// The code for these answers.
pub(crate) fn code(answers: &[Answered], fail_on: &[FailOn]) -> u8 {
    let counts: Vec<&Answered> = answers.iter().filter(|a| a.subject.need.counts()).collect();
    let any = |is: fn(&Verdict) -> bool| counts.iter().any(|a| is(&a.judgement.verdict));
    let fails = fail_on.iter().any(|on| match on {
        FailOn::Taint => any(|v| matches!(v, Verdict::LoadsTainted)),
        FailOn::Unknown => any(|v| matches!(v, Verdict::Unknown(_))),
        // Told of whole answers, in `inside`.
        FailOn::Finding => false,
        FailOn::Unconfirmed => counts.iter().any(|a| a.judgement.standing != Standing::Confirmed),
    });
    match () {
        () if fails || any(|v| matches!(v, Verdict::Refused(_))) => REFUSED,
        () if answers.is_empty() || any(|v| matches!(v, Verdict::Unknown(_))) => UNKNOWN,
        () => LOADS,
    }
}

/// The code for a rehearsal: 1 where something was refused or went otherwise than foretold.
pub(crate) fn of_rehearsal(rehearsed: &Rehearsed) -> u8 {
    let refused =
        |m: &OnTrial| !m.own_start && m.observed.as_ref().unwrap_or(&m.foretold).word == "refused";
    match () {
        () if !rehearsed.agrees() || rehearsed.modules.iter().any(refused) => REFUSED,
        () if rehearsed.modules.iter().all(|m| m.observed.is_none()) => UNKNOWN,
        () => LOADS,
    }
}

/// Whether `--fail-on finding` is asked for, and there is one.
pub(crate) fn inside(answers: &Answers, fail_on: &[FailOn]) -> bool {
    fail_on.contains(&FailOn::Finding) && answers.findings.iter().any(|f| f.level == Level::Error)
}
