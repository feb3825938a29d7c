//! The gate is put on a host, and taken away without a trace.
//!
//! What is about to be written stands in the record before it is written, so whoever is killed in
//! between can be undone all the same. A file of somebody else is never replaced.

use std::collections::BTreeSet;
use std::io;

use serde::{Deserialize, Serialize};

use crate::ground::Ground;
use crate::hooks::{self, Hook};
use crate::ledger::{Entry, Event, Ledger, sha256};
use crate::places;
use crate::rungs::demote::{self, Menu};
use crate::rungs::{start, withhold};
use crate::state::{Holding, load, save};
use crate::trial;

/// Everything that was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The program that the hooks start.
    pub program: String,
    /// Files.
    pub files: Vec<Written>,
    /// Folders that were made, the uppermost first.
    pub folders: Vec<String>,
    /// Links that switch units on.
    #[serde(default)]
    pub links: Vec<String>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// What it is called here.
    pub name: String,
    /// Where it lies.
    pub path: String,
    /// SHA-256 of its text.
    pub sha256: String,
}

/// What became of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Became {
    /// It was written.
    Written,
    /// It was there as it should be.
    Kept,
    /// It is taken away.
    Removed,
    /// Somebody changed it: it is left, and named.
    Changed,
    /// It is gone.
    Gone,
    /// Somebody else's file lies there.
    Foreign,
    /// This host has no use for it.
    NotHere,
    /// It could not be written.
    Failed,
}

/// One line of what was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What it is called here.
    pub name: String,
    /// Where it lies, with a leading slash.
    pub path: String,
    /// What became of it.
    pub became: Became,
    /// What it does, or why it could not be done.
    pub what: String,
    /// Whose contract it keeps.
    pub source: String,
}

/// Which files.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Only these.
    pub only: Vec<String>,
    /// None of these.
    pub without: Vec<String>,
    /// The program that they start.
    pub program: String,
    /// Nothing is written.
    pub dry: bool,
}

/// Units that are switched on, and the links that do it (systemctl(1), enable; `[Install]`).
const LINKS: [(&str, &str); 4] = [
    ("loadworthy-confirm.service", "multi-user.target.wants"),
    ("loadworthy-health.service", "boot-complete.target.requires"),
    ("loadworthy-gate.timer", "timers.target.wants"),
    ("loadworthy-inhibit.path", "paths.target.wants"),
];
const UNITS: &str = "etc/systemd/system";

/// The record of a host.
#[must_use]
pub fn record(ground: &Ground) -> Record {
    load(ground, places::INSTALLED).unwrap_or_default()
}

/// A name that is no hook's.
///
/// # Errors
/// A sentence with those there are.
pub fn known(choice: &Choice) -> Result<(), String> {
    let names: Vec<&str> = hooks::all().iter().map(|hook| hook.name).collect();
    for name in choice.only.iter().chain(&choice.without) {
        if !names.contains(&name.as_str()) {
            return Err(format!("no file is called {name}; there are {}", names.join(", ")));
        }
    }
    Ok(())
}

/// Puts every file there that this host has a use for.
///
/// # Errors
/// What the system says where not even the record can be written.
pub fn install(ground: &Ground, choice: &Choice, at: &str) -> io::Result<Vec<Line>> {
    let first = !ground.is_there(places::INSTALLED);
    let mut record = record(ground);
    record.program.clone_from(&choice.program);
    if !choice.dry {
        note_folders(&mut record, ground.make_folder(places::STATE)?);
    }
    let mut lines = Vec::new();
    for hook in hooks::all() {
        let chosen = choice.only.is_empty() || choice.only.iter().any(|name| name == hook.name);
        let named = choice.only.iter().any(|name| name == hook.name);
        if !chosen || choice.without.iter().any(|name| name == hook.name) {
            continue;
        }
        let became = if named || hook.when.fits(ground) {
            put(ground, &hook, choice, &mut record)
        } else {
            Ok(Became::NotHere)
        };
        lines.push(line(&hook, became));
    }
    if !choice.dry {
        switch_on(ground, &mut record)?;
        save(ground, places::INSTALLED, &record)?;
        if first {
            // An entry that cannot be written keeps nothing from working.
            let _ = Ledger::of(ground).append(ground, Entry::new(Event::Installed), at);
        }
        let _ = start(ground, "systemctl", &["daemon-reload"]);
    }
    Ok(lines)
}

fn note_folders(record: &mut Record, made: Vec<String>) {
    for folder in made {
        if !record.folders.contains(&folder) {
            record.folders.push(folder);
        }
    }
}

fn line(hook: &Hook, became: io::Result<Became>) -> Line {
    let (became, what) = match became {
        Ok(became) => (became, hook.what.to_owned()),
        Err(error) => (Became::Failed, error.to_string()),
    };
    Line {
        name: hook.name.to_owned(),
        path: format!("/{}", hook.path),
        became,
        what,
        source: hook.source.to_owned(),
    }
}

fn put(ground: &Ground, hook: &Hook, choice: &Choice, record: &mut Record) -> io::Result<Became> {
    let text = hook.text_for(&choice.program);
    let own = sha256(text.as_bytes());
    let known = record.files.iter().find(|file| file.path == hook.path).cloned();
    let there = ground.read(hook.path)?;
    match &there {
        Some(bytes) if sha256(bytes) == own && ground.mode(hook.path) == Some(hook.mode) => {
            // One that was written before its record was is ours as well.
            if known.is_none() && !choice.dry {
                note(record, hook, &own);
                save(ground, places::INSTALLED, record)?;
            }
            return Ok(Became::Kept);
        }
        Some(_) if known.is_none() => return Ok(Became::Foreign),
        Some(bytes) if known.as_ref().is_some_and(|k| k.sha256 != sha256(bytes)) => {
            return Ok(Became::Changed);
        }
        Some(_) | None => {}
    }
    if choice.dry {
        return Ok(Became::Written);
    }
    let folder = hook.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    note_folders(record, ground.make_folder(folder)?);
    note(record, hook, &own);
    save(ground, places::INSTALLED, record)?;
    ground.write(hook.path, text.as_bytes(), hook.mode)?;
    Ok(Became::Written)
}

fn note(record: &mut Record, hook: &Hook, sha256: &str) {
    record.files.retain(|file| file.path != hook.path);
    record.files.push(Written {
        name: hook.name.to_owned(),
        path: hook.path.to_owned(),
        sha256: sha256.to_owned(),
    });
}

fn switch_on(ground: &Ground, record: &mut Record) -> io::Result<()> {
    for (unit, target) in LINKS {
        if !record.files.iter().any(|file| file.path == format!("{UNITS}/{unit}")) {
            continue;
        }
        let folder = format!("{UNITS}/{target}");
        let link = format!("{folder}/{unit}");
        if ground.stat(&link).is_some() {
            continue;
        }
        note_folders(record, ground.make_folder(&folder)?);
        record.links.push(link.clone());
        save(ground, places::INSTALLED, record)?;
        ground.link(&format!("/{UNITS}/{unit}"), &link)?;
    }
    Ok(())
}

/// Takes everything away: what is held back is let go, what was withheld is put back, files that
/// are as they were written are removed, and folders that were made for them.
///
/// The ledger stays where somebody opened the gate or a boot was compared, unless `purge` says not.
///
/// # Errors
/// What the system says where a file cannot be taken away.
pub fn uninstall(ground: &Ground, purge: bool, dry: bool) -> io::Result<Vec<Line>> {
    let record = record(ground);
    let hooks = hooks::all();
    let mut lines = Vec::new();
    let mut left = Record { program: record.program.clone(), ..Record::default() };
    if !dry {
        let_go(ground);
        let _ = start(
            ground,
            "systemctl",
            &["disable", "--now", "loadworthy-gate.timer", "loadworthy-inhibit.path"],
        );
        for link in &record.links {
            ground.remove(link)?;
        }
    }
    for file in &record.files {
        let became = match ground.read(&file.path)? {
            None => Became::Gone,
            Some(bytes) if sha256(&bytes) != file.sha256 => {
                left.files.push(file.clone());
                Became::Changed
            }
            Some(_) => {
                if !dry {
                    ground.remove(&file.path)?;
                }
                Became::Removed
            }
        };
        let hook = hooks.iter().find(|hook| hook.path == file.path);
        lines.push(Line {
            name: file.name.clone(),
            path: format!("/{}", file.path),
            became,
            what: hook.map_or_else(String::new, |hook| hook.what.to_owned()),
            source: hook.map_or_else(String::new, |hook| hook.source.to_owned()),
        });
    }
    if dry {
        return Ok(lines);
    }
    forget(ground, purge)?;
    let mut folders: BTreeSet<&String> = record.folders.iter().collect();
    while let Some(folder) = folders.pop_last() {
        let _ = ground.remove_folder(folder);
    }
    if !left.files.is_empty() {
        save(ground, places::INSTALLED, &left)?;
    }
    let _ = start(ground, "systemctl", &["daemon-reload"]);
    Ok(lines)
}

/// Undoes every rung.
fn let_go(ground: &Ground) {
    let holding = Holding::of(ground);
    if let Some(demotion) = &holding.demotion {
        let _ = demote::undo(ground, &demotion.how, Menu::WriteNow);
    }
    for held in holding.kernels.iter().filter(|held| held.without_entry) {
        if let Some(image) = &held.image {
            let _ = start(ground, "kernel-install", &["add", &held.kernel, image]);
        }
    }
    let _ = withhold::release(ground);
    let _ = trial::clear(ground);
}

/// Takes our own records away.
fn forget(ground: &Ground, purge: bool) -> io::Result<()> {
    for folder in places::TEXTFILES {
        ground.remove(&format!("{folder}/{}", places::METRICS))?;
    }
    let telling = [
        Event::OverrideOpened,
        Event::ManifestAccepted,
        Event::Confirmed,
        Event::Relaxed,
        Event::Restarted,
        Event::TrialPassed,
        Event::TrialFailed,
    ];
    let ledger = Ledger::of(ground);
    let plain = ledger.is_sound() && !ledger.entries.iter().any(|e| telling.contains(&e.event));
    for folder in [&format!("{}/images", places::CACHE), places::CACHE, places::SEALED, places::RUN]
    {
        empty(ground, folder)?;
    }
    for path in [places::HELD, places::DEMANDS, places::INSTALLED] {
        ground.remove(path)?;
    }
    if plain || purge {
        empty(ground, places::MISSES)?;
        empty(ground, places::STATE)?;
    }
    Ok(())
}

fn empty(ground: &Ground, folder: &str) -> io::Result<()> {
    for name in ground.files(folder) {
        ground.remove(&format!("{folder}/{name}"))?;
    }
    let _ = ground.remove_folder(folder);
    Ok(())
}
