//! Reasons weighed: which causes a scene speaks for, and how strongly.

use crate::diagnose::clue::Clue;
use crate::diagnose::scene::Scene;
use crate::tables::diagnose::{Knowledge, Reason};
use alloc::vec::Vec;

/// A cause that a scene speaks for.
#[derive(Clone, Debug)]
pub struct Candidate<'k, 'c> {
    /// The strongest reason.
    pub reason: &'k Reason,
    /// The clues it rests on.
    pub clues: Vec<&'c Clue>,
}

/// The causes a scene speaks for, the strongest first, each once.
#[must_use]
pub fn weigh<'k, 'c>(scene: &Scene<'c>, knowledge: &'k Knowledge) -> Vec<Candidate<'k, 'c>> {
    let mut found: Vec<Candidate<'_, '_>> = Vec::new();
    let occurs = |r: &&Reason| knowledge.cause_on(&r.cause, scene.windows).is_some();
    for reason in knowledge.reasons.iter().filter(occurs) {
        let Some(clues) = held(reason, scene) else { continue };
        match found.iter_mut().find(|c| c.reason.cause == reason.cause) {
            Some(known) if known.reason.weight < reason.weight => {
                *known = Candidate { reason, clues };
            }
            Some(_) => {}
            None => found.push(Candidate { reason, clues }),
        }
    }
    found.sort_by_key(|c| core::cmp::Reverse(c.reason.weight));
    found
}

/// The clues that `reason` rests on, where it counts.
fn held<'c>(reason: &Reason, scene: &Scene<'c>) -> Option<Vec<&'c Clue>> {
    let mut clues: Vec<&Clue> = Vec::new();
    for word in &reason.when {
        if let Some(absent) = word.strip_prefix('!') {
            if scene.signs.contains_key(absent) {
                return None;
            }
            continue;
        }
        let mut any = false;
        for of in word.split('|').filter_map(|sign| scene.signs.get(sign)) {
            any = true;
            clues.extend(of.iter().filter(|c| !clues.contains(c)).copied().collect::<Vec<_>>());
        }
        if !any {
            return None;
        }
    }
    Some(clues)
}
