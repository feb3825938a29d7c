//! Proofs as a table of numbered nodes, each thing told once.
//!
//! Nodes are numbered from their leaves upwards. Nodes that say the same are one node, whether or
//! not they were one in memory: four thousand modules judged under one policy share most of it.

use crate::words;
use loadworthy_core::proof::{Gap, Node, Proof};
use serde::{Serialize, Serializer};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// A node in the document.
#[derive(Debug, Serialize)]
pub struct Numbered<'n> {
    /// Its number.
    pub id: u32,
    /// What it says.
    #[serde(flatten)]
    pub step: &'n Step<'n>,
}

/// What a node says.
#[derive(Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Step<'n> {
    /// Looked, and this is what it said.
    Seen {
        /// What was looked at.
        item: &'n str,
        /// What it said.
        said: &'n str,
        /// Where.
        origin: &'static str,
    },
    /// Looked, and it was not there.
    Absent {
        /// What was looked for.
        item: &'n str,
        /// Where.
        origin: &'static str,
    },
    /// The operator said so.
    Assumed {
        /// The key of `--assume`.
        key: &'n str,
        /// Its value.
        value: &'n str,
    },
    /// A knowledge table says so.
    Listed {
        /// Table and row.
        row: &'n str,
        /// The source the row cites.
        source: &'n str,
        /// How far it is backed.
        standing: &'static str,
    },
    /// A rule concluded it.
    Drawn {
        /// The rule.
        rule: &'static str,
        /// Where the platform follows it.
        source: &'static str,
        /// What it concluded, in words.
        claim: String,
        /// The nodes it was concluded from.
        from: Vec<u32>,
    },
    /// It could not be told.
    Missing {
        /// What is missing.
        gaps: Vec<Missing>,
    },
}

impl<'n> Step<'n> {
    /// The step that a node is, when `number` numbers what it rests on.
    pub fn of(node: &'n Node, number: &mut dyn FnMut(&'n Proof) -> u32) -> Self {
        match node {
            Node::Seen(e) => {
                Self::Seen { item: &e.item, said: &e.said, origin: words::origin(e.origin) }
            }
            Node::Absent(e) => Self::Absent { item: &e.item, origin: words::origin(e.origin) },
            Node::Assumed(a) => Self::Assumed { key: &a.key, value: &a.value },
            Node::Listed(r) => Self::Listed {
                row: &r.id,
                source: &r.source,
                standing: words::standing(r.standing),
            },
            Node::Drawn { rule, claim, from } => Self::Drawn {
                from: from.iter().map(number).collect(),
                rule: rule.name,
                source: rule.source,
                claim: words::claim(claim),
            },
            Node::Missing(gaps) => Self::Missing { gaps: gaps.iter().map(Missing::from).collect() },
        }
    }
}

/// A gap.
#[derive(Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Missing {
    /// The question's stable name.
    pub question: &'static str,
    /// What it asks, in words.
    pub asks: &'static str,
    /// What was looked for.
    pub item: String,
    /// Why there is no answer.
    pub why: String,
    /// How to supply it.
    pub supply: &'static str,
}

impl From<&Gap> for Missing {
    fn from(gap: &Gap) -> Self {
        let (question, asks, _) = words::question(gap.question);
        let (item, why) = words::why(&gap.why);
        Self { question, asks, item: item.to_owned(), why, supply: words::supply(gap) }
    }
}

/// The table.
#[derive(Debug, Default)]
pub struct Table<'n> {
    by_identity: HashMap<*const Node, u32>,
    by_content: HashMap<Rc<Step<'n>>, u32>,
    steps: Vec<Rc<Step<'n>>>,
}

impl<'n> Table<'n> {
    /// The number of a proof; it and what it rests on are in the table from now on.
    pub fn number(&mut self, proof: &'n Proof) -> u32 {
        if let Some(id) = self.by_identity.get(&proof.identity()) {
            return *id;
        }
        let step = Step::of(proof.node(), &mut |proof| self.number(proof));
        let next = u32::try_from(self.steps.len()).map_or(u32::MAX, |n| n.saturating_add(1));
        let id = *self.by_content.entry(Rc::new(step)).or_insert_with_key(|step| {
            self.steps.push(Rc::clone(step));
            next
        });
        self.by_identity.insert(proof.identity(), id);
        id
    }

    /// The nodes, by number.
    pub fn nodes(&self) -> impl Iterator<Item = Numbered<'_>> {
        (1..).zip(&self.steps).map(|(id, step)| Numbered { id, step })
    }
}

/// The table as a document writes it: behind everything that put a proof into it.
#[derive(Debug)]
pub struct ProofTable<'a>(pub &'a RefCell<Table<'a>>);

impl Serialize for ProofTable<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let table = self.0.borrow();
        serializer.collect_seq(table.nodes().map(|n: Numbered<'_>| n))
    }
}
