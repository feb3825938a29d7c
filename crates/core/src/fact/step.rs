//! The pen that writes a proof while a rule reads facts.

use super::{Answer, Fact, Listing};
use crate::proof::{Claim, Gaps, Node, Proof, Rule, Standing};
use alloc::vec::Vec;

/// One application of a rule. What it consults becomes the reason of what it concludes.
#[derive(Debug)]
pub struct Step {
    rule: &'static Rule,
    from: Vec<Proof>,
    /// Of a pen without ink: the weakest standing of what was consulted.
    dry: Option<Standing>,
}

impl Step {
    /// Begins to apply `rule`.
    #[must_use]
    pub const fn of(rule: &'static Rule) -> Self {
        Self { rule, from: Vec::new(), dry: None }
    }

    /// The same with a pen without ink, for a walk of which nobody keeps how its rules were satisfied. What
    /// else it comes to is walked again and written down.
    #[must_use]
    pub(crate) const fn dry(rule: &'static Rule) -> Self {
        Self { rule, from: Vec::new(), dry: Some(Standing::Confirmed) }
    }

    /// The weakest standing of what was consulted without ink.
    pub(crate) fn backed(&self) -> Standing {
        self.dry.unwrap_or(Standing::Confirmed)
    }

    /// The rule in hand.
    #[must_use]
    pub const fn rule(&self) -> &'static Rule {
        self.rule
    }

    /// Opens a fact and writes down that it was opened.
    ///
    /// # Errors
    /// What is missing, when the fact is not known.
    pub fn consult<'f, T>(&mut self, fact: &'f Fact<T>) -> Result<&'f T, Gaps> {
        match &fact.0 {
            Answer::Known(value, proof) => {
                self.note(proof);
                Ok(value)
            }
            Answer::Unknown(gaps) => Err(gaps.clone()),
        }
    }

    /// Whether one of several facts is true. One known `true` decides, and only that one is written
    /// down; `false` needs them all.
    ///
    /// # Errors
    /// The gaps of those not known, when none of the known ones is true.
    pub fn any(&mut self, facts: &[&Fact<bool>]) -> Result<bool, Gaps> {
        self.decide(facts, true)
    }

    /// Whether all of several facts are true. One known `false` decides.
    ///
    /// # Errors
    /// The gaps of those not known, when none of the known ones is false.
    pub fn all(&mut self, facts: &[&Fact<bool>]) -> Result<bool, Gaps> {
        self.decide(facts, false)
    }

    fn decide(&mut self, facts: &[&Fact<bool>], decisive: bool) -> Result<bool, Gaps> {
        let mut open = Gaps::new();
        for fact in facts {
            match &fact.0 {
                Answer::Known(value, proof) if *value == decisive => {
                    self.note(proof);
                    return Ok(decisive);
                }
                Answer::Known(..) => {}
                Answer::Unknown(gaps) => open.extend(gaps.iter().cloned()),
            }
        }
        if !open.is_empty() {
            return Err(open);
        }
        for fact in facts {
            self.note(&fact.proof());
        }
        Ok(!decisive)
    }

    /// The first item that `is` what is looked for. `None` only if the whole list was seen.
    ///
    /// # Errors
    /// What is missing, when nothing was found in a list that may hold more.
    pub fn find<'l, T>(
        &mut self,
        among: &'l Listing<T>,
        is: impl Fn(&T) -> bool,
    ) -> Result<Option<&'l T>, Gaps> {
        let mut open = Gaps::new();
        for item in &among.items {
            match &item.0 {
                Answer::Known(value, proof) if is(value) => {
                    self.note(proof);
                    return Ok(Some(value));
                }
                Answer::Known(..) => {}
                Answer::Unknown(gaps) => open.extend(gaps.iter().cloned()),
            }
        }
        if !open.is_empty() {
            return Err(open);
        }
        self.consult(&among.whole).map(|()| None)
    }

    /// Ends the step with what it concluded.
    #[must_use]
    pub fn concludes(self, claim: Claim) -> Proof {
        Proof::new(Node::Drawn { rule: self.rule, claim, from: self.from })
    }

    fn note(&mut self, proof: &Proof) {
        if let Some(weakest) = &mut self.dry {
            *weakest = proof.standing().map_or(*weakest, |standing| standing.min(*weakest));
        } else if !self.from.iter().any(|p| p.identity() == proof.identity()) {
            self.from.push(proof.clone());
        }
    }
}

/// Applies a rule: what `run` concludes becomes a fact, with what it consulted as the reason.
pub fn draw<T>(
    rule: &'static Rule,
    run: impl FnOnce(&mut Step) -> Result<(T, Claim), Gaps>,
) -> Fact<T> {
    let mut step = Step::of(rule);
    match run(&mut step) {
        Ok((value, claim)) => Fact::because(value, step.concludes(claim)),
        Err(gaps) => Fact::unknown(gaps),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::{Evidence, Origin, Question, Row, Why, gap, text};

    static RULE: Rule = Rule { name: "test/rule", source: "here" };

    fn seen(value: bool) -> Fact<bool> {
        Fact::seen(value, Evidence { origin: Origin::Root, item: text("item"), said: text("x") })
    }

    fn open() -> Fact<bool> {
        Fact::unknown(gap(Question::Db, Why::OutOfReach(text("db"))))
    }

    fn reasons(step: Step) -> usize {
        match step.concludes(Claim::Verified).node() {
            Node::Drawn { from, .. } => from.len(),
            _ => 0,
        }
    }

    #[test]
    fn one_known_witness_decides_and_only_it_is_the_reason() {
        let mut step = Step::of(&RULE);
        assert_eq!(step.any(&[&open(), &seen(false), &seen(true)]), Ok(true));
        assert_eq!(reasons(step), 1);
        let mut step = Step::of(&RULE);
        assert_eq!(step.all(&[&open(), &seen(false)]), Ok(false));
        assert_eq!(reasons(step), 1);
    }

    #[test]
    fn without_a_witness_an_open_fact_stays_open() {
        assert!(Step::of(&RULE).any(&[&open(), &seen(false)]).is_err());
        assert!(Step::of(&RULE).all(&[&open(), &seen(true)]).is_err());
    }

    #[test]
    fn absence_needs_the_whole_list() {
        let part = Listing::new(
            alloc::vec![seen(false)],
            Fact::unknown(gap(Question::Db, Why::OutOfReach(text("db")))),
        );
        assert!(Step::of(&RULE).find(&part, |v| *v).is_err());
        assert_eq!(Step::of(&RULE).find(&part, |v| !*v), Ok(Some(&false)));
    }

    #[test]
    fn a_dry_pen_keeps_nothing_but_the_weakest_standing() {
        let row = |standing| Row { id: text("id"), source: text("source"), standing };
        let mut step = Step::dry(&RULE);
        for standing in [Standing::Confirmed, Standing::Documented, Standing::Confirmed] {
            assert_eq!(step.consult(&Fact::listed(true, row(standing))), Ok(&true));
        }
        assert_eq!(step.consult(&seen(true)), Ok(&true));
        assert_eq!(step.backed(), Standing::Documented);
        assert!(step.consult(&open()).is_err());
        assert_eq!(reasons(step), 0);
    }
}
