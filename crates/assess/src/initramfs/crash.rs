//! The initramfs of the kernel that starts after a crash and saves what was in memory.
//!
//! It stands beside the ordinary one and mounts no root. Where none is there its service makes one at
//! the next start; one that is there and does not do is found out by the crash. Red Hat's has dracut pack all
//! but its first steps into a squashfs, which is read; of one that cannot be read nothing is said.
//!
//! Sources: kdump-utils, `kdumpctl`, `mkdumprd` and `kdump-lib.sh` (Red Hat); kdump, `init/mkdumprd`
//! (SUSE); kdump-tools (Debian); Linux, `Documentation/admin-guide/kdump/kdump.rst` (`crashkernel=`).

use loadworthy_collect::gather::linux::initramfs::{self, Place};
use loadworthy_collect::gather::looking::Looking;
use loadworthy_collect::item::{HostPath, Item};
use loadworthy_core::answer::Note;
use loadworthy_core::checks::initramfs::judge;
use loadworthy_core::codes::CRASH_INITRAMFS_DOES_NOT_DO;
use loadworthy_core::initramfs_claim::InitramfsClaim;
use loadworthy_core::proof::{Claim, Evidence, Node, Proof, Rule, Why, text};
use loadworthy_core::verdict::Verdict;

use super::inside::Inside;
use crate::host::known;
use crate::judging::Asked;

static RULE: Rule =
    Rule { name: "initramfs/for-crashes", source: "kdumpctl(8), mkdumprd(8), kdump-config(8)" };

/// Where the makers put it for one kernel: Red Hat beside the ordinary one, or where what it has to keep lies;
/// SUSE under one name for the kernel of its choice, and once beside the ordinary one; Debian.
fn places(asked: &Asked<'_>, looking: &Looking<'_>) -> Vec<String> {
    let release = &*asked.kernel.kernel.release;
    let mut places = vec![
        format!("boot/initramfs-{release}kdump.img"),
        format!("var/lib/kdump/initramfs-{release}kdump.img"),
        format!("boot/initrd-{release}-kdump"),
        format!("var/lib/kdump/initrd.img-{release}"),
    ];
    if let Place::Files(files) = super::place(asked.host, release)
        && let Some(ordinary) = files.last().map(ToString::to_string)
        && !ordinary.ends_with(".img")
    {
        places.push(ordinary + "kdump");
    }
    // Nothing where it is not there.
    let (_, chosen) = looking.view.look(&Item::file("var/lib/kdump/kernel-version"), 256);
    if chosen.trim_ascii() == release.as_bytes() {
        places.push("var/lib/kdump/initrd".to_owned());
    }
    places
}

/// What is wrong with it, where memory is reserved for such a kernel and one is there.
pub(crate) fn note(asked: &Asked<'_>) -> Option<Note> {
    let reserved = asked
        .kernel
        .facts
        .cmdline
        .fact(|line| (line.last("crashkernel").is_some(), "crashkernel=".to_owned()));
    known(&reserved).filter(|reserved| *reserved)?;
    let looking = asked.host.looking();
    let mut places = places(asked, &looking).into_iter().map(HostPath::new);
    let is_there = |at: &HostPath| looking.view.metadata(&Item::File(at.clone())).is_ok();
    let path = places.find(is_there)?;
    let file = text(path.to_string());
    let (refused, from) = match initramfs::open(&looking, &Place::Files(vec![path]), None) {
        Err(Why::Broken(item, how)) => {
            let origin = looking.view.origin();
            (Vec::new(), vec![Proof::new(Node::Seen(Evidence { origin, item, said: how }))])
        }
        Err(_) => return None,
        Ok(found) => {
            let inside = Inside::of(asked, &found, &file, None);
            let whole = judge(&inside.whole());
            match whole.verdict {
                Verdict::Refused(_) => {
                    (Vec::new(), whole.reasons.into_iter().map(|reason| reason.because).collect())
                }
                _ => refused(asked, &inside),
            }
        }
    };
    if from.is_empty() {
        return None;
    }
    let claim = InitramfsClaim::ForCrashes { file, refused: text(refused.join(", ")) };
    let because = Proof::new(Node::Drawn { rule: &RULE, claim: Claim::Initramfs(claim), from });
    Some(Note::new(&CRASH_INITRAMFS_DOES_NOT_DO, because))
}

/// Its modules that would be refused, each with why.
fn refused(asked: &Asked<'_>, inside: &Inside<'_>) -> (Vec<String>, Vec<Proof>) {
    let looking = inside.host.looking();
    let walk = inside.kernel.tree.walk(&looking);
    let paths: Vec<HostPath> = walk.modules.iter().map(|module| module.path.clone()).collect();
    let judged = inside.judged(asked, &paths, &mut Vec::new()).into_iter();
    let refused = judged.filter(|a| matches!(a.judgement.verdict, Verdict::Refused(_)));
    let each = refused.filter_map(|a| {
        let because = a.judgement.reasons.first()?.because.clone();
        Some((a.subject.name.to_string(), because))
    });
    each.unzip()
}
