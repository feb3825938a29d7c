//! What is lost without a thing: the disks, file systems and interfaces that stand on it.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::graph::{Graph, Sort, reached};

/// So many names are told before the rest is counted.
const NAMED: usize = 6;

/// What is lost without the thing at `start`, `above` being what stands on each.
pub(super) fn without(graph: &Graph, above: &[Vec<usize>], start: usize) -> Vec<String> {
    let Some(node) = graph.get(start) else { return Vec::new() };
    let tops = match node.sort {
        Sort::Device => first(graph, above, start),
        Sort::Block | Sort::Mount | Sort::Interface | Sort::Pool => alloc::vec![start],
    };
    if tops.is_empty() {
        return alloc::vec![node.phrase.clone()];
    }
    let mut lost = Vec::new();
    // Disks under the same file systems are told together.
    let mut disks: BTreeMap<Vec<&str>, Vec<&str>> = BTreeMap::new();
    for at in tops {
        let Some(top) = graph.get(at) else { continue };
        if top.sort == Sort::Block {
            disks.entry(mounted(graph, above, at)).or_default().push(&top.phrase);
        } else {
            lost.push(top.phrase.clone());
        }
    }
    for (mounts, disks) in disks {
        let mut phrase = together(&disks);
        if !mounts.is_empty() {
            phrase.push_str(&format!(", mounted at {}", listed(&mounts)));
        }
        lost.push(phrase);
    }
    lost.sort();
    lost.dedup();
    lost
}

/// The first things above a device that people have a name for.
fn first(graph: &Graph, above: &[Vec<usize>], start: usize) -> Vec<usize> {
    let mut tops = Vec::new();
    let mut ahead = above.get(start).cloned().unwrap_or_default();
    let mut met = alloc::collections::BTreeSet::new();
    while let Some(at) = ahead.pop() {
        if !met.insert(at) {
            continue;
        }
        match graph.get(at).map(|node| node.sort) {
            Some(Sort::Device) => ahead.extend(above.get(at).into_iter().flatten()),
            Some(_) => tops.push(at),
            None => {}
        }
    }
    tops.sort_unstable();
    tops
}

/// Where something that stands on a block device is mounted.
fn mounted<'g>(graph: &'g Graph, above: &[Vec<usize>], start: usize) -> Vec<&'g str> {
    let all = reached(start, |at| above.get(at).map_or(&[], Vec::as_slice));
    let mounts = all.into_iter().filter_map(|at| graph.get(at));
    let mounts = mounts.filter(|node| node.sort == Sort::Mount);
    let mut places: Vec<&str> = mounts.map(|node| &*node.name).collect();
    places.sort_unstable();
    places
}

/// `disk sda`, `disk sda, disk sdb`, and how many more.
fn together(phrases: &[&str]) -> String {
    listed(phrases)
}

fn listed(names: &[&str]) -> String {
    let told = names.get(..NAMED).unwrap_or(names);
    let mut list = told.join(", ");
    let more = names.len().saturating_sub(told.len());
    if more > 0 {
        list.push_str(&format!(" and {more} more"));
    }
    list
}
