//! The cluster that a machine is a node of.

use alloc::sync::Arc;

/// What a machine shows of its place in a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// What its nodes have in common: the owner's name for it, the digest of its authority, its own name.
    pub cluster: Arc<str>,
    /// Whether it votes: a majority of those that do must be up.
    pub votes: bool,
    /// The setting by which it reboots on its own, without asking the others.
    pub out_of_turn: Option<Arc<str>>,
    /// So many nodes may be rebooted at once, as its owner says.
    pub at_once: Option<u32>,
}
