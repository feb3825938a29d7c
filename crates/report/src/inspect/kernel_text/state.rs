//! `lockdown`, `taint` and `proc_version`: single lines about the running kernel.

use loadworthy_formats::error::{Error, Parsed};
use loadworthy_formats::kernel::lockdown::{self as lock, Level};
use loadworthy_formats::kernel::proc_version;
use loadworthy_formats::kernel::taint::{self as marks, TAINTS};
use loadworthy_formats::limits::Limits;
use serde::Serialize;

use crate::inspect::page::Page;

/// How far the kernel is locked down.
#[derive(Clone, Debug, Serialize)]
pub struct Lockdown {
    /// The level in force: `none`, `integrity`, `confidentiality`.
    pub level: &'static str,
    /// The levels that this kernel knows.
    pub offered: Vec<&'static str>,
}

const fn word(level: Level) -> &'static str {
    match level {
        Level::None => "none",
        Level::Integrity => "integrity",
        Level::Confidentiality => "confidentiality",
    }
}

pub(super) fn lockdown(bytes: &[u8], limits: &Limits) -> Result<Parsed<Lockdown>, Error> {
    let Parsed { value, deviations } = lock::read(bytes, limits)?;
    let offered = value.offered.into_iter().map(word).collect();
    Ok(Parsed { value: Lockdown { level: word(value.level), offered }, deviations })
}

impl Lockdown {
    pub(super) fn text(&self, page: &mut Page) {
        page.field("offered", self.offered.join(" "));
    }
}

/// Marks on a kernel or a module.
#[derive(Clone, Debug, Serialize)]
pub struct Taint {
    /// All of them as a number.
    pub number: u64,
    /// Those that have a letter.
    pub letters: String,
    /// What they stand for.
    pub marks: Vec<Mark>,
}

/// One mark.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Mark {
    /// Its bit in the number.
    pub bit: u8,
    /// Its letter.
    pub letter: char,
    /// What it stands for.
    pub meaning: &'static str,
}

pub(super) fn taint(bytes: &[u8], limits: &Limits) -> Result<Parsed<Taint>, Error> {
    let Parsed { value: number, deviations } = marks::read(bytes, limits)?;
    let letters = marks::letters(number);
    let marks = TAINTS
        .iter()
        .filter(|taint| letters.contains(taint.letter))
        .map(|taint| Mark { bit: taint.bit, letter: taint.letter, meaning: taint.name })
        .collect();
    Ok(Parsed { value: Taint { number, letters, marks }, deviations })
}

impl Taint {
    pub(super) fn headline(&self) -> String {
        if self.number == 0 { "not tainted".to_owned() } else { self.letters.clone() }
    }

    pub(super) fn text(&self, page: &mut Page) {
        page.field("number", self.number.to_string());
        let marks = self.marks.iter().map(|mark| format!("{} {}", mark.letter, mark.meaning));
        page.several("marks", &marks.collect::<Vec<_>>(), 20);
    }
}

/// The banner of a kernel.
#[derive(Clone, Debug, Serialize)]
pub struct Version {
    /// The release, as `uname -r` prints it.
    pub release: String,
    /// Number and time of the build.
    pub build: Option<String>,
    /// The whole line.
    pub banner: String,
}

pub(super) fn version(bytes: &[u8], limits: &Limits) -> Result<Parsed<Version>, Error> {
    let Parsed { value, deviations } = proc_version::read(bytes, limits)?;
    let proc_version::Version { release, build, banner } = value;
    Ok(Parsed { value: Version { release, build, banner }, deviations })
}

impl Version {
    pub(super) fn text(&self, page: &mut Page) {
        page.maybe("build", self.build.as_ref());
        page.field("banner", &self.banner);
    }
}
