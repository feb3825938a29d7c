//! A kernel with symbol names shows each loaded section in `/sys/module/NAME/sections`; two of one
//! name do not fit there. Up to 6.11 that cost the folder alone, since 6.12 the module is refused.

use super::{LinuxCase, LinuxCheck, unread, words};
use crate::check::{Answer, Check, Passage};
use crate::codes::SECTION_NAMES_REPEAT;
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::facts::module::ModuleBytes;
use crate::proof::{Claim, Rule, text};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use loadworthy_formats::text::printable;

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/section-names",
        source: "linux, kernel/module/sysfs.c add_sect_attrs, mod_sysfs_setup",
    },
    run: check,
};

/// `SHF_ALLOC`: the section is part of the loaded module.
const ALLOC: u64 = 2;
/// `SHT_SYMTAB`.
const SYMBOLS: u32 = 2;

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
    let allocated = |name: &[u8]| {
        let mut named = survey.sections.iter().enumerate().skip(1);
        let found = named.find(|(n, s)| s.flags & ALLOC != 0 && survey.section_name(*n) == name);
        found.map(|(n, _)| n)
    };
    let taken_out = [b"__versions".as_slice(), b".modinfo", b".data..percpu"].map(allocated);
    let symbols = survey.sections.iter().enumerate().find(|(_, s)| s.kind == SYMBOLS);
    let strings = symbols.and_then(|(_, s)| usize::try_from(s.link).ok());
    let symbols = symbols.map(|(n, _)| n);
    let kept: Vec<&[u8]> = survey
        .sections
        .iter()
        .enumerate()
        .filter(|(n, section)| {
            let n = Some(*n);
            let kept = section.flags & ALLOC != 0 && !taken_out.contains(&n);
            section.size != 0 && (kept || n == symbols || n == strings)
        })
        .map(|(n, _)| survey.section_name(n))
        .collect();
    // Most modules repeat none, which sorting tells sooner than a set.
    let mut sorted = kept.clone();
    sorted.sort_unstable();
    if sorted.is_sorted_by(|one, next| one < next) {
        return None;
    }
    let mut seen = BTreeSet::new();
    kept.into_iter().find(|name| !seen.insert(*name))
}
