//! What Code Integrity and the boot loader look at before a kernel image is mapped, in their order.
//!
//! A driver may carry several signatures and stand in several catalogs; one that gets through is
//! enough. The ladder follows each of them; a check is one rung of it.

use crate::check::{Answer, Check, Effect, Passage, WindowsSays};
use crate::code::Code;
use crate::fact::Fact;
use crate::fact::step::{Step, draw};
use crate::facts::driver::{DriverFacts, DriverSignature, Role, Start};
use crate::policy::windows::WindowsPolicy;
use crate::proof::windows::{Machine, Unasked, WindowsClaim};
use crate::proof::{Claim, Gaps, Rule, Standing};
use crate::verdict::{self, Judgement};
use crate::windows_words::Status;
use alloc::vec::Vec;

mod rungs;
mod ladder;
mod image_fits;
mod signed;
mod denied;
mod driver_policy;
mod app_control;
mod memory_integrity;

pub use denied::names;

/// One driver before one system.
#[derive(Debug)]
pub struct DriverCase<'a> {
    driver: &'a DriverFacts,
    policy: &'a WindowsPolicy<'a>,
    unasked: Fact<Option<Unasked>>,
}

/// A check of Windows.
pub type DriverCheck = Check<for<'a, 'b, 'c> fn(&'a DriverCase<'b>, &'c mut Step) -> Answer>;

/// In the order in which an image meets them; each passes where it is not asked.
static CHECKS: [&DriverCheck; 13] = [
    &image_fits::CHECK,
    &signed::CHECK,
    &ladder::MATCHES,
    &ladder::DIGEST,
    &ladder::CHAIN,
    &ladder::USAGE,
    &ladder::PORTAL,
    &ladder::VALIDITY,
    &denied::REVOKED,
    &denied::BLOCKED,
    &driver_policy::CHECK,
    &app_control::CHECK,
    &memory_integrity::CHECK,
];

impl<'a> DriverCase<'a> {
    /// The case of this driver on this system.
    #[must_use]
    pub fn new(driver: &'a DriverFacts, policy: &'a WindowsPolicy<'a>) -> Self {
        let unasked = unasked(driver, policy);
        Self { driver, policy, unasked }
    }

    /// Whether nobody asks about signatures here.
    fn not_asked(&self, step: &mut Step) -> Result<bool, Gaps> {
        Ok(step.consult(&self.unasked)?.is_some())
    }

    /// Whether the boot loader loads it, which knows no catalogs.
    fn at_boot(&self, step: &mut Step) -> Result<bool, Gaps> {
        Ok(*step.consult(&self.driver.start)? == Start::Boot)
    }

    /// The signatures that count: those inside, and those of catalogs where catalogs count.
    fn signatures(&self, step: &mut Step) -> Result<Vec<&DriverSignature>, Gaps> {
        let mut found = self.inside(step)?;
        if !self.at_boot(step)? {
            found.extend(self.catalogs(step)?);
        }
        Ok(found)
    }

    fn inside(&self, step: &mut Step) -> Result<Vec<&DriverSignature>, Gaps> {
        self.understood(self.driver.embedded.items(), step)
    }

    fn catalogs(&self, step: &mut Step) -> Result<Vec<&DriverSignature>, Gaps> {
        self.understood(self.driver.catalogs.items(), step)
    }

    /// Old kernels read the first signature of a file alone.
    fn understood<'s>(
        &self,
        items: &'s [Fact<DriverSignature>],
        step: &mut Step,
    ) -> Result<Vec<&'s DriverSignature>, Gaps> {
        let mut found = Vec::new();
        for item in items {
            let signature = step.consult(item)?;
            if signature.first || *step.consult(&self.policy.sha2)? {
                found.push(signature);
            }
        }
        Ok(found)
    }
}

/// Whether Code Integrity asks about signatures at all.
fn unasked(driver: &DriverFacts, policy: &WindowsPolicy<'_>) -> Fact<Option<Unasked>> {
    static RULE: Rule = Rule {
        name: "windows/signatures-wanted",
        source: "Kernel-Mode Code Signing Policy and Requirements; boot menu; CI DebugFlags",
    };
    let facts = policy.facts;
    draw(&RULE, |step| {
        let why = if !step.consult(&driver.image)?.kernel {
            Some(Unasked::UserMode)
        } else if *step.consult(&facts.enforcement_off)? {
            Some(Unasked::SwitchedOff)
        } else if step.consult(&facts.debugger)?.is_some_and(|d| !d.refuses) {
            Some(Unasked::Debugger)
        } else if *step.consult(&facts.machine)? == Machine::X86
            && !*step.consult(&facts.secure_boot)?
            && *step.consult(&driver.start)? != Start::Boot
            && *step.consult(&driver.role)? != Role::ProtectedMedia
        {
            Some(Unasked::ThirtyTwoBit)
        } else {
            None
        };
        Ok((why, Claim::Windows(WindowsClaim::SignaturesWanted(why))))
    })
}

/// Judges one driver before one system.
#[must_use]
pub fn judge(case: &DriverCase<'_>) -> Judgement {
    let taken = CHECKS.iter().map(|check| {
        let mut step = Step::of(&check.rule);
        let answer = (check.run)(case, &mut step);
        (step, answer)
    });
    let mut judgement = verdict::weigh(taken, |_, _| Standing::Documented);
    judgement.says.windows.get_or_insert_default();
    judgement
}

/// Windows passes over this.
const fn pass(claim: WindowsClaim) -> Passage {
    Passage::pass(Claim::Windows(claim))
}

/// Windows passes over this and logs it.
fn told(claim: WindowsClaim, events: &[u16]) -> Passage {
    let says = WindowsSays { events: events.to_vec(), ..WindowsSays::default() };
    Passage { claim: Claim::Windows(claim), effect: Effect::Told(says), says: Vec::new() }
}

/// Windows refuses it, in these words.
fn deny(
    claim: WindowsClaim,
    code: &'static Code,
    status: Option<Status>,
    problem: Option<u8>,
    events: &[u16],
) -> Passage {
    let says = WindowsSays { status, problem, events: events.to_vec(), ..WindowsSays::default() };
    Passage { claim: Claim::Windows(claim), effect: Effect::Denied(code, says), says: Vec::new() }
}

/// A policy that watches would have refused it.
fn audited(claim: WindowsClaim, code: &'static Code, events: &[u16]) -> Passage {
    let says = WindowsSays { events: events.to_vec(), ..WindowsSays::default() };
    Passage { claim: Claim::Windows(claim), effect: Effect::Audited(code, says), says: Vec::new() }
}

/// The device's problem where no signature is accepted (`CM_PROB_UNSIGNED_DRIVER`).
const UNSIGNED_DRIVER: u8 = 52;
/// The device's problem where the driver cannot be loaded (`CM_PROB_DRIVER_FAILED_LOAD`).
const FAILED_LOAD: u8 = 39;
