//! Files: whether they are listed, where they lie, where they go.

use super::{Linter, Wanted};
use crate::package::contents::as_infs;
use crate::tables::inf_lints::Level;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use loadworthy_formats::inf::decoration::Architecture;
use loadworthy_formats::inf::install::{self, Copied};
use loadworthy_formats::inf::text::Span;

/// The driver store.
const STORE: u32 = 13;
/// The first Windows that installs from it: 10 1709.
const STORE_SINCE: (u32, u32, u32) = (10, 0, 16299);

impl Linter<'_> {
    pub(super) fn files(&mut self) {
        let all = self.contents.beside(self.n);
        let mut budget = self.limits.items;
        let mut places: BTreeMap<(&'static str, String), String> = BTreeMap::new();
        for wanted in self.installs.clone() {
            let infs = as_infs(&all);
            let base = wanted.base.as_str();
            let read = install::read(infs, base, wanted.architecture, &mut budget, self.limits);
            let Some(read) = read else { continue };
            let inbox = !read.included.is_empty() || self.reads_others();
            for copied in &read.copies {
                self.copied(copied, &wanted, inbox, &mut places);
            }
        }
        self.lists();
        self.disks();
    }

    fn copied(
        &mut self,
        copied: &Copied,
        wanted: &Wanted,
        inbox: bool,
        places: &mut BTreeMap<(&'static str, String), String>,
    ) {
        let architecture = wanted.architecture.name();
        match &copied.source {
            None if !inbox && !copied.source_name.contains('%') => {
                let said = format!("{} for {architecture}", copied.source_name);
                // Without any list, which only INFs for Windows 2000 and XP do, setup looks beside the INF.
                let lists = self.inf.sections.iter();
                let level = match lists.clone().any(|s| is_list(&s.name)) {
                    true => Level::Error,
                    false => Level::Warning,
                };
                self.say_as(1230, level, copied.at, said);
            }
            Some(source) if !inbox && !self.disk(&source.disk, wanted.architecture) => {
                let said =
                    format!("disk {} of {}, for {architecture}", source.disk, copied.source_name);
                self.say(1273, copied.at, said);
            }
            _ => {}
        }
        let Some(destination) = &copied.destination else {
            if !inbox {
                let list = copied.list.as_deref().unwrap_or(&copied.name);
                self.say(1275, copied.at, list);
            }
            return;
        };
        if destination.directory == STORE {
            if wanted.least < STORE_SINCE && self.found.iter().all(|f| f.number != 1199) {
                self.say(1199, copied.at, copied.name.as_str());
            }
            if !copied.name.eq_ignore_ascii_case(&copied.source_name) {
                self.say(1100, copied.at, format!("{} from {}", copied.name, copied.source_name));
            }
        }
        let below = destination.below.as_deref().unwrap_or("");
        let place = format!("{}\\{below}\\{}", destination.directory, copied.name).to_lowercase();
        let from = copied.source.as_ref().map_or(copied.source_name.as_str(), |s| s.path.as_str());
        let known = places.entry((architecture, place)).or_insert_with(|| from.to_lowercase());
        if *known != from.to_lowercase() {
            let said = format!("{}, from {known} and {}", copied.name, from.to_lowercase());
            self.say(1330, copied.at, said);
        }
    }

    /// Whether `[SourceDisksNames]` lists a disk.
    fn disk(&self, disk: &str, architecture: Architecture) -> bool {
        let decorated = format!("SourceDisksNames.{}", architecture.name());
        let sections = [decorated.as_str(), "SourceDisksNames"];
        let mut lines = sections.iter().filter_map(|n| self.inf.section(n)).flat_map(|s| &s.lines);
        let wanted = super::number(disk);
        lines.any(|line| {
            let key = line.key.as_ref().or_else(|| line.fields.first());
            let key = key.map(|k| self.inf.expand(&k.text)).unwrap_or_default();
            key.trim().eq_ignore_ascii_case(disk.trim())
                || (wanted.is_some() && super::number(&key) == wanted)
        })
    }

    /// File lists: lines that name nothing, and `[DestinationDirs]`.
    fn lists(&mut self) {
        let inf = self.inf;
        let lists: Vec<String> = self
            .named
            .iter()
            .filter(|(_, by)| by.contains("copyfiles"))
            .map(|(name, _)| name.clone())
            .collect();
        for line in lists.iter().filter_map(|n| inf.section(n)).flat_map(|s| &s.lines) {
            if line.key.is_none() && line.field(0).is_none() {
                self.say(1229, line.at(), "CopyFiles");
            }
        }
        for line in inf.section("DestinationDirs").into_iter().flat_map(|s| &s.lines) {
            let value = inf.value(line, 0).unwrap_or_default();
            let value = value.trim();
            // Minus one stands for a path as it is written.
            if value.parse::<i64>().is_err() && !value.contains('%') {
                self.say(1243, line.at(), value);
            }
        }
    }

    /// `[SourceDisksFiles]`: names that should not stand there.
    fn disks(&mut self) {
        let inf = self.inf;
        for section in &inf.sections {
            if !is_list(&section.name) {
                continue;
            }
            for line in &section.lines {
                let Some(key) = line.key.as_ref().map(|k| inf.expand(&k.text).to_lowercase())
                else {
                    continue;
                };
                let at: Span = line.at();
                if key.ends_with(".cat") {
                    self.say(1213, at, key);
                } else if key.ends_with('_') && key.contains('.') {
                    self.say(1231, at, key);
                }
            }
        }
    }
}

/// Whether a section is `[SourceDisksFiles]`, of whichever processor.
fn is_list(section: &str) -> bool {
    let name = section.to_ascii_lowercase();
    name.strip_prefix("sourcedisksfiles")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
