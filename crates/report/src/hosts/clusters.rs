//! Words for nodes of one cluster.

use loadworthy_core::codes::{CLUSTER_NOT_BROUGHT_BACK, CLUSTER_WITHOUT_WAY_BACK};
use loadworthy_core::waves::{self, Asked, Cluster, Fault};
use serde::Serialize;

use crate::hosts::One;

/// The clusters of which several nodes were asked about.
pub(super) fn of(all: &[One]) -> Vec<Cluster<'_>> {
    let hosts = all.iter().map(|one| Asked { name: &one.name, answers: &one.answers });
    waves::clusters(&hosts.collect::<Vec<_>>())
}

/// The first line: what it is called, and how many nodes were asked about.
pub(super) fn line(cluster: &Cluster<'_>) -> String {
    let (nodes, votes, once) = (cluster.nodes.len(), cluster.votes, cluster.at_once);
    let votes = if votes == 0 { String::new() } else { format!(", {votes} with a vote") };
    format!("cluster {}: {nodes} nodes{votes}; at most {once} at once", cluster.name)
}

/// What endangers it, with the nodes it is about.
pub(super) fn fault(fault: &Fault<'_>, cluster: &Cluster<'_>) -> String {
    let what = match fault.code.id {
        id if id == CLUSTER_NOT_BROUGHT_BACK.id => "will not come back",
        id if id == CLUSTER_WITHOUT_WAY_BACK.id => "have no way back",
        _ => "reboot by themselves",
    };
    let votes = match fault.votes {
        0 => String::new(),
        votes => format!(" ({votes} of {} votes)", cluster.votes),
    };
    format!("{what}: {}{votes}", fault.nodes.join(", "))
}

/// Waves in their order.
pub(super) fn waves(cluster: &Cluster<'_>) -> String {
    let waves = cluster.waves.iter().map(|wave| wave.join(" "));
    waves.collect::<Vec<_>>().join(", then ")
}

#[derive(Serialize)]
pub(super) struct ClusterDto<'a> {
    name: &'a str,
    nodes: &'a [&'a str],
    votes: usize,
    at_once: usize,
    waves: &'a [Vec<&'a str>],
    held: &'a [&'a str],
    findings: Vec<FaultDto<'a>>,
}

#[derive(Serialize)]
struct FaultDto<'a> {
    code: &'static str,
    title: &'static str,
    nodes: &'a [&'a str],
    votes: usize,
}

impl<'a> From<&'a Cluster<'a>> for ClusterDto<'a> {
    fn from(of: &'a Cluster<'a>) -> Self {
        let finding = |fault: &'a Fault<'a>| FaultDto {
            code: fault.code.id,
            title: fault.code.title(),
            nodes: &fault.nodes,
            votes: fault.votes,
        };
        Self {
            name: &of.name,
            nodes: &of.nodes,
            votes: of.votes,
            at_once: of.at_once,
            waves: &of.waves,
            held: &of.held,
            findings: of.faults.iter().map(finding).collect(),
        }
    }
}
