//! A value together with why it is held. Only a [`step::Step`] can open one.

use crate::proof::{Assumption, Evidence, Gaps, Node, Origin, Proof, Row, text};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

pub mod step;

/// A value that is known, with its reason, or not known, with what is missing.
#[derive(Clone, Debug)]
pub struct Fact<T>(Answer<T>);

#[derive(Clone, Debug)]
enum Answer<T> {
    Known(T, Proof),
    Unknown(Gaps),
}

impl<T> Fact<T> {
    /// A value that was looked at.
    pub fn seen(value: T, evidence: Evidence) -> Self {
        Self::because(value, Proof::new(Node::Seen(evidence)))
    }

    /// A value that follows from something not being there.
    pub fn absent(value: T, evidence: Evidence) -> Self {
        Self::because(value, Proof::new(Node::Absent(evidence)))
    }

    /// A value the operator told us to take for granted.
    pub fn assumed(value: T, assumption: Assumption) -> Self {
        Self::because(value, Proof::new(Node::Assumed(assumption)))
    }

    /// A value that a table holds.
    pub fn listed(value: T, row: Row) -> Self {
        Self::because(value, Proof::new(Node::Listed(row)))
    }

    /// A value with a proof drawn elsewhere.
    pub const fn because(value: T, proof: Proof) -> Self {
        Self(Answer::Known(value, proof))
    }

    /// A value that could not be had.
    #[must_use]
    pub const fn unknown(gaps: Gaps) -> Self {
        Self(Answer::Unknown(gaps))
    }

    /// The outcome of a rule: its value and proof, or what stopped it.
    pub fn from_rule(outcome: Result<(T, Proof), Gaps>) -> Self {
        match outcome {
            Ok((value, proof)) => Self::because(value, proof),
            Err(gaps) => Self::unknown(gaps),
        }
    }

    /// The same reason for a part of the value, or for the value in another shape.
    ///
    /// `part` sees the value, so it must not decide anything: deciding is for rules with a pen.
    pub fn map<U>(&self, part: impl FnOnce(&T) -> U) -> Fact<U> {
        match &self.0 {
            Answer::Known(value, proof) => Fact::because(part(value), proof.clone()),
            Answer::Unknown(gaps) => Fact::unknown(gaps.clone()),
        }
    }

    /// Why the value is held, or a proof that it could not be had.
    #[must_use]
    pub fn proof(&self) -> Proof {
        match &self.0 {
            Answer::Known(_, proof) => proof.clone(),
            Answer::Unknown(gaps) => Proof::new(Node::Missing(gaps.clone())),
        }
    }

    /// This fact, or `other` where this one is not known.
    #[must_use]
    pub fn or(self, other: impl FnOnce() -> Self) -> Self {
        match self.0 {
            Answer::Known(..) => self,
            Answer::Unknown(_) => {
                let other = other();
                if matches!(other.0, Answer::Known(..)) { other } else { self }
            }
        }
    }
}

/// Something that was read whole and answers many questions: a configuration, a kernel image.
///
/// It is not a fact itself; each question asked of it gives a [`Fact`] with a quote of its own.
#[derive(Clone, Debug)]
pub struct Source<T>(Result<(T, From), Gaps>);

/// Where the content of a source comes from.
#[derive(Clone, Debug)]
enum From {
    Item(Origin, Arc<str>),
    Assumption(Assumption),
    Row(Row),
}

impl<T> Source<T> {
    /// A source that was read from `item`.
    pub const fn read(value: T, origin: Origin, item: Arc<str>) -> Self {
        Self(Ok((value, From::Item(origin, item))))
    }

    /// A source whose content the operator told us to take for granted.
    pub const fn assumed(value: T, assumption: Assumption) -> Self {
        Self(Ok((value, From::Assumption(assumption))))
    }

    /// A source that a table stands for.
    pub const fn listed(value: T, row: Row) -> Self {
        Self(Ok((value, From::Row(row))))
    }

    /// A source that could not be had.
    #[must_use]
    pub const fn unknown(gaps: Gaps) -> Self {
        Self(Err(gaps))
    }

    /// The same, read from an item that is told as `item`.
    #[must_use]
    pub fn told_as(self, item: Arc<str>) -> Self {
        Self(self.0.map(|(value, from)| match from {
            From::Item(origin, _) => (value, From::Item(origin, item)),
            other => (value, other),
        }))
    }

    /// One answer out of it, where it has one.
    pub fn fact_if<U>(&self, ask: impl FnOnce(&T) -> Result<(U, String), Gaps>) -> Fact<U> {
        let mut missing = None;
        let fact = self.fact(|value| match ask(value) {
            Ok((answer, said)) => (Some(answer), said),
            Err(gaps) => {
                missing = Some(gaps);
                (None, String::new())
            }
        });
        match (missing, fact.0) {
            (Some(gaps), _) | (None, Answer::Unknown(gaps)) => Fact::unknown(gaps),
            (None, Answer::Known(Some(answer), proof)) => Fact::because(answer, proof),
            (None, Answer::Known(None, _)) => Fact::unknown(Gaps::new()),
        }
    }

    /// One answer out of it: the value and what the source said, in a few words.
    pub fn fact<U>(&self, ask: impl FnOnce(&T) -> (U, String)) -> Fact<U> {
        match &self.0 {
            Ok((value, From::Item(origin, item))) => {
                let (answer, said) = ask(value);
                let evidence = Evidence { origin: *origin, item: item.clone(), said: text(said) };
                Fact::seen(answer, evidence)
            }
            Ok((value, From::Assumption(assumption))) => {
                Fact::assumed(ask(value).0, assumption.clone())
            }
            Ok((value, From::Row(row))) => Fact::listed(ask(value).0, row.clone()),
            Err(gaps) => Fact::unknown(gaps.clone()),
        }
    }
}

/// Several facts, and why they are all there are.
///
/// To find something in it, one item is enough; to say that something is not in it needs the whole.
#[derive(Clone, Debug)]
pub struct Listing<T> {
    items: Vec<Fact<T>>,
    whole: Fact<()>,
}

impl<T> Listing<T> {
    /// A listing of `items`; `whole` says why there are no others, or that this is not known.
    #[must_use]
    pub const fn new(items: Vec<Fact<T>>, whole: Fact<()>) -> Self {
        Self { items, whole }
    }

    /// A listing of which nothing is known.
    #[must_use]
    pub const fn unknown(gaps: Gaps) -> Self {
        Self { items: Vec::new(), whole: Fact::unknown(gaps) }
    }

    /// The facts in it, each opened only with a pen.
    #[must_use]
    pub fn items(&self) -> &[Fact<T>] {
        &self.items
    }

    /// Why there are no others.
    #[must_use]
    pub const fn whole(&self) -> &Fact<()> {
        &self.whole
    }

    /// Adds an item, as an assumption or a remedy does.
    pub fn push(&mut self, item: Fact<T>) {
        self.items.push(item);
    }
}
