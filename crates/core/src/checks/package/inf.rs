//! The INF itself: whether it is one, whether group policy lets it in, whether it has a model here.

use super::{PackageCase, PackageCheck, pass, refused};
use crate::check::{Answer, Check};
use crate::codes::{INSTALLATION_RESTRICTED, NO_MODEL_FOR_THIS_SYSTEM, NOT_AN_INSTALLABLE_INF};
use crate::fact::step::Step;
use crate::facts::windows::Restriction;
use crate::proof::Rule;
use crate::proof::windows::WindowsClaim;
use crate::windows_words::Hresult;

pub(super) static SOUND: PackageCheck =
    Check { rule: Rule { name: "pnp/inf", source: "INF Version Section" }, run: sound };

pub(super) static RESTRICTED: PackageCheck = Check {
    rule: Rule { name: "pnp/group-policy", source: "setupapi.h, ERROR_DEVICE_INSTALL_BLOCKED" },
    run: restricted,
};

pub(super) static MODEL: PackageCheck = Check {
    rule: Rule { name: "pnp/model", source: "INF Manufacturer Section, INF Models Section" },
    run: model,
};

fn sound(case: &PackageCase<'_>, step: &mut Step) -> Answer {
    Ok(match step.consult(&case.package.unsound)? {
        None => pass(WindowsClaim::InfSound),
        Some(why) => refused(
            WindowsClaim::InfUnsound(why.clone()),
            &NOT_AN_INSTALLABLE_INF,
            Hresult::WRONG_INF_STYLE,
            None,
        ),
    })
}

fn restricted(case: &PackageCase<'_>, step: &mut Step) -> Answer {
    let hresult = match step.consult(&case.policy.facts.installer.restricted)? {
        None => return Ok(pass(WindowsClaim::Restricted(false))),
        Some(Restriction::Device) => Hresult::DEVICE_INSTALL_BLOCKED,
        Some(Restriction::Driver) => Hresult::DRIVER_INSTALL_BLOCKED,
    };
    Ok(refused(WindowsClaim::Restricted(true), &INSTALLATION_RESTRICTED, hresult, None))
}

fn model(case: &PackageCase<'_>, step: &mut Step) -> Answer {
    Ok(match step.consult(&case.package.model)? {
        Some(model) => pass(WindowsClaim::ModelFits { model: model.clone() }),
        None => refused(
            WindowsClaim::NoModel,
            &NO_MODEL_FOR_THIS_SYSTEM,
            Hresult::NO_COMPAT_DRIVERS,
            None,
        ),
    })
}
