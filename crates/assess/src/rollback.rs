//! The way back: whether an older kernel would bring the machine up again, from afar.
//!
//! Where the manifest asks for older kernels, each is judged with its modules. Without one, one older
//! kernel is looked at: its files, its entry, whether it would be let in, and whether its tree has the
//! modules that are needed.

use std::sync::Arc;

use loadworthy_collect::gather::inventory;
use loadworthy_collect::gather::linux::boot_loader::images;
use loadworthy_collect::gather::linux::kernels::Kernel;
use loadworthy_core::answer::{Answered, Kind, Note};
use loadworthy_core::boot_claim::{BootClaim, Lack};
use loadworthy_core::code::Code;
use loadworthy_core::codes::{
    HUNG_KERNEL_STAYS, NO_WAY_BACK, OLDER_KERNEL_HAS_NO_ENTRY, OLDER_KERNEL_INCOMPLETE,
    OLDER_KERNEL_LACKS_A_DRIVER, OLDER_KERNEL_NEEDS_A_KEYBOARD, OLDER_KERNEL_REFUSED,
    REQUEST_WAITS_FOR_A_PERSON,
};
use loadworthy_core::fact::Fact;
use loadworthy_core::proof::{Claim, Evidence, Node, Proof, Rule, Why, text};
use loadworthy_core::verdict::Verdict;
use loadworthy_formats::kernel::kconfig::Setting;

use crate::boot_chain::{self, Chain};
use crate::host::{OneKernel, known};
use crate::judging::{Asked, Wanted};
use crate::names::{Found, Names};

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
    wanted: Option<u32>,
    answers: &mut Vec<Answered>,
    notes: &mut Vec<Note>,
) {
    let host = asked.host;
    // A folder that holds modules alone says nothing about how its machine starts.
    if wanted == Some(0) || (wanted.is_none() && host.next_boot.entries.is_empty()) {
        return;
    }
    let required: Vec<Arc<str>> = answers
        .iter()
        .filter(|a| a.subject.kind == Kind::LinuxModule && a.subject.need.counts())
        .filter(|a| !matches!(a.judgement.verdict, Verdict::Refused(_)))
        .map(|a| a.subject.name.clone())
        .collect();
    let count = usize::try_from(wanted.unwrap_or(1)).unwrap_or(usize::MAX);
    let mut good = 0;
    let mut all = Vec::new();
    for older in older(asked).into_iter().take(count) {
        let mut faults = faults(asked, &older, wanted.is_some());
        faults.extend(modules(asked, &older, &required, wanted.is_some(), answers));
        if !faults.iter().any(|fault| fault.fatal) {
            good += 1;
        }
        all.extend(faults);
    }
    if good == 0 {
        let from = all.iter().filter(|f| f.fatal).map(|f| f.because.clone()).collect();
        notes.push(Note { code: &NO_WAY_BACK, because: drawn(BootClaim::NoWayBack, from) });
    }
    if wanted.is_some() {
        all.extend(beside(asked));
    }
    if wanted.is_some() || good == 0 {
        notes.extend(all.into_iter().map(|f| Note { code: f.code, because: f.because }));
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

fn drawn(claim: BootClaim, from: Vec<Proof>) -> Proof {
    Proof::new(Node::Drawn { rule: &RULE, claim: Claim::Boot(claim), from })
}

fn fault(code: &'static Code, release: &Arc<str>, lacks: Lack, from: Vec<Proof>) -> Fault {
    let fatal = !matches!(lacks, Lack::Remote | Lack::Quiet(_) | Lack::Restart);
    let because = drawn(BootClaim::WayBack { release: release.clone(), lacks }, from);
    Fault { code, because, fatal }
}

/// Image, initramfs, entry, choice and consent.
fn faults(asked: &Asked<'_>, older: &Kernel, strict: bool) -> Vec<Fault> {
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
    if strict && entry.is_some() && known(&host.next_boot.selectable) == Some(false) {
        let from = vec![host.next_boot.selectable.proof()];
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

/// The modules that are needed: judged where the owner wants this kernel, else looked for.
fn modules(
    asked: &Asked<'_>,
    older: &Kernel,
    required: &[Arc<str>],
    judge: bool,
    answers: &mut Vec<Answered>,
) -> Vec<Fault> {
    let release = &older.release;
    let Ok(kernel) = asked.host.kernel(older.clone(), asked.request) else { return Vec::new() };
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

/// What stands in the way of any unattended boot.
fn beside(asked: &Asked<'_>) -> Vec<Fault> {
    let release = &asked.kernel.kernel.release;
    let looking = asked.host.looking();
    let mut found = Vec::new();
    let pending = inventory::gather(&looking).pending;
    for request in known(&pending).unwrap_or_default() {
        let lacks = Lack::Quiet(request);
        found.push(fault(&REQUEST_WAITS_FOR_A_PERSON, release, lacks, vec![pending.proof()]));
    }
    if let Some(because) = stays(asked) {
        found.push(fault(&HUNG_KERNEL_STAYS, release, Lack::Restart, vec![because]));
    }
    found
}

/// Why a kernel that panics does not start the machine anew: neither its line nor its configuration
/// says when.
fn stays(asked: &Asked<'_>) -> Option<Proof> {
    let facts = &asked.kernel.facts;
    let asked_for = facts.cmdline.fact(|line| {
        let panic = line.last("panic").and_then(|v| v.parse::<i64>().ok()).unwrap_or(0);
        (panic != 0, if panic == 0 { "no panic=".into() } else { format!("panic={panic}") })
    });
    let built: Fact<bool> = facts.config.fact(|config| {
        let set = match config.get("PANIC_TIMEOUT") {
            Some(Setting::Number(seconds)) => seconds != "0",
            _ => false,
        };
        (set, "CONFIG_PANIC_TIMEOUT".into())
    });
    let off = known(&asked_for) == Some(false) && known(&built) == Some(false);
    off.then(|| asked_for.proof())
}
