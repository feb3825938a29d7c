//! S mode and App Control policies: what a policy denies, or does not allow, does not load.

use super::denied::names;
use super::rungs::of_portal;
use super::{DriverCase, DriverCheck, FAILED_LOAD, audited, deny, ladder, pass};
use crate::check::{Answer, Check};
use crate::codes::{APP_CONTROL_POLICY, S_MODE};
use crate::fact::step::Step;
use crate::facts::driver::{DriverSignature, Role};
use crate::facts::windows::Deny;
use crate::proof::windows::{WindowsClaim, WindowsQuestion};
use crate::proof::{Question, Rule, Why, gap};
use crate::windows_words::Status;
use alloc::vec::Vec;

pub(super) static CHECK: DriverCheck = Check {
    rule: Rule {
        name: "windows/app-control",
        source: "App Control for Business, types of rules; Windows 10 S driver requirements",
    },
    run: check,
};

fn check(case: &DriverCase<'_>, step: &mut Step) -> Answer {
    if case.not_asked(step)? {
        return Ok(pass(WindowsClaim::NotAsked));
    }
    let refused = |claim, code| {
        let status = Some(Status::SYSTEM_INTEGRITY_POLICY_VIOLATION);
        deny(claim, code, status, Some(FAILED_LOAD), &[3077])
    };
    if *step.consult(&case.policy.facts.s_mode)?
        && *step.consult(&case.driver.role)? != Role::EarlyLaunch
        && !ladder::accepted(case, step)?.iter().any(|s| of_portal(s, false))
    {
        let claim = WindowsClaim::PolicyDenies { policy: "S mode".into(), by: "".into() };
        return Ok(refused(claim, &S_MODE));
    }
    let image = step.consult(&case.driver.image)?.clone();
    let signatures: Vec<DriverSignature> = case.signatures(step)?.into_iter().cloned().collect();
    let named = |what: &_| names(what, &image, &signatures);
    let mut seen = None;
    for policy in case.policy.facts.app_control.items() {
        let policy = step.consult(policy)?;
        seen = Some(policy.name.clone());
        let open = || {
            let why = Why::NoRow(policy.name.clone());
            gap(Question::Windows(WindowsQuestion::AppControl), why)
        };
        let certain = |d: &&Deny| d.certain && named(&d.what);
        let maybe = |d: &Deny| !d.certain && named(&d.what);
        let denied = policy.denies.iter().find(certain).map(|d| d.name.clone());
        if denied.is_none() && policy.denies.iter().any(maybe) {
            return Err(open());
        }
        let allows = policy.allows.as_ref();
        let by = match denied {
            Some(by) => by,
            None if allows.is_none_or(|all| all.iter().any(|a| certain(&a))) => continue,
            None if policy.open || allows.is_some_and(|all| all.iter().any(maybe)) => {
                return Err(open());
            }
            None => "no rule allows it".into(),
        };
        let claim = WindowsClaim::PolicyDenies { policy: policy.name.clone(), by };
        return Ok(if policy.audit {
            audited(claim, &APP_CONTROL_POLICY, &[3076])
        } else {
            refused(claim, &APP_CONTROL_POLICY)
        });
    }
    Ok(pass(seen.map_or(WindowsClaim::NoPolicy, |policy| WindowsClaim::PolicyAllows { policy })))
}
