//! Which sections directives name, whether they are there, and which are named by none.

use super::{Linter, is_guid, number};
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use loadworthy_formats::inf::document::Section;
use loadworthy_formats::inf::text::Line;

/// Where setup begins to read, whatever a line says.
const ROOTS: [&str; 6] = [
    "defaultinstall",
    "defaultuninstall",
    "classinstall32",
    "interfaceinstall32",
    "deviceinstall32",
    "defaultinstall.netdrivers",
];

/// Sections that are looked up by their names. Those of printers, migration and text-mode setup among
/// them, which other parts of Windows read.
const KNOWN: [&str; 22] = [
    "version",
    "manufacturer",
    "strings",
    "sourcedisksnames",
    "sourcedisksfiles",
    "destinationdirs",
    "controlflags",
    "signatureattributes",
    "systemattributes",
    "previous names",
    "optional components",
    "basewinoptions",
    "printerupgrade",
    "printer package installation",
    "ntmigration",
    "pnp manufacturer",
    "wlanfilters",
    "data_section",
    "filecaps",
    "hal",
    "devicedata",
    "install_mpio",
];

/// Directives whose every field names a section.
const LISTS: [&str; 16] = [
    "copyfiles",
    "delfiles",
    "renfiles",
    "addreg",
    "delreg",
    "bitreg",
    "ini2reg",
    "updateinis",
    "updateinifields",
    "logconfig",
    "profileitems",
    "registerdlls",
    "unregisterdlls",
    "addproperty",
    "delproperty",
    "addpowersetting",
];

/// Directives one of whose fields names a section.
const ONE: [(&str, usize); 10] = [
    ("addinterface", 2),
    ("addcomponent", 2),
    ("addsoftware", 2),
    ("addfilter", 2),
    ("addeventprovider", 1),
    ("wmiinterface", 2),
    ("kmdfservice", 1),
    ("umdfservice", 1),
    ("addautologger", 2),
    ("addservice", 2),
];

/// Classes whose installers read sections of their own.
const OTHER_READERS: [&str; 3] = ["printer", "image", "modem"];

impl Linter<'_> {
    pub(super) fn sections(&mut self) {
        self.reach();
        for name in self.reached.clone() {
            if let Some(section) = self.inf.section(&name) {
                for line in &section.lines {
                    self.directive(section, line);
                }
            }
        }
        let named: Vec<_> = self.named.iter().map(|(n, by)| (n.clone(), by.clone())).collect();
        for (name, by) in named {
            let files = ["copyfiles", "delfiles", "renfiles"].iter().filter(|d| by.contains(*d));
            let values = ["addreg", "delreg"].iter().filter(|d| by.contains(*d)).count();
            if (files.count() > 1 || values > 1)
                && let Some(section) = self.inf.section(&name)
            {
                self.say(1205, section.at, section.name.as_str());
            }
        }
        for section in &self.inf.sections {
            if let Some(again) = section.again.first() {
                self.say(1209, *again, section.name.as_str());
            }
        }
        self.unused();
    }

    /// Finds the sections whose directives are followed: install sections, what belongs to them, and what
    /// they need.
    fn reach(&mut self) {
        let mut bases: Vec<String> = self.installs.iter().map(|w| w.base.to_lowercase()).collect();
        bases.extend(ROOTS.iter().map(|r| (*r).into()));
        bases.sort();
        bases.dedup();
        let belongs = |name: &str| {
            let mut at = Some(name);
            while let Some(part) = at {
                if bases.binary_search_by(|b| b.as_str().cmp(part)).is_ok() {
                    return true;
                }
                at = part.rsplit_once('.').map(|(before, _)| before);
            }
            false
        };
        let names = self.inf.sections.iter().map(|s| s.name.to_lowercase());
        let mut open: Vec<String> = names.filter(|n| belongs(n)).collect();
        while let Some(name) = open.pop() {
            if !self.reached.insert(name.clone()) {
                continue;
            }
            let Some(section) = self.inf.section(&name) else { continue };
            let deeper = section.lines.iter().flat_map(|line| {
                let key = line.key.as_ref().map(|k| k.text.to_ascii_lowercase());
                let one = ONE.iter().find(|(d, _)| key.as_deref() == Some(*d));
                match (key.as_deref(), one) {
                    (Some("needs"), _) => line.fields.iter().collect::<Vec<_>>(),
                    (Some("addservice"), _) => Vec::new(),
                    (_, Some((_, field))) => line.field(*field).into_iter().collect(),
                    _ => Vec::new(),
                }
            });
            for field in deeper {
                let wanted = self.inf.expand(&field.text).to_lowercase();
                let decorated = format!("{wanted}.nt");
                let all = self.inf.sections.iter().map(|s| s.name.to_lowercase());
                open.extend(all.filter(|n| *n == wanted || n.starts_with(&decorated)));
            }
        }
    }

    fn directive(&mut self, section: &Section, line: &Line) {
        let Some(key) = &line.key else { return };
        let key = key.text.to_ascii_lowercase();
        if let Some(name) = LISTS.iter().find(|d| **d == key) {
            for field in line.fields.iter().filter(|f| !f.text.is_empty()) {
                let value = self.inf.expand(&field.text).trim().to_lowercase();
                if value.starts_with('@') {
                    continue;
                }
                if value.contains('%') || self.has(&value) || self.reads_others() {
                    self.named.entry(value).or_default().insert(name);
                } else {
                    self.say(1203, field.at, format!("[{}] of {name}", field.text));
                }
            }
            return;
        }
        let inf = self.inf;
        match key.as_str() {
            "needs" => {
                for field in line.fields.iter().filter(|f| !f.text.is_empty()) {
                    let value = inf.expand(&field.text);
                    let beside = self.contents.infs.iter().any(|d| d.inf.section(&value).is_some());
                    if beside {
                        continue;
                    }
                    // `Include` counts in the section itself, and in the one it belongs to.
                    let own = section.first("Include").is_some();
                    match own || self.reads_others() {
                        true if own => {}
                        true => {
                            let said = format!("[{}] needs {value}", section.name);
                            self.say_as(
                                1319,
                                crate::tables::inf_lints::Level::Note,
                                field.at,
                                said,
                            );
                        }
                        false => {
                            self.say(1319, field.at, format!("[{}] needs {value}", section.name))
                        }
                    }
                }
            }
            "copyinf" => {
                for field in line.fields.iter().filter(|f| !f.text.is_empty()) {
                    let value = inf.expand(&field.text).to_lowercase();
                    if !value.ends_with(".inf") && !value.contains('%') {
                        self.say(1110, field.at, value);
                    }
                }
            }
            "featurescore" => {
                let value = inf.value(line, 0).unwrap_or_default().trim().to_lowercase();
                let digits = value.strip_prefix("0x").unwrap_or(&value);
                if u8::from_str_radix(digits, 16).is_err() {
                    self.say(1245, line.at(), value);
                }
            }
            "addinterface" => {
                let value = inf.value(line, 0).unwrap_or_default();
                if !is_guid(value.trim()) && !value.contains('%') {
                    self.say(1019, line.at(), value);
                }
            }
            _ => {}
        }
        let one = ONE.iter().find(|(d, _)| *d == key && key != "addservice");
        if let Some(field) = one.and_then(|(_, n)| line.field(*n)) {
            let value = inf.expand(&field.text);
            // `KmdfService = name, section` may come with an inbox section.
            if number(&value).is_none()
                && !value.contains('%')
                && !self.has(&value)
                && !self.reads_others()
            {
                self.say(1203, field.at, format!("[{value}] of {key}"));
            }
        }
    }

    /// Sections whose names stand nowhere.
    fn unused(&mut self) {
        let inf = self.inf;
        let class = self.version.class.as_deref().unwrap_or("");
        if OTHER_READERS.iter().any(|c| c.eq_ignore_ascii_case(class)) || self.reads_others() {
            return;
        }
        let mut words: BTreeSet<String> = BTreeSet::new();
        for line in inf.sections.iter().flat_map(|s| &s.lines) {
            words.extend(line.fields.iter().map(|f| inf.expand(&f.text).trim().to_lowercase()));
        }
        for section in &inf.sections {
            let name = section.name.to_lowercase();
            let known = |k: &&str| {
                name.strip_prefix(*k).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            if KNOWN.iter().chain(&ROOTS).any(known) || self.reached.contains(&name) {
                continue;
            }
            // Directives and decorations put more behind a name that stands somewhere.
            let mut at = Some(name.as_str());
            let mut used = false;
            while let Some(part) = at {
                used |= words.contains(part);
                at = part.rsplit_once('.').map(|(before, _)| before);
            }
            if !used && !section.lines.is_empty() {
                self.say(2083, section.at, section.name.as_str());
            }
        }
    }
}
