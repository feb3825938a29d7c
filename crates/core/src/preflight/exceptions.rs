//! Known exceptions: verdicts that the owner lives with for a time.

use alloc::vec::Vec;
use loadworthy_formats::manifest::Accept;

use crate::answer::{Accepted, Answered, Kind};
use crate::proof::{Claim, Node, text};
use crate::verdict::Verdict;

/// Marks the verdicts that an exception covers at `at`, and gives back the exceptions that would
/// cover one and have expired, each with the name of the subject.
///
/// An exception covers a verdict about a subject of its name when its code is the verdict's: that of
/// the refusal, of a mark, or `LW0001` for what is not known. An initramfs, whose file is named anew with
/// each kernel, is also meant by `initramfs`, and by a module that alone is the reason.
pub fn apply<'m>(accept: &'m [Accept], at: &str, answers: &mut [Answered]) -> Vec<&'m Accept> {
    let mut expired: Vec<&Accept> = Vec::new();
    for answered in answers {
        for accept in accept {
            if !covers(accept, answered) {
                continue;
            }
            if accept.until.has_passed(at) {
                if !expired.contains(&accept) {
                    expired.push(accept);
                }
                continue;
            }
            answered.subject.need.accepted = Some(Accepted {
                owner: text(accept.owner.as_str()),
                reason: text(accept.reason.as_str()),
                until: text(accept.until.text.as_str()),
            });
        }
    }
    expired
}

fn covers(accept: &Accept, answered: &Answered) -> bool {
    let subject = &answered.subject;
    let asked = asks(&accept.subject, &subject.required_by);
    if !asked && !named(&accept.subject, &subject.name) && !meant(accept, answered) {
        return false;
    }
    match &answered.judgement.verdict {
        Verdict::Loads => false,
        Verdict::Unknown(_) => accept.code == crate::codes::EVIDENCE_MISSING.id,
        Verdict::Refused(code) => accept.code == code.id,
        Verdict::LoadsTainted => {
            let reasons = &answered.judgement.reasons;
            reasons.iter().any(|reason| reason.code.id == accept.code)
        }
    }
}

fn named(one: &str, other: &str) -> bool {
    one.replace('-', "_") == other.replace('-', "_")
}

/// Whether an initramfs is meant without its file being named.
fn meant(accept: &Accept, answered: &Answered) -> bool {
    let reasons = &answered.judgement.reasons;
    answered.subject.kind == Kind::Initramfs
        && (accept.subject == "initramfs"
            || !reasons.is_empty()
                && reasons.iter().all(|reason| match reason.because.node() {
                    Node::Drawn { claim: Claim::Initramfs(claim), .. } => {
                        claim.module().is_some_and(|module| named(&accept.subject, module))
                    }
                    _ => false,
                }))
}

/// Whether `subject` is the device that asks: `pci:10df:f0f5`.
fn asks(subject: &str, required_by: &[alloc::string::String]) -> bool {
    required_by.iter().any(|who| who.strip_prefix("device ") == Some(subject))
}
