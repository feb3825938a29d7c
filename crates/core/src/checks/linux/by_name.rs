//! What comes before the kernel is asked at all when a module is loaded by name: modprobe finds the
//! file in its index, obeys its configuration and loads what the module depends on first.

use super::{LinuxCase, LinuxCheck};
use crate::check::{Answer, Check, Effect, Line, Passage};
use crate::codes::{
    DEPENDENCY_WILL_NOT_LOAD, INSTALL_COMMAND_REPLACES_LOADING, MODULE_FILE_MISSING,
    MODULE_MISSING_FOR_THIS_KERNEL, MODULE_NOT_IN_INDEX,
};
use crate::errno::Errno;
use crate::fact::Fact;
use crate::fact::step::Step;
use crate::proof::{Claim, Gaps, Rule, Standing};
use crate::verdict::{self, HostSays, Judgement, Verdict};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// How a module comes to be loaded by name.
#[derive(Clone, Debug)]
pub struct ByName {
    /// A command that the configuration of modprobe runs in place of loading.
    pub instead: Fact<Option<Arc<str>>>,
    /// Whether the configuration of modprobe allows modules that SUSE does not support.
    pub unsupported_allowed: Fact<bool>,
    /// What is loaded first, in that order.
    pub dependencies: Vec<Dependency>,
}

/// Something a module depends on.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// Its name.
    pub name: Arc<str>,
    /// Whether it loads; if not, with which error number and in which words.
    pub loads: Fact<Result<(), Refused>>,
}

/// How a dependency is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What the system call returns for it.
    pub errno: Option<Errno>,
    /// What the kernel prints.
    pub lines: Vec<Line>,
}

impl Dependency {
    /// A dependency whose file is not where the index says (`open(2)` answers).
    #[must_use]
    pub fn missing(name: &Arc<str>, why: &Fact<()>) -> Self {
        let refused = Refused { errno: Some(Errno::ENOENT), lines: Vec::new() };
        Self { name: name.clone(), loads: why.map(|()| Err(refused)) }
    }

    /// A dependency as it was judged.
    #[must_use]
    pub fn judged(name: &Arc<str>, judgement: &Judgement) -> Self {
        let why = judgement.walk.iter().rev().find(|w| w.ended != verdict::Ended::Passed);
        let proof = why.or(judgement.walk.last()).map(|w| w.proof.clone());
        let loads = match (&judgement.verdict, proof) {
            (Verdict::Unknown(gaps), _) => Fact::unknown(gaps.clone()),
            (_, None) => Fact::unknown(Gaps::new()),
            (Verdict::Refused(_), Some(proof)) => {
                let proof = judgement.reasons.first().map_or(proof, |r| r.because.clone());
                let HostSays { errno, lines, .. } = judgement.says.clone();
                Fact::because(Err(Refused { errno, lines }), proof)
            }
            (Verdict::Loads | Verdict::LoadsTainted, Some(proof)) => Fact::because(Ok(()), proof),
        };
        Self { name: name.clone(), loads }
    }
}

pub(super) static MODPROBE: LinuxCheck = Check {
    rule: Rule {
        name: "modprobe/configuration",
        source: "kmod, tools/modprobe.c insmod_insert; man modprobe.d, install",
    },
    run: modprobe,
};

pub(super) static DEPENDENCIES: LinuxCheck = Check {
    rule: Rule {
        name: "modprobe/dependencies",
        source: "kmod, libkmod/libkmod-module.c kmod_module_probe_insert_module",
    },
    run: dependencies,
};

fn modprobe(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some(by_name) = case.by_name else {
        return Ok(Passage::pass(Claim::ModprobeRuns { instead: None }));
    };
    let instead = step.consult(&by_name.instead)?.clone();
    let claim = Claim::ModprobeRuns { instead: instead.clone() };
    Ok(match instead {
        None => Passage::pass(claim),
        Some(_) => Passage::never_asked(claim, &INSTALL_COMMAND_REPLACES_LOADING),
    })
}

fn dependencies(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some(by_name) = case.by_name else { return Ok(Passage::pass(Claim::DependenciesLoad(0))) };
    for dependency in &by_name.dependencies {
        if let Err(Refused { errno, lines }) = step.consult(&dependency.loads)? {
            let claim = Claim::DependencyFails { name: dependency.name.clone(), errno: *errno };
            let mut passage = Passage::never_asked(claim, &DEPENDENCY_WILL_NOT_LOAD);
            passage.effect = Effect::Refuse(&DEPENDENCY_WILL_NOT_LOAD, *errno);
            passage.says.extend(lines.iter().cloned());
            return Ok(passage);
        }
    }
    Ok(Passage::pass(Claim::DependenciesLoad(by_name.dependencies.len())))
}

/// A name for which there is no file to judge.
#[derive(Clone, Debug)]
pub enum NoFile {
    /// The index does not know it.
    NotInIndex(Fact<()>),
    /// The index does not know it; it is loaded now, or the kernel that runs has it in its tree.
    OnlyForAnotherKernel {
        /// That kernel; empty where it was not seen.
        running: Fact<Arc<str>>,
        /// That the index of this kernel does not have it.
        index: Fact<()>,
    },
    /// The index names a file that is not there.
    FileMissing(Fact<()>),
    /// It is part of the kernel image: nothing needs to be loaded.
    BuiltIn(Arc<str>, Fact<()>),
}

static FOUND: Check<fn(&NoFile, &mut Step) -> Answer> = Check {
    rule: Rule {
        name: "modprobe/index",
        source: "kmod, libkmod/libkmod-module.c kmod_module_lookup_*",
    },
    run: found,
};

fn found(case: &NoFile, step: &mut Step) -> Answer {
    match case {
        NoFile::NotInIndex(why) => {
            step.consult(why)?;
            Ok(Passage::never_asked(Claim::NotInIndex, &MODULE_NOT_IN_INDEX))
        }
        NoFile::OnlyForAnotherKernel { running, index } => {
            step.consult(index)?;
            let running = step.consult(running)?.clone();
            let claim = Claim::OnlyForAnotherKernel { running };
            Ok(Passage::never_asked(claim, &MODULE_MISSING_FOR_THIS_KERNEL))
        }
        NoFile::FileMissing(why) => {
            step.consult(why)?;
            Ok(Passage::refuse(Claim::NotInIndex, &MODULE_FILE_MISSING, Errno::ENOENT))
        }
        NoFile::BuiltIn(name, why) => {
            step.consult(why)?;
            Ok(Passage::pass(Claim::BuiltIn(name.clone())))
        }
    }
}

/// Judges a name for which there is no file.
#[must_use]
pub fn judge_no_file(case: &NoFile) -> Judgement {
    let mut step = Step::of(&FOUND.rule);
    let answer = (FOUND.run)(case, &mut step);
    verdict::weigh([(step, answer)], |_, _| Standing::Documented)
}
