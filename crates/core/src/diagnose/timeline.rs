//! What changed before something was refused: kernels, firmware, boot loaders, deny lists, drivers,
//! policy and keys, from package histories and from what the starts of the machine said of themselves.
//!
//! A change counts from the next start on, so each is put beside the start that brought it into
//! effect; what came between the last start in which nothing was refused and the first refusal is
//! where to look first.

use crate::diagnose::clue::Clue;
use crate::diagnose::finding::{Changed, Quoted};
use crate::tables::diagnose::{Knowledge, Pattern, Shows};
use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use loadworthy_formats::evidence::moment::{self, Moment};

/// Changes told, the last before the refusal first among equals.
const TOLD: usize = 40;
/// Where no earlier start is known, so many of the last changes are where to look first.
const NEAREST: usize = 3;
/// Parameters of the kernel's command line that say which code may run.
const PARAMETERS: [&str; 8] = [
    "lockdown",
    "module.sig_enforce",
    "module_blacklist",
    "modprobe.blacklist",
    "rd.driver.blacklist",
    "ima_appraise",
    "enforcing",
    "loadpin.enforce",
];

/// One start of the machine.
#[derive(Clone, Debug, Default)]
struct Start<'c> {
    at: Option<Moment>,
    place: (usize, u64),
    banner: Option<&'c Clue>,
    firmware: Option<&'c Clue>,
    parameters: Option<&'c Clue>,
    secure_boot: Option<(bool, &'c Clue)>,
}

struct Event<'c> {
    at: Option<Moment>,
    place: (usize, u64),
    told: Changed,
    clue: &'c Clue,
}

/// What changed, in order; what lies between the last good start and the first refusal is marked.
#[must_use]
pub fn timeline(clues: &[Clue], knowledge: &Knowledge) -> Vec<Changed> {
    let latest = clues.iter().filter_map(written).filter(|m| m.year.is_some()).max();
    let at = |clue: &Clue| written(clue).map(|m| m.near(latest));
    let mut events: Vec<Event<'_>> = Vec::new();
    let mut dates: BTreeMap<usize, Moment> = BTreeMap::new();
    for clue in clues {
        let Some(pattern) = of(clue, knowledge) else { continue };
        if pattern.common.id == "history-date"
            && let Some(moment) = at(clue)
        {
            dates.insert(clue.order, moment);
        }
        let Some(kind) = pattern.sign().strip_prefix("change-") else { continue };
        let dated = dates.get(&clue.order).copied();
        let own = at(clue).or(dated);
        events.push(Event { at: own, place: place(clue), told: of_package(kind, clue), clue });
    }
    let starts = starts(clues, &at, knowledge);
    for pair in starts.windows(2) {
        if let [before, after] = pair {
            events.extend(between(before, after));
        }
    }
    let refused = |clue: &&Clue| {
        of(clue, knowledge).is_some_and(|p| p.shows == Shows::Refusal && !p.words_only())
    };
    let refusals: Vec<&Clue> = clues.iter().filter(refused).collect();
    let first = refusals.iter().filter_map(|c| at(c)).min();
    // Of two changes in one package history and of the same moment, the lines tell the order.
    events.sort_by_key(|e| (e.at.is_none(), e.at, e.place));
    let before = |e: &Event<'_>| match (e.at, first) {
        (Some(at), Some(first)) => at <= first,
        _ => refusals.first().is_none_or(|r| r.order != e.clue.order || e.place <= place(r)),
    };
    events.retain(before);
    mark(&mut events, &starts, first);
    let skipped = events.len().saturating_sub(TOLD);
    events.into_iter().skip(skipped).map(told).collect()
}

fn told(event: Event<'_>) -> Changed {
    Changed { when: event.at.map(Moment::written), ..event.told }
}

fn of<'k>(clue: &Clue, knowledge: &'k Knowledge) -> Option<&'k Pattern> {
    knowledge.patterns.get(clue.seen.row)
}

fn place(clue: &Clue) -> (usize, u64) {
    (clue.order, clue.line)
}

fn written(clue: &Clue) -> Option<Moment> {
    moment::read(clue.seen.stamp.as_deref().or_else(|| clue.captured("when"))?)
}

fn of_package(kind: &str, clue: &Clue) -> Changed {
    let part = |name: &str| clue.captured(name).unwrap_or_default().trim_matches([' ', '|']);
    let what = format!("{} {}", part("key"), part("what").trim_start_matches(':'));
    let what = what.replace('|', " ");
    Changed {
        when: None,
        kind: kind.to_owned(),
        what: what.trim().to_owned(),
        suspect: false,
        in_effect: None,
        quoted: Quoted::of(clue),
    }
}

/// The starts that the texts tell of, in order.
fn starts<'c>(
    clues: &'c [Clue],
    at: &dyn Fn(&Clue) -> Option<Moment>,
    knowledge: &Knowledge,
) -> Vec<Start<'c>> {
    let mut all: Vec<Start<'c>> = Vec::new();
    for clue in clues {
        let Some(pattern) = of(clue, knowledge) else { continue };
        let here = all.last_mut().filter(|s| s.place.0 == clue.order);
        match (pattern.common.id.as_str(), here) {
            ("kernel-banner", _) => all.push(Start {
                at: at(clue),
                place: place(clue),
                banner: Some(clue),
                ..Start::default()
            }),
            ("boot-firmware", Some(start)) => start.firmware = Some(clue),
            ("boot-command-line", Some(start)) => start.parameters = Some(clue),
            ("kernel-secure-boot-on", Some(start)) => start.secure_boot = Some((true, clue)),
            ("kernel-secure-boot-off", Some(start)) => start.secure_boot = Some((false, clue)),
            _ => {}
        }
    }
    all.sort_by_key(|s| (s.at.is_none(), s.at, s.place));
    all
}

/// What two starts in a row say differently of themselves.
fn between<'c>(before: &Start<'c>, after: &Start<'c>) -> Vec<Event<'c>> {
    let mut events = Vec::new();
    let mut differs = |kind: &str, old: String, new: String, clue: &'c Clue| {
        if old != new {
            let what = format!("{old} before, {new} since this start");
            let told = Changed {
                when: None,
                kind: kind.to_owned(),
                what,
                suspect: false,
                in_effect: None,
                quoted: Quoted::of(clue),
            };
            events.push(Event { at: after.at, place: place(clue), told, clue });
        }
    };
    let said = |clue: &Clue, name: &str| clue.captured(name).unwrap_or_default().to_owned();
    if let (Some(old), Some(new)) = (before.banner, after.banner) {
        differs("kernel", said(old, "kernel"), said(new, "kernel"), new);
    }
    if let (Some(old), Some(new)) = (before.firmware, after.firmware) {
        differs("firmware", said(old, "what"), said(new, "what"), new);
    }
    if let (Some((old, _)), Some((new, clue))) = (before.secure_boot, after.secure_boot) {
        let word = |on: bool| if on { "Secure Boot on" } else { "Secure Boot off" }.to_owned();
        differs("policy", word(old), word(new), clue);
    }
    if let (Some(old), Some(new)) = (before.parameters, after.parameters) {
        differs("policy", policy(&said(old, "what")), policy(&said(new, "what")), new);
    }
    events
}

/// The parameters that say which code may run.
fn policy(line: &str) -> String {
    let name = |word: &str| PARAMETERS.contains(&word.split('=').next().unwrap_or(word));
    let words: Vec<&str> = line.split_whitespace().filter(|w| name(w)).collect();
    if words.is_empty() { "no such parameter".to_owned() } else { words.join(" ") }
}

/// Marks what came into effect between the last start in which nothing was refused and the refusal.
fn mark(events: &mut [Event<'_>], starts: &[Start<'_>], first: Option<Moment>) {
    let Some(first) = first else { return };
    let up: Vec<Moment> = starts.iter().filter_map(|s| s.at).filter(|at| *at <= first).collect();
    let (good, failing) = match up.as_slice() {
        [.., good, failing] => (Some(*good), Some(*failing)),
        [failing] => (None, Some(*failing)),
        [] => (None, None),
    };
    let count = events.len();
    for (n, event) in events.iter_mut().enumerate() {
        event.told.suspect = match (event.at, good) {
            (Some(at), Some(good)) => at > good,
            (Some(_), None) => count.saturating_sub(n) <= NEAREST,
            (None, _) => false,
        };
        // What was installed lies still until the machine starts again.
        let next = up.iter().find(|up| event.at.is_some_and(|at| at < **up));
        event.told.in_effect =
            next.or(failing.as_ref().filter(|f| event.at < Some(**f))).map(|m| m.written());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::sync::Arc;
    use loadworthy_formats::evidence::recogniser::Recogniser;

    fn read(texts: &[&str]) -> Vec<Changed> {
        let knowledge = Knowledge::built_in().unwrap();
        let recogniser = Recogniser::new(&knowledge.rows()).unwrap();
        let mut clues = Vec::new();
        for (order, text) in texts.iter().enumerate() {
            recogniser.short(text.as_bytes(), &mut |seen| {
                let (source, line) = (Arc::from("log"), seen.line.saturating_add(1));
                clues.push(Clue { source, order, line, seen, times: 1 });
            });
        }
        timeline(&clues, &knowledge)
    }

    const JOURNAL: &str = "\
2026-01-10 08:00:00 san-7 kernel: Linux version 6.1.0-17-amd64 (debian-kernel)
2026-01-10 08:00:00 san-7 kernel: DMI: Acme X1/B2, BIOS 2.18.1 03/01/2025
2026-01-10 08:00:00 san-7 kernel: Command line: root=/dev/sda1 quiet
2026-01-21 03:14:00 san-7 kernel: Linux version 6.1.0-18-amd64 (debian-kernel)
2026-01-21 03:14:00 san-7 kernel: DMI: Acme X1/B2, BIOS 2.19.0 12/01/2025
2026-01-21 03:14:00 san-7 kernel: Command line: root=/dev/sda1 quiet lockdown=integrity
2026-01-21 03:14:02 san-7 kernel: Loading of unsigned module is rejected
";

    #[test]
    fn what_came_between_two_starts_is_marked() {
        let dpkg = "\
2026-01-02 06:11:02 upgrade shim-signed:amd64 1.39 1.40
2026-01-12 06:11:02 install linux-image-6.1.0-18-amd64:amd64 <none> 6.1.76-1
2026-01-12 06:11:09 upgrade acme-dkms:all 1.0 1.1
2026-02-01 06:11:02 upgrade fwupd:amd64 1 2
";
        let got = read(&[JOURNAL, dpkg]);
        let short: Vec<(&str, &str, bool)> =
            got.iter().map(|c| (&*c.kind, &*c.what, c.suspect)).collect();
        assert_eq!(
            short,
            [
                ("boot-loader", "shim-signed amd64 1.39 1.40", false),
                ("kernel", "linux-image-6.1.0-18-amd64 amd64 <none> 6.1.76-1", true),
                ("driver", "acme-dkms all 1.0 1.1", true),
                ("kernel", "6.1.0-17-amd64 before, 6.1.0-18-amd64 since this start", true),
                ("firmware", "2.18.1 03/01/2025 before, 2.19.0 12/01/2025 since this start", true),
                ("policy", "no such parameter before, lockdown=integrity since this start", true),
            ]
        );
        assert_eq!(got[1].when.as_deref(), Some("2026-01-12 06:11:02"));
        assert_eq!(got[1].in_effect.as_deref(), Some("2026-01-21 03:14:00"));
    }

    #[test]
    fn histories_of_every_tool_are_read() {
        let apt = "\
Start-Date: 2026-01-12  06:11:00
Commandline: apt full-upgrade
Upgrade: vim:amd64 (9.0, 9.1), linux-image-amd64:amd64 (6.1.76-1, 6.1.85-1), secureboot-db:amd64 (1.8, 1.9)
End-Date: 2026-01-12  06:12:00
";
        let dnf =
            "2026-01-13T06:11:02+0100 SUBDEBUG Upgraded: kernel-core-6.6.11-200.fc39.x86_64\n";
        let zypp = "2026-01-14 06:11:02|install|kernel-default|6.4.0-1|x86_64||repo|hash|\n";
        let pacman = "[2026-01-15T06:11:02+0100] [ALPM] upgraded linux (6.6.1-1 -> 6.7.0-1)\n";
        let log = "Jan 21 03:14:02 h kernel: Loading of unsigned module is rejected\n";
        let got = read(&[apt, dnf, zypp, pacman, log]);
        let short: Vec<(&str, &str)> =
            got.iter().map(|c| (c.when.as_deref().unwrap_or_default(), &*c.what)).collect();
        assert_eq!(
            short,
            [
                ("2026-01-12 06:11:00", "linux-image-amd64 amd64 (6.1.76-1, 6.1.85-1)"),
                ("2026-01-12 06:11:00", "secureboot-db amd64 (1.8, 1.9)"),
                ("2026-01-13 06:11:02", "kernel-core-6.6.11-200.fc39.x86_64"),
                ("2026-01-14 06:11:02", "kernel-default 6.4.0-1 x86_64"),
                ("2026-01-15 06:11:02", "linux (6.6.1-1 -> 6.7.0-1)"),
            ]
        );
    }
}
