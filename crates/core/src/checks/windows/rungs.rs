//! What is asked of one signature, rung by rung.

use super::{DriverCase, UNSIGNED_DRIVER};
use crate::code::Code;
use crate::codes::{
    ATTESTATION_NOT_FOR_THIS_WINDOWS, CROSS_CERTIFICATE_MISSING, DIGEST_NOT_UNDERSTOOD,
    DRIVER_ALTERED, LIFETIME_SIGNATURE_EXPIRED, PORTAL_SIGNATURE_REQUIRED,
    ROOT_NOT_ACCEPTED_BY_KERNEL, SIGNER_LACKS_USAGE,
};
use crate::crypt::digest::DigestAlgorithm;
use crate::fact::step::Step;
use crate::facts::driver::{Anchor, DriverSignature, Holds, Role, Start, usage};
use crate::policy::windows::{CUT_OFF, Demand, build, disputed};
use crate::proof::windows::{Exempt, WindowsClaim, WindowsQuestion};
use crate::proof::{Gaps, Question, Why, gap};
use crate::tables::windows::Told;
use crate::windows_words::Status;
use alloc::vec::Vec;

/// What is asked, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rung {
    Matches,
    Digest,
    Chain,
    Usage,
    Portal,
    Validity,
}

impl Rung {
    pub(super) const ALL: [Self; 6] =
        [Self::Matches, Self::Digest, Self::Chain, Self::Usage, Self::Portal, Self::Validity];
}

/// A signature that gets past a rung.
pub(super) struct Hold {
    pub(super) claim: WindowsClaim,
    pub(super) audited: Option<&'static Code>,
    pub(super) events: Vec<u16>,
}

/// A signature that does not.
pub(super) struct Fall {
    pub(super) claim: WindowsClaim,
    pub(super) code: &'static Code,
    pub(super) status: Status,
    pub(super) problem: Option<u8>,
    pub(super) events: Vec<u16>,
}

type Rested = Result<Result<Hold, Fall>, Gaps>;

fn holds(claim: WindowsClaim) -> Rested {
    Ok(Ok(Hold { claim, audited: None, events: Vec::new() }))
}

fn logged(claim: WindowsClaim, events: &[u16]) -> Rested {
    Ok(Ok(Hold { claim, audited: None, events: events.to_vec() }))
}

fn falls(claim: WindowsClaim, code: &'static Code, events: &[u16]) -> Rested {
    Ok(Err(Fall {
        claim,
        code,
        status: Status::INVALID_IMAGE_HASH,
        problem: Some(UNSIGNED_DRIVER),
        events: events.to_vec(),
    }))
}

/// Whether `signature` gets past this rung.
pub(super) fn rung(
    at: Rung,
    signature: &DriverSignature,
    case: &DriverCase<'_>,
    step: &mut Step,
) -> Rested {
    match at {
        Rung::Matches => matches(signature),
        Rung::Digest => digest(signature, case, step),
        // Under test signing any signature counts that is a signature of these bytes.
        _ if *step.consult(&case.policy.test_signing)? => {
            holds(WindowsClaim::TestAccepted { signer: signature.signer.clone() })
        }
        Rung::Chain => chain(signature),
        Rung::Usage => role(signature, case, step),
        Rung::Portal => portal(signature, case, step),
        Rung::Validity => validity(signature, case),
    }
}

fn matches(signature: &DriverSignature) -> Rested {
    let signer = signature.signer.clone();
    let part = match &signature.holds {
        Holds::Yes => return holds(WindowsClaim::Matches { signer }),
        Holds::ImageAltered => "the image".into(),
        Holds::PageAltered(section) => section.clone(),
        Holds::Broken => "the signature".into(),
        Holds::Unsupported => {
            let why = Why::NoRow(signer);
            return Err(gap(Question::Windows(WindowsQuestion::DriverBytes), why));
        }
    };
    let events: &[u16] =
        if matches!(signature.holds, Holds::PageAltered(_)) { &[3002] } else { &[3004] };
    falls(WindowsClaim::Altered { signer, part }, &DRIVER_ALTERED, events)
}

fn digest(signature: &DriverSignature, case: &DriverCase<'_>, step: &mut Step) -> Rested {
    let name = signature.digest.name().into();
    let old = matches!(signature.digest, DigestAlgorithm::Md5 | DigestAlgorithm::Sha1);
    if old || *step.consult(&case.policy.sha2)? {
        return holds(WindowsClaim::DigestKnown(name));
    }
    falls(WindowsClaim::DigestUnknown(name), &DIGEST_NOT_UNDERSTOOD, &[3004])
}

fn chain(signature: &DriverSignature) -> Rested {
    let (signer, root) = (signature.signer.clone(), signature.root.clone());
    match signature.anchor {
        Anchor::Product | Anchor::CodeVerification => {
            holds(WindowsClaim::Anchored { signer, root })
        }
        Anchor::Public => {
            let claim = WindowsClaim::CrossMissing { signer, root };
            falls(claim, &CROSS_CERTIFICATE_MISSING, &[3004])
        }
        Anchor::TestRoot
        | Anchor::FlightRoot
        | Anchor::OtherMicrosoft
        | Anchor::Private
        | Anchor::Open => {
            let claim = WindowsClaim::NotAnchored { signer, root };
            falls(claim, &ROOT_NOT_ACCEPTED_BY_KERNEL, &[3004])
        }
    }
}

fn role(signature: &DriverSignature, case: &DriverCase<'_>, step: &mut Step) -> Rested {
    let wants = match step.consult(&case.driver.role)? {
        Role::Ordinary | Role::ProtectedMedia => return holds(WindowsClaim::UsageFits),
        Role::EarlyLaunch => usage::EARLY_LAUNCH,
        Role::HalExtension => usage::HAL_EXTENSION,
    };
    if signature.may(wants) {
        return holds(WindowsClaim::UsageFits);
    }
    let signer = signature.signer.clone();
    falls(WindowsClaim::UsageMissing { signer, wants }, &SIGNER_LACKS_USAGE, &[3004])
}

/// Whether a signature is one of the portal: a product root, and the usage of tested drivers or of
/// Windows itself. Attested signatures carry the former beside their own.
pub(super) fn of_portal(signature: &DriverSignature, extended: bool) -> bool {
    signature.anchor == Anchor::Product
        && (signature.may(usage::WINDOWS)
            || (signature.may(usage::WHQL) && (!extended || signature.may(usage::EV_WHQL))))
}

fn portal(signature: &DriverSignature, case: &DriverCase<'_>, step: &mut Step) -> Rested {
    let facts = case.policy.facts;
    if matches!(step.consult(&case.driver.role)?, Role::EarlyLaunch | Role::HalExtension) {
        return holds(WindowsClaim::PortalNotWanted(Exempt::Role));
    }
    let version = step.consult(&facts.version)?.clone();
    let signer = signature.signer.clone();
    let attested = signature.anchor == Anchor::Product && signature.may(usage::ATTESTED);
    if attested && version.attested == Told::No {
        let claim = WindowsClaim::AttestationNotYet { signer };
        return falls(claim, &ATTESTATION_NOT_FOR_THIS_WINDOWS, &[3004]);
    }
    let demand = *step.consult(&case.policy.portal)?;
    let (extended, audit) = match demand {
        Demand::Everybody { extended, audit } => (extended, audit),
        Demand::Nobody(_) | Demand::Newcomers | Demand::Disputed => (false, false),
    };
    let is_portal = of_portal(signature, extended);
    if let Demand::Nobody(exempt) = demand {
        let relaxed = !is_portal
            && version.build >= build::V1607
            && !matches!(exempt, Exempt::Version | Exempt::TestSigning | Exempt::UpgradeRunning);
        let claim = WindowsClaim::PortalNotWanted(exempt);
        return if relaxed { logged(claim, &[3085]) } else { holds(claim) };
    }
    if is_portal {
        if attested && version.attested == Told::Disputed {
            return Err(disputed(WindowsQuestion::AttestationOnServers));
        }
        return holds(WindowsClaim::PortalSigned { signer });
    }
    let claim = WindowsClaim::NotPortalSigned { signer };
    let refused = [3004, 3084];
    if matches!(demand, Demand::Everybody { .. }) {
        if audit {
            let (audited, events) = (Some(&PORTAL_SIGNATURE_REQUIRED), alloc::vec![3082]);
            return Ok(Ok(Hold { claim, audited, events }));
        }
        return falls(claim, &PORTAL_SIGNATURE_REQUIRED, &refused);
    }
    // In 1507 the time of signing counted, not that of the certificate, says the same analysis.
    if demand == Demand::Disputed {
        return Err(disputed(WindowsQuestion::PortalIn1507));
    }
    if signature.not_before < CUT_OFF {
        return holds(WindowsClaim::PortalNotWanted(Exempt::OldCertificate));
    }
    if *step.consult(&case.driver.start)? == Start::Boot {
        let settings = &facts.portal;
        if version.build >= build::V1703 && *step.consult(&settings.boot_upgraded)? {
            return holds(WindowsClaim::PortalNotWanted(Exempt::BootUpgraded));
        }
        match version.boot_exempt {
            Told::Yes => {
                let (audited, events) = (Some(&PORTAL_SIGNATURE_REQUIRED), alloc::vec![3083]);
                return Ok(Ok(Hold { claim, audited, events }));
            }
            Told::Disputed => return Err(disputed(WindowsQuestion::BootDriversOf1703)),
            Told::No => {}
        }
    }
    falls(claim, &PORTAL_SIGNATURE_REQUIRED, &refused)
}

fn validity(signature: &DriverSignature, case: &DriverCase<'_>) -> Rested {
    let signer = signature.signer.clone();
    let expired = signature.not_after < case.policy.facts.at;
    if expired && signature.lifetime {
        return Ok(Err(Fall {
            claim: WindowsClaim::LifetimeOver { signer },
            code: &LIFETIME_SIGNATURE_EXPIRED,
            status: Status::IMAGE_CERT_EXPIRED,
            problem: Some(UNSIGNED_DRIVER),
            events: alloc::vec![3033],
        }));
    }
    // A stamp from before the certificate was issued is back-dated, whoever made it.
    let own = signature.not_before..=signature.not_after;
    let stamped = signature.stamp.is_ok_and(|at| own.contains(&at));
    if expired && !stamped {
        return Err(disputed(WindowsQuestion::ExpiredUnstamped));
    }
    holds(WindowsClaim::InTime { signer })
}
