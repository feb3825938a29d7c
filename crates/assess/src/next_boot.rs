//! Which kernel the next boot starts, as boot loaders tell, and its command line.

use std::sync::Arc;

use loadworthy_collect::gather::linux::boot_loader::{self, images};
use loadworthy_collect::gather::linux::kernels::{Kernel, Kernels};
use loadworthy_collect::gather::looking::Looking;
use loadworthy_core::answer::StartedBy;
use loadworthy_core::fact::{Fact, Source};
use loadworthy_core::facts::linux::LinuxFacts;
use loadworthy_core::policy::next_boot::{BootEntry, Chosen, NextBoot};
use loadworthy_core::proof::{Gaps, Node, Question, Why, gap, text};
use loadworthy_formats::kernel::cmdline::{self, CommandLine};

use crate::known::known;

/// Looks for the entry that starts next; where it is found, its kernel is the next one.
pub(crate) fn settle(looking: &Looking<'_>, kernels: &mut Kernels) -> NextBoot {
    let mut next = NextBoot::of(&boot_loader::gather(looking));
    // `/vmlinuz` and the like do not tell; the image does.
    let told = |entry: &BootEntry| {
        entry.release.clone().or_else(|| {
            let path = images::locate(looking, &entry.kernel).ok()?;
            images::release(looking, &path).map(text)
        })
    };
    for entry in &mut next.entries {
        if entry.release.is_none()
            && let Some(release) = told(entry)
        {
            *entry = Arc::new(BootEntry { release: Some(release), ..(**entry).clone() });
        }
    }
    if let Some(chosen) = known(&next.chosen) {
        let same = |entry: &&Arc<BootEntry>| entry.id == chosen.entry.id;
        let release = next.entries.iter().find(same).and_then(|entry| entry.release.clone());
        if let Some(release) = release.or_else(|| told(&chosen.entry)) {
            let entry =
                Arc::new(BootEntry { release: Some(release.clone()), ..(*chosen.entry).clone() });
            next.chosen = next.chosen.map(|_| Chosen { entry: entry.clone(), by: chosen.by });
            let fact = next.chosen.map(|_| release.clone());
            kernels.next = Ok(Kernel { release, fact });
        } else {
            let named = chosen.entry.kernel.clone();
            let gaps = gap(Question::KernelRelease, Why::Missing(named));
            next.chosen = Fact::unknown(gaps);
        }
    }
    next
}

/// How this kernel would be started, as answers tell it.
pub(crate) fn started_by(next: &NextBoot, release: &str) -> Option<StartedBy> {
    let entry = next.entry_of(release)?.clone();
    let chosen = known(&next.chosen);
    let by = chosen.filter(|chosen| chosen.entry.id == entry.id).map(|chosen| chosen.by);
    Some(StartedBy { entry, by })
}

/// Puts the command line of the kernel's own entry in the place of that of the running kernel.
///
/// What the running kernel shows of itself came about with its own line. Where that says something
/// else about signatures and lockdown, it is no answer about the next start.
pub(crate) fn command_line(
    looking: &Looking<'_>,
    next: &NextBoot,
    release: &str,
    facts: &mut LinuxFacts,
) {
    let Some(entry) = next.entry_of(release) else {
        // Where a boot loader's file is broken or may not be read, that is what is missing: more of the
        // kernel that runs would not help.
        let open = open(&facts.cmdline.fact(|_| ((), String::new())));
        let asked_in_vain = open.iter().any(|gap| matches!(gap.why, Why::OtherKernel(_)));
        if let Some(first) = self::open(&next.chosen).into_iter().next().filter(|_| asked_in_vain)
            && !matches!(first.why, Why::Missing(_) | Why::OutOfReach(_))
        {
            facts.cmdline = Source::unknown(gap(Question::CommandLine, first.why));
        }
        return;
    };
    let read = |line: &str| {
        let read = cmdline::read(line.as_bytes(), looking.limits).ok()?;
        Some(Arc::new(read.value))
    };
    let Some(source) = entry.command_line(looking.view.origin(), read) else { return };
    let words = |line: &Arc<CommandLine>| (deciding(line), String::new());
    let now = known(&facts.cmdline.fact(words));
    let then = known(&source.fact(words));
    if now.is_some() && now != then {
        let other = text(format!("{release}, as it was started with another command line"));
        let unknown = |question| gap(question, Why::OtherKernel(other.clone()));
        facts.running.sig_enforce = Fact::unknown(unknown(Question::SigEnforce));
        facts.running.lockdown = Fact::unknown(unknown(Question::Lockdown));
    }
    facts.cmdline = source;
}

/// What keeps a fact from being known.
fn open<T>(fact: &Fact<T>) -> Gaps {
    match fact.proof().node() {
        Node::Missing(gaps) => gaps.clone(),
        _ => Gaps::new(),
    }
}

/// What a command line says about signatures and lockdown.
fn deciding(line: &CommandLine) -> Vec<(String, Option<String>)> {
    const NAMES: [&str; 7] =
        ["module.sig_enforce", "lockdown", "lsm", "security", "ima_policy", "ima_appraise", "efi"];
    let mut words: Vec<_> = NAMES
        .iter()
        .flat_map(|name| line.all(name).map(|value| ((*name).to_owned(), value.map(str::to_owned))))
        .collect();
    words.dedup();
    words
}
