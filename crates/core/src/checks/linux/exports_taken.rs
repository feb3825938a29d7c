//! A module cannot export a symbol that exists already.

use super::{LinuxCase, LinuxCheck, unread, words};
use crate::check::{Answer, Check, Passage};
use crate::codes::SYMBOL_ALREADY_EXPORTED;
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::proof::{Claim, Rule, text};
use loadworthy_formats::text::printed;

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/exports-free",
        source: "linux, kernel/module/main.c verify_exported_symbols",
    },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some(bytes) = case.bytes(step)? else { return unread() };
    if bytes.survey.exports().next().is_none() {
        return Ok(Passage::pass(Claim::ExportsFree));
    }
    let kernel = step.consult(&case.policy.symbols)?;
    for ours in bytes.survey.exports() {
        let name = printed(ours.name);
        let Some(theirs) = case.export(kernel, name.as_bytes()) else { continue };
        let owner = if theirs.owner.is_empty() { text("kernel") } else { theirs.owner.clone() };
        let claim = Claim::SymbolTaken { symbol: text(&*name), owner: owner.clone() };
        let mut passage = Passage::refuse(claim, &SYMBOL_ALREADY_EXPORTED, Errno::ENOEXEC);
        let module = words::struct_name(&bytes);
        passage.says.extend(case.line("duplicate-symbol", &[&module, &name, &owner], step)?);
        return Ok(passage);
    }
    Ok(Passage::pass(Claim::ExportsFree))
}
