//! Copies in an initramfs that are not the file of the module tree: another build, or the same one whose
//! signature somebody took off.
//!
//! strip writes the ELF file anew, and what stands behind it, the signature, is gone. dracut strips
//! modules without one, which may get one in the tree later; in mkinitcpio the hook `strip` runs before
//! modules are copied, and initramfs-tools strips none: there a hook of the machine's own does it.
//! Two files are of one build when their build ids and the sections that are loaded agree: strip changes
//! neither. Sources: dracut `dracut.sh` (`strip kernel modules, but do not touch signed modules`);
//! mkinitcpio `mkinitcpio` (`run_build_hook`, then `install_modules`); linux `scripts/Makefile.modfinal`
//! (`--build-id`), `kernel/module/signing.c`.

use std::sync::Arc;

use loadworthy_collect::gather::linux::module::{self, Scratch};
use loadworthy_collect::item::HostPath;
use loadworthy_core::answer::Note;
use loadworthy_core::codes::{INITRAMFS_COPY_DIFFERS, INITRAMFS_COPY_SIGNED_OTHERWISE};
use loadworthy_core::crypt::digest::DigestAlgorithm;
use loadworthy_core::fact::step::Step;
use loadworthy_core::facts::module::{ModuleBytes, ModuleFacts, ModuleFile};
use loadworthy_core::initramfs_claim::{CopySignature, InitramfsClaim};
use loadworthy_core::proof::{Claim, Proof, Rule, text};
use loadworthy_formats::elf::survey::Survey;
use loadworthy_formats::modsig::Appended;

use crate::host::{Host, known};
use crate::judging::Asked;
use crate::names::Found;

static RULE: Rule =
    Rule { name: "initramfs/same-copy", source: "initramfs-tools(7), dracut(8), mkinitcpio(8)" };

/// A copy that is not the file of the tree.
pub(super) struct Difference {
    pub(super) name: String,
    /// How it is signed, where it is the same build.
    pub(super) same_build: Option<CopySignature>,
    pub(super) because: Proof,
}

impl Difference {
    pub(super) fn note(self) -> Note {
        let code = match self.same_build {
            Some(_) => &INITRAMFS_COPY_SIGNED_OTHERWISE,
            None => &INITRAMFS_COPY_DIFFERS,
        };
        Note::new(code, self.because)
    }
}

/// Which of these copies in an initramfs differ, and not only in what nothing loads.
pub(super) fn differing(
    inside: &Host,
    asked: &Asked<'_>,
    copies: &[(String, HostPath)],
) -> Vec<Difference> {
    let mut scratch = Scratch::default();
    let mut differ = Vec::new();
    for (name, copy) in copies {
        let Found::Files(paths) = asked.names.find(name) else { continue };
        let Some(path) = paths.first() else { continue };
        let mine = inside.digest(copy, &mut scratch);
        let theirs = asked.host.digest(path, &mut scratch);
        let mut step = Step::of(&RULE);
        let (Ok(mine), Ok(theirs)) = (step.consult(&mine).copied(), step.consult(&theirs).copied())
        else {
            continue;
        };
        if mine == theirs {
            continue;
        }
        let files = [(inside, copy), (asked.host, path)];
        let [mine, theirs] = files.map(|(host, path)| read(host, path, &mut scratch));
        let same_build = mine.zip(theirs).and_then(|(mine, theirs)| compared(&mine, &theirs));
        let same_build = match same_build {
            Some(Same::Signature(how)) => Some(how),
            Some(Same::Neither) => continue,
            None => None,
        };
        let module = text(name.as_str());
        let because = step.concludes(Claim::Initramfs(match same_build {
            Some(signature) => InitramfsClaim::SameBuild { name: module, signature },
            None => InitramfsClaim::OtherCopy(module),
        }));
        differ.push(Difference { name: name.clone(), same_build, because });
    }
    differ
}

fn read(host: &Host, path: &HostPath, scratch: &mut Scratch) -> Option<Arc<ModuleBytes>> {
    let facts: ModuleFacts = module::gather(&host.looking(), path, scratch);
    match &*known(&facts.file.fact(|file| (file.clone(), String::new())))? {
        ModuleFile::Read(bytes) => Some(bytes.clone()),
        ModuleFile::NotReadable(_) => None,
    }
}

/// Two files of one build that are not the same bytes.
enum Same {
    /// Their signatures differ.
    Signature(CopySignature),
    /// Nobody signed either: one is stripped.
    Neither,
}

/// How a copy and the file of the tree, which are not the same bytes, belong together.
fn compared(copy: &ModuleBytes, tree: &ModuleBytes) -> Option<Same> {
    let whole = content(copy).zip(content(tree)).is_some_and(|(copy, tree)| copy == tree);
    if !whole && !of_one_build(&copy.survey, &tree.survey) {
        return None;
    }
    let unsigned = |module: &ModuleBytes| module.appended == Appended::Nothing;
    Some(match (unsigned(copy), unsigned(tree)) {
        (true, true) => Same::Neither,
        (true, false) if whole => Same::Signature(CopySignature::None),
        (true, false) => Same::Signature(CopySignature::StrippedOff),
        (false, _) => Same::Signature(CopySignature::Another),
    })
}

/// SHA-256 of what stands before the signature, where it is known.
fn content(module: &ModuleBytes) -> Option<&[u8]> {
    match module.appended {
        Appended::Nothing => Some(&module.sha256),
        _ => module.digests.get(&DigestAlgorithm::Sha256).map(|digest| digest.as_bytes()),
    }
}

fn of_one_build(copy: &Survey, tree: &Survey) -> bool {
    let id = copy.build_id();
    id.is_some() && id == tree.build_id() && loaded(copy) == loaded(tree)
}

/// The sections that are loaded: name, type, flags and size of each.
fn loaded(survey: &Survey) -> Vec<(&[u8], u32, u64, u64)> {
    let sections = survey.sections.iter().enumerate().filter(|(_, s)| s.is_allocated());
    sections.map(|(n, s)| (survey.section_name(n), s.kind, s.flags, s.size)).collect()
}
