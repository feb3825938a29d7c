//! Who the publisher is, and what this system and this account say to that.

use super::{PackageCase, PackageCheck, asked, of_windows, pass, refused};
use crate::check::{Answer, Check};
use crate::codes::{
    CATALOG_FOR_OTHER_WINDOWS, EDITION_WANTS_MICROSOFT, PUBLISHER_DISTRUSTED, PUBLISHER_UNKNOWN,
    TRUST_STATE_FORBIDS,
};
use crate::fact::step::Step;
use crate::facts::windows::{Account, State};
use crate::policy::windows::disputed;
use crate::proof::windows::{Machine, WindowsClaim, WindowsQuestion};
use crate::proof::{Gaps, Rule, text};
use crate::windows_words::{Hresult, Prompt};

macro_rules! check {
    ($name:ident, $run:ident, $rule:literal, $source:literal) => {
        pub(super) static $name: PackageCheck =
            Check { rule: Rule { name: $rule, source: $source }, run: $run };
    };
}

check!(MICROSOFT, microsoft, "pnp/windows-signed", "Signature Categories and Driver Installation");
check!(DISTRUSTED, distrusted, "pnp/publisher-distrusted", "LocalMachine\\Disallowed");
check!(STATE, allowed, "pnp/trust-state", "wintrust.h, WTPF_ALLOWONLYPERTRUST; SetReg");
check!(EDITION_AND_CONSENT, consent, "pnp/consent", "Signature Categories and Driver Installation");

/// The last system on which a catalog for other systems is refused outright: Windows Server 2003.
const BEFORE_VISTA: (u16, u16) = (6, 0);

fn microsoft(case: &PackageCase<'_>, step: &mut Step) -> Answer {
    if !case.covered(step)? {
        return Ok(pass(WindowsClaim::NotAsked));
    }
    let Some(signature) = case.signature(step)? else { return Ok(pass(WindowsClaim::NotAsked)) };
    let signer = signature.signer.clone();
    if !case.for_this_system(step)? {
        let systems = case.catalog(step)?.map(|c| c.systems.join(",")).unwrap_or_default();
        let claim = WindowsClaim::OtherSystems { systems: text(systems) };
        let old = step.consult(&case.policy.facts.version)?.numbers() < BEFORE_VISTA;
        return Ok(if old {
            let hresult = Hresult::SIGNATURE_OSATTRIBUTE_MISMATCH;
            refused(claim, &CATALOG_FOR_OTHER_WINDOWS, hresult, None)
        } else {
            pass(claim)
        });
    }
    Ok(pass(if of_windows(signature) {
        WindowsClaim::ByMicrosoft { signer }
    } else {
        WindowsClaim::NotByMicrosoft { signer }
    }))
}

fn distrusted(case: &PackageCase<'_>, step: &mut Step) -> Answer {
    if case.settled(step)? {
        return Ok(pass(WindowsClaim::NotAsked));
    }
    let Some(signature) = case.signature(step)? else { return Ok(pass(WindowsClaim::NotAsked)) };
    let store = &case.policy.facts.installer.disallowed;
    let named = |c: &[u8; 20]| *c == signature.thumbprint || signature.inside.contains(c);
    if step.find(store, named)?.is_none() {
        return Ok(pass(WindowsClaim::PublisherNotDistrusted));
    }
    let claim = WindowsClaim::PublisherDistrusted { signer: signature.signer.clone() };
    let inner = Some(Hresult::EXPLICIT_DISTRUST);
    Ok(refused(claim, &PUBLISHER_DISTRUSTED, Hresult::AUTHENTICODE_DISALLOWED, inner))
}

fn trusted(case: &PackageCase<'_>, step: &mut Step) -> Result<bool, Gaps> {
    let Some(signature) = case.signature(step)? else { return Ok(false) };
    let store = &case.policy.facts.installer.publishers;
    Ok(step.find(store, |c| *c == signature.thumbprint)?.is_some())
}

fn allowed(case: &PackageCase<'_>, step: &mut Step) -> Answer {
    if case.settled(step)? {
        return Ok(pass(WindowsClaim::NotAsked));
    }
    let state = *step.consult(&case.policy.facts.installer.state)?;
    let forbids = match state {
        State::Value(bits) => bits & State::ONLY_TRUSTED != 0 && !trusted(case, step)?,
        State::NoValue | State::NoKey => {
            if step.consult(&case.policy.facts.version)?.numbers() >= BEFORE_VISTA {
                return Err(disputed(WindowsQuestion::MissingState));
            }
            true
        }
    };
    Ok(if forbids {
        let claim = WindowsClaim::StateForbids;
        refused(claim, &TRUST_STATE_FORBIDS, Hresult::UNTRUSTED_ROOT, None)
    } else {
        pass(WindowsClaim::StateFits)
    })
}

fn consent(case: &PackageCase<'_>, step: &mut Step) -> Answer {
    if case.settled(step)? {
        return Ok(pass(WindowsClaim::NotAsked));
    }
    let Some(signature) = case.signature(step)? else { return Ok(pass(WindowsClaim::NotAsked)) };
    let signer = signature.signer.clone();
    let facts = case.policy.facts;
    let foreign = !matches!(step.consult(&facts.machine)?, Machine::X86 | Machine::X64)
        && !step.consult(&facts.version)?.server;
    if foreign || *step.consult(&facts.s_mode)? {
        let claim = WindowsClaim::EditionWantsMicrosoft;
        let hresult = Hresult::AUTHENTICODE_PUBLISHER_NOT_TRUSTED;
        return Ok(refused(claim, &EDITION_WANTS_MICROSOFT, hresult, None));
    }
    if trusted(case, step)? {
        return Ok(pass(WindowsClaim::PublisherTrusted { signer }));
    }
    Ok(match step.consult(&facts.installer.account)? {
        Account::Administrator => asked(WindowsClaim::PublisherAsked { signer }, Prompt::Publisher),
        Account::User | Account::System => refused(
            WindowsClaim::PublisherUnknown { signer },
            &PUBLISHER_UNKNOWN,
            Hresult::AUTHENTICODE_TRUST_NOT_ESTABLISHED,
            None,
        ),
    })
}
