//! Changes that might turn a verdict. Which ones come into question follows from what refused; none
//! is believed before the judge has said so.

use crate::answer::Remedy;
use crate::check::Letter;
use crate::facts::linux::KeyPair;
use crate::verdict::{Ended, Judgement, Verdict};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// What a remedy mends: rules that would pass once it is done, with everything else judged anew.
#[must_use]
pub fn mends(remedy: &Remedy) -> &'static [&'static str] {
    match remedy {
        Remedy::Sign { .. } | Remedy::Reinstall { .. } => &SIGNATURE,
        Remedy::Rebuild { .. } => &BUILD,
        Remedy::Unblock { .. } => &["linux/name-blocked"],
        Remedy::LoadByName { .. } => &["linux/symbols"],
        Remedy::SignImage { .. } => &["boot/trusted"],
        // These change facts, from which everything is drawn anew.
        Remedy::Enroll { .. }
        | Remedy::RemakeInitramfs { .. }
        | Remedy::LinkModules { .. }
        | Remedy::StartOther { .. }
        | Remedy::EnforceOff
        | Remedy::SecureBootOff
        | Remedy::SignByPortal
        | Remedy::SignPackageByPortal
        | Remedy::StartLater
        | Remedy::ImportCertificate
        | Remedy::UndoChange { .. }
        | Remedy::SortCertificates { .. }
        | Remedy::TakeRelease
        | Remedy::LeaveOut { .. }
        | Remedy::BuildFor { .. }
        | Remedy::DateToday
        | Remedy::NameCatalog { .. } => &[],
    }
}

/// The rules a good signature by a trusted key satisfies.
const SIGNATURE: [&str; 7] = [
    "linux/signature-trailer",
    "linux/signature-message",
    "linux/signature-trust",
    "linux/file-digest",
    "linux/vouched",
    "linux/unvouched-locked-out",
    "linux/unverified-mark",
];

/// The rules a build against the right kernel satisfies.
const BUILD: [&str; 7] = [
    "linux/elf-sound",
    "linux/layout-version",
    "linux/vermagic-fits",
    "linux/exports-sound",
    "linux/symbols",
    "linux/types-fit",
    "linux/writable-code",
];

/// What is known of the ways out of a refusal.
#[derive(Clone, Debug)]
pub struct Ways {
    /// The module's name.
    pub name: Arc<str>,
    /// The module's file.
    pub path: Arc<str>,
    /// The kernel's release.
    pub release: Arc<str>,
    /// The name of a machine owner key that this kernel trusts.
    pub owner_key: Option<Arc<str>>,
    /// The files that this machine signs with.
    pub keys: Option<KeyPair>,
    /// Who signed, where somebody did.
    pub signer: Option<Arc<str>>,
    /// A certificate of that signer that was found, to be enrolled.
    pub certificate: Option<Arc<str>>,
    /// Whether the file belongs to the kernel's own package.
    pub in_tree: bool,
    /// Whether other modules of this kernel would provide the symbols that are missing.
    pub dependencies: bool,
}

/// The remedies that come into question, those that keep every protection first.
#[must_use]
pub fn candidates(judgement: &Judgement, ways: &Ways) -> Vec<Remedy> {
    let marked = judgement.says.taint.contains(&Letter::E);
    if !matches!(judgement.verdict, Verdict::Refused(_)) && !marked {
        return Vec::new();
    }
    let refused = |rules: &[&str]| {
        judgement.walk.iter().any(|w| w.ended == Ended::Refused && rules.contains(&w.rule.name))
    };
    let mut out = Vec::new();
    if refused(&SIGNATURE) || marked {
        if ways.in_tree {
            out.push(Remedy::Reinstall { path: ways.path.clone() });
        }
        let (path, with) = (ways.path.clone(), ways.owner_key.clone());
        out.push(Remedy::Sign { path, with, keys: ways.keys.clone() });
        if let Some(signer) = &ways.signer {
            out.push(Remedy::Enroll {
                signer: signer.clone(),
                certificate: ways.certificate.clone(),
            });
        }
        if refused(&SIGNATURE) {
            out.push(Remedy::EnforceOff);
            out.push(Remedy::SecureBootOff);
        }
    }
    if refused(&["linux/symbols"]) && ways.dependencies {
        out.push(Remedy::LoadByName { name: ways.name.clone() });
    }
    if refused(&BUILD) {
        out.push(Remedy::Rebuild { release: ways.release.clone() });
    }
    if refused(&["linux/name-blocked"]) {
        out.push(Remedy::Unblock { name: ways.name.clone() });
    }
    out
}
