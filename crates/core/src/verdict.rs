//! The verdict: all checks are walked, in the platform's own order, and weighed.
//!
//! `Refused ≻ Unknown ≻ LoadsTainted ≻ Loads`: one proven refusal decides although other checks
//! are open; an open check leaves the verdict open although everything else passes.

use crate::check::{Answer, Effect, Letter, Line, WindowsSays};
use crate::code::Code;
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::proof::{Gap, Node, Proof, Rule, Stage, Standing};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// What will happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It will load.
    Loads,
    /// It will load and be marked.
    LoadsTainted,
    /// It will not; the first refusal in the platform's own order.
    Refused(&'static Code),
    /// It cannot be told.
    Unknown(Vec<Gap>),
}

impl Verdict {
    /// The word used in text and JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Loads => "loads",
            Self::LoadsTainted => "loads-tainted",
            Self::Refused(_) => "refused",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// The platform's own words for it: what its log will say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostSays {
    /// What the system call returns; `None` when it loads.
    pub errno: Option<Errno>,
    /// Who refuses, where that is not the kernel that loads a module; and what it answers.
    pub stopped: Option<(Stage, Option<&'static str>)>,
    /// Whether `errno` and `lines` are certain: false when an open check stands before the refusal.
    pub certain: bool,
    /// The lines, in order, as for the first such load after a boot.
    pub lines: Vec<Line>,
    /// The marks this load leaves on the module.
    pub taint: BTreeSet<Letter>,
    /// What Windows says; `None` on other platforms.
    pub windows: Option<WindowsSays>,
}

/// Why something is refused or marked.
#[derive(Clone, Debug)]
pub struct Reason {
    /// The code.
    pub code: &'static Code,
    /// The proof of it.
    pub because: Proof,
    /// Whether it is reached at all: reasons behind the first refusal are told as *also*.
    pub reached: bool,
}

/// One check that was walked.
#[derive(Clone, Debug)]
pub struct Walked {
    /// The rule.
    pub rule: &'static Rule,
    /// How it ended.
    pub ended: Ended,
    /// Why.
    pub proof: Proof,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Passed.
    Passed,
    /// Passed and marked.
    Marked,
    /// Refused.
    Refused,
    /// Left open.
    Open,
}

/// The whole answer.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// What will happen.
    pub verdict: Verdict,
    /// What the host will say.
    pub says: HostSays,
    /// Refusals and marks, first things first.
    pub reasons: Vec<Reason>,
    /// One entry a check, in the platform's order.
    pub walk: Vec<Walked>,
    /// How far the rules that decided are backed.
    pub standing: Standing,
}

/// How far it is backed that all of `taken` let it pass, without a mark or a word; `None` where one does not.
/// The pens have no ink.
pub(crate) fn loads_in_silence(
    taken: impl IntoIterator<Item = (Step, Answer)>,
    standing: impl Fn(&'static Rule, bool) -> Standing,
) -> Option<Standing> {
    taken.into_iter().try_fold(Standing::Confirmed, |backed, (step, answer)| {
        let passage = answer.ok()?;
        let silent = matches!(passage.effect, Effect::Pass) && passage.says.is_empty();
        silent.then(|| backed.min(standing(step.rule(), false)).min(step.backed()))
    })
}

/// Weighs the answers of all checks, given in the platform's own order.
///
/// `standing` tells how far a rule is backed for the release in question, and is told whether the
/// rule refuses here.
pub fn weigh(
    taken: impl IntoIterator<Item = (Step, Answer)>,
    standing: impl Fn(&'static Rule, bool) -> Standing,
) -> Judgement {
    let mut walk = Vec::new();
    let mut reasons = Vec::new();
    let mut says = HostSays { certain: true, ..HostSays::default() };
    let mut open: Vec<Gap> = Vec::new();
    let mut refused: Option<&'static Code> = None;
    let mut audited = false;
    let mut backed = Standing::Confirmed;
    for (step, answer) in taken {
        let rule = step.rule();
        let (ended, proof) = match answer {
            Err(gaps) => {
                if refused.is_none() {
                    for gap in &gaps {
                        if !open.contains(gap) {
                            open.push(gap.clone());
                        }
                    }
                }
                (Ended::Open, Proof::new(Node::Missing(gaps)))
            }
            Ok(passage) => {
                let proof = step.concludes(passage.claim);
                let refuses = matches!(
                    passage.effect,
                    Effect::Refuse(..) | Effect::Stop { .. } | Effect::Denied(..)
                );
                if refused.is_none() {
                    backed = backed
                        .min(standing(rule, refuses))
                        .min(proof.standing().unwrap_or(Standing::Confirmed));
                    for line in passage.says {
                        if !(line.once && says.lines.iter().any(|l| l.row == line.row)) {
                            says.lines.push(line);
                        }
                    }
                }
                let ended = match passage.effect {
                    Effect::Pass => Ended::Passed,
                    Effect::Taint(letters) => {
                        for (letter, code) in letters {
                            reasons.push(Reason {
                                code,
                                because: proof.clone(),
                                reached: refused.is_none(),
                            });
                            if refused.is_none() {
                                says.taint.insert(letter);
                            }
                        }
                        Ended::Marked
                    }
                    Effect::Refuse(code, errno) => {
                        let first = refused.is_none();
                        reasons.push(Reason { code, because: proof.clone(), reached: first });
                        if first {
                            refused = Some(code);
                            says.errno = errno;
                            says.certain = open.is_empty();
                        }
                        Ended::Refused
                    }
                    Effect::Stop { code, by, status } => {
                        let first = refused.is_none();
                        reasons.push(Reason { code, because: proof.clone(), reached: first });
                        if first {
                            refused = Some(code);
                            says.stopped = Some((by, status));
                            says.certain = open.is_empty();
                        }
                        Ended::Refused
                    }
                    Effect::Told(more) => {
                        if refused.is_none() {
                            says.windows.get_or_insert_default().add(&more);
                        }
                        Ended::Passed
                    }
                    Effect::Audited(code, more) => {
                        let reached = refused.is_none();
                        reasons.push(Reason { code, because: proof.clone(), reached });
                        if reached {
                            audited = true;
                            says.windows.get_or_insert_default().add(&more);
                        }
                        Ended::Marked
                    }
                    Effect::Denied(code, more) => {
                        let first = refused.is_none();
                        reasons.push(Reason { code, because: proof.clone(), reached: first });
                        if first {
                            refused = Some(code);
                            says.windows.get_or_insert_default().add(&more);
                            says.certain = open.is_empty();
                        }
                        Ended::Refused
                    }
                };
                (ended, proof)
            }
        };
        walk.push(Walked { rule, ended, proof });
    }
    let verdict = match refused {
        Some(code) => {
            // A module that never got in carries no marks.
            says.taint.clear();
            reasons.sort_by_key(|r| (r.reached && r.code != code, !r.reached));
            Verdict::Refused(code)
        }
        None if !open.is_empty() => Verdict::Unknown(open),
        None if audited || !says.taint.is_empty() => Verdict::LoadsTainted,
        None => Verdict::Loads,
    };
    Judgement { verdict, says, reasons, walk, standing: backed }
}
