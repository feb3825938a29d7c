//! Install sections: which files they copy and which services they make.
//!
//! `Include` and `Needs` are followed into the INFs of the same package; what Windows' own INFs bring
//! along is named, not read.

use std::collections::BTreeSet;

use crate::inf::decoration::Architecture;
use crate::inf::document::{Inf, Section};
use crate::inf::sources::{Destination, Source};
use crate::inf::text::{Line, Span};
use crate::inf::version::number;
use crate::limits::Limits;

/// The INFs of one package, each with its file name. Sections are looked for in the first one.
pub type Infs<'p> = &'p [(&'p str, &'p Inf)];

/// What an install section does, together with the sections that belong to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Install {
    /// The section, with the decoration under which it was found.
    pub section: String,
    /// Files that are copied.
    pub copies: Vec<Copied>,
    /// Services that are made.
    pub services: Vec<Service>,
    /// INFs that are copied along (`CopyINF`).
    pub infs: Vec<String>,
    /// Sections of INFs outside the package (`Needs`), as written.
    pub outside: Vec<String>,
    /// INFs outside the package (`Include`).
    pub included: Vec<String>,
    /// Sections that are named and are not there, with the place of the name.
    pub missing: Vec<(String, Span)>,
    /// `FeatureScore`: the lower, the better a match.
    pub feature_score: Option<u8>,
    /// Where the section begins.
    pub at: Span,
}

/// A file that is copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Its name at the place where it goes.
    pub name: String,
    /// Its name in the package.
    pub source_name: String,
    /// Where it lies; nothing where no `SourceDisksFiles` lists it.
    pub source: Option<Source>,
    /// Where it goes; nothing where no `DestinationDirs` says.
    pub destination: Option<Destination>,
    /// Whether the INF takes files from Windows' own list (`LayoutFile`), which may have this one.
    pub may_be_inbox: bool,
    /// Whether every section that copies it is for one processor alone (`.ntamd64`).
    pub for_processor: bool,
    /// The file-list section; nothing where the directive names the file itself.
    pub list: Option<String>,
    /// Where it is written.
    pub at: Span,
}

/// A service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Whether it is the device's own (flag 2, `SPSVCINST_ASSOCSERVICE`).
    pub of_device: bool,
    /// `ServiceType`: 1 kernel driver, 2 file system driver.
    pub kind: Option<u32>,
    /// `StartType`: 0 boot, 1 system, 2 automatic, 3 demand, 4 disabled.
    pub start: Option<u32>,
    /// `ErrorControl`.
    pub error_control: Option<u32>,
    /// `ServiceBinary` as written: `%12%\demo.sys`.
    pub binary: Option<String>,
    /// `LoadOrderGroup`.
    pub load_order_group: Option<String>,
    /// Where `AddService` is written.
    pub at: Span,
}

impl Service {
    /// The name of the service's file, without the directory.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        let path = self.binary.as_deref()?;
        // What follows a blank behind the name are arguments of a program.
        path.rsplit(['\\', '/']).next().map(str::trim).filter(|name| !name.is_empty())
    }
}

/// Sections that belong to an install section, by what is put behind its name.
const BESIDE: [&str; 8] =
    ["", ".Services", ".CoInstallers", ".HW", ".Interfaces", ".Wdf", ".Components", ".Software"];

/// What is done for an install section on a processor; nothing where the INF has no such section.
/// At most `budget` lines are looked at, which is counted down.
#[must_use]
pub fn read(
    infs: Infs<'_>,
    base: &str,
    architecture: Architecture,
    budget: &mut usize,
    limits: &Limits,
) -> Option<Install> {
    let (_, first) = infs.first()?;
    let (own, _) = decorated(first, base, "", architecture)?;
    let install = Install { section: own.name.clone(), at: own.at, ..Install::default() };
    let (seen, for_processor) = (BTreeSet::new(), false);
    let mut walk =
        Walk { infs, architecture, install, seen, for_processor, budget, depth: limits.depth };
    for beside in BESIDE {
        if let Some((section, for_processor)) = decorated(first, base, beside, architecture) {
            walk.for_processor = for_processor;
            walk.section(0, section, 0);
        }
    }
    Some(walk.install)
}

/// The section under its best decoration: `.nt` with the processor, `.nt`, none; and whether it is the
/// first of these.
fn decorated<'i>(
    inf: &'i Inf,
    base: &str,
    beside: &str,
    architecture: Architecture,
) -> Option<(&'i Section, bool)> {
    let exact = format!("{base}.nt{}{beside}", architecture.name());
    let all = [exact, format!("{base}.nt{beside}"), format!("{base}{beside}")];
    let mut found =
        all.iter().enumerate().filter_map(|(n, name)| Some((inf.section(name)?, n == 0)));
    found.next()
}

struct Walk<'w> {
    infs: Infs<'w>,
    architecture: Architecture,
    install: Install,
    seen: BTreeSet<(usize, String)>,
    /// Whether the section that is followed was found as one for this processor alone.
    for_processor: bool,
    budget: &'w mut usize,
    depth: usize,
}

impl<'w> Walk<'w> {
    /// Follows the directives of a section of the INF number `n`.
    fn section(&mut self, n: usize, section: &'w Section, depth: usize) {
        if depth > self.depth || !self.seen.insert((n, section.name.to_lowercase())) {
            return;
        }
        let Some((_, inf)) = self.infs.get(n) else { return };
        for line in &section.lines {
            let Some(left) = self.budget.checked_sub(1) else { return };
            *self.budget = left;
            let Some(key) = &line.key else { continue };
            match key.text.to_ascii_lowercase().as_str() {
                "copyfiles" => self.copy_files(inf, line),
                "include" => self.include(inf, line),
                "needs" => self.needs(n, inf, line, depth),
                "copyinf" => self.install.infs.extend(values(inf, line)),
                "featurescore" => {
                    let score = inf.value(line, 0);
                    let digits = score.as_deref().map(|s| s.trim().trim_start_matches("0x"));
                    self.install.feature_score =
                        digits.and_then(|s| u8::from_str_radix(s, 16).ok());
                }
                "addservice" => self.add_service(inf, line),
                "addinterface" => {
                    let name = inf.value(line, 2);
                    let found = name.and_then(|name| decorated(inf, &name, "", self.architecture));
                    if let Some((section, _)) = found {
                        self.section(n, section, depth.saturating_add(1));
                    }
                }
                _ => {}
            }
        }
    }

    fn include(&mut self, inf: &Inf, line: &Line) {
        for name in values(inf, line) {
            let inside = self.infs.iter().any(|(file, _)| file.eq_ignore_ascii_case(&name));
            if !inside && !self.install.included.contains(&name) {
                self.install.included.push(name);
            }
        }
    }

    fn needs(&mut self, n: usize, inf: &'w Inf, line: &Line, depth: usize) {
        let infs = self.infs;
        for name in values(inf, line) {
            let own = inf.section(&name).map(|section| (n, section));
            let found = own.or_else(|| {
                let mut all = infs.iter().enumerate();
                all.find_map(|(other, (_, inf))| Some((other, inf.section(&name)?)))
            });
            match found {
                Some((other, section)) => self.section(other, section, depth.saturating_add(1)),
                None if !self.install.outside.contains(&name) => self.install.outside.push(name),
                None => {}
            }
        }
    }

    fn copy_files(&mut self, inf: &Inf, line: &Line) {
        for field in line.fields.iter().filter(|f| !f.text.is_empty()) {
            let value = inf.expand(&field.text);
            if let Some(file) = value.strip_prefix('@') {
                self.copy(inf, None, (file, file), field.at);
                continue;
            }
            let Some(list) = inf.section(&value) else {
                self.install.missing.push((value.into_owned(), field.at));
                continue;
            };
            for line in &list.lines {
                let Some(name) = inf.value(line, 0) else { continue };
                let source = inf.value(line, 1).unwrap_or_else(|| name.clone());
                let names = (&*name, &*source);
                self.copy(inf, Some(&list.name), names, line.at());
            }
        }
    }

    fn copy(&mut self, inf: &Inf, list: Option<&str>, (name, from): (&str, &str), at: Span) {
        let Some(left) = self.budget.checked_sub(1) else { return };
        *self.budget = left;
        let may_be_inbox = inf.section("Version").is_some_and(|v| v.first("LayoutFile").is_some());
        self.install.copies.push(Copied {
            name: name.to_owned(),
            source_name: from.to_owned(),
            source: inf.source_of(from, self.architecture),
            destination: inf.destination_of(list),
            may_be_inbox,
            for_processor: self.for_processor,
            list: list.map(str::to_owned),
            at,
        });
    }

    fn add_service(&mut self, inf: &Inf, line: &Line) {
        let Some(name) = inf.value(line, 0) else { return };
        let flags = inf.value(line, 1).and_then(|f| number(&f)).unwrap_or(0);
        let mut service = Service {
            name: name.into_owned(),
            of_device: flags & 2 != 0,
            at: line.at(),
            ..Service::default()
        };
        if let Some(wanted) = inf.value(line, 2) {
            match decorated(inf, &wanted, "", self.architecture) {
                Some((section, _)) => {
                    let text = |key: &str| inf.value_of(section, key).map(|v| v.into_owned());
                    service.kind = text("ServiceType").and_then(|v| number(&v));
                    service.start = text("StartType").and_then(|v| number(&v));
                    service.error_control = text("ErrorControl").and_then(|v| number(&v));
                    service.binary = text("ServiceBinary");
                    service.load_order_group = text("LoadOrderGroup");
                }
                None => self.install.missing.push((wanted.into_owned(), line.at())),
            }
        }
        if !self.install.services.contains(&service) && self.install.services.len() < 4096 {
            self.install.services.push(service);
        }
    }
}

/// What stands between the commas of a line, expanded, without what is empty.
fn values(inf: &Inf, line: &Line) -> Vec<String> {
    let all = line.fields.iter().map(|f| inf.expand(&f.text).into_owned());
    all.filter(|value| !value.is_empty()).collect()
}
