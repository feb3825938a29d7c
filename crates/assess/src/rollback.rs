//! The way back: whether an older kernel would bring the machine up again, from afar.
//!
//! Where the manifest asks for older kernels, each is judged with its modules. Without one, one older
//! kernel is looked at: its files, its entry, whether it would be let in, and whether its tree has the
//! modules that are needed. A machine that has one kernel, and runs it, is not told that it has no other.

use std::sync::Arc;

use loadworthy_collect::gather::linux::boot_loader::images;
use loadworthy_collect::gather::linux::kernels::Kernel;
use loadworthy_collect::gather::linux::way_back;
use loadworthy_collect::item::EFIVARS;
use loadworthy_core::answer::{Answered, Kind, Note};
use loadworthy_core::boot_claim::{BootClaim, Lack, Loader};
use loadworthy_core::code::Code;
use loadworthy_core::codes::{
    FEWER_WAYS_BACK, NO_WAY_BACK, OLDER_KERNEL_HAS_NO_ENTRY, OLDER_KERNEL_INCOMPLETE,
    OLDER_KERNEL_LACKS_A_DRIVER, OLDER_KERNEL_NEEDS_A_KEYBOARD, OLDER_KERNEL_REFUSED,
};
use loadworthy_core::facts::stack::{Block, Stack};
use loadworthy_core::proof::{Claim, Evidence, Node, Proof, Rule, Why, text};
use loadworthy_core::verdict::Verdict;
use loadworthy_formats::kernel::mounts::Mount;

use crate::boot_chain::{self, Chain};
use crate::host::{Host, OneKernel, known};
use crate::judging::{Asked, Wanted};
use crate::names::{Found, Names};
use crate::request::Which;

mod beside;

static RULE: Rule = Rule {
    name: "boot/way-back",
    source: "what must be there for an older kernel to start without a person at the machine",
};

/// What an older kernel lacks.
struct Fault {
    code: &'static Code,
    because: Proof,
    /// Whether the kernel is no way back at all for it.
    fatal: bool,
}

/// Looks at older kernels: at as many as the owner wants, else at one. Verdicts are added for those
/// that the owner wants.
pub(crate) fn look(
    asked: &Asked<'_>,
    stack: &Stack,
    wanted: Option<u32>,
    answers: &mut Vec<Answered>,
    notes: &mut Vec<Note>,
) {
    let host = asked.host;
    // A folder that holds modules alone says nothing about how its machine starts.
    if wanted == Some(0) || (wanted.is_none() && host.next_boot.entries.is_empty()) {
        return;
    }
    let olders = older(asked);
    // Where one kernel is all there ever was, the next boot changes nothing that could be gone back from.
    if wanted.is_none() && olders.is_empty() && !replaces(asked) {
        return;
    }
    let required: Vec<Arc<str>> = answers
        .iter()
        .filter(|a| a.subject.kind == Kind::LinuxModule && a.subject.need.counts())
        .filter(|a| !matches!(a.judgement.verdict, Verdict::Refused(_)))
        .map(|a| a.subject.name.clone())
        .collect();
    let count = count(wanted);
    let mut good = 0;
    let mut all = Vec::new();
    for older in olders.into_iter().take(count) {
        let mut faults = faults(asked, &older, wanted.map(|_| stack));
        faults.extend(modules(asked, &older, &required, wanted.is_some(), answers));
        if !faults.iter().any(|fault| fault.fatal) {
            good += 1;
        }
        all.extend(faults);
    }
    if let Some(wanted) = wanted.filter(|_| good > 0 && good < count) {
        let counted = all.iter().filter(|f| f.fatal).map(|f| f.because.clone()).collect();
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
        let because = drawn(BootClaim::FewWaysBack(good, wanted), counted);
        notes.push(Note::new(&FEWER_WAYS_BACK, because));
    }
    if good == 0 {
        let from = all.iter().filter(|f| f.fatal).map(|f| f.because.clone()).collect();
        notes.push(Note::new(&NO_WAY_BACK, drawn(BootClaim::NoWayBack, from)));
    }
    if let Some(wanted) = wanted {
        all.extend(beside::faults(asked, wanted));
    }
    if wanted.is_some() || good == 0 {
        notes.extend(all.into_iter().map(|f| Note::new(f.code, f.because)));
    }
}

/// Reads the boot images of the older kernels that will be looked at.
pub(crate) fn ahead(asked: &Asked<'_>, wanted: Option<u32>) {
    let looked_at = wanted.is_some() || !asked.host.next_boot.entries.is_empty();
    if looked_at && asked.request.kernel != Which::All {
        for older in older(asked).into_iter().take(count(wanted)) {
            boot_chain::ahead(asked.host, &older.release);
        }
    }
}

/// How many older kernels are looked at.
fn count(wanted: Option<u32>) -> usize {
    usize::try_from(wanted.unwrap_or(1)).unwrap_or(usize::MAX)
}

/// Looks at everything beside kernels that the way back hangs on, whatever the manifest asks for.
pub(crate) fn look_around(host: &Host) {
    let looking = host.looking();
    for folder in ["boot", "boot/efi", "efi", EFIVARS] {
        drop(way_back::room(&looking, folder));
    }
    drop(way_back::restarts(&looking));
    drop(way_back::console(&looking));
    drop(way_back::out_of_turn(&looking));
    drop(way_back::kept(&looking));
    for grub in [true, false] {
        drop(way_back::unwritable(&looking, grub, |_| false));
    }
}

/// Older kernels, the one that runs first: it has shown that it can.
fn older(asked: &Asked<'_>) -> Vec<Kernel> {
    let kernels = &asked.host.kernels;
    let own = &asked.kernel.kernel.release;
    let running = kernels.running.as_ref().ok().filter(|k| k.release != *own);
    let is_running = |k: &Kernel| running.is_some_and(|r| r.release == k.release);
    let others = kernels.installed.iter().filter(|k| k.release != *own && !is_running(k));
    let there = |k: &&Kernel| kernels.installed.iter().any(|i| i.release == k.release);
    running.filter(there).into_iter().chain(others).cloned().collect()
}

/// Whether another kernel runs now than the one asked about.
fn replaces(asked: &Asked<'_>) -> bool {
    let running = asked.host.kernels.running.as_ref();
    running.is_ok_and(|running| running.release != asked.kernel.kernel.release)
}

fn drawn(claim: BootClaim, from: Vec<Proof>) -> Proof {
    Proof::new(Node::Drawn { rule: &RULE, claim: Claim::Boot(claim), from })
}

fn fault(code: &'static Code, release: &Arc<str>, lacks: Lack, from: Vec<Proof>) -> Fault {
    let fatal = matches!(
        lacks,
        Lack::Image
            | Lack::Initramfs(_)
            | Lack::Module(_)
            | Lack::Entry
            | Lack::Boots
            | Lack::Consent
    );
    let because = drawn(BootClaim::WayBack { release: release.clone(), lacks }, from);
    Fault { code, because, fatal }
}

/// Image, initramfs, entry, choice and consent.
fn faults(asked: &Asked<'_>, older: &Kernel, strict: Option<&Stack>) -> Vec<Fault> {
    let (host, release) = (asked.host, &older.release);
    let looking = host.looking();
    let mut found = Vec::new();
    let mut lack = |code, lacks, from| found.push(fault(code, release, lacks, from));
    let next = || vec![host.next_boot.chosen.proof()];
    let entry = host.next_boot.entry_of(release);
    match entry {
        None if !host.next_boot.entries.is_empty() => {
            lack(&OLDER_KERNEL_HAS_NO_ENTRY, Lack::Entry, next());
        }
        None => {}
        Some(entry) => {
            if entry.tries_left == Some(0) {
                lack(&OLDER_KERNEL_HAS_NO_ENTRY, Lack::Boots, next());
            }
            for initrd in &entry.initrds {
                if let Err(Why::Missing(item)) = images::locate(&looking, initrd) {
                    let origin = looking.view.origin();
                    let absent = Evidence { origin, item, said: text("") };
                    let from = vec![Proof::new(Node::Absent(absent))];
                    lack(&OLDER_KERNEL_INCOMPLETE, Lack::Initramfs(initrd.clone()), from);
                }
            }
        }
    }
    if let Some(stack) = strict.filter(|_| entry.is_some())
        && let Some(from) = remote(asked, stack)
    {
        lack(&OLDER_KERNEL_NEEDS_A_KEYBOARD, Lack::Remote, from);
    }
    let image = boot_chain::kernel(host, release, entry.map(|entry| &**entry));
    match image {
        Some(image) if known(&image.there) == Some(true) => {
            let chain = boot_chain::boot_chain(host, release, asked.request);
            let Chain { answers, .. } = chain.unwrap_or_default();
            let refused = answers.iter().find_map(|a| match &a.judgement.verdict {
                Verdict::Refused(_) => a.judgement.reasons.first().map(|r| r.because.clone()),
                _ => None,
            });
            if let Some(because) = refused {
                lack(&OLDER_KERNEL_REFUSED, Lack::Consent, vec![because]);
            }
        }
        Some(image) if known(&image.there) == Some(false) => {
            lack(&OLDER_KERNEL_INCOMPLETE, Lack::Image, vec![image.there.proof()]);
        }
        Some(_) | None => {}
    }
    found
}

/// Why another entry cannot be asked for from afar: neither by a wish that is written down, nor at a
/// console that can be reached.
fn remote(asked: &Asked<'_>, stack: &Stack) -> Option<Vec<Proof>> {
    let (looking, next) = (asked.host.looking(), &asked.host.next_boot);
    let console = way_back::console(&looking);
    if known(&console) == Some(true) {
        return None;
    }
    if known(&next.selectable) == Some(false) {
        return Some(vec![next.selectable.proof(), console.proof()]);
    }
    let volume = |mount: &Mount| {
        let number = |block: &&Block| {
            block.number.is_some() && block.number == mount.number.as_deref().map(text)
        };
        let block = stack.blocks.iter().find(number);
        block.is_some_and(|block| {
            let lvm = block.mapped.as_ref().is_some_and(|m| m.uuid.starts_with("LVM-"));
            lvm || block.level.is_some()
        })
    };
    let grub = known(&next.chosen)?.entry.loader == Loader::Grub;
    let barred = way_back::unwritable(&looking, grub, volume);
    known(&barred).flatten().map(|_| vec![barred.proof(), console.proof()])
}

/// The modules that are needed: judged where the owner wants this kernel, else looked for.
fn modules(
    asked: &Asked<'_>,
    older: &Kernel,
    required: &[Arc<str>],
    judge: bool,
    answers: &mut Vec<Answered>,
) -> Vec<Fault> {
    let release = &older.release;
    // Its tree alone tells which modules it has, but for what packages would derive there.
    let kernel = if judge || !asked.host.laid().is_empty() {
        let Ok(kernel) = asked.host.kernel(older.clone(), asked.request) else { return Vec::new() };
        kernel
    } else {
        asked.host.nameless(older)
    };
    let names = Names::of(&asked.host.looking(), &kernel);
    let lacking = |name: &Arc<str>, from| {
        fault(&OLDER_KERNEL_LACKS_A_DRIVER, release, Lack::Module(name.clone()), from)
    };
    if !names.is_known() {
        return Vec::new();
    }
    let absent: Vec<&Arc<str>> =
        required.iter().filter(|name| !names.has(name) && !names.has_built_in(name)).collect();
    let mut faults: Vec<Fault> =
        absent.iter().map(|name| lacking(name, vec![names.seen().proof()])).collect();
    if judge {
        let verdicts = judged(asked, &kernel, &names, required);
        faults.extend(verdicts.iter().filter_map(|a| match a.judgement.verdict {
            Verdict::Refused(_) => {
                let because = a.judgement.reasons.first()?.because.clone();
                Some(lacking(&a.subject.name, vec![because]))
            }
            _ => None,
        }));
        answers.extend(verdicts);
    }
    faults
}

fn judged(
    asked: &Asked<'_>,
    kernel: &OneKernel,
    names: &Names,
    required: &[Arc<str>],
) -> Vec<Answered> {
    let by = format!("rollback to {}", kernel.kernel.release);
    let paths = required.iter().flat_map(|name| match names.find(name) {
        Found::Files(paths) => paths,
        Found::None(_) => Vec::new(),
    });
    let mut wanted: Vec<Wanted> =
        paths.map(|path| Wanted { path, required_by: vec![by.clone()] }).collect();
    wanted.sort_by(|a, b| a.path.cmp(&b.path));
    wanted.dedup_by(|a, b| a.path == b.path);
    let read: Vec<_> = wanted.iter().map(|w| w.path.clone()).collect();
    let older = Asked { kernel, names, ..*asked };
    // What is worth telling of its modules is told when it is the kernel that is asked about.
    older.judge_tree(&wanted, &names.closure(&read), &mut Vec::new())
}
