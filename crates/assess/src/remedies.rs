//! Remedies, each applied to the facts and judged again before it is told.

use std::cell::OnceCell;
use std::sync::Arc;

use loadworthy_core::answer::{Remedy, Tried};
use loadworthy_core::assume::{self, Assume};
use loadworthy_core::check::Letter;
use loadworthy_core::checks::linux::{self, LinuxCase};
use loadworthy_core::facts::module::ModuleFile;
use loadworthy_core::policy::linux::LinuxPolicy;
use loadworthy_core::policy::linux::keyrings::Held;
use loadworthy_core::proof::{Assumption, text};
use loadworthy_core::remedy::{Ways, candidates, mends};
use loadworthy_core::signature::{Examined, signer};
use loadworthy_core::verdict::{Judgement, Verdict};

use crate::host::{Host, OneKernel, known};

/// Policies of the same host after a change, drawn once each.
#[derive(Debug)]
pub struct Remedies<'a> {
    host: &'a Host,
    kernel: &'a OneKernel,
    without_enforcement: OnceCell<LinuxPolicy>,
    without_secure_boot: OnceCell<LinuxPolicy>,
}

impl<'a> Remedies<'a> {
    /// For one kernel.
    #[must_use]
    pub const fn new(host: &'a Host, kernel: &'a OneKernel) -> Self {
        Self {
            host,
            kernel,
            without_enforcement: OnceCell::new(),
            without_secure_boot: OnceCell::new(),
        }
    }

    /// Tries what comes into question for a judged case, whose file is at `path` for who asks; what helps
    /// comes first.
    #[must_use]
    pub fn tried(&self, case: &LinuxCase<'_>, path: &str, judgement: &Judgement) -> Vec<Tried> {
        let mut tried: Vec<Tried> = candidates(judgement, &self.ways(case, path))
            .into_iter()
            .filter_map(|remedy| {
                let judged = self.judge(&remedy, case)?;
                let helps = better(&judged, judgement);
                Some(Tried { remedy, judged: judged.verdict, helps })
            })
            .collect();
        // What this machine's key has signed already needs no second signature by it.
        let enough: Vec<Arc<str>> =
            tried.iter().filter(|t| t.helps).filter_map(|t| enrolled(&t.remedy)).collect();
        let again = |t: &Tried| match &t.remedy {
            Remedy::Sign { with: None, keys: Some(pair), .. } => enough.contains(&pair.certificate),
            _ => false,
        };
        tried.retain(|t| !again(t));
        tried.sort_by_key(|t| !t.helps);
        tried
    }

    fn judge(&self, remedy: &Remedy, case: &LinuxCase<'_>) -> Option<Judgement> {
        let policy = match remedy {
            // Whether enrolling helps is known only with the certificate in hand.
            Remedy::Enroll { certificate, .. } => {
                let path = certificate.as_ref()?.trim_start_matches('/');
                let own =
                    self.kernel.facts.own_certificates.iter().find(|(at, _)| **at == *path)?;
                &self.policy(&[Assume::Enroll(own.1.clone())])
            }
            Remedy::EnforceOff => self
                .without_enforcement
                .get_or_init(|| self.policy(&[Assume::CommandLine("module.sig_enforce=0".into())])),
            Remedy::SecureBootOff => {
                self.without_secure_boot.get_or_init(|| self.policy(&[Assume::SecureBoot(false)]))
            }
            _ => return Some(linux::judge_without(case, mends(remedy))),
        };
        let signature = Examined::of(case.module, policy);
        let changed = LinuxCase {
            module: case.module,
            policy,
            scene: case.scene,
            tables: case.tables,
            signature: &signature,
            loader: case.loader,
            by_name: case.by_name,
            types_fit: case.types_fit.clone(),
        };
        Some(linux::judge(&changed))
    }

    fn policy(&self, changes: &[Assume]) -> LinuxPolicy {
        let (mut facts, mut firmware) = (self.kernel.facts.clone(), self.kernel.firmware.clone());
        let shown = Assumption { key: text("remedy"), value: text("") };
        for change in changes {
            assume::apply(change, &shown, &mut facts, &mut firmware);
        }
        LinuxPolicy::of(&facts, &firmware, &self.host.tables)
    }

    fn ways(&self, case: &LinuxCase<'_>, path: &str) -> Ways {
        let enrolled: Vec<_> =
            case.policy.keyrings.trusted.items().iter().filter_map(known).collect();
        let own = &self.kernel.facts.own_certificates;
        // An enrolled key whose certificate lies on this machine is one that its owner can sign with;
        // shim's own certificate stands in the same list, and its key is somebody else's.
        let mine = |held: &&Held| own.iter().any(|(_, c)| *c.name == *held.name);
        let owner_key = enrolled.iter().find(mine).map(|held| held.name.clone());
        let pairs = &self.kernel.facts.own_keys;
        let of_owner = owner_key.as_ref().and_then(|name| {
            let (at, _) = own.iter().find(|(_, certificate)| *certificate.name == **name)?;
            pairs.iter().find(|pair| pair.certificate.trim_start_matches('/') == &**at)
        });
        let not_enrolled =
            own.iter().find(|(_, c)| !enrolled.iter().any(|held| *held.name == *c.name));
        let file = known(&case.module.file.fact(|f| (f.clone(), String::new())));
        let in_tree = match file.as_deref() {
            Some(ModuleFile::Read(bytes)) => {
                bytes.survey.modinfo().is_some_and(|m| m.get("intree").is_some())
            }
            Some(ModuleFile::NotReadable(_)) | None => false,
        };
        Ways {
            name: case.module.name.clone(),
            path: text(path),
            release: self.kernel.kernel.release.clone(),
            keys: of_owner.or_else(|| pairs.first()).cloned(),
            owner_key,
            signer: signer(case.module),
            certificate: not_enrolled.map(|(at, _)| text(format!("/{at}"))),
            in_tree,
            dependencies: case.by_name.is_none(),
        }
    }
}

/// The certificate that would be enrolled, where it was found.
fn enrolled(remedy: &Remedy) -> Option<Arc<str>> {
    match remedy {
        Remedy::Enroll { certificate, .. } => certificate.clone(),
        _ => None,
    }
}

/// Whether a verdict is better than the one before: refused becomes loaded, or a mark goes away.
fn better(after: &Judgement, before: &Judgement) -> bool {
    match (&after.verdict, &before.verdict) {
        (Verdict::Loads | Verdict::LoadsTainted, Verdict::Refused(_)) => true,
        (Verdict::Loads | Verdict::LoadsTainted, _) => {
            before.says.taint.contains(&Letter::E) && !after.says.taint.contains(&Letter::E)
        }
        (Verdict::Refused(_) | Verdict::Unknown(_), _) => false,
    }
}
