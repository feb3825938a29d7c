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
use crate::item::{HostPath, Item};
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

/// Where the bytes of a module are.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// A file of the host.
    Host(&'a Looking<'a>, &'a HostPath),
    /// A file named on the command line.
    Argument(&'a Looking<'a>, &'a Path),
}

/// Whether the kernel takes the type information of a module.
#[must_use]
pub fn fits(module: &ModuleFacts, place: Place<'_>, kernel: &Fact<Arc<Base>>) -> Fact<bool> {
    let mut step = Step::of(&RULE);
    let compared = step.consult(kernel).cloned().and_then(|base| compared(module, place, &base));
    compared.unwrap_or_else(Fact::unknown)
}

fn compared(module: &ModuleFacts, place: Place<'_>, base: &Base) -> Result<Fact<bool>, Gaps> {
    let item = text(format!("{}: .BTF", module.path));
    let open = |why| gap(Question::TypeInformation, why);
    let (looking, origin) = match place {
        Place::Host(looking, _) => (looking, looking.view.origin()),
        Place::Argument(looking, _) => (looking, Origin::Argument),
    };
    let missing = || open(Why::Missing(item.clone()));
    let mut step = Step::of(&RULE);
    let file = module.file.fact(|file| (file.clone(), String::new()));
    let file = step.consult(&file)?.clone();
    let ModuleFile::Read(held) = &*file else { return Err(missing()) };
    let (_, types) = held.survey.section(b".BTF").ok_or_else(missing)?;
    let bytes = plain(module, looking, place, types).ok_or_else(missing)?;
    let section = |name| {
        let (_, section) = held.survey.section(name)?;
        let start = usize::try_from(section.offset).ok()?;
        bytes.get(start..start.checked_add(usize::try_from(section.size).ok()?)?)
    };
    if section(b".BTF.base").is_some_and(|base| !base.is_empty()) {
        return Err(open(Why::NoRow(text(".BTF.base"))));
    }
    let seen = |fits, said: String| {
        Fact::seen(fits, Evidence { origin, item: item.clone(), said: text(said) })
    };
    match base.accepts(section(b".BTF").ok_or_else(missing)?) {
        Ok(types) => Ok(seen(true, format!("{types} types behind the kernel's {}", base.types()))),
        Err(Misfit::Refused(what)) => Ok(seen(false, format!("it has {what}"))),
        Err(Misfit::Open(what)) => Err(open(Why::NoRow(text(what)))),
    }
}

/// The module, unpacked; `None` where it is not what was judged, or a bundle has it without its types.
fn plain(
    module: &ModuleFacts,
    looking: &Looking<'_>,
    place: Place<'_>,
    types: &Section,
) -> Option<Vec<u8>> {
    if let Place::Host(looking, path) = place
        && let Some(recorded) = looking.view.sketched(&Item::File(path.clone()))
    {
        let Sketched { sketch, module, .. } = recorded.ok()?;
        let end = types.offset.checked_add(types.size)?;
        let mut pieces = sketch.pieces.iter();
        let whole = pieces.any(|(at, size)| *at <= types.offset && end <= at.saturating_add(*size));
        return whole.then_some(module);
    }
    let stored = stored(looking, place)?;
    let sha256 = module.sha256?;
    if digest(DigestAlgorithm::Sha256, &stored).as_bytes() != sha256.as_slice() {
        return None;
    }
    let Some(packed) = compress::sniff(&stored) else { return Some(stored) };
    let mut plain = Vec::new();
    compress::unpack(&stored, packed, looking.limits.module_bytes, looking.limits, &mut plain)
        .ok()?;
    Some(plain)
}

fn stored(looking: &Looking<'_>, place: Place<'_>) -> Option<Vec<u8>> {
    let limit = looking.limits.module_bytes;
    match place {
        Place::Host(looking, path) => looking.bytes(&Item::File(path.clone()), limit).ok(),
        Place::Argument(_, path) => {
            let mut bytes = Vec::new();
            let read = caller::look_into(path, limit, &mut bytes);
            matches!(read, Outcome::Bytes { .. }).then_some(bytes)
        }
    }
}
