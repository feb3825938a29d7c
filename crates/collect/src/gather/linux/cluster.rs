//! The cluster that a machine is a node of: Kubernetes by the certificate of its authority, which every
//! node holds, Corosync by its name. No file with a key or a token is read.
//!
//! Sources: kubeadm, *PKI certificates and requirements*; K3s, RKE2, MicroK8s, AKS and OpenShift, their
//! places for the same; corosync.conf(5). A majority of etcd's members must be up: etcd, *FAQ*.

use std::sync::Arc;

use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_core::facts::cluster::Membership;
use loadworthy_core::proof::text;
use loadworthy_formats::kernel::settings;
use loadworthy_formats::manifest::Rollback;
use loadworthy_formats::text::hex;

use crate::gather::looking::Looking;
use crate::item::{HostPath, Item};

/// Where nodes keep the certificate of their cluster's authority.
const AUTHORITIES: [&str; 6] = [
    "etc/kubernetes/pki/ca.crt",
    "etc/kubernetes/certs/ca.crt",
    "etc/kubernetes/kubelet-ca.crt",
    "var/lib/rancher/k3s/agent/server-ca.crt",
    "var/lib/rancher/rke2/agent/server-ca.crt",
    "var/snap/microk8s/current/certs/ca.crt",
];

/// Folders in which this name stands for a member of etcd.
const MEMBERS: [(&str, &str); 3] = [
    ("etc/kubernetes/manifests", "etcd.yaml"),
    ("var/lib/rancher/k3s/server/db", "etcd"),
    ("var/lib/rancher/rke2/server/db", "etcd"),
];

/// Digits of a digest that tell clusters apart.
const DIGITS: usize = 12;

/// What the machine shows of its cluster, `owner` being what its manifest says of it and `out_of_turn`
/// what [`super::way_back::out_of_turn`] found; `None`: it is no node that is known.
#[must_use]
pub fn gather(
    looking: &Looking<'_>,
    owner: &Rollback,
    out_of_turn: Option<Arc<str>>,
) -> Option<Membership> {
    let authority = AUTHORITIES.iter().find_map(|path| {
        let bytes = looking.bytes(&Item::file(*path), looking.limits.text_bytes).ok()?;
        let sha256 = hex(digest(DigestAlgorithm::Sha256, &bytes).as_bytes());
        Some(format!("kubernetes {}", sha256.get(..DIGITS)?))
    });
    let corosync = looking.bytes(&Item::file("etc/corosync/corosync.conf"), 1 << 20).ok();
    let corosync = corosync.map(|bytes| {
        let lines = settings::read(&bytes, looking.limits).map(|read| read.value);
        let name = lines.ok().and_then(|l| settings::last(&l, "cluster_name:").map(str::to_owned));
        format!("corosync {}", name.unwrap_or_default()).trim_end().to_owned()
    });
    let member = MEMBERS.iter().any(|(folder, name)| {
        let names = looking.names(&Item::Entries(HostPath::new(folder))).unwrap_or_default();
        names.iter().any(|entry| entry.name == name.as_bytes())
    });
    // Each node of Corosync has a vote unless it says otherwise (votequorum(5)).
    let votes = member || (authority.is_none() && corosync.is_some());
    let cluster = owner.cluster.clone().or(authority).or(corosync)?;
    Some(Membership { cluster: text(cluster), votes, out_of_turn, at_once: owner.at_once })
}
