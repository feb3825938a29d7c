//! What a module exports must carry versions (and, in the newest kernels, flags).

use super::{LinuxCase, LinuxCheck, layout_version, unread, words};
use crate::check::{Answer, Check, Passage};
use crate::codes::SYMBOL_VERSION_DIFFERS;
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::proof::{Claim, Rule};

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/exports-sound",
        source: "linux, kernel/module/main.c check_export_symbol_versions (check_module_license_and_versions before 6.4; check_export_symbol_sections since 7.0)",
    },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some(bytes) = case.bytes(step)? else { return unread() };
    let tables = bytes.survey.export_tables;
    let exports = tables.plain.unwrap_or(0) > 0 || tables.gpl.unwrap_or(0) > 0;
    if exports && tables.flags.is_none() && *step.consult(&case.policy.behaviours.symbol_flags)? {
        let mut passage =
            Passage::refuse(Claim::ExportsSound(false), &SYMBOL_VERSION_DIFFERS, Errno::ENOEXEC);
        passage.says.extend(case.line("no-flags", &[&words::struct_name(&bytes)], step)?);
        return Ok(passage);
    }
    let bare = |table: Option<u64>, crcs: Option<u64>| table.unwrap_or(0) > 0 && crcs.is_none();
    let unversioned = bare(tables.plain, tables.plain_crcs) || bare(tables.gpl, tables.gpl_crcs);
    if unversioned && *step.consult(&case.policy.options.modversions)? {
        let reason = "no versions for exported symbols";
        return layout_version::forced(case, step, &bytes, reason, Claim::ExportsSound(false));
    }
    Ok(Passage::pass(Claim::ExportsSound(true)))
}
