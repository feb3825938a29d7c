//! The kernel's words: log lines for this kernel, and the names it calls a module by.

use super::LinuxCase;
use crate::check::Line;
use crate::fact::step::Step;
use crate::facts::module::ModuleBytes;
use crate::proof::Gaps;
use alloc::string::String;
use loadworthy_formats::text::printable;

impl LinuxCase<'_> {
    /// A line of `knowledge/log/linux.toml`; `None` where this kernel does not have it.
    pub(super) fn line(
        &self,
        row: &'static str,
        with: &[&str],
        step: &mut Step,
    ) -> Result<Option<Line>, Gaps> {
        let version = step.consult(&self.policy.identity)?.version;
        Ok(self.tables.log.words(row, version, with).map(|(text, once)| Line { row, text, once }))
    }
}

/// `mod->name`: the name inside `struct module`.
pub(super) fn struct_name(bytes: &ModuleBytes) -> String {
    bytes.survey.struct_name().map(printable).unwrap_or_default()
}

/// `info->name`: the name in `.modinfo`, else the one inside `struct module`.
pub(super) fn info_name(bytes: &ModuleBytes) -> String {
    match bytes.survey.modinfo().and_then(|m| m.get("name")) {
        Some(name) => printable(name),
        None => struct_name(bytes),
    }
}

/// Whether `.modinfo` has an entry of this name, whatever its value.
pub(super) fn has_tag(bytes: &ModuleBytes, key: &str) -> bool {
    bytes.survey.modinfo().is_some_and(|m| m.get(key).is_some())
}
