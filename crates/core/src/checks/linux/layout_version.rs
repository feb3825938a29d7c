//! The version of `module_layout` stands for the shape of the kernel's own structures.

use super::{LinuxCase, LinuxCheck, unread, words};
use crate::check::{Answer, Check, Letter, Passage};
use crate::codes::{FORCED_LOAD_REFUSED, LOADED_BY_FORCE, MODULE_LAYOUT_DIFFERS};
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::facts::module::ModuleBytes;
use crate::proof::{Claim, Fit, Gaps, Rule};

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

/// `check_version` of `kernel/module/version.c`.
pub(super) fn compare(
    case: &LinuxCase<'_>,
    step: &mut Step,
    bytes: &ModuleBytes,
    symbol: &str,
    crc: Option<u32>,
) -> Result<Version, Gaps> {
    let Some(crc) = crc else { return Ok(Version::Fits) };
    if !*step.consult(&case.policy.options.modversions)? {
        return Ok(Version::Fits);
    }
    let survey = &bytes.survey;
    let wanted = u64::from(crc);
    if survey.extended_crcs.allocated.is_some()
        && *step.consult(&case.policy.behaviours.extended_versions)?
    {
        let found = survey.extended_versions().find(|v| v.name == symbol.as_bytes());
        return Ok(match found {
            None => Version::MissingExtended,
            Some(v) if v.crc == wanted => Version::Fits,
            Some(_) => Version::Differs,
        });
    }
    if survey.version_sections.allocated.is_none() {
        return Ok(Version::Forced);
    }
    Ok(match survey.versions().find(|v| v.name == symbol.as_bytes()) {
        None => Version::Missing,
        Some(v) if v.crc == wanted => Version::Fits,
        Some(_) => Version::Differs,
    })
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
    match compare(case, step, &bytes, "module_layout", crc)? {
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
