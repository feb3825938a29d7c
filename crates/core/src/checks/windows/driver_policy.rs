//! The Windows Driver Policy of 2026: cross-signed drivers lose their default trust.

use super::rungs::of_portal;
use super::{DriverCase, DriverCheck, FAILED_LOAD, audited, deny, ladder, pass};
use crate::check::{Answer, Check};
use crate::codes::WINDOWS_DRIVER_POLICY;
use crate::fact::step::Step;
use crate::proof::Rule;
use crate::proof::windows::{DriverPolicy, WindowsClaim};
use crate::windows_words::Status;

pub(super) static CHECK: DriverCheck = Check {
    rule: Rule {
        name: "windows/driver-policy-2026",
        source: "Microsoft, The Windows Driver policy (2026-03-26 and support page); events 3076, 3077",
    },
    run: check,
};

fn check(case: &DriverCase<'_>, step: &mut Step) -> Answer {
    if case.not_asked(step)? {
        return Ok(pass(WindowsClaim::NotAsked));
    }
    let all = case.signatures(step)?;
    if let Ok(through) = ladder::accepted(case, step)
        && let Some(signature) = through.iter().find(|s| of_portal(s, false))
    {
        let signer = signature.signer.clone();
        return Ok(pass(WindowsClaim::DriverPolicyTakes { signer }));
    }
    let Some(signature) = all.first() else { return Ok(pass(WindowsClaim::NotAsked)) };
    // One of the portal that is open further down stays open there.
    if let Some(signature) = all.iter().find(|s| of_portal(s, false)) {
        let signer = signature.signer.clone();
        return Ok(pass(WindowsClaim::DriverPolicyTakes { signer }));
    }
    let state = *step.consult(&case.policy.facts.driver_policy)?;
    let claim = WindowsClaim::DriverPolicyMinds { signer: signature.signer.clone(), state };
    Ok(match state {
        DriverPolicy::Absent => pass(WindowsClaim::DriverPolicyIs(state)),
        DriverPolicy::Evaluation => audited(claim, &WINDOWS_DRIVER_POLICY, &[3076]),
        DriverPolicy::Enforced => deny(
            claim,
            &WINDOWS_DRIVER_POLICY,
            Some(Status::SYSTEM_INTEGRITY_POLICY_VIOLATION),
            Some(FAILED_LOAD),
            &[3077],
        ),
    })
}
