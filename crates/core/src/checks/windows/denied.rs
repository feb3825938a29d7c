//! Lists that name images and signers: what came with Windows, and the list of vulnerable drivers.
//!
//! They are asked about what has passed so far, so a driver that is unsigned *and* listed is
//! refused as unsigned. An entry about a signer counts for any signature of the file.

use super::{DriverCase, DriverCheck, deny, pass};
use crate::check::{Answer, Check};
use crate::codes::{DRIVER_ON_BLOCK_LIST, DRIVER_REVOKED_BY_LIST};
use crate::fact::Listing;
use crate::fact::step::Step;
use crate::facts::driver::{DriverImage, DriverSignature};
use crate::facts::windows::{Denied, Deny, FileField, SignerRoot};
use crate::policy::windows::disputed;
use crate::proof::windows::{WindowsClaim, WindowsQuestion};
use crate::proof::{Gaps, Question, Rule, Why, gap};
use crate::windows_words::Status;
use alloc::sync::Arc;
use alloc::vec::Vec;

pub(super) static REVOKED: DriverCheck = Check {
    rule: Rule {
        name: "windows/revoked-by-list",
        source: "KB5029033, Driver.STL; events 3032, 3036",
    },
    run: revoked,
};

pub(super) static BLOCKED: DriverCheck = Check {
    rule: Rule {
        name: "windows/block-list",
        source: "Microsoft recommended driver block rules; event 3077",
    },
    run: blocked,
};

fn revoked(case: &DriverCase<'_>, step: &mut Step) -> Answer {
    if case.not_asked(step)? {
        return Ok(pass(WindowsClaim::NotAsked));
    }
    Ok(match find(case, step, &case.policy.facts.revoked)? {
        None => pass(WindowsClaim::NotRevoked),
        Some(entry) => deny(
            WindowsClaim::Revoked { by: entry.name.clone() },
            &DRIVER_REVOKED_BY_LIST,
            Some(Status::IMAGE_CERT_REVOKED),
            None,
            &[3032],
        ),
    })
}

fn blocked(case: &DriverCase<'_>, step: &mut Step) -> Answer {
    if case.not_asked(step)? {
        return Ok(pass(WindowsClaim::NotAsked));
    }
    if !*step.consult(&case.policy.block_list_on)? {
        return Ok(pass(WindowsClaim::BlockListOn(false)));
    }
    let facts = case.policy.facts;
    if let Some(entry) = find(case, step, &facts.blocked)? {
        return Ok(deny(
            WindowsClaim::Blocked { by: entry.name.clone() },
            &DRIVER_ON_BLOCK_LIST,
            Some(Status::IMAGE_CERT_REVOKED),
            None,
            &[3077],
        ));
    }
    let Some(list) = &facts.stands_for_list else {
        let list = "Microsoft Windows Driver Policy".into();
        return Ok(pass(WindowsClaim::NotBlocked { list }));
    };
    // The list that comes with Windows is not the published one: it leaves rules out, and gets
    // others later.
    if find(case, step, &facts.published)?.is_some() {
        return Err(disputed(WindowsQuestion::BlockList));
    }
    Ok(pass(WindowsClaim::NotPublishedAsBlocked { list: list.clone() }))
}

fn find<'l>(
    case: &DriverCase<'_>,
    step: &mut Step,
    list: &'l Listing<Deny>,
) -> Result<Option<&'l Deny>, Gaps> {
    let image = step.consult(&case.driver.image)?.clone();
    let signatures: Vec<DriverSignature> = case.signatures(step)?.into_iter().cloned().collect();
    let named = |entry: &Deny| names(&entry.what, &image, &signatures);
    let found = step.find(list, |entry| entry.certain && named(entry))?;
    if found.is_none()
        && let Some(maybe) = step.find(list, named)?
    {
        let why = Why::NoRow(maybe.name.clone());
        return Err(gap(Question::Windows(WindowsQuestion::AppControl), why));
    }
    Ok(found)
}

/// Whether an entry names this image or a signer of it.
#[must_use]
pub fn names(entry: &Denied, image: &DriverImage, signatures: &[DriverSignature]) -> bool {
    match entry {
        Denied::Digest(by, digest) => {
            let named = |list: &[_]| list.iter().any(|(a, d)| a == by && d == digest);
            named(&image.digests) || named(&image.first_page)
        }
        Denied::File { field, name, least, most } => {
            let said = match field {
                FileField::OriginalName => &image.original_name,
                FileField::InternalName => &image.internal_name,
                FileField::Description => &image.description,
                FileField::Product => &image.product,
            };
            let same = said.as_ref().is_some_and(|n| n.eq_ignore_ascii_case(name));
            let version = image.version.unwrap_or_default();
            (same || name.is_empty()) && (*least..=*most).contains(&version)
        }
        Denied::Everything => true,
        Denied::Signer { root, usages, publisher, program, files } => {
            let same = |wanted: &Option<Arc<str>>, said: Option<&Arc<str>>| {
                let is = |w: &Arc<str>| said.is_some_and(|s| s.eq_ignore_ascii_case(w));
                wanted.as_ref().is_none_or(is)
            };
            let signs = signatures.iter().any(|s| {
                let below = match root {
                    SignerRoot::SignedPart(part) => {
                        s.signed_parts.iter().any(|(_, d)| *d.as_bytes() == **part)
                    }
                    SignerRoot::WellKnown(number) => s.well_known.contains(number),
                };
                below
                    && usages.iter().all(|u| s.may(u))
                    && same(publisher, Some(&s.signer))
                    && same(program, s.program.as_ref())
            });
            let about = |file| names(file, image, signatures);
            signs && (files.is_empty() || files.iter().any(about))
        }
    }
}
