//! What people stumble over in a package, and what decides nothing by itself.

use std::sync::Arc;

use loadworthy_core::fact::Fact;
use loadworthy_core::fact::step::Step;
use loadworthy_core::facts::driver::DriverFacts;
use loadworthy_core::facts::package::Oddity;
use loadworthy_core::package::contents::{base, folder};
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

/// What is odd about the INFs with these numbers, each with the INF's name.
#[must_use]
pub fn of(package: &Package<'_>, infs: &[usize], on: &Profile) -> Vec<(Arc<str>, Fact<Oddity>)> {
    let named = package.named(on);
    let all = &package.files.contents.infs;
    let mut found: Vec<(Arc<str>, Fact<Oddity>)> = Vec::new();
    for n in infs {
        let Some(described) = all.get(*n) else { continue };
        let name = text(base(&described.path));
        let shown = package.path(described.file);
        let mut told: Vec<Oddity> = Vec::new();
        let mut add = |oddity: Oddity, said: String| {
            if told.contains(&oddity) {
                return;
            }
            told.push(oddity.clone());
            let item = text(shown.as_str());
            let evidence = Evidence { origin: Origin::Argument, item, said: text(said) };
            found.push((name.clone(), Fact::seen(oddity, evidence)));
        };
        let here = folder(&described.path);
        // The first INF of a folder speaks for it.
        if !all.iter().take(*n).any(|d| folder(&d.path) == here) {
            // A file is of the INF in its own folder, or in the next one above that has an INF.
            let of_here = |path: &str| {
                let above = all.iter().map(|d| folder(&d.path)).filter(|f| path.starts_with(f));
                above.max_by_key(|f| f.len()) == Some(here)
            };
            let beside = package.files.all.iter().enumerate().filter(|(number, at)| {
                PROGRAMS.iter().any(|kind| has_extension(&at.path, kind))
                    && !named.contains(number)
                    && of_here(&at.path)
            });
            let below = |path: &str| text(path.strip_prefix(here).unwrap_or(path));
            let files: Vec<Arc<str>> = beside.map(|(_, at)| below(&at.path)).collect();
            if !files.is_empty() {
                let said = format!("no INF names {}", files.join(", "));
                add(Oddity::NotNamed { files }, said);
            }
        }
        if let Some(driver) = described.inf.version().driver
            && let Some(at) = dated(&driver)
        {
            let said = format!("DriverVer = {}", driver.date);
            add(Oddity::Dated { written: text(driver.date), at }, said);
        }
        for (architecture, plan) in Architecture::ALL.into_iter().zip(package.plans(*n, on)) {
            let section = machine(architecture);
            for file in package.kernel_files(&plan) {
                let driver = package.examined(file);
                let Some(image) = built_for(&driver) else { continue };
                if image != section {
                    let said = format!("{} for {}", driver.name, section.name());
                    let file = driver.name.clone();
                    add(Oddity::ForeignImage { file, section, image }, said);
                }
                let starts = plan.services_of(&driver.name).any(|s| s.start == Some(0));
                if starts && driver.embedded.items().is_empty() {
                    let said = format!("StartType = 0, and {} is not signed", driver.name);
                    let oddity = Oddity::BootFromCatalog { file: driver.name.clone() };
                    add(oddity, said);
                }
            }
        }
    }
    found
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
