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

/// What verdicts come to, for the exit code.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    any: bool,
    refused: bool,
    unknown: bool,
    tainted: bool,
    unconfirmed: bool,
}

impl Tally {
    /// One verdict more.
    pub(crate) fn add(&mut self, a: &Answered) {
        self.any = true;
        if !a.subject.need.counts() {
            return;
        }
        match a.judgement.verdict {
            Verdict::Loads => {}
            Verdict::LoadsTainted => self.tainted = true,
            Verdict::Refused(_) => self.refused = true,
            Verdict::Unknown(_) => self.unknown = true,
        }
        self.unconfirmed |= a.judgement.standing != Standing::Confirmed;
    }

    /// The code.
    pub(crate) fn code(self, fail_on: &[FailOn]) -> u8 {
        let fails = fail_on.iter().any(|on| match on {
            FailOn::Taint => self.tainted,
            FailOn::Unknown => self.unknown,
            // Told of whole answers, in `inside`.
            FailOn::Finding => false,
            FailOn::Unconfirmed => self.unconfirmed,
        });
        match () {
            () if fails || self.refused => REFUSED,
            () if !self.any || self.unknown => UNKNOWN,
            () => LOADS,
        }
    }
}

/// The code for these answers.
pub(crate) fn code(answers: &[Answered], fail_on: &[FailOn]) -> u8 {
    let mut tally = Tally::default();
    answers.iter().for_each(|a| tally.add(a));
    tally.code(fail_on)
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
