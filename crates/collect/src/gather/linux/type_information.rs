//! Type information (BTF) of a module, compared with the kernel's: for kernels that insist on it, and
//! modules that their own build did not sign. Both files are read once more for it, since few ask.

use std::path::Path;
use std::sync::Arc;

use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_core::fact::Fact;
use loadworthy_core::fact::step::Step;
use loadworthy_core::facts::module::{ModuleFacts, ModuleFile};
use loadworthy_core::proof::{Evidence, Gaps, Origin, Question, Rule, Why, gap, text};
use loadworthy_formats::compress;
use loadworthy_formats::elf::header::Section;
use loadworthy_formats::kernel::btf::{Base, Misfit};

use super::image;
use crate::gather::looking::{Looking, Read};
use crate::item::Item;
use crate::sighting::{Outcome, Sketched};
use crate::views::caller;

static RULE: Rule =
    Rule { name: "linux/types-fit", source: "linux, kernel/bpf/btf.c btf_parse_module" };

/// The type information of the kernel of this release.
#[must_use]
pub fn of_kernel(looking: &Looking<'_>, release: &str) -> Fact<Arc<Base>> {
    let open = |why| Fact::unknown(gap(Question::TypeInformation, why));
    match image::types(looking, release) {
        Ok(Read { value: Some(base), item }) => {
            let said = format!("{} types", base.types());
            Fact::seen(Arc::new(base), looking.evidence(&item, said))
        }
        Ok(Read { value: None, item }) => open(Why::Missing(text(format!("{item}: BTF")))),
        Err(why) => open(why),
    }
}

/// Whose file a module is; where it lies it says itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The host's.
    Host,
    /// One named on the command line.
    Argument,
}

/// Whether the kernel takes the type information of a module; `beside`: whether it reads what a module
/// brings along of the kernel's types, as kernels since 6.11 do.
#[must_use]
pub fn fits(
    looking: &Looking<'_>,
    module: &ModuleFacts,
    place: Place,
    kernel: &Fact<Arc<Base>>,
    beside: bool,
) -> Fact<bool> {
    let mut step = Step::of(&RULE);
    let base = step.consult(kernel).cloned();
    let compared = base.and_then(|base| compared(looking, module, place, &base, beside));
    compared.unwrap_or_else(Fact::unknown)
}

fn compared(
    looking: &Looking<'_>,
    module: &ModuleFacts,
    place: Place,
    base: &Base,
    beside: bool,
) -> Result<Fact<bool>, Gaps> {
    let item = text(format!("{}: .BTF", module.path));
    let open = |why| gap(Question::TypeInformation, why);
    let origin = match place {
        Place::Host => looking.view.origin(),
        Place::Argument => Origin::Argument,
    };
    let missing = || open(Why::Missing(item.clone()));
    let mut step = Step::of(&RULE);
    let file = module.file.fact(|file| (file.clone(), String::new()));
    let file = step.consult(&file)?.clone();
    let ModuleFile::Read(held) = &*file else { return Err(missing()) };
    let (_, types) = held.survey.section(b".BTF").ok_or_else(missing)?;
    let brought = held.survey.section(b".BTF.base").map(|(_, section)| section);
    if brought.is_some() && !beside {
        return Err(open(Why::NoRow(text(".BTF.base before 6.11"))));
    }
    let wanted: Vec<&Section> = [types].into_iter().chain(brought).collect();
    let bytes = plain(looking, module, place, &wanted).ok_or_else(missing)?;
    let part = |section: &Section| {
        let start = usize::try_from(section.offset).ok()?;
        bytes.get(start..start.checked_add(usize::try_from(section.size).ok()?)?)
    };
    let seen = |fits, said: String| {
        Fact::seen(fits, Evidence { origin, item: item.clone(), said: text(said) })
    };
    let own = part(types).ok_or_else(missing)?;
    let taken = match brought {
        Some(brought) => base.accepts_beside(part(brought).ok_or_else(missing)?, own),
        None => base.accepts(own),
    };
    match taken {
        Ok(types) => Ok(seen(true, format!("{types} types behind the kernel's {}", base.types()))),
        Err(Misfit::Refused(what)) => Ok(seen(false, format!("it has {what}"))),
        Err(Misfit::Open(what)) => Err(open(Why::NoRow(text(what)))),
    }
}

/// The module, unpacked; `None` where it is not what was judged, or a bundle has it without the sections
/// that are wanted.
fn plain(
    looking: &Looking<'_>,
    module: &ModuleFacts,
    place: Place,
    wanted: &[&Section],
) -> Option<Vec<u8>> {
    let item = Item::file(&*module.path);
    if place == Place::Host
        && let Some(recorded) = looking.view.sketched(&item)
    {
        let Sketched { sketch, module, .. } = recorded.ok()?;
        let there = |one: &&Section| {
            let end = one.offset.saturating_add(one.size);
            let mut pieces = sketch.pieces.iter();
            pieces.any(|(at, size)| *at <= one.offset && end <= at.saturating_add(*size))
        };
        return wanted.iter().all(there).then_some(module);
    }
    let limit = looking.limits.module_bytes;
    let stored = match place {
        Place::Host => looking.bytes(&item, limit).ok()?,
        Place::Argument => {
            let mut bytes = Vec::new();
            let read = caller::look_into(Path::new(&*module.path), limit, &mut bytes);
            matches!(read, Outcome::Bytes { .. }).then_some(bytes)?
        }
    };
    let sha256 = module.sha256?;
    if digest(DigestAlgorithm::Sha256, &stored).as_bytes() != sha256.as_slice() {
        return None;
    }
    let Some(packed) = compress::sniff(&stored) else { return Some(stored) };
    let mut plain = Vec::new();
    compress::unpack(&stored, packed, limit, looking.limits, &mut plain).ok()?;
    Some(plain)
}
