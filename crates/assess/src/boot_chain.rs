//! The chain from the firmware to one kernel: each image judged by what starts it.

use loadworthy_collect::gather::boot_image;
use loadworthy_collect::gather::firmware;
use loadworthy_collect::gather::linux::boot_loader::images;
use loadworthy_collect::item::HostPath;
use loadworthy_core::answer::{Answered, Note, Remedy, Tried};
use loadworthy_core::boot_claim::{BootClaim, Loader};
use loadworthy_core::codes::{BOOT_CHAIN_NOT_JUDGED, NEW_AUTHORITY_NOT_TRUSTED};
use loadworthy_core::fact::step::Step;
use loadworthy_core::facts::boot_image::{BootImageFacts, Entry};
use loadworthy_core::policy::firmware::BootPolicy;
use loadworthy_core::policy::next_boot::BootEntry;
use loadworthy_core::proof::{Claim, Gap, Node, Proof, Rule, Stage, Why, text};
use loadworthy_core::verdict::Verdict;

use crate::boot_images::BootChain;
use crate::deny_updates;
use crate::host::{Host, known};
use crate::request::{Request, Trouble};

/// Who asks for these images.
pub(crate) const REQUIRED_BY: &str = "boot chain";

/// Other kernels that are tried in place of a refused one.
const OTHERS: usize = 3;

/// What stands between the firmware and a kernel.
#[derive(Debug, Default)]
pub(crate) struct Chain {
    /// A verdict an image, in the order in which they are started.
    pub(crate) answers: Vec<Answered>,
    /// What could not be judged, and what is worth telling.
    pub(crate) notes: Vec<Note>,
}

/// Judges every image between the firmware and the kernel with this release.
///
/// # Errors
/// When an assumption cannot be made.
pub(crate) fn boot_chain(host: &Host, release: &str, request: &Request) -> Result<Chain, Trouble> {
    let looking = host.looking();
    let images = images_of(host, release);
    let chain = match images.first().filter(|first| !is_kernel(first)) {
        Some(first) => BootChain::starting_with(host, request, first)?,
        None => BootChain::of(host, request)?,
    };
    let mut found = Chain::default();
    for image in &images {
        let mut answer = chain.judged_installed(image);
        answer.subject.required_by.push(REQUIRED_BY.to_owned());
        if let Verdict::Unknown(gaps) = &answer.judgement.verdict {
            found.notes.push(open(&image.path, gaps));
            continue;
        }
        if matches!(answer.judgement.verdict, Verdict::Refused(_)) && is_kernel(image) {
            answer.tried.extend(others(host, release, &chain));
            answer.tried.sort_by_key(|t| (!t.helps, t.remedy == Remedy::SecureBootOff));
        }
        found.answers.push(answer);
    }
    if chain.secure_boot() == Some(true) {
        found.notes.extend(rotation(chain.policy()));
        let running = host.kernels.running.as_ref().ok();
        let changes = running.is_some_and(|kernel| *kernel.release != *release);
        let firmware = firmware::gather(&looking);
        found.notes.extend(deny_updates::notes(host, &firmware, &chain, &images, changes));
    }
    Ok(found)
}

/// The images between the firmware and the kernel with this release, in the order in which they start.
fn images_of(host: &Host, release: &str) -> Vec<BootImageFacts> {
    let mut images = Vec::new();
    for (n, program) in host.next_boot.programs.iter().filter_map(known).enumerate() {
        if let Ok(path) = images::locate(&host.looking(), &program) {
            let by = if n == 0 { Stage::Firmware } else { Stage::Shim };
            images.push(host.boot_image(&path, by));
        }
    }
    let entry = host.next_boot.entry_of(release);
    // A unified image that firmware starts is the last of the programs.
    if entry.is_none_or(|entry| entry.loader != Loader::Firmware) {
        images.extend(kernel(host, release, entry.map(|entry| &**entry)));
    }
    images
}

/// Reads these images before they are asked for.
pub(crate) fn ahead(host: &Host, release: &str) {
    drop(images_of(host, release));
}

fn is_kernel(image: &BootImageFacts) -> bool {
    image.sought_by == Stage::Grub
}

/// The image of a kernel: the one its entry names, else the one that lies where they lie.
pub(crate) fn kernel(
    host: &Host,
    release: &str,
    entry: Option<&BootEntry>,
) -> Option<BootImageFacts> {
    let looking = host.looking();
    let at = |path: &HostPath| host.boot_image(path, Stage::Grub);
    match entry {
        Some(entry) => match images::locate(&looking, &entry.kernel) {
            Ok(path) => Some(at(&path)),
            Err(Why::Missing(_)) => Some(boot_image::missing(&looking, &entry.kernel, Stage::Grub)),
            Err(_) => None,
        },
        None => images::locate(&looking, &format!("boot/vmlinuz-{release}")).ok().map(|p| at(&p)),
    }
}

/// Other installed kernels, each judged: one that is accepted is a way out.
fn others(host: &Host, release: &str, chain: &BootChain<'_>) -> Vec<Tried> {
    let installed = host.kernels.installed.iter().filter(|k| *k.release != *release);
    installed
        .take(OTHERS)
        .filter_map(|other| {
            let entry = host.next_boot.entry_of(&other.release).map(|entry| &**entry);
            let judged =
                chain.judged_installed(&kernel(host, &other.release, entry)?).judgement.verdict;
            let helps = judged == Verdict::Loads;
            Some(Tried {
                remedy: Remedy::StartOther { release: other.release.clone() },
                judged,
                helps,
            })
        })
        .collect()
}

fn open(what: &str, gaps: &[Gap]) -> Note {
    static RULE: Rule = Rule { name: "boot/chain", source: "firmware, shim, boot loader, kernel" };
    let because = Proof::new(Node::Drawn {
        rule: &RULE,
        claim: Claim::Boot(BootClaim::ChainOpen(text(what))),
        from: vec![Proof::new(Node::Missing(gaps.to_vec()))],
    });
    Note::new(&BOOT_CHAIN_NOT_JUDGED, because)
}

/// Authorities of which the first signs nothing new since the second took its place.
const ROTATED: [(&str, &str); 1] =
    [("Microsoft Corporation UEFI CA 2011", "Microsoft UEFI CA 2023")];

/// Authorities in db whose successor is not there.
fn rotation(policy: &BootPolicy) -> Vec<Note> {
    static RULE: Rule = Rule {
        name: "boot/authority-rotates",
        source: "Microsoft, Windows Secure Boot certificate expiration and CA updates (KB5062710)",
    };
    let named = |wanted: &'static str| move |entry: &Entry| matches!(entry, Entry::Certificate { certificate, .. } if *certificate.name == *wanted);
    let notes = ROTATED.iter().filter_map(|(old, new)| {
        let mut step = Step::of(&RULE);
        step.find(&policy.db, named(old)).ok()??;
        if step.find(&policy.db, named(new)).ok()?.is_some() {
            return None;
        }
        let claim = Claim::Boot(BootClaim::AuthorityRotates { old, new });
        Some(Note::new(&NEW_AUTHORITY_NOT_TRUSTED, step.concludes(claim)))
    });
    notes.collect()
}
