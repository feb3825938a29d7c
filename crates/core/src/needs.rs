//! The symbols that a module needs, each asked for once in the kernel's own table: who must be loaded
//! before it and whether it loads hang on the same answers.

use crate::fact::step::Step;
use crate::facts::linux::{Export, Place, Symbols};
use crate::policy::linux::LinuxPolicy;
use crate::proof::Rule;
use alloc::sync::Arc;
use alloc::vec::Vec;
use loadworthy_formats::elf::survey::Survey;
use loadworthy_formats::elf::symbols::Undefined;

static RULE: Rule = Rule {
    name: "linux/needs",
    source: "linux, kernel/module/main.c simplify_symbols, resolve_symbol",
};

/// Which of the symbols that a module needs the kernel itself offers.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// The table that was asked; `None`: it is not known.
    kernel: Option<Arc<Symbols>>,
    /// For each symbol, in their order, its place in that table.
    places: Vec<Option<Place>>,
}

impl Needs {
    /// Asks the kernel for all that a module needs.
    #[must_use]
    pub fn of(survey: &Survey, policy: &LinuxPolicy) -> Self {
        let kernel = Step::dry(&RULE).consult(&policy.symbols).ok().cloned();
        let place = |symbol: Undefined<'_>| kernel.as_ref()?.find(symbol.name);
        Self { places: survey.undefined().map(place).collect(), kernel }
    }

    /// Those that the kernel itself does not offer, as far as is known.
    pub fn of_others<'s>(&'s self, survey: &'s Survey) -> impl Iterator<Item = Undefined<'s>> {
        let all = survey.undefined().zip(&self.places);
        all.filter(|(_, place)| place.is_none()).map(|(symbol, _)| symbol)
    }

    /// What `kernel` offers as the `nth` symbol, which is called `name`.
    pub(crate) fn offered<'k>(
        &self,
        kernel: &'k Arc<Symbols>,
        nth: usize,
        name: &[u8],
    ) -> Option<&'k Export> {
        match &self.kernel {
            Some(asked) if Arc::ptr_eq(asked, kernel) => kernel.at((*self.places.get(nth)?)?),
            _ => kernel.get(name),
        }
    }
}
