//! Updates of the deny list that wait on a machine, judged before they are applied.

use std::collections::HashSet;
use std::sync::Arc;

use loadworthy_collect::gather::deny_updates;
use loadworthy_core::answer::Note;
use loadworthy_core::boot_claim::BootClaim;
use loadworthy_core::codes::DENY_LIST_WAITS;
use loadworthy_core::facts::boot_image::BootImageFacts;
use loadworthy_core::facts::firmware::{Denied, FirmwareFacts};
use loadworthy_core::proof::{Claim, Evidence, Node, Proof, Rule, text};
use loadworthy_core::verdict::Verdict;

use crate::assumptions;
use crate::boot_images::BootChain;
use crate::host::{Host, known};

static RULE: Rule = Rule {
    name: "boot/deny-list-waits",
    source: "fwupdmgr(1); secureboot-db, dbxtool: signed updates of dbx that are written at a later time",
};

/// An update that is not in force.
struct Waiting {
    path: Arc<str>,
    entries: Vec<Denied>,
    /// How many of its digests the list in force has not.
    new: usize,
}

/// Those that are not in force; none where the list in force was not seen whole.
fn waiting(host: &Host, firmware: &FirmwareFacts) -> Vec<Waiting> {
    if known(firmware.dbx.whole()).is_none() {
        return Vec::new();
    }
    let digest = |entry: Denied| match entry {
        Denied::Sha256(digest) => Some(digest),
        Denied::Certificate(_) | Denied::CertificateSha256(_) | Denied::Other => None,
    };
    let held: HashSet<[u8; 32]> =
        firmware.dbx.items().iter().filter_map(known).filter_map(digest).collect();
    let each = deny_updates::gather(&host.looking()).into_iter().filter_map(|(path, bytes)| {
        let entries = assumptions::denials(&bytes).ok()?;
        let all = entries.iter().cloned().filter_map(digest);
        let new = all.filter(|digest| !held.contains(digest)).count();
        (new > 0).then_some(Waiting { path, entries, new })
    });
    each.collect()
}

/// What each of them would do to the images of a boot chain; `changes` says that the kernel will be
/// another one at the same boot.
pub(crate) fn notes(
    host: &Host,
    firmware: &FirmwareFacts,
    chain: &BootChain<'_>,
    images: &[BootImageFacts],
    changes: bool,
) -> Vec<Note> {
    let told = waiting(host, firmware).into_iter().map(|update| {
        let denied = chain.with_denied(&update.entries, &update.path);
        let mut from = vec![Proof::new(Node::Seen(Evidence {
            origin: host.looking().view.origin(),
            item: update.path.clone(),
            said: text(format!("{} digests that dbx has not", update.new)),
        }))];
        let mut stops = Vec::new();
        for image in images {
            let now = chain.judged_installed(image).judgement.verdict;
            let then = denied.judged_installed(image).judgement;
            if now == Verdict::Loads && matches!(then.verdict, Verdict::Refused(_)) {
                stops.push(image.name.to_string());
                from.extend(then.reasons.first().map(|reason| reason.because.clone()));
            }
        }
        let stops = text(stops.join(", "));
        let claim = BootClaim::DenyListWaits { file: update.path, stops, changes };
        let because = Proof::new(Node::Drawn { rule: &RULE, claim: Claim::Boot(claim), from });
        Note::new(&DENY_LIST_WAITS, because)
    });
    told.collect()
}
