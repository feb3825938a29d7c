//! The file must be an ELF object that this kernel can take apart.

use super::layout_version::Versions;
use super::{LinuxCase, LinuxCheck, unread};
use crate::check::{Answer, Check, Line, Passage};
use crate::code::Code;
use crate::codes::{
    BUILT_FOR_ANOTHER_KERNEL, MODULE_STRIPPED, NOT_A_LOADABLE_ELF, WRONG_ARCHITECTURE,
};
use crate::elf_rules::defect::Defect;
use crate::elf_rules::rules::Walk;
use crate::elf_rules::validity::validity;
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::facts::module::ModuleBytes;
use crate::proof::{Claim, Gaps, Ring, Rule};
use crate::signature::Stage;
use loadworthy_formats::elf::survey::Survey;
use loadworthy_formats::modsig::Appended;
use loadworthy_formats::reader::wide;

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/elf-sound",
        source: "linux, kernel/module/main.c elf_validity_check, setup_load_info (elf_validity_cache_copy since 6.4)",
    },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some(bytes) = case.bytes(step)? else { return unread() };
    let rules = *step.consult(&case.policy.elf_rules)?;
    let length = length(case, step, &bytes)?;
    let defect = match validity(&bytes.survey, length, &rules) {
        Ok(()) if rules.struct_module.is_some() || rules.walk == Walk::First => {
            return Ok(Passage::pass(Claim::ElfSound));
        }
        // The size of `struct module` is not known: it is right for a module of the kernel's own
        // build and for one compiled against the same structures, and open for any other.
        Ok(()) => {
            if let Stage::Passed(by) = step.consult(&case.signature.verified)?
                && by.ring == Ring::Builtin
            {
                return Ok(Passage::pass(Claim::ElfSound));
            }
            if !compiled_alike(case, step, &bytes.survey)? {
                step.consult(&case.policy.module_struct_size)?;
            }
            return Ok(Passage::pass(Claim::ElfSound));
        }
        Err(defect) => defect,
    };
    let mut passage = Passage::refuse(Claim::ElfRefused, code(&defect), Errno::ENOEXEC);
    for text in defect.lines(&bytes.survey, &rules) {
        passage.says.push(Line { row: "elf", text, once: false });
    }
    Ok(passage)
}

/// Whether the module was compiled against the kernel's own `struct module`: the checksum of
/// `module_layout` is made of that structure (`kernel/module/version.c module_layout`), and the
/// section still has the size that was compiled.
fn compiled_alike(case: &LinuxCase<'_>, step: &mut Step, survey: &Survey) -> Result<bool, Gaps> {
    let versions = Versions::of(case, step, survey)?;
    let Ok(symbols) = step.consult(&case.policy.symbols) else { return Ok(false) };
    let Some(wanted) = symbols.get("module_layout").and_then(|e| e.crc) else { return Ok(false) };
    let section = survey.this_module.last.and_then(|n| survey.sections.get(usize::from(n)));
    Ok(versions.layout(survey) == Some(u64::from(wanted))
        && section.is_some_and(|s| survey.struct_size == Some(s.size)))
}

/// `info->len` when the ELF file is looked over: without the marker, and without the signature where
/// its trailer was sound (`kernel/module/signing.c mod_verify_sig`).
fn length(case: &LinuxCase<'_>, step: &mut Step, bytes: &ModuleBytes) -> Result<u64, Gaps> {
    if !*step.consult(&case.policy.signatures_checked)? {
        return Ok(bytes.len);
    }
    let sound = matches!(step.consult(&case.signature.trailer)?, Stage::Passed(()));
    Ok(match &bytes.appended {
        Appended::Nothing => bytes.len,
        Appended::MarkerOnly { before } => wide(*before),
        Appended::Signature(signature) => {
            let content = if sound { signature.content_len() } else { None };
            wide(content.unwrap_or(signature.without_marker))
        }
    })
}

const fn code(defect: &Defect) -> &'static Code {
    match defect {
        Defect::Machine { .. } => &WRONG_ARCHITECTURE,
        Defect::NoSymbols => &MODULE_STRIPPED,
        Defect::NoModule | Defect::ModuleCount | Defect::ModuleSize { .. } => {
            &BUILT_FOR_ANOTHER_KERNEL
        }
        _ => &NOT_A_LOADABLE_ELF,
    }
}
