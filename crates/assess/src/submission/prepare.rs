//! A folder → the cabinet that is submitted, or what is wrong with it.

use std::collections::BTreeSet;
use std::io::{Cursor, Write};
use std::path::Path;

use loadworthy_collect::gather::windows::files::{Files, has_extension};
use loadworthy_collect::gather::windows::package::Package;
use loadworthy_core::answer::Finding;
use loadworthy_core::code::Code;
use loadworthy_core::codes::{
    DRIVER_FOR_ANOTHER_PROCESSOR, INF_OBJECTED_TO, NO_CATALOG, NOT_FOR_MEMORY_INTEGRITY,
    PACKAGE_FILE_MISSING,
};
use loadworthy_core::fact::step::Step;
use loadworthy_core::package::contents::{base, folder};
use loadworthy_core::package::lint::lint;
use loadworthy_core::package::plan::Found;
use loadworthy_core::package::target::Target;
use loadworthy_core::proof::windows::{HvciFault, Machine};
use loadworthy_core::proof::{Rule, text};
use loadworthy_core::submitted::{Folder, Prepared};
use loadworthy_core::tables::Tables;
use loadworthy_core::tables::inf_lints::Level;
use loadworthy_formats::inf::decoration::Architecture;
use loadworthy_formats::inf::document::Inf;
use loadworthy_formats::limits::Limits;
use time::{Date, Month, PrimitiveDateTime, Time};

use crate::request::Trouble;

static RULE: Rule =
    Rule { name: "portal/submission", source: "Microsoft, Attestation Sign Windows Drivers" };

/// Makes a package ready for the portal; nothing is written.
///
/// # Errors
/// When there is no package, or a file of it cannot be read.
pub fn prepare(path: &Path) -> Result<Prepared, Trouble> {
    let limits = &Limits::DEFAULT;
    let trouble = |problem: &str| Trouble::Open {
        path: path.display().to_string(),
        problem: problem.to_owned(),
    };
    if !path.is_dir() {
        return Err(trouble("not a folder"));
    }
    let tables = Tables::built_in().map_err(|e| Trouble::Table(e.to_string()))?;
    let files = Files::below(path, limits);
    if let Some((inf, problem)) = files.contents.unread.first() {
        return Err(trouble(&format!("{inf} cannot be read as an INF: {problem}")));
    }
    if files.contents.infs.is_empty() {
        return Err(trouble("no INF in it"));
    }
    let package = Package::open("", files, &tables.authorities, limits);
    let mut looking = Looking { package: &package, limits, findings: Vec::new() };
    for n in 0..package.files.contents.infs.len() {
        for line in lint(&package.files.contents, n, &tables.inf_lints, limits) {
            let Some(row) = tables.inf_lints.of(line.number) else { continue };
            // The portal lets no error of InfVerif pass, whatever Windows makes of it.
            let level = line.level.max(if row.k == "error" { Level::Warning } else { Level::Note });
            looking.findings.push(Finding {
                code: line.level.of_inf(),
                number: Some(("InfVerif", text(row.id.as_str()))),
                level,
                path: text(looking.inf_path(n)),
                at: Some((line.at.line, line.at.column)),
                title: text(row.title.as_str()),
                said: text(line.said),
                help: Some(text(row.help.as_str())),
            });
        }
        looking.inf(n);
    }
    let named = path.canonicalize().ok();
    let named = named.as_deref().and_then(Path::file_name).map(|n| n.to_string_lossy());
    let folders = looking.folders(named.as_deref().unwrap_or("driver"));
    let mut findings = looking.findings;
    findings.dedup();
    let cabinet = cabinet(&package, &folders).map_err(|e| trouble(&e))?;
    let folders = folders.into_iter().map(|(folder, _)| folder).collect();
    Ok(Prepared { folders, findings, cabinet })
}

struct Looking<'p> {
    package: &'p Package<'p>,
    limits: &'p Limits,
    findings: Vec<Finding>,
}

impl Looking<'_> {
    fn inf_path(&self, n: usize) -> String {
        self.package.files.contents.infs.get(n).map(|d| d.path.clone()).unwrap_or_default()
    }

    fn say(&mut self, code: &'static Code, level: Level, path: &str, title: &str, said: &str) {
        let finding = Finding {
            code,
            number: None,
            level,
            path: text(path),
            at: None,
            title: text(title),
            said: text(said),
            help: None,
        };
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// Looks at what an INF names, for each processor it is for.
    fn inf(&mut self, n: usize) {
        let contents = &self.package.files.contents;
        let Some(described) = contents.infs.get(n) else { return };
        let path = described.path.as_str();
        let all = architectures(&described.inf);
        if all.is_empty() {
            self.say(&INF_OBJECTED_TO, Level::Warning, path, "It is for no processor", "");
        }
        for architecture in all {
            let on = Target { architecture, version: (10, 0), build: u32::MAX, server: false };
            let plan = contents.plan(n, &on, self.limits);
            if !plan.applies() {
                continue;
            }
            match &plan.catalog {
                None => self.say(
                    &NO_CATALOG,
                    Level::Error,
                    path,
                    "The INF names no catalog, so the portal has none to make",
                    architecture.name(),
                ),
                Some(catalog) if catalog.file.is_none() => self.say(
                    &NO_CATALOG,
                    Level::Warning,
                    path,
                    "The catalog is not there, and the portal asks for one to know the company by",
                    &catalog.name,
                ),
                Some(_) => {}
            }
            for file in &plan.files {
                if matches!(file.found, Found::Missing | Found::Elsewhere(_)) {
                    let title = "A file that the INF copies is not in the package";
                    self.say(&PACKAGE_FILE_MISSING, Level::Error, path, title, &file.path);
                }
            }
            for file in self.package.kernel_files(&plan) {
                self.driver(file, architecture);
            }
        }
    }

    /// Looks at a driver that an INF names for a processor.
    fn driver(&mut self, n: usize, architecture: Architecture) {
        let facts = self.package.driver(n, None, true);
        let path = facts.path.clone();
        let Ok(image) = Step::of(&RULE).consult(&facts.image).cloned() else { return };
        let wanted = machine(architecture);
        if !image.sound || image.machine != wanted {
            let title = "The file is not a driver for the processor the INF names it for";
            let said = format!("{} where {} is wanted", image.machine.name(), wanted.name());
            self.say(&DRIVER_FOR_ANOTHER_PROCESSOR, Level::Error, &path, title, &said);
        }
        let fault = match &image.hvci {
            None => return self.symbols(n),
            Some(HvciFault::WritableCode(section)) => {
                format!("{section} is writable and executable")
            }
            Some(HvciFault::Alignment(to)) => format!("sections are aligned to {to:#x}"),
            Some(HvciFault::ImportsInCode(section)) => {
                format!("imports lie in {section}, which is executable")
            }
        };
        let title = "Memory integrity does not take the image";
        self.say(&NOT_FOR_MEMORY_INTEGRITY, Level::Error, &path, title, &fault);
        self.symbols(n);
    }

    /// The file of symbols beside a driver, for the analysis of crashes.
    fn symbols(&mut self, n: usize) {
        let all = &self.package.files.all;
        let Some(path) = all.get(n).map(|at| at.path.clone()) else { return };
        let stem =
            base(&path).rsplit_once('.').map_or(base(&path), |(stem, _)| stem).to_lowercase();
        let wanted = format!("{stem}.pdb");
        if !all.iter().any(|at| base(&at.path).to_lowercase() == wanted) {
            let title = "No symbols beside the driver; the analysis of crashes asks for them";
            self.say(&INF_OBJECTED_TO, Level::Note, &path, title, &wanted);
        }
    }

    /// The folders of the cabinet: one an INF's folder, with the numbers of its files.
    fn folders(&mut self, whole: &str) -> Vec<(Folder, Vec<usize>)> {
        let contents = &self.package.files.contents;
        let tops: BTreeSet<&str> = contents.infs.iter().map(|d| folder(&d.path)).collect();
        let mut folders: Vec<(Folder, Vec<usize>)> = Vec::new();
        let mut names = BTreeSet::new();
        for top in &tops {
            let own = top.trim_end_matches('/');
            let name = if own.is_empty() { whole } else { own };
            // A folder inside another driver's would be a part of that driver.
            let mut name = name.replace(['/', '\\'], "-");
            while !names.insert(name.to_lowercase()) {
                name.push('_');
            }
            let mut made = Folder { name, ..Folder::default() };
            for described in contents.infs.iter().filter(|d| folder(&d.path) == *top) {
                made.infs.push(base(&described.path).to_owned());
                for one in architectures(&described.inf) {
                    if !made.architectures.contains(&one.name()) {
                        made.architectures.push(one.name());
                    }
                }
            }
            made.architectures.sort_unstable();
            let mut numbers = Vec::new();
            for (n, at) in self.package.files.all.iter().enumerate() {
                // A file belongs to the innermost folder that has an INF.
                let home = tops.iter().filter(|t| at.path.starts_with(**t)).max_by_key(|t| t.len());
                let wanted = home == Some(top) && !has_extension(&at.path, "cab");
                let hidden = at.path.split('/').any(|part| part.starts_with('.'));
                if wanted && !hidden {
                    numbers.push(n);
                    let inside = at.path.strip_prefix(*top).unwrap_or(&at.path);
                    let bytes = self.package.files.bytes(n, self.limits).unwrap_or_default();
                    made.files.push((
                        format!("{}\\{}", made.name, inside.replace('/', "\\")),
                        bytes.len(),
                    ));
                }
            }
            folders.push((made, numbers));
        }
        let first = folders.first().map(|(f, _)| f.architectures.clone()).unwrap_or_default();
        let others: Vec<(String, String)> = folders
            .iter()
            .filter(|(f, _)| f.architectures != first)
            .map(|(f, _)| (f.name.clone(), f.architectures.join(", ")))
            .collect();
        for (name, has) in others {
            let title = "The portal takes folders for the same processors only: submit them apart";
            let said = format!("{has}, and another folder {}", first.join(", "));
            self.say(&INF_OBJECTED_TO, Level::Error, &name, title, &said);
        }
        let long: Vec<String> = folders
            .iter()
            .flat_map(|(f, _)| &f.files)
            .filter(|(path, _)| !path.is_ascii())
            .map(|(path, _)| path.clone())
            .collect();
        for path in long {
            let title = "A name beyond ASCII; tools that unpack cabinets disagree about it";
            self.say(&INF_OBJECTED_TO, Level::Warning, &path, title, "");
        }
        folders
    }
}

/// The processors that an INF has models for.
fn architectures(inf: &Inf) -> Vec<Architecture> {
    let mut found = BTreeSet::new();
    for made in inf.manufacturers() {
        if inf.section(&made.models).is_some_and(|s| !s.lines.is_empty()) {
            found.insert(Architecture::X86);
        }
        for target in &made.targets {
            let there = inf.section(&format!("{}.{}", made.models, target.text));
            let by = target.decoration.filter(|_| there.is_some_and(|s| !s.lines.is_empty()));
            found.extend(by.map(|d| d.architecture.unwrap_or(Architecture::X86)));
        }
    }
    for section in &inf.sections {
        let name = section.name.to_ascii_lowercase();
        let decoration = name.strip_prefix("defaultinstall.nt");
        let architecture = decoration.and_then(|d| Architecture::named(d.split('.').next()?));
        found.extend(architecture);
    }
    found.into_iter().collect()
}

const fn machine(architecture: Architecture) -> Machine {
    match architecture {
        Architecture::X86 => Machine::X86,
        Architecture::Amd64 => Machine::X64,
        Architecture::Arm => Machine::Arm,
        Architecture::Arm64 => Machine::Arm64,
        Architecture::Ia64 => Machine::Ia64,
    }
}

/// The cabinet: the same files give the same bytes, whenever they were written.
fn cabinet(package: &Package<'_>, folders: &[(Folder, Vec<usize>)]) -> Result<Vec<u8>, String> {
    // The first day that a cabinet can name.
    let day = Date::from_calendar_date(1980, Month::January, 1).map_err(|e| e.to_string())?;
    let when = PrimitiveDateTime::new(day, Time::MIDNIGHT);
    let mut builder = cab::CabinetBuilder::new();
    let inside = builder.add_folder(cab::CompressionType::MsZip);
    let all = folders.iter().flat_map(|(f, numbers)| f.files.iter().zip(numbers));
    for ((path, _), _) in all.clone() {
        inside.add_file(path.as_str()).set_datetime(when);
    }
    let mut writer = builder.build(Cursor::new(Vec::new())).map_err(|e| e.to_string())?;
    let mut numbers = all.map(|(_, n)| *n);
    while let Some(mut file) = writer.next_file().map_err(|e| e.to_string())? {
        let Some(n) = numbers.next() else { break };
        let bytes = package.files.bytes(n, &Limits::DEFAULT);
        let bytes = bytes.map_err(|why| format!("a file cannot be read: {why:?}"))?;
        file.write_all(&bytes).map_err(|e| e.to_string())?;
    }
    Ok(writer.finish().map_err(|e| e.to_string())?.into_inner())
}
