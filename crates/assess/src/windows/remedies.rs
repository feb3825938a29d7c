//! What people do about a driver or package that is refused, each applied to the facts and judged
//! again.
//!
//! Nothing that opens a machine is offered; what is commonly tried and does not help is told.

use std::sync::Arc;

use loadworthy_core::answer::{Remedy, Tried};
use loadworthy_core::checks::package::{self as install, PackageCase};
use loadworthy_core::checks::windows::{self as load, DriverCase};
use loadworthy_core::codes;
use loadworthy_core::crypt::digest::DigestAlgorithm;
use loadworthy_core::fact::{Fact, Listing};
use loadworthy_core::facts::driver::{
    Anchor, DriverFacts, DriverImage, DriverSignature, Holds, Start, usage,
};
use loadworthy_core::facts::package::{
    CatalogState, Membership, PackageCatalog, PackageFacts, PackageFile,
};
use loadworthy_core::policy::windows::WindowsPolicy;
use loadworthy_core::proof::windows::Machine;
use loadworthy_core::proof::{Assumption, text};
use loadworthy_core::verdict::{Judgement, Verdict};

pub(super) fn remedy<T>(value: T) -> Fact<T> {
    Fact::assumed(value, Assumption { key: text("remedy"), value: text("") })
}

pub(super) fn tried(remedy: Remedy, judged: Verdict) -> Tried {
    let helps = matches!(judged, Verdict::Loads | Verdict::LoadsTainted);
    Tried { remedy, judged, helps }
}

/// A signature as the portal makes it after testing, stamped.
fn of_portal(at: i64) -> DriverSignature {
    DriverSignature {
        signer: text("Microsoft Windows Hardware Compatibility Publisher"),
        program: None,
        place: text("embedded"),
        first: true,
        entry: 0,
        holds: Holds::Yes,
        digest: DigestAlgorithm::Sha256,
        anchor: Anchor::Product,
        root: text("Microsoft Root Certificate Authority 2010"),
        usages: [usage::WHQL, usage::EV_WHQL, usage::CODE_SIGNING].map(text).to_vec(),
        not_before: at,
        not_after: i64::MAX,
        lifetime: false,
        stamp: Ok(at),
        signed_parts: Vec::new(),
        well_known: vec![6],
        thumbprint: [0; 20],
        inside: Vec::new(),
        chain_whole: true,
        tops: Vec::new(),
    }
}

/// What comes of loading a driver after a change.
pub(super) fn loading(
    facts: &DriverFacts,
    policy: &WindowsPolicy<'_>,
    change: &dyn Fn(&mut DriverFacts),
) -> Verdict {
    let mut changed = facts.clone();
    change(&mut changed);
    load::judge(&DriverCase::new(&changed, policy)).verdict
}

/// A signature of the portal inside.
pub(super) fn signed_by_portal(facts: &mut DriverFacts, at: i64) {
    facts.embedded = Listing::new(vec![remedy(of_portal(at))], remedy(()));
}

/// The same image for another processor.
pub(super) fn built_for(facts: &mut DriverFacts, machine: Machine) {
    facts.image = facts.image.map(|image| Arc::new(DriverImage { machine, ..(**image).clone() }));
}

/// What helps a refused driver, and what does not.
pub(super) fn of_driver(
    facts: &DriverFacts,
    policy: &WindowsPolicy<'_>,
    judgement: &Judgement,
) -> Vec<Tried> {
    let Verdict::Refused(code) = &judgement.verdict else { return Vec::new() };
    let mut all = Vec::new();
    let mut again = |which: Remedy, change: &dyn Fn(&mut DriverFacts)| {
        all.push(tried(which, loading(facts, policy, change)));
    };
    let signed = |facts: &mut DriverFacts| signed_by_portal(facts, policy.facts.at);
    if about_signers(code.id) {
        again(Remedy::SignByPortal, &signed);
    }
    if *code == &codes::BOOT_DRIVER_NEEDS_EMBEDDED_SIGNATURE {
        again(Remedy::StartLater, &|facts| facts.start = remedy(Start::Demand));
    }
    // Certificate stores are asked about installing, never about loading.
    let imported = [&codes::ROOT_NOT_ACCEPTED_BY_KERNEL, &codes::CROSS_CERTIFICATE_MISSING];
    if imported.contains(code) {
        again(Remedy::ImportCertificate, &|_| {});
    }
    all.sort_by_key(|t| !t.helps);
    all
}

/// Refusals that another signature could mend.
fn about_signers(id: &str) -> bool {
    ("LW2001".."LW2010").contains(&id) || matches!(id, "LW2012" | "LW2014" | "LW2018")
}

/// What helps a refused package, and what does not.
pub(super) fn of_package(
    facts: &PackageFacts,
    others: &[PackageFacts],
    policy: &WindowsPolicy<'_>,
    judgement: &Judgement,
) -> Vec<Tried> {
    let Verdict::Refused(code) = &judgement.verdict else { return Vec::new() };
    let mut all = Vec::new();
    let mut again = |which: Remedy, change: &dyn Fn(&mut PackageFacts)| {
        let mut changed = facts.clone();
        change(&mut changed);
        let judged = install::judge(&PackageCase::new(&changed, policy)).verdict;
        all.push(tried(which, judged));
    };
    let listed = |files: &mut Fact<Vec<PackageFile>>| {
        *files = files.map(|all| {
            let one = |f: &PackageFile| PackageFile { member: Membership::Listed, ..f.clone() };
            all.iter().map(one).collect()
        });
    };
    if *code == &codes::CATALOG_CERTIFICATES_NOT_SORTED
        && let Some(CatalogState::Present(catalog)) = crate::host::known(&facts.catalog)
    {
        again(Remedy::SortCertificates { catalog: catalog.name.clone() }, &|facts| {
            let sorted = PackageCatalog { is_sorted: true, ..catalog.clone() };
            facts.catalog = remedy(CatalogState::Present(sorted));
        });
    }
    let changes = changes(facts);
    if !changes.is_empty() {
        again(Remedy::UndoChange { changes: changes.join("; ") }, &|facts| {
            facts.inf = facts.inf.map(undone);
            facts.files = facts.files.map(|all| {
                let one = |f: &PackageFile| PackageFile { member: undone(&f.member), ..f.clone() };
                all.iter().map(one).collect()
            });
        });
    }
    let mismatched = [&codes::INF_NOT_IN_CATALOG, &codes::FILE_NOT_IN_CATALOG];
    if mismatched.contains(code) || *code == &codes::PACKAGE_FILE_MISSING {
        again(Remedy::TakeRelease, &|facts| {
            facts.inf = remedy(Membership::Listed);
            listed(&mut facts.files);
        });
    }
    for other in others {
        if let Some(CatalogState::Present(catalog)) = crate::host::known(&other.catalog) {
            let which = Remedy::NameCatalog { catalog: catalog.name.clone() };
            again(which, &|facts| facts.clone_from(other));
        }
    }
    if (("LW2032".."LW2047").contains(&code.id) || code.id == "LW2049")
        && !mismatched.contains(code)
    {
        again(Remedy::SignPackageByPortal, &|facts| {
            let signature = of_portal(policy.facts.at);
            facts.catalog = remedy(CatalogState::Present(PackageCatalog {
                name: text("the portal's catalog"),
                signatures: vec![signature],
                is_sorted: true,
                systems: Vec::new(),
            }));
            facts.inf = remedy(Membership::Listed);
            listed(&mut facts.files);
        });
    }
    all.sort_by_key(|t| !t.helps);
    all
}

fn undone(member: &Membership) -> Membership {
    match member {
        Membership::Unlisted(Some(_)) => Membership::Listed,
        other => other.clone(),
    }
}

/// The changes after which files would match: `demo.inf: LF->CRLF`.
fn changes(facts: &PackageFacts) -> Vec<String> {
    let mut found = Vec::new();
    let mut add = |name: &str, member: &Membership| {
        if let Membership::Unlisted(Some(change)) = member {
            found.push(format!("{name}: {change}"));
        }
    };
    if let Some(member) = crate::host::known(&facts.inf) {
        add(&facts.name, &member);
    }
    for file in crate::host::known(&facts.files).into_iter().flatten() {
        add(&file.name, &file.member);
    }
    found
}
