//! Images that boot: judged by firmware and shim, before any kernel runs.

use std::path::Path;

use loadworthy_collect::gather::boot_image;
use loadworthy_core::answer::{Answered, Kind, Need, Phase, Subject};
use loadworthy_core::assume;
use loadworthy_core::checks::firmware::{self, BootCase};
use loadworthy_core::facts::boot_image::{BootFacts, BootImageFacts, Part};
use loadworthy_core::policy::firmware::BootPolicy;

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
        let mut facts = boot_image::gather(&host.looking());
        for (meant, shown) in assumptions::meanings(&request.assume)? {
            assume::apply_to_boot(&meant, &shown, &mut facts, &host.tables);
        }
        let policy = BootPolicy::of(&facts, &host.tables);
        Ok(Self { host, facts, policy })
    }

    /// Whether firmware checks images, where that is known.
    pub(crate) fn secure_boot(&self) -> Option<bool> {
        known(&self.policy.firmware_checks)
    }

    /// Judges the image at `path`.
    pub(crate) fn judge(&self, path: &str) -> Answered {
        let limits = self.host.looking().limits;
        let image = boot_image::gather_argument(Path::new(path), path, limits);
        let own = self.own_policy(&image);
        let case = BootCase::new(&image, own.as_ref().unwrap_or(&self.policy));
        Answered {
            judgement: firmware::judge(&case),
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
            tried: Vec::new(),
            pending: None,
        }
    }

    /// A shim brings its own revocation level.
    fn own_policy(&self, image: &BootImageFacts) -> Option<BootPolicy> {
        let read = image.image.fact(|i| (i.clone(), "revocation levels".into()));
        let is_shim = known(&read).is_some_and(|i| i.part == Part::Shim);
        is_shim.then(|| BootPolicy::with_shim(&self.facts, &read, &self.host.tables))
    }
}
