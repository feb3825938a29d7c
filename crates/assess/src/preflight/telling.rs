//! Things worth telling beside the verdicts, each with its proof.

use std::collections::BTreeSet;
use std::sync::Arc;

use loadworthy_collect::gather::linux::builds;
use loadworthy_core::answer::Note;
use loadworthy_core::codes::{EXCEPTION_EXPIRED, MODULES_LEFT_BEHIND, REQUIRED_DEVICE_ABSENT};
use loadworthy_core::fact::Fact;
use loadworthy_core::fact::step::Step;
use loadworthy_core::preflight::required::All;
use loadworthy_core::proof::{Claim, Evidence, Proof, Rule, text};
use loadworthy_formats::manifest::{Accept, Line};

use super::catalogue::Modules;
use super::seen::Seen;
use crate::judging::Asked;

static MANIFEST: Rule = Rule { name: "manifest/said", source: "docs/manifest.md" };
static TREES: Rule = Rule { name: "modules/trees", source: "kmod, libkmod/libkmod-module.c" };

/// A proof that follows from one thing that was seen.
pub(super) fn drawn(rule: &'static Rule, facts: &[Fact<()>], claim: Claim) -> Proof {
    let mut step = Step::of(rule);
    for fact in facts {
        // An open fact is no reason, and none of these is open.
        let _ = step.consult(fact);
    }
    step.concludes(claim)
}

/// That something was seen on the host.
pub(super) fn seen(asked: &Asked<'_>, item: &str, said: impl Into<String>) -> Fact<()> {
    let origin = asked.host.looking().view.origin();
    Fact::seen((), Evidence { origin, item: text(item), said: text(said) })
}

/// That a line of a manifest says something.
pub(super) fn line(asked: &Asked<'_>, lines: &[Line], key: &str) -> Fact<()> {
    match lines.iter().find(|line| line.key == key) {
        Some(line) => {
            let item = format!("{}:{}", line.file, line.number);
            seen(asked, &item, format!("{} = {}", line.key, line.value))
        }
        None => super::written("manifest", key.to_owned()),
    }
}

pub(super) fn expired<'a>(asked: &'a Asked<'_>) -> impl Fn(&Accept) -> Note + 'a {
    move |accept| {
        let claim = Claim::ExceptionExpired {
            code: text(accept.code.as_str()),
            subject: text(accept.subject.as_str()),
            owner: text(accept.owner.as_str()),
            until: text(accept.until.text.as_str()),
        };
        let fact = line(asked, &accept.lines, "until");
        Note::new(&EXCEPTION_EXPIRED, drawn(&MANIFEST, &[fact], claim))
    }
}

pub(super) fn absent(asked: &Asked<'_>, device: &str) -> Note {
    let fact = seen(asked, "sys/bus", format!("no device {device} with a driver"));
    let claim = Claim::DeviceAbsent(text(device));
    Note::new(&REQUIRED_DEVICE_ABSENT, drawn(&MANIFEST, &[fact], claim))
}

/// Modules that are loaded, or were built for the running kernel, and that the kernel asked about
/// has not; those that something needs have verdicts of their own.
pub(super) fn left_behind(
    asked: &Asked<'_>,
    host: &Seen,
    modules: &Modules<'_>,
    all: &All,
) -> Option<Note> {
    let looking = asked.host.looking();
    let mut names: BTreeSet<Arc<str>> = all.left_behind.iter().cloned().collect();
    let mut facts = Vec::new();
    if !names.is_empty() {
        facts.push(seen(asked, "proc/modules", format!("{} loaded", host.hardware.loaded.len())));
    }
    if let Some(running) = &modules.running {
        let now = builds::added(&looking, &running.tree, &running.release);
        let then = builds::added(&looking, &asked.kernel.tree, &asked.kernel.kernel.release);
        let lost = now.iter().filter(|(name, _)| {
            !then.contains_key(*name)
                && !asked.names.has(name)
                && !asked.names.has_built_in(name)
                && all.get(name).is_none()
        });
        for (name, path) in lost {
            names.insert(name.clone());
            facts.push(seen(asked, path, format!("built for {}", running.release)));
        }
    }
    if names.is_empty() || !asked.names.is_known() {
        return None;
    }
    let list: Vec<&str> = names.iter().map(|name| &**name).collect();
    let because = drawn(&TREES, &facts, Claim::LeftBehind(text(list.join(", "))));
    Some(Note::new(&MODULES_LEFT_BEHIND, because))
}
