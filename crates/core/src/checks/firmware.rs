//! What firmware and shim look at before they let an image run, in the order of shim's `verify.c`
//! and EDK II's `DxeImageVerificationLib.c`.

use crate::authenticode::{self, Broken, Examined};
use crate::check::{Answer, Check, Line, Passage};
use crate::crypt::digest::DigestAlgorithm;
use crate::fact::Fact;
use crate::fact::step::Step;
use crate::facts::boot_image::{BootImage, BootImageFacts, Part};
use crate::facts::firmware::Certificate;
use crate::policy::firmware::BootPolicy;
use crate::proof::{Claim, Gaps, List, Rule, Stage, Standing, text};
use crate::verdict::{self, Judgement};
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

mod digest_denied;
mod listed;
mod nx;
mod sbat;
mod self_check;
mod signer_denied;
mod sound;
mod there;
mod trusted;
mod words;

/// One image before one machine.
#[derive(Debug)]
pub struct BootCase<'a> {
    facts: &'a BootImageFacts,
    image: Fact<Arc<BootImage>>,
    policy: &'a BootPolicy,
    stage: Fact<Stage>,
    signatures: Fact<Arc<[Signed]>>,
}

/// A signature of the image, examined once for the checks that ask about it.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    /// Who signed, for people.
    signer: Arc<str>,
    /// Whether it holds.
    examined: Result<Examined, Broken>,
}

/// A check of firmware or shim.
pub type BootCheck = Check<for<'a, 'b, 'c> fn(&'a BootCase<'b>, &'c mut Step) -> Answer>;

/// In the order in which an image meets them; each passes where it is not asked.
static CHECKS: [&BootCheck; 8] = [
    &there::CHECK,
    &sound::CHECK,
    &nx::CHECK,
    &digest_denied::CHECK,
    &signer_denied::CHECK,
    &trusted::CHECK,
    &sbat::CHECK,
    &self_check::CHECK,
];

impl<'a> BootCase<'a> {
    /// The case of this image on this machine.
    #[must_use]
    pub fn new(facts: &'a BootImageFacts, policy: &'a BootPolicy) -> Self {
        let image = facts.image.fact(|i| (i.clone(), format!("an image of {}", part(i.part))));
        let signatures = facts.image.fact(|i| {
            let all: Arc<[Signed]> = i
                .signatures
                .iter()
                .map(|message| Signed {
                    signer: authenticode::signer(message).unwrap_or_else(|| text("nobody")),
                    examined: authenticode::examine(message, &*i.digests),
                })
                .collect();
            let names: Vec<&str> = all.iter().map(|s| &*s.signer).collect();
            let said = match names.as_slice() {
                [] => "no signature".into(),
                names => format!("signed by {}", names.join(", ")),
            };
            (all, said)
        });
        let stage = stage(&image, policy);
        Self { facts, image, policy, stage, signatures }
    }

    /// Who decides about the image, if anybody checks images at all.
    fn asked(&self, step: &mut Step) -> Result<Option<Stage>, Gaps> {
        let stage = *step.consult(&self.stage)?;
        let checks = match stage {
            Stage::Firmware => &self.policy.firmware_checks,
            Stage::Shim | Stage::Grub | Stage::Kernel => &self.policy.shim_checks,
        };
        Ok(step.consult(checks)?.then_some(stage))
    }

    /// The digests by which a stage looks for an image in a list.
    const fn digests(stage: Stage, list: List) -> &'static [DigestAlgorithm] {
        match (stage, list) {
            (Stage::Firmware, _) => &[
                DigestAlgorithm::Sha256,
                DigestAlgorithm::Sha1,
                DigestAlgorithm::Sha384,
                DigestAlgorithm::Sha512,
            ],
            (_, List::Db | List::Dbx | List::VendorDbx) => {
                &[DigestAlgorithm::Sha256, DigestAlgorithm::Sha1]
            }
            (_, List::MokList | List::MokListX | List::Vendor) => &[DigestAlgorithm::Sha256],
        }
    }
}

fn part(part: Part) -> &'static str {
    match part {
        Part::Shim => "shim, which firmware starts",
        Part::SecondStage => "a boot loader, which shim starts",
        Part::Kernel => "a kernel, about which GRUB asks shim",
    }
}

fn stage(image: &Fact<Arc<BootImage>>, policy: &BootPolicy) -> Fact<Stage> {
    static RULE: Rule = Rule { name: "boot/stage", source: "shim 16.1, shim.c; GRUB shim_lock.c" };
    crate::fact::step::draw(&RULE, |step| {
        let firmware =
            step.consult(image)?.part == Part::Shim || *step.consult(&policy.without_shim)?;
        let stage = if firmware { Stage::Firmware } else { Stage::Shim };
        Ok((stage, Claim::ImagesChecked(stage, true)))
    })
}

/// Judges one image before one machine.
#[must_use]
pub fn judge(case: &BootCase<'_>) -> Judgement {
    judge_without(case, &[])
}

/// Certificates of those who signed the image, where a signature holds.
#[must_use]
pub fn signers(case: &BootCase<'_>) -> Vec<Certificate> {
    static RULE: Rule = Rule { name: "boot/signers", source: "the image's signatures" };
    let mut step = Step::of(&RULE);
    let Ok(all) = step.consult(&case.signatures) else { return Vec::new() };
    let hold = all.iter().filter_map(|signed| signed.examined.as_ref().ok());
    hold.flat_map(|e| e.certificates().map(|der| (der, e.signer.clone())))
        .map(|(der, name)| Certificate { der, name })
        .collect()
}

/// The same with some rules taken for satisfied, as a remedy would satisfy them.
#[must_use]
pub fn judge_without(case: &BootCase<'_>, satisfied: &[&str]) -> Judgement {
    let taken = CHECKS.iter().filter(|c| !satisfied.contains(&c.rule.name)).map(|check| {
        let mut step = Step::of(&check.rule);
        let answer = (check.run)(case, &mut step);
        (step, answer)
    });
    // Recorded machines answered every check, with refusals of all but these two.
    verdict::weigh(taken, |rule, refuses| {
        let unseen = refuses && matches!(rule.name, "boot/there" | "boot/sound" | "boot/nx");
        if unseen { Standing::Documented } else { Standing::Confirmed }
    })
}

/// An image that nobody asks about.
const fn unasked(stage: Stage) -> Passage {
    Passage::pass(Claim::ImagesChecked(stage, false))
}
