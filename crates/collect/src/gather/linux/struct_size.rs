//! The size of the kernel's `struct module`, as a module of its own build has it: for a kernel
//! whose image does not tell (no BTF).

use super::module::{self, Scratch};
use super::tree::Tree;
use crate::gather::looking::Looking;
use loadworthy_core::fact::Fact;
use loadworthy_core::facts::module::ModuleFile;
use loadworthy_core::proof::{Gaps, Question, Why, gap, text};

/// Modules that are looked into at the most, smallest first.
const TRIED: usize = 16;

/// The size of `.gnu.linkonce.this_module` in a module of the tree that says it is part of the
/// kernel's source (`intree`) and was built for this release (`vermagic`).
pub(super) fn of_its_own(looking: &Looking<'_>, tree: &Tree, release: &str) -> Fact<u64> {
    let walk = tree.walk(looking);
    let mut scratch = Scratch::default();
    let none = Fact::unknown(none_of(release));
    walk.modules.iter().rev().take(TRIED).fold(none, |found, one| {
        found.or(|| {
            let file = module::gather(looking, &one.path, &mut scratch).file;
            file.fact_if(|file| size(file, release).ok_or_else(|| none_of(release)))
        })
    })
}

fn none_of(release: &str) -> Gaps {
    let why = Why::Missing(text(format!("lib/modules/{release}: a module of this kernel's build")));
    gap(Question::ModuleStructSize, why)
}

fn size(file: &ModuleFile, release: &str) -> Option<(u64, String)> {
    let ModuleFile::Read(bytes) = file else { return None };
    let survey = &bytes.survey;
    let modinfo = survey.modinfo()?;
    let built_for = modinfo.get("vermagic")?.split(|b| *b == b' ').next()?;
    let own = modinfo.get("intree") == Some(b"Y") && built_for == release.as_bytes();
    let section = survey.sections.get(usize::from(survey.this_module.last?))?;
    own.then(|| (section.size, format!("struct module has {} bytes", section.size)))
}
