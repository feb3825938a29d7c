//! The version of `module_layout` stands for the shape of the kernel's own structures.

use super::{LinuxCase, LinuxCheck, unread, words};
use crate::check::{Answer, Check, Letter, Passage};
use crate::codes::{FORCED_LOAD_REFUSED, LOADED_BY_FORCE, MODULE_LAYOUT_DIFFERS};
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::facts::module::ModuleBytes;
use crate::proof::{Claim, Fit, Gaps, Rule};
use loadworthy_formats::elf::survey::Survey;

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/layout-version",
        source: "linux, kernel/module/version.c check_modstruct_version",
    },
    run: check,
};

/// How the version a module was built against compares with the one a symbol has.
pub(super) enum Version {
    /// Equal, or not compared.
    Fits,
    /// The module has no versions at all.
    Forced,
    /// Another one.
    Differs,
    /// The module has versions, and none for this symbol.
    Missing,
    /// The module has extended versions, and none for this symbol: told once, and let through.
    MissingExtended,
}

/// The versions of a module that this kernel compares.
pub(super) enum Versions {
    /// None: it does not compare.
    NotCompared,
    /// The module has none at all.
    Nothing,
    /// Those of `__versions`.
    Classic,
    /// Those of `__version_ext_crcs`.
    Extended,
}

impl Versions {
    /// Which a kernel of this policy looks into (`kernel/module/version.c check_version`).
    pub(super) fn of(case: &LinuxCase<'_>, step: &mut Step, survey: &Survey) -> Result<Self, Gaps> {
        Ok(if !*step.consult(&case.policy.options.modversions)? {
            Self::NotCompared
        } else if survey.extended_crcs.allocated.is_some()
            && *step.consult(&case.policy.behaviours.extended_versions)?
        {
            Self::Extended
        } else if survey.version_sections.allocated.is_none() {
            Self::Nothing
        } else {
            Self::Classic
        })
    }

    /// Symbols and their versions, in order.
    pub(super) fn listed<'s>(&self, survey: &'s Survey) -> impl Iterator<Item = (&'s [u8], u64)> {
        let all = |looked_into: bool| if looked_into { usize::MAX } else { 0 };
        let classic = survey.versions().take(all(matches!(self, Self::Classic)));
        let extended = survey.extended_versions().take(all(matches!(self, Self::Extended)));
        classic.chain(extended).map(|v| (v.name, v.crc))
    }

    /// The version of `module_layout` that the module was built against.
    pub(super) fn layout(&self, survey: &Survey) -> Option<u64> {
        self.listed(survey).find(|(name, _)| *name == b"module_layout").map(|(_, crc)| crc)
    }

    /// How the version `found` for a symbol compares with the one it has.
    pub(super) fn compare(&self, found: Option<u64>, wanted: u32) -> Version {
        match (self, found) {
            (Self::NotCompared, _) => Version::Fits,
            (Self::Nothing, _) => Version::Forced,
            (Self::Classic, None) => Version::Missing,
            (Self::Extended, None) => Version::MissingExtended,
            (Self::Classic | Self::Extended, Some(crc)) if crc == u64::from(wanted) => {
                Version::Fits
            }
            (Self::Classic | Self::Extended, Some(_)) => Version::Differs,
        }
    }
}

/// `try_to_force_load`: marked where forcing was compiled in, else refused without a word.
pub(super) fn forced(
    case: &LinuxCase<'_>,
    step: &mut Step,
    bytes: &ModuleBytes,
    reason: &str,
    claim: Claim,
) -> Answer {
    if !*step.consult(&case.policy.options.force_load)? {
        return Ok(Passage::refuse(claim, &FORCED_LOAD_REFUSED, Errno::ENOEXEC));
    }
    let mut passage = Passage::taint(claim, Letter::F, &LOADED_BY_FORCE);
    passage.says.extend(case.line("forced", &[&words::struct_name(bytes), reason], step)?);
    passage.says.extend(case.line("lock-debugging-off", &[], step)?);
    Ok(passage)
}

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some(bytes) = case.bytes(step)? else { return unread() };
    if !*step.consult(&case.policy.options.modversions)? {
        return Ok(Passage::pass(Claim::LayoutFits(Fit::NotCompared)));
    }
    let crc = step.consult(&case.policy.symbols)?.get("module_layout").and_then(|e| e.crc);
    let version = match crc {
        None => Version::Fits,
        Some(wanted) => {
            let versions = Versions::of(case, step, &bytes.survey)?;
            versions.compare(versions.layout(&bytes.survey), wanted)
        }
    };
    match version {
        Version::Fits | Version::MissingExtended => Ok(Passage::pass(Claim::LayoutFits(Fit::Fits))),
        Version::Forced => {
            forced(case, step, &bytes, "module_layout", Claim::LayoutFits(Fit::Absent))
        }
        Version::Differs => refuse(case, step, &bytes, "version-differs", Fit::Differs),
        Version::Missing => refuse(case, step, &bytes, "version-missing", Fit::Absent),
    }
}

fn refuse(
    case: &LinuxCase<'_>,
    step: &mut Step,
    bytes: &ModuleBytes,
    line: &'static str,
    fit: Fit,
) -> Answer {
    let mut passage =
        Passage::refuse(Claim::LayoutFits(fit), &MODULE_LAYOUT_DIFFERS, Errno::ENOEXEC);
    passage.says.extend(case.line(line, &[&words::info_name(bytes), "module_layout"], step)?);
    Ok(passage)
}
