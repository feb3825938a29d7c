//! The entry that systemd-boot starts by itself.
//!
//! Source: systemd 257, `src/boot/boot.c` (`config_select_default_entry`, `boot_entry_compare`,
//! `boot_entry_add_type1`); UAPI.1, *Sorting*.

use super::firmware::Starts;
use super::{BootEntry, Chosen, Remark, none, opened, release_of};
use crate::boot_claim::{BootClaim, By, Loader};
use crate::fact::Fact;
use crate::fact::step::{Step, draw};
use crate::facts::boot_loader::{BootLoaderFacts, Holds, LoaderEntry};
use crate::proof::{Claim, Gaps, Proof, Rule, Why, text};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Ordering;
use loadworthy_formats::boot::version::compare;

static RULE: Rule = Rule {
    name: "boot/systemd-boot-default",
    source: "systemd 257, boot.c config_select_default_entry, boot_entry_compare",
};

pub(super) fn choose(
    facts: &BootLoaderFacts,
    starts: &Fact<Starts>,
    entries: &mut Vec<Arc<BootEntry>>,
    remarks: &mut Vec<(Remark, Proof)>,
) -> Fact<Chosen> {
    draw(&RULE, |step| {
        step.consult(starts)?;
        let mut known = Vec::new();
        for fact in facts.entries.items() {
            let entry = step.consult(fact)?;
            // One whose image is not there is not shown.
            if !matches!(&entry.holds, Holds::Entry(_, Some(false))) {
                known.push(entry);
            }
        }
        step.consult(facts.entries.whole())?;
        known.sort_by(|a, b| order(a, b));
        entries.extend(known.iter().map(|e| Arc::new(entry_of(e))));
        let (at, by) = selected(facts, &known, step)?;
        if known.len() > 1 && !variables(facts).all(|fact| opened(fact).is_ok()) {
            let mut doubt = Step::of(&RULE);
            let _ = doubt.consult(facts.entries.whole());
            let claim = BootClaim::OtherReading(text("LoaderEntryOneShot, LoaderEntryDefault"));
            remarks.push((Remark::Several, doubt.concludes(Claim::Boot(claim))));
        }
        let entry = entries.get(at).cloned();
        let entry = entry.ok_or_else(|| none(Why::Missing(text("loader/entries/*.conf"))))?;
        let title = entry.title.clone();
        let claim = BootClaim::EntryChosen { loader: Loader::SystemdBoot, title, by };
        Ok((Chosen { entry, by }, Claim::Boot(claim)))
    })
}

/// The variables that overrule the files.
fn variables(facts: &BootLoaderFacts) -> impl Iterator<Item = &Fact<Option<Arc<str>>>> {
    [&facts.one_shot, &facts.default_entry, &facts.last_booted].into_iter()
}

/// The place of the entry that starts, and what asks for it. A variable that cannot be known, as of a
/// file system without its machine, leaves it to the files.
fn selected(
    facts: &BootLoaderFacts,
    known: &[&LoaderEntry],
    step: &mut Step,
) -> Result<(usize, By), Gaps> {
    let find = |pattern: &str| {
        let pattern = pattern.to_lowercase();
        known.iter().position(|entry| fits(&pattern, &entry.id))
    };
    let consulted = |step: &mut Step, variable: &Fact<Option<Arc<str>>>| match opened(variable) {
        Ok(_) => step.consult(variable).cloned().unwrap_or_default(),
        Err(_) => None,
    };
    let wish = consulted(step, &facts.one_shot);
    if let Some(at) = wish.as_deref().and_then(find) {
        return Ok((at, By::OneShot));
    }
    let is_saved = |wanted: Option<&str>| wanted.is_some_and(|w| w.eq_ignore_ascii_case("@saved"));
    let saved = |step: &mut Step| {
        let last = consulted(step, &facts.last_booted);
        last.as_deref().and_then(find).map(|at| (at, By::LastBooted))
    };
    let variable = consulted(step, &facts.default_entry);
    let conf = step.consult(&facts.loader_conf)?.clone();
    let configured = conf.as_ref().and_then(|c| c.default.as_deref());
    if is_saved(variable.as_deref()) {
        if let Some(found) = saved(step) {
            return Ok(found);
        }
    } else if let Some(at) = variable.as_deref().and_then(find) {
        return Ok((at, By::DefaultVariable));
    }
    if is_saved(configured) {
        if let Some(found) = saved(step) {
            return Ok(found);
        }
    } else if let Some(at) = configured.and_then(find) {
        return Ok((at, By::LoaderConf));
    }
    Ok((0, By::First))
}

/// The fields of an entry that it is sorted by.
struct Sorted<'e> {
    bad: bool,
    key: Option<&'e str>,
    machine: &'e str,
    version: &'e str,
}

fn sorted(entry: &LoaderEntry) -> Sorted<'_> {
    let bad = entry.tries.is_some_and(|t| t.left == 0);
    match &entry.holds {
        Holds::Entry(e, _) => Sorted {
            bad,
            key: e.get("sort-key"),
            machine: e.get("machine-id").unwrap_or_default(),
            version: e.get("version").unwrap_or_default(),
        },
        Holds::Unified(image) => Sorted {
            bad,
            key: image.sort_key(),
            machine: "",
            version: image.version().unwrap_or_default(),
        },
    }
}

fn order(one: &LoaderEntry, other: &LoaderEntry) -> Ordering {
    let (a, b) = (sorted(one), sorted(other));
    let mut by = a.bad.cmp(&b.bad).then(a.key.is_none().cmp(&b.key.is_none()));
    if a.key.is_some() && b.key.is_some() {
        by = by
            .then_with(|| a.key.cmp(&b.key))
            .then_with(|| a.machine.cmp(b.machine))
            .then_with(|| compare(b.version, a.version));
    }
    by = by.then_with(|| compare(&other.id, &one.id));
    match (one.tries, other.tries) {
        (Some(a), Some(b)) => by.then(b.left.cmp(&a.left)).then(a.done.cmp(&b.done)),
        _ => by,
    }
}

/// Shell patterns as systemd-boot has them (`efi_fnmatch`): `*`, `?`, `[…]`, `\`.
fn fits(pattern: &str, id: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let id: Vec<char> = id.chars().collect();
    // The places in the pattern that the text read so far can lead to.
    let mut at: Vec<usize> = Vec::from([0]);
    for c in &id {
        at = stars(&pattern, at);
        let mut next = Vec::new();
        for place in at {
            match pattern.get(place) {
                Some('*') => next.push(place),
                Some('?') => next.push(place.saturating_add(1)),
                Some('[') => {
                    if let Some(after) = class(&pattern, place, *c) {
                        next.push(after);
                    }
                }
                Some('\\') if pattern.get(place.saturating_add(1)) == Some(c) => {
                    next.push(place.saturating_add(2));
                }
                Some(p) if p == c => next.push(place.saturating_add(1)),
                _ => {}
            }
        }
        next.sort_unstable();
        next.dedup();
        at = next;
    }
    stars(&pattern, at).contains(&pattern.len())
}

/// A star may stand for nothing.
fn stars(pattern: &[char], mut at: Vec<usize>) -> Vec<usize> {
    let mut n = 0;
    while let Some(place) = at.get(n).copied() {
        let after = place.saturating_add(1);
        if pattern.get(place) == Some(&'*') && !at.contains(&after) {
            at.push(after);
        }
        n = n.saturating_add(1);
    }
    at
}

/// Behind the class at `place`, if `c` is in it.
fn class(pattern: &[char], place: usize, c: char) -> Option<usize> {
    let inside = pattern.get(place.saturating_add(1)..)?;
    let end = inside.iter().position(|p| *p == ']')?;
    let set = inside.get(..end)?;
    let ranged = set.windows(3).any(|w| matches!(w, [a, '-', b] if (*a..=*b).contains(&c)));
    (ranged || set.contains(&c)).then(|| place.saturating_add(end).saturating_add(2))
}

fn entry_of(entry: &LoaderEntry) -> BootEntry {
    let loader = Loader::SystemdBoot;
    let (id, file) = (entry.id.clone(), entry.path.clone());
    let tries_left = entry.tries.map(|t| t.left);
    match &entry.holds {
        Holds::Entry(e, _) => {
            let kernel = e.get("linux").or_else(|| e.get("efi")).or_else(|| e.get("uki"));
            let kernel = kernel.unwrap_or_default();
            let options: Vec<&str> = e.all("options").collect();
            // openSUSE's sdbootutil writes the snapshot before it: `12@6.4.0`.
            let version = e.get("version").and_then(|v| v.rsplit('@').next());
            let version = version.filter(|v| v.starts_with(|c: char| c.is_ascii_digit()));
            BootEntry {
                loader,
                title: text(e.get("title").unwrap_or(&id)),
                id,
                file,
                kernel: text(kernel),
                initrds: e.all("initrd").map(text).collect(),
                options: Some(text(options.join(" "))),
                release: release_of(kernel).or_else(|| version.map(text)),
                tries_left,
            }
        }
        Holds::Unified(image) => BootEntry {
            loader,
            title: text(image.os("PRETTY_NAME").unwrap_or(&id)),
            id,
            kernel: file.clone(),
            file,
            initrds: Vec::new(),
            options: image.cmdline.as_deref().map(text),
            release: image.uname.as_deref().map(text),
            tries_left,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_as_in_systemd_boot() {
        // systemd, test-efi-string.c, fnmatch.
        for (pattern, id, held) in [
            ("*", "", true),
            ("debian-*", "debian-6.1.0.conf", true),
            ("*.conf", "a.conf", true),
            ("???", "abc", true),
            ("???", "ab", false),
            ("a[b-d]e", "ace", true),
            ("a[b-d]e", "aee", false),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("a", "b", false),
            ("*a*b*", "xxaxxbxx", true),
        ] {
            assert_eq!(fits(pattern, id), held, "{pattern} {id}");
        }
    }
}
