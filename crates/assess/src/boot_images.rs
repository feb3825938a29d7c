//! Images that boot: judged by firmware and shim, before any kernel runs.

use std::path::Path;

use loadworthy_collect::gather::boot_image;
use loadworthy_core::answer::{Answered, Kind, Need, Phase, Remedy, Subject, Tried};
use loadworthy_core::assume::{self, Assume};
use loadworthy_core::checks::firmware::{self, BootCase};
use loadworthy_core::fact::Source;
use loadworthy_core::facts::boot_image::{BootFacts, BootImageFacts, Part};
use loadworthy_core::facts::firmware::Denied;
use loadworthy_core::policy::firmware::BootPolicy;
use loadworthy_core::proof::{Assumption, Stage, text};
use loadworthy_core::remedy::mends;
use loadworthy_core::verdict::{Ended, Judgement, Verdict};

use crate::assumptions;
use crate::host::{Host, known};
use crate::request::{Request, Trouble};

/// What stands before a kernel on one machine.
#[derive(Debug)]
pub(crate) struct BootChain<'h> {
    host: &'h Host,
    facts: BootFacts,
    policy: BootPolicy,
}

/// Whether this argument is an image that boots.
pub(crate) fn is_one(argument: &str) -> bool {
    boot_image::is_boot_image(Path::new(argument))
}

impl<'h> BootChain<'h> {
    /// Looks at the machine and draws what it demands.
    ///
    /// # Errors
    /// When an assumption cannot be made.
    pub(crate) fn of(host: &'h Host, request: &Request) -> Result<Self, Trouble> {
        Self::over(host, request, boot_image::gather(&host.looking()))
    }

    /// The same of a machine whose firmware starts `first`: shim, or something else without it.
    ///
    /// # Errors
    /// As [`BootChain::of`].
    pub(crate) fn starting_with(
        host: &'h Host,
        request: &Request,
        first: &BootImageFacts,
    ) -> Result<Self, Trouble> {
        let mut facts = boot_image::gather(&host.looking());
        let read = first.image.fact(|image| (image.clone(), String::new()));
        if let Some(image) = known(&read) {
            let shim = (image.part == Part::Shim).then_some(image);
            facts.shim = Source::read(shim, host.looking().view.origin(), first.path.clone());
        }
        Self::over(host, request, facts)
    }

    fn over(host: &'h Host, request: &Request, mut facts: BootFacts) -> Result<Self, Trouble> {
        for (meant, shown) in assumptions::meanings(&request.assume)? {
            assume::apply_to_boot(&meant, &shown, &mut facts, &host.tables);
        }
        let policy = BootPolicy::of(&facts, &host.tables);
        Ok(Self { host, facts, policy })
    }

    /// The same with these denied besides, as `update` says.
    pub(crate) fn with_denied(&self, entries: &[Denied], update: &str) -> Self {
        let mut facts = self.facts.clone();
        let shown = Assumption { key: text("dbx"), value: text(update) };
        let change = Assume::Dbx(entries.to_vec());
        assume::apply_to_boot(&change, &shown, &mut facts, &self.host.tables);
        let policy = BootPolicy::of(&facts, &self.host.tables);
        Self { host: self.host, facts, policy }
    }

    /// What the machine trusts and denies.
    pub(crate) const fn policy(&self) -> &BootPolicy {
        &self.policy
    }

    /// Whether firmware checks images, where that is known.
    pub(crate) fn secure_boot(&self) -> Option<bool> {
        known(&self.policy.firmware_checks)
    }

    /// Judges the image at `path`, a path of the caller's.
    pub(crate) fn judge(&self, path: &str) -> Answered {
        let limits = self.host.looking().limits;
        self.judged(&boot_image::gather_argument(Path::new(path), path, limits), path)
    }

    /// Judges an image of the host, with what would help where it is refused.
    pub(crate) fn judged_installed(&self, image: &BootImageFacts) -> Answered {
        self.judged(image, &format!("/{}", image.path))
    }

    /// Judges an image that is at `path` for who asks.
    fn judged(&self, image: &BootImageFacts, path: &str) -> Answered {
        let judgement = self.judgement(image, &self.policy);
        Answered {
            tried: self.tried(image, path, &judgement),
            judgement,
            subject: Subject {
                kind: Kind::BootImage,
                name: image.name.clone(),
                path: Some(image.path.clone()),
                sha256: image.sha256,
                required_by: Vec::new(),
                need: Need::default(),
            },
            on: None,
            phase: Phase::Load,
            pending: None,
        }
    }

    fn judgement(&self, image: &BootImageFacts, policy: &BootPolicy) -> Judgement {
        let own = self.own_policy(image);
        firmware::judge(&BootCase::new(image, own.as_ref().unwrap_or(policy)))
    }

    /// Changes that come into question for a refused image, each judged; what helps comes first.
    fn tried(&self, image: &BootImageFacts, path: &str, judgement: &Judgement) -> Vec<Tried> {
        let refused = |rule: &str| {
            judgement.walk.iter().any(|w| w.ended == Ended::Refused && w.rule.name == rule)
        };
        let deciding = ["boot/trusted", "boot/digest-denied", "boot/signer-denied", "boot/sbat"];
        if !deciding.iter().any(|rule| refused(rule)) {
            return Vec::new();
        }
        let own = self.own_policy(image);
        let case = BootCase::new(image, own.as_ref().unwrap_or(&self.policy));
        let mut tried = Vec::new();
        // What firmware starts itself, an owner's key cannot vouch for.
        let by_shim = !matches!(judgement.says.stopped, Some((Stage::Firmware, _)));
        if by_shim {
            let remedy = Remedy::SignImage { path: text(path), with: None };
            let judged = firmware::judge_without(&case, mends(&remedy));
            tried.push((remedy, judged));
            for certificate in firmware::signers(&case).into_iter().take(1) {
                let signer = certificate.name.clone();
                let judged = self.changed(image, &Assume::Enroll(certificate));
                tried.push((Remedy::Enroll { signer, certificate: None }, judged));
            }
        }
        tried.push((Remedy::SecureBootOff, self.changed(image, &Assume::SecureBoot(false))));
        let mut tried: Vec<Tried> = tried
            .into_iter()
            .map(|(remedy, judged)| {
                let helps = judged.verdict == Verdict::Loads;
                Tried { remedy, judged: judged.verdict, helps }
            })
            .collect();
        tried.sort_by_key(|t| !t.helps);
        tried
    }

    /// The judgement after a change of what the machine trusts.
    fn changed(&self, image: &BootImageFacts, change: &Assume) -> Judgement {
        let mut facts = self.facts.clone();
        let shown = Assumption { key: text("remedy"), value: text("") };
        assume::apply_to_boot(change, &shown, &mut facts, &self.host.tables);
        self.judgement(image, &BootPolicy::of(&facts, &self.host.tables))
    }

    /// A shim brings its own revocation level.
    fn own_policy(&self, image: &BootImageFacts) -> Option<BootPolicy> {
        let read = image.image.fact(|i| (i.clone(), "revocation levels".into()));
        let is_shim = known(&read).is_some_and(|i| i.part == Part::Shim);
        is_shim.then(|| BootPolicy::with_shim(&self.facts, &read, &self.host.tables))
    }
}
