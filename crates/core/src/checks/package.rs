//! What Plug and Play and SetupAPI look at before a driver package is staged, in their order.
//!
//! Installing is decided in user mode, by the machine's certificate stores and the account that
//! installs; whether what was installed loads is another question (`checks/windows`).

use crate::check::{Answer, Check, Effect, Passage, WindowsSays};
use crate::code::Code;
use crate::fact::step::Step;
use crate::facts::driver::{Anchor, DriverSignature, Holds, usage};
use crate::facts::package::{CatalogState, Membership, PackageCatalog, PackageFacts};
use crate::facts::windows::Account;
use crate::policy::windows::{WindowsPolicy, build};
use crate::proof::windows::{Machine, WindowsClaim};
use crate::proof::{Claim, Gaps, Standing};
use crate::verdict::{self, Judgement, Verdict};
use crate::windows_words::{Hresult, Prompt};

mod catalog;
mod inf;
mod members;
mod publisher;
pub mod ranking;
mod trust;

/// One package before one system.
#[derive(Debug)]
pub struct PackageCase<'a> {
    package: &'a PackageFacts,
    policy: &'a WindowsPolicy<'a>,
}

/// A check of Plug and Play.
pub type PackageCheck = Check<for<'a, 'b, 'c> fn(&'a PackageCase<'b>, &'c mut Step) -> Answer>;

/// In the order in which a package meets them; each passes where it is not asked.
static CHECKS: [&PackageCheck; 18] = [
    &inf::SOUND,
    &inf::RESTRICTED,
    &inf::MODEL,
    &catalog::NAMED,
    &catalog::SIGNED,
    &catalog::SORTED,
    &catalog::SOUND,
    &members::INF,
    &members::FILES,
    &publisher::MICROSOFT,
    &trust::CHAIN,
    &trust::ROOT,
    &trust::TIME,
    &trust::REVOKED,
    &trust::USAGE,
    &publisher::DISTRUSTED,
    &publisher::STATE,
    &publisher::EDITION_AND_CONSENT,
];

impl<'a> PackageCase<'a> {
    /// The case of this package on this system.
    #[must_use]
    pub const fn new(package: &'a PackageFacts, policy: &'a WindowsPolicy<'a>) -> Self {
        Self { package, policy }
    }

    /// The catalog, where there is one that can be read.
    fn catalog(&self, step: &mut Step) -> Result<Option<&PackageCatalog>, Gaps> {
        Ok(match step.consult(&self.package.catalog)? {
            CatalogState::Present(catalog) => Some(catalog),
            CatalogState::NotNamed | CatalogState::Absent(_) | CatalogState::Unreadable(_) => None,
        })
    }

    /// The signature that counts: Microsoft's where there is one, else the first that is understood.
    fn signature(&self, step: &mut Step) -> Result<Option<&DriverSignature>, Gaps> {
        let Some(catalog) = self.catalog(step)? else { return Ok(None) };
        let mut first = None;
        for signature in &catalog.signatures {
            let old = matches!(signature.digest.name(), "md5" | "sha1");
            let understood = (old || *step.consult(&self.policy.sha2)?)
                && (signature.first || *step.consult(&self.policy.sha2)?);
            if !understood || signature.holds != Holds::Yes {
                continue;
            }
            if of_windows(signature) {
                return Ok(Some(signature));
            }
            first = first.or(Some(signature));
        }
        Ok(first)
    }

    /// Whether what the catalog says of the package holds: it is signed, and INF and files are in it.
    fn covered(&self, step: &mut Step) -> Result<bool, Gaps> {
        let listed = |m: &Membership| matches!(m, Membership::Listed);
        Ok(self.signature(step)?.is_some()
            && listed(step.consult(&self.package.inf)?)
            && step.consult(&self.package.files)?.iter().all(|f| listed(&f.member)))
    }

    /// Whether Microsoft's signature settles everything about trust.
    fn by_windows(&self, step: &mut Step) -> Result<bool, Gaps> {
        let Some(signature) = self.signature(step)? else { return Ok(false) };
        Ok(of_windows(signature) && self.for_this_system(step)?)
    }

    /// Whether the catalog is for this system, as it says itself.
    fn for_this_system(&self, step: &mut Step) -> Result<bool, Gaps> {
        let Some(catalog) = self.catalog(step)? else { return Ok(false) };
        let (major, minor) = step.consult(&self.policy.facts.version)?.numbers();
        Ok(catalog.systems.is_empty() || catalog.systems.iter().any(|s| covers(s, major, minor)))
    }

    /// Whether the signature need not be asked about trust: there is none, or Microsoft made it.
    fn settled(&self, step: &mut Step) -> Result<bool, Gaps> {
        Ok(!self.covered(step)? || self.by_windows(step)?)
    }

    /// Whether an unsigned or altered package is refused whatever anybody says: since Windows 8 on
    /// 64-bit systems, while enforcement is on.
    fn enforced(&self, step: &mut Step) -> Result<bool, Gaps> {
        let facts = self.policy.facts;
        Ok(step.consult(&facts.version)?.build >= build::WINDOWS_8
            && matches!(step.consult(&facts.machine)?, Machine::X64 | Machine::Arm64)
            && !*step.consult(&facts.enforcement_off)?)
    }

    /// What becomes of a package that nobody vouches for.
    fn unvouched(
        &self,
        step: &mut Step,
        claim: WindowsClaim,
        code: &'static Code,
        hresult: Hresult,
        inner: Option<Hresult>,
    ) -> Answer {
        let administrator =
            *step.consult(&self.policy.facts.installer.account)? == Account::Administrator;
        if !self.enforced(step)? && administrator {
            return Ok(asked(claim, Prompt::Unsigned));
        }
        Ok(refused(claim, code, hresult, inner))
    }
}

/// Whether Microsoft vouches for it as for Windows itself: tested, attested, or a part of it.
fn of_windows(signature: &DriverSignature) -> bool {
    signature.anchor == Anchor::Product
        && (signature.may(usage::WHQL) || signature.may(usage::WINDOWS))
}

/// Whether `2:6.1` or `2:10.0` speaks of this system; kits of early Windows 10 wrote 6.4 for 10.0.
fn covers(says: &str, major: u16, minor: u16) -> bool {
    let Some((_, numbers)) = says.split_once(':') else { return false };
    let mut parts = numbers.split('.').map(|n| n.parse::<u16>().ok());
    match (parts.next().flatten(), parts.next().flatten()) {
        (Some(6), Some(4)) => (major, minor) == (10, 0),
        (Some(says_major), says_minor) => says_major == major && says_minor.unwrap_or(0) == minor,
        (None, _) => false,
    }
}

/// Judges one package before one system.
#[must_use]
pub fn judge(case: &PackageCase<'_>) -> Judgement {
    let taken = CHECKS.iter().map(|check| {
        let mut step = Step::of(&check.rule);
        let answer = (check.run)(case, &mut step);
        (step, answer)
    });
    let mut judgement = verdict::weigh(taken, |_, _| Standing::Documented);
    let refused = matches!(judgement.verdict, Verdict::Refused(_));
    let says = judgement.says.windows.get_or_insert_default();
    if refused {
        // What is refused in the end is asked about in vain.
        says.prompt = None;
    }
    judgement
}

const fn pass(claim: WindowsClaim) -> Passage {
    Passage::pass(Claim::Windows(claim))
}

fn asked(claim: WindowsClaim, prompt: Prompt) -> Passage {
    let says = WindowsSays { prompt: Some(prompt), ..WindowsSays::default() };
    Passage { claim: Claim::Windows(claim), effect: Effect::Told(says), says: alloc::vec![] }
}

fn refused(
    claim: WindowsClaim,
    code: &'static Code,
    hresult: Hresult,
    inner: Option<Hresult>,
) -> Passage {
    let says = WindowsSays { hresult: Some(hresult), inner, ..WindowsSays::default() };
    Passage {
        claim: Claim::Windows(claim),
        effect: Effect::Denied(code, says),
        says: alloc::vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_catalog_speaks_of_systems_by_their_inner_numbers() {
        assert!(covers("2:10.0", 10, 0) && covers("2:6.4", 10, 0) && covers("2:5.00", 5, 0));
        assert!(!covers("2:6.1", 10, 0) && !covers("2:10.0", 6, 1) && !covers("", 6, 1));
    }
}
