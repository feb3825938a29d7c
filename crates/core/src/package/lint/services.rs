//! `AddService`: services, what each needs, and how they start.

use super::{Linter, number};
use alloc::borrow::ToOwned;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use loadworthy_formats::inf::document::Section;
use loadworthy_formats::inf::text::{Line, Span};

/// The flag that makes a service the device's own (`SPSVCINST_ASSOCSERVICE`).
const ASSOCIATED: u32 = 2;
/// What every service says: `inf-addservice-directive`, and the highest number of each.
const REQUIRED: [(&str, u32); 3] =
    [("ServiceType", u32::MAX), ("StartType", 4), ("ErrorControl", 3)];
/// Service types that are drivers: kernel, file system, recognizer.
const DRIVERS: [u32; 3] = [1, 2, 8];
const DISABLED: u32 = 4;

impl Linter<'_> {
    pub(super) fn services(&mut self) {
        let mut co_installers: Option<Span> = None;
        let copied = self.copied_names();
        for name in self.reached.clone() {
            let Some(section) = self.inf.section(&name) else { continue };
            if name.ends_with(".coinstallers") && !section.lines.is_empty() {
                co_installers = Some(co_installers.map_or(section.at, |at| at.min(section.at)));
            }
            let mut own: Option<String> = None;
            for line in section.all("AddService") {
                if let Some(service) = self.service(line, &copied) {
                    match &own {
                        Some(first) if !first.eq_ignore_ascii_case(&service) => {
                            let said = format!("[{}]: {first} and {service}", section.name);
                            self.say(1211, line.at(), said);
                        }
                        _ => own = Some(service),
                    }
                }
            }
        }
        if let Some(at) = co_installers {
            self.say(1303, at, "CoInstallers");
        }
    }

    /// Looks at one service; its name, where it is the device's own.
    fn service(&mut self, line: &Line, copied: &BTreeSet<String>) -> Option<String> {
        let inf = self.inf;
        let flags = inf.value(line, 1).and_then(|f| number(&f)).unwrap_or(0);
        let Some(name) = inf.value(line, 0) else {
            match line.field(2) {
                Some(_) => self.say(1272, line.at(), "AddService"),
                None if flags & ASSOCIATED == 0 => self.say(1253, line.at(), "AddService"),
                None => {}
            }
            return None;
        };
        let name = name.into_owned();
        let associated = flags & ASSOCIATED != 0;
        if associated
            && self.version.class.as_deref().is_some_and(|c| c.eq_ignore_ascii_case("Extension"))
        {
            self.say(1383, line.at(), name.as_str());
        }
        if let Some(wanted) = inf.value(line, 2) {
            let decorated = |s: &&Section| {
                let own = s.name.to_lowercase();
                own == wanted.to_lowercase()
                    || own.starts_with(&format!("{}.nt", wanted.to_lowercase()))
            };
            let all: Vec<&Section> = inf.sections.iter().filter(decorated).collect();
            if all.is_empty() && !self.reads_others() && !wanted.contains('%') {
                self.say(2006, line.at(), format!("[{wanted}] of {name}"));
            }
            for section in all {
                self.entries(&name, section, associated, copied);
            }
        }
        associated.then_some(name)
    }

    fn entries(&mut self, name: &str, section: &Section, own: bool, copied: &BTreeSet<String>) {
        let inf = self.inf;
        let mut values = [None; 3];
        for ((key, most), value) in REQUIRED.iter().zip(&mut values) {
            let Some(line) = section.first(key) else {
                if !self.reads_others() {
                    self.say(1013, section.at, format!("{key} of {name}"));
                }
                continue;
            };
            let written = inf.value(line, 0).unwrap_or_default();
            *value = number(&written).filter(|n| n <= most);
            if value.is_none() && !written.contains('%') {
                self.say(1014, line.at(), format!("{key} = {written} of {name}"));
            }
        }
        let [kind, start, _] = values;
        if own && start == Some(DISABLED) {
            self.say(1251, section.at, name);
        }
        if let (Some(kind), Some(0 | 1)) = (kind, start)
            && !DRIVERS.contains(&kind)
        {
            self.say(1252, section.at, format!("{name}: ServiceType = {kind:#x}"));
        }
        let Some(line) = section.first("ServiceBinary") else {
            if !self.reads_others() {
                self.say(1013, section.at, format!("ServiceBinary of {name}"));
            }
            return;
        };
        let path = inf.value(line, 0).unwrap_or_default().into_owned();
        let path = path.trim_matches('"');
        let under_directory = path.strip_prefix('%').and_then(|p| p.split_once('%'));
        match under_directory {
            Some((digits, _)) if digits.parse::<i64>().is_ok() => {}
            _ => return self.say(2085, line.at(), path),
        }
        let file = path.rsplit(['\\', '/']).next().unwrap_or(path).trim().to_lowercase();
        let is_driver = kind.is_some_and(|k| DRIVERS.contains(&k));
        if is_driver && !copied.contains(&file) && !self.reads_others() {
            self.say(2084, line.at(), path.to_owned());
        }
    }

    /// The names of everything that file lists copy, at the places where it goes.
    fn copied_names(&self) -> BTreeSet<String> {
        let inf = self.inf;
        let mut names = BTreeSet::new();
        for (list, _) in self.named.iter().filter(|(_, by)| by.contains("copyfiles")) {
            let lines = inf.section(list).into_iter().flat_map(|s| &s.lines);
            names.extend(lines.filter_map(|l| Some(inf.value(l, 0)?.trim().to_lowercase())));
        }
        for section in self.reached.iter().filter_map(|name| inf.section(name)) {
            for field in section.all("CopyFiles").flat_map(|line| &line.fields) {
                if let Some(name) = inf.expand(&field.text).strip_prefix('@') {
                    names.insert(name.trim().to_lowercase());
                }
            }
        }
        names
    }
}
