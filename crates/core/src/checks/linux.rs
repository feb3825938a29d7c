//! What Linux looks at before it lets a module in, in the order of `kernel/module/main.c`.

use crate::check::{Answer, Check, Passage};
use crate::fact::Fact;
use crate::fact::step::Step;
use crate::facts::linux::{Export, Offers, Symbols};
use crate::facts::module::{ModuleBytes, ModuleFacts};
use crate::policy::linux::LinuxPolicy;
use crate::proof::{Claim, Gaps, Rule, Standing};
use crate::signature::Examined;
use crate::tables::Tables;
use crate::verdict::{self, Judgement};
use alloc::collections::BTreeSet;
use alloc::sync::Arc;
pub use by_name::ByName;
use loadworthy_formats::elf::layout::X86_64;
use loadworthy_formats::text::printed;
pub use type_information::types_matter;

pub mod by_name;
mod exports_sound;
mod exports_taken;
mod file_readable;
mod unpacking;
mod file_signature;
mod file_system_pinned;
mod fips_panic;
mod header_handed_over;
mod in_tree;
mod ipe;
mod layout_version;
mod elf_sound;
mod licence;
mod live_patch;
mod loading_disabled;
mod name_blocked;
mod name_taken;
mod namespace_private;
mod section_names;
mod signature_trailer;
mod signature_verified;
mod staging;
mod supported;
mod symbols;
mod relocations;
mod test_module;
mod type_information;
mod unverified_mark;
mod file_digest;
mod vermagic;
mod vouched;
mod words;
mod writable_code;

/// One module before one kernel.
#[derive(Debug)]
pub struct LinuxCase<'a> {
    /// The module.
    pub module: &'a ModuleFacts,
    /// The kernel's policy.
    pub policy: &'a LinuxPolicy,
    /// What is loaded already when this module comes.
    pub scene: &'a Scene,
    /// The tables.
    pub tables: &'a Tables,
    /// The signature, examined once for the checks that ask about it.
    pub signature: &'a Examined,
    /// The program that asks the kernel to load: `insmod`, `modprobe`.
    pub loader: &'static str,
    /// How it comes to be loaded by name; `None` for a file handed to the kernel alone.
    pub by_name: Option<&'a ByName>,
    /// Whether its type information is one that the kernel takes; asked for where [`types_matter`].
    pub types_fit: Fact<bool>,
}

/// What was loaded before: for a file handed to the kernel on a fresh boot, nothing.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// Every symbol that some module of the tree exports, with all who do.
    pub exports: Arc<Offers>,
    /// The modules that are loaded.
    pub loaded: BTreeSet<Arc<str>>,
}

impl Scene {
    fn export(&self, symbol: &[u8]) -> Option<&Export> {
        self.exports.get(symbol)?.iter().find(|e| self.loaded.contains(&e.owner))
    }
}

/// A check of a Linux kernel.
pub type LinuxCheck = Check<for<'a, 'b, 'c> fn(&'a LinuxCase<'b>, &'c mut Step) -> Answer>;

static EARLY: [&LinuxCheck; 34] = [
    &loading_disabled::CHECK,
    &file_readable::CHECK,
    &header_handed_over::CHECK,
    &file_system_pinned::CHECK,
    &ipe::CHECK,
    &unpacking::CHECK,
    &file_signature::CHECK,
    &signature_trailer::CHECK,
    &signature_verified::CHECK,
    &file_digest::CHECK,
    &vouched::CHECK,
    &vouched::LOCKED_DOWN,
    &elf_sound::CHECK,
    &name_blocked::CHECK,
    &layout_version::CHECK,
    &vermagic::CHECK,
    &in_tree::CHECK,
    &staging::CHECK,
    &live_patch::SUPPORTED,
    &live_patch::MARK,
    &licence::CHECK,
    &test_module::CHECK,
    &writable_code::CHECK,
    &unverified_mark::CHECK,
    &exports_sound::CHECK,
    &namespace_private::CHECK,
    &symbols::CHECK,
    &relocations::CHECK,
    &exports_taken::CHECK,
    &type_information::CHECK,
    &name_taken::CHECK,
    &section_names::CHECK,
    &supported::CHECK,
    &fips_panic::CHECK,
];

static LATE: [&LinuxCheck; 35] = [
    &loading_disabled::CHECK,
    &file_readable::CHECK,
    &header_handed_over::CHECK,
    &file_system_pinned::CHECK,
    &ipe::CHECK,
    &unpacking::CHECK,
    &file_signature::CHECK,
    &signature_trailer::CHECK,
    &signature_verified::CHECK,
    &file_digest::CHECK,
    &vouched::CHECK,
    &vouched::LOCKED_DOWN,
    &elf_sound::CHECK,
    &name_blocked::CHECK,
    &layout_version::CHECK,
    &vermagic::CHECK,
    &live_patch::SUPPORTED,
    &writable_code::CHECK,
    &in_tree::CHECK,
    &staging::CHECK,
    &live_patch::MARK,
    &licence::CHECK,
    &test_module::CHECK,
    &unverified_mark::CHECK,
    &licence::AGAIN,
    &exports_sound::CHECK,
    &namespace_private::CHECK,
    &symbols::CHECK,
    &relocations::CHECK,
    &exports_taken::CHECK,
    &type_information::CHECK,
    &name_taken::CHECK,
    &section_names::CHECK,
    &supported::CHECK,
    &fips_panic::CHECK,
];

/// The checks in the order of this kernel: marks were set before memory was laid out until 6.3,
/// and once the module is in the list since 6.4.
#[must_use]
pub fn order(policy: &LinuxPolicy) -> &'static [&'static LinuxCheck] {
    static RULE: Rule =
        Rule { name: "linux/order", source: "linux, kernel/module/main.c load_module" };
    match Step::of(&RULE).consult(&policy.behaviours.taints_late) {
        Ok(false) => &EARLY,
        Ok(true) | Err(_) => &LATE,
    }
}

/// Judges one module before one kernel.
#[must_use]
pub fn judge(case: &LinuxCase<'_>) -> Judgement {
    judge_without(case, &[])
}

/// The same with some rules taken for satisfied, as a remedy would satisfy them.
#[must_use]
pub fn judge_without(case: &LinuxCase<'_>, satisfied: &[&str]) -> Judgement {
    let checks = checks(case).filter(|c| !satisfied.contains(&c.rule.name));
    verdict::weigh(checks.map(|check| taken(check, case, Step::of(&check.rule))), standing(case))
}

/// The same where nobody asks how what simply loads did so: of the walk of that only the last step is kept,
/// which whatever depends on it rests on.
#[must_use]
pub fn judge_shortly(case: &LinuxCase<'_>) -> Judgement {
    let dry = checks(case).map(|check| taken(check, case, Step::dry(&check.rule)));
    let Some(backed) = verdict::loads_in_silence(dry, standing(case)) else { return judge(case) };
    let last = checks(case).last().map(|check| taken(check, case, Step::of(&check.rule)));
    Judgement { standing: backed, ..verdict::weigh(last, standing(case)) }
}

fn taken(check: &'static LinuxCheck, case: &LinuxCase<'_>, mut step: Step) -> (Step, Answer) {
    let answer = (check.run)(case, &mut step);
    (step, answer)
}

/// What the module goes through, in that order.
fn checks(case: &LinuxCase<'_>) -> impl Iterator<Item = &'static LinuxCheck> + use<> {
    static FIRST: [&LinuxCheck; 3] =
        [&by_name::MODPROBE, &by_name::DEPENDENCIES, &supported::BY_NAME];
    let first = if case.by_name.is_some() { FIRST.as_slice() } else { &[] };
    first.iter().chain(order(case.policy)).copied()
}

/// How far a rule is backed for this kernel, where it refuses or not.
fn standing<'c>(case: &'c LinuxCase<'_>) -> impl Fn(&'static Rule, bool) -> Standing + use<'c> {
    static RULE: Rule = Rule { name: "linux/standing", source: "knowledge/linux/answers.toml" };
    let version = Step::of(&RULE).consult(&case.policy.identity).ok().map(|i| i.version);
    // Kernels of x86-64 were asked, and no others.
    let machine = Step::of(&RULE).consult(&case.policy.elf_rules).ok().map(|rules| rules.machine);
    let asked = machine.is_none_or(|machine| machine == X86_64);
    let answers = &case.tables.answers;
    move |rule, refuses| {
        // That modprobe comes to ask the kernel says nothing about the kernel's own answer.
        if rule.name.starts_with("modprobe/") && !refuses {
            return Standing::Confirmed;
        }
        version
            .filter(|_| asked)
            .map_or(Standing::Documented, |version| answers.standing(rule.name, version, refuses))
    }
}

/// What a module exports to others, by symbol.
pub fn exports_of<'m>(
    bytes: &'m ModuleBytes,
    owner: &'m Arc<str>,
) -> impl Iterator<Item = (Arc<str>, Export)> + use<'m> {
    let owner_proprietary = licence::is_proprietary(bytes);
    bytes.survey.exports().map(move |e| {
        let export = Export {
            crc: e.crc,
            gpl_only: e.gpl_only,
            namespace: Arc::from(&*printed(e.namespace)),
            owner: owner.clone(),
            owner_proprietary,
        };
        (Arc::from(&*printed(e.name)), export)
    })
}

impl LinuxCase<'_> {
    /// The bytes of the module; `None` for a file the kernel does not read.
    pub(crate) fn bytes(&self, step: &mut Step) -> Result<Option<Arc<ModuleBytes>>, Gaps> {
        step.consult(&self.signature.bytes).cloned()
    }

    /// What another module or the kernel itself exports under this name.
    pub(crate) fn export<'s>(&'s self, kernel: &'s Symbols, name: &[u8]) -> Option<&'s Export> {
        kernel.get(name).or_else(|| self.scene.export(name))
    }

    /// Whether the outcome of the signature is that nobody vouches for the module.
    pub(crate) fn vouched(&self, step: &mut Step) -> Result<bool, Gaps> {
        Ok(step.consult(&self.signature.outcome)?.is_ok())
    }
}

/// A file the kernel does not read was refused before; there is nothing more to look at.
const fn unread() -> Answer {
    Ok(Passage::pass(Claim::FileReadable(false)))
}
