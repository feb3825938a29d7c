//! Whether the machine's stores lead from the catalog's signer to a root they trust, in time.

use super::{PackageCase, PackageCheck, pass, refused};
use crate::authenticode::issued;
use crate::check::{Answer, Check};
use crate::codes::{
    CATALOG_CHAIN_INCOMPLETE, CATALOG_SIGNER_EXPIRED, CATALOG_SIGNER_REVOKED, CATALOG_SIGNER_USAGE,
    ROOT_NOT_TRUSTED_BY_MACHINE,
};
use crate::fact::step::Step;
use crate::facts::driver::{Anchor, DriverSignature, usage};
use crate::facts::windows::{MachineRoot, Revocation, State};
use crate::proof::windows::{WindowsClaim, WindowsQuestion};
use crate::proof::{Gaps, Question, Rule, Why, gap, text};
use crate::windows_words::Hresult;
use alloc::sync::Arc;
use loadworthy_formats::x509::certificate;

macro_rules! check {
    ($name:ident, $run:ident, $rule:literal, $source:literal) => {
        pub(super) static $name: PackageCheck =
            Check { rule: Rule { name: $rule, source: $source }, run: $run };
    };
}

check!(CHAIN, chain, "pnp/chain", "WinVerifyTrust, CERT_E_CHAINING");
check!(ROOT, root, "pnp/root", "WinVerifyTrust, CERT_E_UNTRUSTEDROOT; LocalMachine\\Root");
check!(TIME, time, "pnp/valid-in-time", "Authenticode, time stamps and lifetime signing");
check!(REVOKED, revoked, "pnp/revocation", "SetReg, revocation and offline choices");
check!(USAGE, uses, "pnp/usage", "WinVerifyTrust, CERT_E_WRONG_USAGE");

fn chain(case: &PackageCase<'_>, step: &mut Step) -> Answer {
    if case.settled(step)? {
        return Ok(pass(WindowsClaim::NotAsked));
    }
    let Some(signature) = case.signature(step)? else { return Ok(pass(WindowsClaim::NotAsked)) };
    if signature.chain_whole
        || machine_has_root(case, signature, step)?
        || *step.consult(&case.policy.facts.installer.network)?
    {
        return Ok(pass(WindowsClaim::ChainWhole));
    }
    let claim = WindowsClaim::ChainBroken { signer: signature.signer.clone() };
    Ok(refused(claim, &CATALOG_CHAIN_INCOMPLETE, Hresult::CHAINING, None))
}

fn root(case: &PackageCase<'_>, step: &mut Step) -> Answer {
    if case.settled(step)? {
        return Ok(pass(WindowsClaim::NotAsked));
    }
    let Some(signature) = case.signature(step)? else { return Ok(pass(WindowsClaim::NotAsked)) };
    let name = signature.root.clone();
    let installer = &case.policy.facts.installer;
    let trusted = match signature.anchor {
        Anchor::Product | Anchor::OtherMicrosoft => true,
        // In user mode a cross-signed chain ends at the authority's own root.
        Anchor::Public | Anchor::CodeVerification => *step.consult(&installer.public_roots)?,
        Anchor::TestRoot | Anchor::FlightRoot | Anchor::Private => {
            machine_has_root(case, signature, step)?
        }
        Anchor::Open if machine_has_root(case, signature, step)? => true,
        Anchor::Open => {
            let why = Why::OutOfReach(text(&*signature.root));
            return Err(gap(Question::Windows(WindowsQuestion::ChainTop), why));
        }
    };
    if trusted {
        return Ok(pass(WindowsClaim::RootTrusted { root: name }));
    }
    let claim = WindowsClaim::RootUntrusted { root: name };
    let (code, inner) = (&ROOT_NOT_TRUSTED_BY_MACHINE, Some(Hresult::UNTRUSTED_ROOT));
    case.unvouched(step, claim, code, Hresult::DRIVER_STORE_ADD_FAILED, inner)
}

/// Whether a root of the machine stands inside the signature or issued what is on top there.
fn machine_has_root(
    case: &PackageCase<'_>,
    signature: &DriverSignature,
    step: &mut Step,
) -> Result<bool, Gaps> {
    let issued_by = |root: &MachineRoot| {
        let Ok(root) = certificate::read(&root.der) else { return false };
        let top = |der: &Arc<[u8]>| {
            certificate::read(der).is_ok_and(|top| issued(&top.value, &root.value))
        };
        signature.tops.iter().any(top)
    };
    let leads_to =
        |root: &MachineRoot| signature.inside.contains(&root.thumbprint) || issued_by(root);
    Ok(step.find(&case.policy.facts.installer.roots, leads_to)?.is_some())
}

/// The bits of `State`; what Windows writes where the value is not there.
fn state(case: &PackageCase<'_>, step: &mut Step) -> Result<u32, Gaps> {
    Ok(match *step.consult(&case.policy.facts.installer.state)? {
        State::Value(bits) => bits,
        State::NoValue | State::NoKey => State::DEFAULT,
    })
}

fn time(case: &PackageCase<'_>, step: &mut Step) -> Answer {
    if case.settled(step)? {
        return Ok(pass(WindowsClaim::NotAsked));
    }
    let Some(signature) = case.signature(step)? else { return Ok(pass(WindowsClaim::NotAsked)) };
    let signer = signature.signer.clone();
    let within = |t: i64| (signature.not_before..=signature.not_after).contains(&t);
    let stamped = !signature.lifetime && signature.stamp.is_ok_and(within);
    if within(case.policy.facts.at) || stamped || state(case, step)? & State::IGNORE_EXPIRATION != 0
    {
        return Ok(pass(WindowsClaim::InTime { signer }));
    }
    let claim = WindowsClaim::Expired { signer };
    let (code, inner) = (&CATALOG_SIGNER_EXPIRED, Some(Hresult::EXPIRED));
    case.unvouched(step, claim, code, Hresult::DRIVER_STORE_ADD_FAILED, inner)
}

fn revoked(case: &PackageCase<'_>, step: &mut Step) -> Answer {
    if case.settled(step)? {
        return Ok(pass(WindowsClaim::NotAsked));
    }
    let Some(signature) = case.signature(step)? else { return Ok(pass(WindowsClaim::NotAsked)) };
    let known = *step.consult(&case.policy.facts.installer.revocation)?;
    if known == Revocation::Good || state(case, step)? & State::IGNORE_REVOCATION != 0 {
        return Ok(pass(WindowsClaim::NotRevoked));
    }
    match known {
        Revocation::Offline if state(case, step)? & State::OFFLINE_OK == 0 => {
            let why = Why::OutOfReach(text("the list of revoked certificates"));
            Err(gap(Question::Windows(WindowsQuestion::Revocation), why))
        }
        Revocation::Good | Revocation::Offline => Ok(pass(WindowsClaim::NotRevoked)),
        Revocation::Revoked => {
            let claim = WindowsClaim::SignerRevoked { signer: signature.signer.clone() };
            Ok(refused(claim, &CATALOG_SIGNER_REVOKED, Hresult::REVOKED, None))
        }
    }
}

fn uses(case: &PackageCase<'_>, step: &mut Step) -> Answer {
    if case.settled(step)? {
        return Ok(pass(WindowsClaim::NotAsked));
    }
    let Some(signature) = case.signature(step)? else { return Ok(pass(WindowsClaim::NotAsked)) };
    if signature.usages.is_empty() || signature.may(usage::CODE_SIGNING) {
        return Ok(pass(WindowsClaim::UsageFits));
    }
    let (signer, wants) = (signature.signer.clone(), usage::CODE_SIGNING);
    let claim = WindowsClaim::UsageMissing { signer, wants };
    Ok(refused(claim, &CATALOG_SIGNER_USAGE, Hresult::WRONG_USAGE, None))
}
