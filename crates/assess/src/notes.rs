//! Things worth telling that are not about one subject.

use loadworthy_core::answer::Note;
use loadworthy_core::codes::{
    ANOTHER_SYSTEM_STARTS_FIRST, BOOT_ENTRY_NOT_CERTAIN, CRYPTO_MODULE_NEEDED_FIRST,
    KERNEL_NEWER_THAN_TABLES, KERNEL_WAITS_FOR_KEXEC, NEXT_KERNEL_GUESSED, ON_MODPROBE_BLOCK_LIST,
    SOURCES_DISAGREE,
};
use loadworthy_core::crypt::digest::DigestSet;
use loadworthy_core::facts::module::ModuleFacts;
use loadworthy_core::policy::next_boot::Remark;
use loadworthy_core::proof::{Claim, Node, Proof, Rule};
use loadworthy_core::tables::NEWEST;

use crate::host::{Host, OneKernel, known};
use crate::names::Names;
use crate::request::{Request, Which};

/// What there is to tell of a kernel before any subject is looked at.
pub(crate) fn of_kernel(host: &Host, kernel: &OneKernel, request: &Request) -> Vec<Note> {
    static GUESS: Rule =
        Rule { name: "boot/next-kernel", source: "grub, GRUB_DEFAULT=0: the newest image" };
    let mut notes = Vec::new();
    let told = known(&host.next_boot.chosen).is_some();
    if request.kernel == Which::Next && told {
        notes.extend(host.next_boot.remarks.iter().map(|(remark, because)| {
            let code = match remark {
                Remark::Several => &BOOT_ENTRY_NOT_CERTAIN,
                Remark::OtherFirst => &ANOTHER_SYSTEM_STARTS_FIRST,
                Remark::Kexec => &KERNEL_WAITS_FOR_KEXEC,
            };
            Note::new(code, because.clone())
        }));
    }
    if request.kernel == Which::Next && !told && host.kernels.installed.len() > 1 {
        let from = vec![kernel.kernel.fact.proof(), host.next_boot.chosen.proof()];
        let because = Proof::new(Node::Drawn { rule: &GUESS, claim: Claim::NextGuessed, from });
        notes.push(Note::new(&NEXT_KERNEL_GUESSED, because));
    }
    if known(&kernel.policy.identity).is_some_and(|who| who.version > NEWEST) {
        let because = kernel.policy.identity.proof();
        notes.push(Note::new(&KERNEL_NEWER_THAN_TABLES, because));
    }
    // An assumption is meant to differ from what is there.
    if request.assume.is_empty() {
        let disagreements = kernel.policy.disagreements.iter();
        notes.extend(disagreements.map(|p| Note::new(&SOURCES_DISAGREE, p.clone())));
    }
    notes
}

/// Modules that a device would not get by itself.
pub(crate) fn blocked<'m>(
    names: &Names,
    modules: impl Iterator<Item = &'m ModuleFacts>,
) -> Vec<Note> {
    let blocked = modules.filter_map(|module| names.blocked(&module.name));
    blocked.map(|because| Note::new(&ON_MODPROBE_BLOCK_LIST, because)).collect()
}

/// Digest algorithms that modules' signatures name and that have to be loaded first, once each.
pub(crate) fn loaded_first(
    kernel: &OneKernel,
    named: impl Iterator<Item = DigestSet>,
) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut told = DigestSet::default();
    for algorithm in named.flat_map(DigestSet::iter) {
        if !told.contains(algorithm) {
            told.insert(algorithm);
            let because = kernel.policy.digest_loaded_first(algorithm);
            notes.extend(because.map(|because| Note::new(&CRYPTO_MODULE_NEEDED_FIRST, because)));
        }
    }
    notes
}
