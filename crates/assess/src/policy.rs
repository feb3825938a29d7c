//! `policy`: what this platform demands, each with where it was read.

use std::sync::Arc;

use loadworthy_collect::gather::inventory::{self, Inventory};
use loadworthy_core::answer::Demand;
use loadworthy_core::fact::Fact;
use loadworthy_core::fact::Listing;
use loadworthy_core::policy::linux::ima::FileSignature;
use loadworthy_core::policy::linux::keyrings::Held;

use crate::host::{Host, OneKernel, known};
use crate::request::{Request, Trouble};

/// The demands of each kernel that is asked about.
#[derive(Debug)]
pub struct Policy {
    /// The release.
    pub kernel: String,
    /// Its demands.
    pub demands: Vec<Demand>,
}

/// Answers a request; its subjects do not matter.
///
/// # Errors
/// When our own work cannot be done.
pub fn policy(request: &Request) -> Result<Vec<Policy>, Trouble> {
    let host = Host::of(request)?;
    policy_on(&host, request)
}

/// The same on a host that is open already.
///
/// # Errors
/// As [`policy`].
pub fn policy_on(host: &Host, request: &Request) -> Result<Vec<Policy>, Trouble> {
    let mut out = Vec::new();
    for kernel in host.asked(&request.kernel)? {
        let kernel = host.kernel(kernel, request)?;
        let mut demands = demands(&kernel);
        if known(&kernel.kernel.fact).is_some() && is_next(host, &kernel) {
            demands.insert(1, started(host));
        }
        demands.extend(inventory(&inventory::gather(&host.looking())));
        out.push(Policy { kernel: kernel.kernel.release.to_string(), demands });
    }
    host.sound()?;
    Ok(out)
}

/// Whether the boot loader starts this kernel next.
fn is_next(host: &Host, kernel: &OneKernel) -> bool {
    known(&host.next_boot.chosen)
        .is_some_and(|chosen| chosen.entry.release.as_ref() == Some(&kernel.kernel.release))
}

fn started(host: &Host) -> Demand {
    demand("boot-entry", &host.next_boot.chosen, |chosen| {
        let (loader, by) = (chosen.entry.loader.name(), chosen.by.name());
        format!("{} ({loader}, {by})", chosen.entry.title)
    })
}

fn demands(kernel: &OneKernel) -> Vec<Demand> {
    let policy = &kernel.policy;
    let facts = &kernel.facts;
    let on_off = |on: &bool| if *on { "on" } else { "off" }.to_owned();
    let yes_no = |yes: &bool| if *yes { "yes" } else { "no" }.to_owned();
    let file_signatures = policy.file_signature.map(|wanted| *wanted != FileSignature::NotWanted);
    let mut out = vec![
        demand("kernel", &facts.release, |r| r.to_string()),
        demand("secure-boot", &policy.secure_boot, on_off),
        demand("shim-validation", &kernel.firmware.mok_sb_state, |state| {
            let off = state.is_some_and(|s| s.value == 1 && !s.non_volatile);
            if off { "off" } else { "on" }.to_owned()
        }),
        demand("signatures-checked", &policy.signatures_checked, yes_no),
        demand("signatures-enforced", &policy.signatures_enforced, yes_no),
        demand("locked-down", &policy.locked_down, yes_no),
        demand("file-signatures-wanted", &file_signatures, yes_no),
        demand("loading-disabled", &policy.loading_disabled, yes_no),
        demand("platform-keyring-asked", &policy.keyrings.platform_asked, |when| when.to_string()),
        demand("file-digests-denied", &policy.keyrings.file_digests_denied, yes_no),
        demand("signer-revocation", &policy.keyrings.revocation, |scope| scope.to_string()),
    ];
    for (name, list) in [
        ("trusted-keys", &policy.keyrings.trusted),
        ("platform-keys", &policy.keyrings.platform),
        ("revoked-keys", &policy.keyrings.revoked),
    ] {
        out.push(listed(name, list));
    }
    out.push(counted("denied-files", &policy.keyrings.denied_files));
    out.push(demand("blocked-names", &policy.blocked_names, |names| names.join(",")));
    out
}

/// What is not a demand on modules, and belongs into the record of a machine.
fn inventory(found: &Inventory) -> Vec<Demand> {
    let listed =
        |names: &Vec<Arc<str>>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let letters = |l: &Arc<str>| if l.is_empty() { "none".to_owned() } else { l.to_string() };
    vec![
        demand("pending-requests", &found.pending, listed),
        demand("sbat-level", &found.sbat_level, |l| l.as_deref().unwrap_or("none").to_owned()),
        demand("taint", &found.taint, letters),
        demand("marked-modules", &found.marked, |marked| {
            let each: Vec<String> =
                marked.iter().map(|(name, by)| format!("{name} ({by})")).collect();
            if each.is_empty() { "none".to_owned() } else { each.join(", ") }
        }),
    ]
}

fn demand<T: Clone>(name: &'static str, fact: &Fact<T>, say: impl Fn(&T) -> String) -> Demand {
    Demand { name, value: known(fact).map(|value| say(&value)), because: fact.proof() }
}

fn listed(name: &'static str, list: &Listing<Held>) -> Demand {
    let names: Vec<String> = list
        .items()
        .iter()
        .filter_map(known)
        .map(|held| format!("{} ({})", held.name, held.ring.name()))
        .collect();
    let value = known(list.whole()).map(|()| names.join("; "));
    Demand { name, value, because: list.whole().proof() }
}

fn counted<T>(name: &'static str, list: &Listing<T>) -> Demand {
    let value = known(list.whole()).map(|()| list.items().len().to_string());
    Demand { name, value, because: list.whole().proof() }
}
