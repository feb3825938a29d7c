//! Several nodes of one cluster: which of them may be rebooted together, and which not at all.
//!
//! A majority of the members that vote must be up (etcd, *FAQ*; votequorum(5)), and as long as nobody has
//! seen a node come back, one goes first. Budgets for disruption are kept by the cluster, not by its
//! nodes: whoever drains a node asks for them (Kubernetes, *Safely Drain a Node*).

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::answer::Answers;
use crate::code::Code;
use crate::codes::{
    CLUSTER_NOT_BROUGHT_BACK, CLUSTER_REBOOTS_IN_ONE_WAVE, CLUSTER_WITHOUT_WAY_BACK, NO_WAY_BACK,
};
use crate::facts::cluster::Membership;
use crate::verdict::Verdict;

/// A host of those that were asked about.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// What it is called.
    pub name: &'a str,
    /// What was answered about it.
    pub answers: &'a Answers,
}

/// A cluster of which several nodes were asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster<'a> {
    /// What it is called.
    pub name: Arc<str>,
    /// Its nodes.
    pub nodes: Vec<&'a str>,
    /// How many of them vote.
    pub votes: usize,
    /// So many may be rebooted at once.
    pub at_once: usize,
    /// Nodes to reboot one wave after another, the first one alone.
    pub waves: Vec<Vec<&'a str>>,
    /// Nodes that would not come back, or of which that cannot be told: they are to stay up.
    pub held: Vec<&'a str>,
    /// What endangers it as a whole.
    pub faults: Vec<Fault<'a>>,
}

/// What endangers a cluster as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault<'a> {
    /// The page that explains it.
    pub code: &'static Code,
    /// The nodes it is about.
    pub nodes: Vec<&'a str>,
    /// How many of them vote.
    pub votes: usize,
}

/// One node, and what was answered about it.
struct Node<'a> {
    name: &'a str,
    member: &'a Membership,
    /// Nothing that counts is refused.
    comes_back: bool,
    /// Nothing that counts is unknown.
    told: bool,
    way_back: bool,
}

impl<'a> Node<'a> {
    fn of(asked: &Asked<'a>) -> Option<Self> {
        let answers = asked.answers;
        let counts = || answers.answers.iter().filter(|a| a.subject.need.counts());
        let verdicts = || counts().map(|a| &a.judgement.verdict);
        Some(Self {
            name: asked.name,
            member: answers.host.node_of.as_ref()?,
            comes_back: !verdicts().any(|v| matches!(v, Verdict::Refused(_))),
            told: !verdicts().any(|v| matches!(v, Verdict::Unknown(_))),
            way_back: !answers.notes.iter().any(|note| note.code.id == NO_WAY_BACK.id),
        })
    }
}

/// The clusters of which at least two nodes are among `hosts`.
#[must_use]
pub fn clusters<'a>(hosts: &[Asked<'a>]) -> Vec<Cluster<'a>> {
    let mut found: BTreeMap<&Arc<str>, Vec<Node<'a>>> = BTreeMap::new();
    for node in hosts.iter().filter_map(Node::of) {
        found.entry(&node.member.cluster).or_default().push(node);
    }
    let several = found.into_iter().filter(|(_, nodes)| nodes.len() > 1);
    several.map(|(name, nodes)| cluster(name, &nodes)).collect()
}

fn cluster<'a>(name: &Arc<str>, nodes: &[Node<'a>]) -> Cluster<'a> {
    let votes = nodes.iter().filter(|node| node.member.votes).count();
    let asked = nodes.iter().filter_map(|node| node.member.at_once).min();
    let at_once = usize::try_from(asked.unwrap_or(1)).unwrap_or(usize::MAX).max(1);
    let names = |of: &dyn Fn(&Node<'a>) -> bool| {
        nodes.iter().filter(|node| of(node)).map(|node| node.name).collect::<Vec<_>>()
    };
    let fault = |code: &'static Code, of: &dyn Fn(&Node<'a>) -> bool| {
        let votes = nodes.iter().filter(|node| of(node) && node.member.votes).count();
        Fault { code, nodes: names(of), votes }
    };
    let endangers =
        |fault: &Fault<'_>| fault.nodes.len() == nodes.len() || fault.votes > spare(votes);
    let lost = fault(&CLUSTER_NOT_BROUGHT_BACK, &|node| !node.comes_back);
    let stuck = fault(&CLUSTER_WITHOUT_WAY_BACK, &|node| !node.way_back);
    let alone = fault(&CLUSTER_REBOOTS_IN_ONE_WAVE, &|node| node.member.out_of_turn.is_some());
    let mut faults: Vec<Fault<'a>> = [lost, stuck].into_iter().filter(endangers).collect();
    faults.extend(Some(alone).filter(|alone| alone.nodes.len() > at_once));
    Cluster {
        name: name.clone(),
        nodes: names(&|_| true),
        votes,
        at_once,
        waves: waves(nodes, votes, at_once),
        held: names(&|node| !(node.comes_back && node.told)),
        faults,
    }
}

/// So many of those that vote may be down, and the others are still a majority.
const fn spare(votes: usize) -> usize {
    votes.saturating_sub(1) / 2
}

/// Nodes that come back: one alone, then those without a vote, then those that have one.
fn waves<'a>(nodes: &[Node<'a>], votes: usize, at_once: usize) -> Vec<Vec<&'a str>> {
    let fit = |votes: bool| {
        let fit = nodes.iter().filter(move |n| n.comes_back && n.told && n.member.votes == votes);
        fit.map(|node| node.name)
    };
    let (mut plain, mut voting): (Vec<&str>, Vec<&str>) =
        (fit(false).collect(), fit(true).collect());
    let first = match (plain.is_empty(), voting.is_empty()) {
        (false, _) => plain.remove(0),
        (true, false) => voting.remove(0),
        (true, true) => return Vec::new(),
    };
    let few = at_once.min(spare(votes)).max(1);
    let mut waves = alloc::vec![alloc::vec![first]];
    waves.extend(plain.chunks(at_once).map(<[&str]>::to_vec));
    waves.extend(voting.chunks(few).map(<[&str]>::to_vec));
    waves
}
