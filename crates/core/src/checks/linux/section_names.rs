//! A kernel with symbol names shows each loaded section in `/sys/module/NAME/sections`; two of one
//! name do not fit there. Up to 6.11 that cost the folder alone, since 6.12 the module is refused.

use super::{LinuxCase, LinuxCheck, unread, words};
use crate::check::{Answer, Check, Passage};
use crate::codes::SECTION_NAMES_REPEAT;
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::facts::module::ModuleBytes;
use crate::proof::{Claim, Rule, text};
use hashbrown::HashSet;
use loadworthy_formats::text::printable;

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/section-names",
        source: "linux, kernel/module/sysfs.c add_sect_attrs, mod_sysfs_setup",
    },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some(bytes) = case.bytes(step)? else { return unread() };
    let Some(name) = first_repeated(&bytes) else {
        return Ok(Passage::pass(Claim::SectionNames(None)));
    };
    if !*step.consult(&case.policy.options.kallsyms)? {
        return Ok(Passage::pass(Claim::SectionNames(None)));
    }
    let name = printable(name);
    let line = case.line("section-names", &[&words::struct_name(&bytes), &name], step)?;
    let claim = Claim::SectionNames(Some(text(name)));
    let mut passage = if *step.consult(&case.policy.behaviours.sysfs_strict)? {
        Passage::refuse(claim, &SECTION_NAMES_REPEAT, Errno::EEXIST)
    } else {
        Passage::pass(claim)
    };
    passage.says.extend(line);
    Ok(passage)
}

/// The first name that an earlier section has too, of the sections that stay with the module: what
/// is loaded and not empty (`sect_empty`), without the three that the loader takes out (`setup_load_info`,
/// `layout_and_allocate`) and with the symbol table and its names (`layout_symtab`).
fn first_repeated(bytes: &ModuleBytes) -> Option<&[u8]> {
    let survey = &bytes.survey;
    let taken_out = [survey.version_sections.allocated, survey.modinfo_sections.allocated];
    let symbols = survey.symbol_table.map(usize::from);
    let strings = symbols.and_then(|n| usize::try_from(survey.sections.get(n)?.link).ok());
    let mut per_cpu = false;
    let mut seen = HashSet::with_capacity(survey.sections.len());
    for (n, section) in survey.sections.iter().enumerate() {
        let name = survey.section_name(n);
        let mut kept = section.is_allocated();
        if taken_out.iter().flatten().any(|out| usize::from(*out) == n) {
            kept = false;
        } else if kept && !per_cpu && name == b".data..percpu" && n != 0 {
            (kept, per_cpu) = (false, true);
        }
        let stays = kept || symbols == Some(n) || strings == Some(n);
        if stays && section.size != 0 && !seen.insert(name) {
            return Some(name);
        }
    }
    None
}
