//! What people stumble over in a package, and what decides nothing by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use loadworthy_core::fact::Fact;
use loadworthy_core::fact::step::Step;
use loadworthy_core::facts::driver::DriverFacts;
use loadworthy_core::facts::package::Oddity;
use loadworthy_core::package::contents::folder;
use loadworthy_core::profile::Profile;
use loadworthy_core::proof::windows::Machine;
use loadworthy_core::proof::{Evidence, Origin, Rule, text};
use loadworthy_formats::calendar::days;
use loadworthy_formats::inf::decoration::Architecture;
use loadworthy_formats::inf::version::DriverVer;

use super::files::has_extension;
use super::package::Package;

/// Files that a package is made for; a text or a picture beside an INF is nobody's business.
const PROGRAMS: [&str; 4] = ["sys", "dll", "exe", "cat"];

/// What is odd about the INFs with these numbers, each with the INF's number.
#[must_use]
pub fn of(package: &Package<'_>, infs: &[usize], on: &Profile) -> Vec<(usize, Fact<Oddity>)> {
    let survey = package.survey(on);
    let all = &package.files.contents.infs;
    let beside = not_named(package, &survey.named);
    let mut found: Vec<(usize, Fact<Oddity>)> = Vec::new();
    for n in infs {
        let Some(described) = all.get(*n) else { continue };
        let shown = package.path(described.file);
        let mut told: Vec<Oddity> = Vec::new();
        let mut add = |oddity: Oddity, said: String| {
            if told.contains(&oddity) {
                return;
            }
            told.push(oddity.clone());
            let item = text(shown.as_str());
            let evidence = Evidence { origin: Origin::Argument, item, said: text(said) };
            found.push((*n, Fact::seen(oddity, evidence)));
        };
        // The first INF of a folder speaks for it.
        if let Some((_, files)) =
            beside.get(folder(&described.path)).filter(|(first, _)| first == n)
        {
            let said = format!("no INF names {}", files.join(", "));
            add(Oddity::NotNamed { files: files.clone() }, said);
        }
        if let Some(driver) = described.inf.version().driver
            && let Some(at) = dated(&driver)
        {
            let said = format!("DriverVer = {}", driver.date);
            add(Oddity::Dated { written: text(driver.date), at }, said);
        }
        let brought = survey.brought.get(*n).into_iter().flatten();
        for (architecture, brought) in Architecture::ALL.into_iter().zip(brought) {
            let section = machine(architecture);
            for one in &brought.kernel {
                let driver = package.examined(one.file);
                let Some(image) = built_for(&driver) else { continue };
                if image != section {
                    let said = format!("{} for {}", driver.name, section.name());
                    let file = driver.name.clone();
                    add(Oddity::ForeignImage { file, section, image }, said);
                }
                if one.at_boot && driver.embedded.items().is_empty() {
                    let said = format!("StartType = 0, and {} is not signed", driver.name);
                    let oddity = Oddity::BootFromCatalog { file: driver.name.clone() };
                    add(oddity, said);
                }
            }
        }
    }
    found
}

/// Of each folder with INFs, the number of its first INF and the files that no INF names.
fn not_named<'p>(
    package: &'p Package<'_>,
    named: &BTreeSet<usize>,
) -> BTreeMap<&'p str, (usize, Vec<Arc<str>>)> {
    let contents = &package.files.contents;
    let first = contents.folders().filter_map(|(here, infs)| Some((here, *infs.first()?)));
    let first: BTreeMap<&str, usize> = first.collect();
    let mut beside: BTreeMap<&str, (usize, Vec<Arc<str>>)> = BTreeMap::new();
    for (number, at) in package.files.all.iter().enumerate() {
        let program = PROGRAMS.iter().any(|kind| has_extension(&at.path, kind));
        if !program || named.contains(&number) {
            continue;
        }
        // A file is of the INFs in its own folder, or in the next one above that has any.
        let Some(here) = contents.owner(&at.path) else { continue };
        let Some(inf) = first.get(here) else { continue };
        let below = text(at.path.strip_prefix(here).unwrap_or(&at.path));
        beside.entry(here).or_insert_with(|| (*inf, Vec::new())).1.push(below);
    }
    beside
}

/// The processor of a kernel image.
fn built_for(driver: &DriverFacts) -> Option<Machine> {
    static RULE: Rule = Rule { name: "pnp/oddities", source: "INF Models Section" };
    let mut step = Step::of(&RULE);
    step.consult(&driver.image).ok().filter(|image| image.kernel).map(|image| image.machine)
}

/// When the day of `DriverVer` begins, in seconds since 1970.
fn dated(driver: &DriverVer) -> Option<i64> {
    let (year, month, day) = driver.day()?;
    days(year.into(), month.into(), day.into())?.checked_mul(86_400)
}

const fn machine(architecture: Architecture) -> Machine {
    match architecture {
        Architecture::X86 => Machine::X86,
        Architecture::Amd64 => Machine::X64,
        Architecture::Arm64 => Machine::Arm64,
        Architecture::Arm => Machine::Arm,
        Architecture::Ia64 => Machine::Ia64,
    }
}
