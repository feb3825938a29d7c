//! What stands on what.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use loadworthy_formats::manifest::Class;

use super::catalogue::Want;

/// Which sort of thing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// A device, or an adapter.
    Device,
    /// A disk, a partition, a volume.
    Block,
    /// A file system and where it is mounted.
    Mount,
    /// A network interface.
    Interface,
    /// A pool of ZFS.
    Pool,
}

/// One thing of a host.
#[derive(Clone, Debug)]
pub struct Node {
    /// Which sort.
    pub sort: Sort,
    /// Its name: an address on a bus, `sda`, `/srv`, `eth0`.
    pub name: Arc<str>,
    /// Who asks, in the words of a verdict: `device pci:10df:f0f5`, `mount /srv`.
    pub label: String,
    /// What is lost: `disk sda`, `interface eth0 in bond0`.
    pub phrase: String,
    /// What it is for by itself.
    pub class: Class,
    /// Whether it is in use by itself: mounted, up.
    pub used: bool,
    /// What it asks the kernel for.
    pub wants: Vec<Want>,
    /// What it stands on.
    pub on: Vec<usize>,
}

/// A host's things, those below first.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    pub(super) nodes: Vec<Node>,
}

impl Graph {
    /// All things with their numbers.
    pub fn nodes(&self) -> impl Iterator<Item = (usize, &Node)> {
        self.nodes.iter().enumerate()
    }

    /// One thing.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<&Node> {
        self.nodes.get(at)
    }

    /// The thing of this sort and name.
    #[must_use]
    pub fn find(&self, sort: Sort, name: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.sort == sort && *node.name == *name)
    }

    /// Everything that stands directly on each thing.
    #[must_use]
    pub fn above(&self) -> Vec<Vec<usize>> {
        let mut above: Vec<Vec<usize>> = self.nodes.iter().map(|_| Vec::new()).collect();
        for (at, node) in self.nodes() {
            for below in &node.on {
                if let Some(own) = above.get_mut(*below) {
                    own.push(at);
                }
            }
        }
        above
    }

    /// `start` and everything below it.
    #[must_use]
    pub fn below(&self, start: usize) -> BTreeSet<usize> {
        reached(start, |at| self.get(at).map_or(&[], |node| node.on.as_slice()))
    }
}

/// `start` and everything that `next` leads to.
pub(super) fn reached<'n>(start: usize, next: impl Fn(usize) -> &'n [usize]) -> BTreeSet<usize> {
    let mut met = BTreeSet::new();
    let mut ahead = alloc::vec![start];
    while let Some(at) = ahead.pop() {
        if met.insert(at) {
            ahead.extend(next(at));
        }
    }
    met
}
