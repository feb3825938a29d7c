//! An initramfs: whether the kernel finds in it what the root file system needs.
//!
//! The order is that of a start: the loader finds the file, the kernel unpacks it, and what runs in it
//! loads modules until the root can be mounted. Sources: linux `init/initramfs.c` (`unpack_to_rootfs`,
//! `do_populate_rootfs`), `init/do_mounts.c`; `initramfs-tools(7)`, `dracut(8)`, `mkinitcpio(8)`.

use crate::check::{Answer, Effect, Passage};
use crate::code::Code;
use crate::codes::{
    INITRAMFS_BLOCKS_MODULE, INITRAMFS_COPY_REFUSED, INITRAMFS_DAMAGED,
    INITRAMFS_FOR_ANOTHER_KERNEL, INITRAMFS_LACKS_MODULE, INITRAMFS_MISSING,
    INITRAMFS_NOT_UNPACKED,
};
use crate::errno::Errno;
use crate::fact::Fact;
use crate::fact::step::Step;
use crate::initramfs_claim::{CopySignature, InitramfsClaim};
use crate::proof::{Claim, Rule, Standing};
use crate::verdict::{self, Judgement};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// What was found of an initramfs.
#[derive(Clone, Debug)]
pub struct InitramfsCase {
    /// Whether there is one.
    pub there: Fact<bool>,
    /// What is wrong with its bytes.
    pub damage: Fact<Option<Arc<str>>>,
    /// What it is packed with and this kernel does not unpack.
    pub not_unpacked: Fact<Option<Arc<str>>>,
    /// The kernels that its modules are for, where this one is not among them.
    pub others: Fact<Option<Arc<str>>>,
    /// Modules that the root file system needs.
    pub needed: Vec<Needed>,
}

impl InitramfsCase {
    /// One of which is known only whether it is there.
    #[must_use]
    pub fn of(there: Fact<bool>) -> Self {
        Self {
            damage: there.map(|_| None),
            not_unpacked: there.map(|_| None),
            others: there.map(|_| None),
            there,
            needed: Vec::new(),
        }
    }
}

/// A module that the root file system needs.
#[derive(Clone, Debug)]
pub struct Needed {
    /// Its name.
    pub name: Arc<str>,
    /// Whether a file of it is in the initramfs.
    pub inside: Fact<bool>,
    /// Whether that file loads.
    pub loads: Fact<Copied>,
    /// That it is refused for want of the signature of the file in the tree, and how it lacks it.
    pub unsigned: Option<Fact<CopySignature>>,
}

/// What becomes of a copy in the initramfs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copied {
    /// It loads.
    Loads,
    /// It does not.
    Refused(Option<Errno>),
    /// The configuration of modprobe in there runs something in its place.
    Blocked,
}

static THERE: Rule =
    Rule { name: "initramfs/there", source: "init/do_mounts.c prepare_namespace; the boot loader" };
static WHOLE: Rule = Rule { name: "initramfs/whole", source: "init/initramfs.c unpack_to_rootfs" };
static UNPACKED: Rule =
    Rule { name: "initramfs/unpacked", source: "lib/decompress.c decompress_method; CONFIG_RD_*" };
static KERNEL: Rule =
    Rule { name: "initramfs/kernel", source: "kmod, libkmod/libkmod.c get_kernel_release" };
static HOLDS: Rule =
    Rule { name: "initramfs/holds", source: "kmod, libkmod/libkmod-module.c kmod_module_lookup_*" };
static LOADS: Rule = Rule {
    name: "initramfs/copy-loads",
    source: "kernel/module/main.c load_module, from the initramfs",
};

fn answered(rule: &'static Rule, run: impl FnOnce(&mut Step) -> Answer) -> (Step, Answer) {
    let mut step = Step::of(rule);
    let answer = run(&mut step);
    (step, answer)
}

fn refuse(claim: InitramfsClaim, code: &'static Code, errno: Option<Errno>) -> Passage {
    let mut passage = Passage::never_asked(Claim::Initramfs(claim), code);
    passage.effect = Effect::Refuse(code, errno);
    passage
}

/// Passed with one claim, or refused with the other.
fn unless(
    step: &mut Step,
    wrong: &Fact<Option<Arc<str>>>,
    right: InitramfsClaim,
    refused: impl FnOnce(Arc<str>) -> InitramfsClaim,
    code: &'static Code,
) -> Answer {
    Ok(match step.consult(wrong)? {
        None => Passage::pass(Claim::Initramfs(right)),
        Some(what) => refuse(refused(what.clone()), code, None),
    })
}

/// Judges it.
#[must_use]
pub fn judge(case: &InitramfsCase) -> Judgement {
    let mut taken = Vec::new();
    let mut there = true;
    taken.push(answered(&THERE, |step| {
        there = *step.consult(&case.there)?;
        let claim = InitramfsClaim::There(there);
        Ok(match there {
            true => Passage::pass(Claim::Initramfs(claim)),
            false => refuse(claim, &INITRAMFS_MISSING, None),
        })
    }));
    if there {
        taken.push(answered(&WHOLE, |step| {
            let (right, wrong) = (InitramfsClaim::Whole, InitramfsClaim::Damaged);
            unless(step, &case.damage, right, wrong, &INITRAMFS_DAMAGED)
        }));
        taken.push(answered(&UNPACKED, |step| {
            let (right, wrong) = (InitramfsClaim::Unpacked, InitramfsClaim::NotUnpacked);
            unless(step, &case.not_unpacked, right, wrong, &INITRAMFS_NOT_UNPACKED)
        }));
        taken.push(answered(&KERNEL, |step| {
            let (right, wrong) = (InitramfsClaim::ForThisKernel, InitramfsClaim::ForAnotherKernel);
            unless(step, &case.others, right, wrong, &INITRAMFS_FOR_ANOTHER_KERNEL)
        }));
        for needed in &case.needed {
            let mut inside = false;
            taken.push(answered(&HOLDS, |step| {
                inside = *step.consult(&needed.inside)?;
                let name = needed.name.clone();
                Ok(match inside {
                    true => Passage::pass(Claim::Initramfs(InitramfsClaim::Holds(name))),
                    false => refuse(InitramfsClaim::Lacks(name), &INITRAMFS_LACKS_MODULE, None),
                })
            }));
            if inside {
                taken.push(answered(&LOADS, |step| copy(needed, step)));
            }
        }
    }
    verdict::weigh(taken, |_, _| Standing::Documented)
}

fn copy(needed: &Needed, step: &mut Step) -> Answer {
    let name = needed.name.clone();
    Ok(match *step.consult(&needed.loads)? {
        Copied::Loads => Passage::pass(Claim::Initramfs(InitramfsClaim::CopyLoads(name))),
        Copied::Refused(errno) => {
            let claim = match &needed.unsigned {
                Some(signature) => {
                    let signature = *step.consult(signature)?;
                    InitramfsClaim::CopyUnsigned { name, errno, signature }
                }
                None => InitramfsClaim::CopyRefused { name, errno },
            };
            refuse(claim, &INITRAMFS_COPY_REFUSED, errno)
        }
        Copied::Blocked => refuse(InitramfsClaim::Blocks(name), &INITRAMFS_BLOCKS_MODULE, None),
    })
}
