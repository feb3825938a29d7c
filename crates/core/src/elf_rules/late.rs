//! Structure that a kernel minds later: after the module's metadata was accepted, before its code runs.

use alloc::format;
use alloc::string::String;

use loadworthy_formats::elf::survey::Survey;
use loadworthy_formats::elf::symbols::{Odd, Oddity};
use loadworthy_formats::text::printable;

use crate::elf_rules::rules::Rules;

/// A section that is both writable and executable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WritableExecutable {
    /// Its index.
    pub index: usize,
}

/// The first section that a kernel with strict permissions refuses with `ENOEXEC`
/// (`module_enforce_rwx_sections`); section 0 counts too.
#[must_use]
pub fn writable_executable(survey: &Survey, rules: &Rules) -> Option<WritableExecutable> {
    let index = survey.sections.iter().position(|s| s.is_writable_executable())?;
    rules.strict_rwx.then_some(WritableExecutable { index })
}

impl WritableExecutable {
    /// The line a kernel logs.
    #[must_use]
    pub fn line(&self, survey: &Survey) -> String {
        let section = printable(survey.section_name(self.index));
        let name = struct_name(survey);
        format!("{name}: section {section} (index {}) has invalid WRITE|EXEC flags", self.index)
    }
}

/// The symbols that a kernel refuses by themselves with `ENOEXEC` (`simplify_symbols`), in the order of the symbol
/// table. They stand between the undefined ones, and the last error of all is the one returned.
pub fn refused_symbols(survey: &Survey) -> impl Iterator<Item = Odd<'_>> {
    // Common symbols that link-time optimisation leaves behind are ignored.
    survey
        .odd_symbols()
        .filter(|odd| odd.oddity != Oddity::Common || !odd.name.starts_with(b"__gnu_lto"))
}

/// The line a kernel logs about a refused symbol.
#[must_use]
pub fn symbol_line(odd: &Odd<'_>, survey: &Survey) -> String {
    let name = struct_name(survey);
    match odd.oddity {
        Oddity::Common => format!("{name}: please compile with -fno-common"),
        Oddity::NoSection { section } => format!(
            "{name}: Symbol {} has an invalid section index {section} (max {})",
            printable(odd.name),
            survey.header.section_count.wrapping_sub(1)
        ),
    }
}

/// The name in `struct module`, which a kernel uses once the module is laid out.
fn struct_name(survey: &Survey) -> String {
    survey.struct_name().map(printable).unwrap_or_default()
}
