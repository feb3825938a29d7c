//! From one key to another on many machines, without a moment in which a driver does not load.
//!
//! The new key is enrolled everywhere first; until it is trusted everywhere, what is signed for all is
//! signed with the old one; then every module of the old key is signed with the new; last the old key
//! goes, machine by machine, where no module depends on it any more.

use super::described::Described;
use super::found::{Counts, OfHost, User};
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

/// What comes next on a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The machine cannot verify signatures by the new key.
    Impossible,
    /// Something that decides was not seen.
    Unknown,
    /// Enrol the new key.
    Enrol,
    /// A request for the new key waits for a person.
    Confirm,
    /// Wait: other machines do not trust the new key yet.
    Wait,
    /// Sign the old key's modules with the new one.
    Sign,
    /// Remove the old key.
    Retire,
    /// Nothing is left to do.
    Done,
}

impl Step {
    /// The word used in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Impossible => "impossible",
            Self::Unknown => "unknown",
            Self::Enrol => "enroll",
            Self::Confirm => "confirm",
            Self::Wait => "wait",
            Self::Sign => "sign",
            Self::Retire => "retire",
            Self::Done => "done",
        }
    }
}

/// One machine.
#[derive(Clone, Debug)]
pub struct Machine {
    /// What it is called.
    pub name: String,
    /// What comes next.
    pub step: Step,
    /// Whether it trusts the old key for modules.
    pub old: Counts,
    /// Whether it trusts the new key for modules.
    pub new: Counts,
    /// Modules that the old key signed.
    pub modules: Vec<User>,
}

/// The plan.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// As of when.
    pub at: String,
    /// The key that goes.
    pub old: Described,
    /// The key that comes.
    pub new: Described,
    /// Which of them every machine trusts now, so that one signature serves all: the new one where
    /// it does.
    pub sign_with: Option<&'static str>,
    /// One a machine.
    pub machines: Vec<Machine>,
}

/// Whether every kernel of a machine trusts a key; the weakest answer counts.
fn trusted(host: &OfHost, key: &Described) -> Counts {
    let of = |keys: &[super::found::Key]| {
        keys.iter().find(|k| k.certificate.der == key.der).map_or(Counts::No, |k| k.counts)
    };
    let all: Vec<Counts> = host.kernels.iter().map(|kernel| of(&kernel.keys)).collect();
    [Counts::No, Counts::Against, Counts::Unknown]
        .into_iter()
        .find(|counts| all.contains(counts))
        .unwrap_or(if all.is_empty() { Counts::Unknown } else { Counts::Yes })
}

/// Draws the plan. `verifiable`: whether each machine has the arithmetic of the new key.
#[must_use]
pub fn plan(
    at: &str,
    hosts: &[OfHost],
    old: &Described,
    new: &Described,
    verifiable: &[Option<bool>],
) -> Rotation {
    let mut machines: Vec<Machine> = Vec::new();
    for (n, host) in hosts.iter().enumerate() {
        let keys = || host.kernels.iter().flat_map(|kernel| &kernel.keys);
        let mut seen = BTreeSet::new();
        let modules: Vec<User> = keys()
            .filter(|key| key.certificate.der == old.der)
            .flat_map(|key| key.used_by.iter().cloned())
            .filter(|user| seen.insert(user.path.clone()))
            .collect();
        let waits = keys().any(|key| {
            key.certificate.der == new.der && key.places.iter().any(|p| &*p.list == "MokNew")
        });
        let (is_old, is_new) = (trusted(host, old), trusted(host, new));
        let step = match (verifiable.get(n).copied().flatten(), is_new) {
            (Some(false), _) => Step::Impossible,
            (_, Counts::Unknown) => Step::Unknown,
            (_, Counts::Yes) if !modules.is_empty() => Step::Sign,
            (_, Counts::Yes) if is_old == Counts::No => Step::Done,
            (_, Counts::Yes) => Step::Retire,
            (_, Counts::No | Counts::Against) if waits => Step::Confirm,
            (_, Counts::No | Counts::Against) => Step::Enrol,
        };
        machines.push(Machine { name: host.name.clone(), step, old: is_old, new: is_new, modules });
    }
    let all = |trusts: fn(&Machine) -> bool| !machines.is_empty() && machines.iter().all(trusts);
    let everywhere = all(|m| m.new == Counts::Yes);
    let sign_with = match everywhere {
        true => Some("new"),
        false => all(|m| m.old == Counts::Yes).then_some("old"),
    };
    if !everywhere {
        // A module built for all must load on all: nobody signs with the new key before.
        for machine in &mut machines {
            if matches!(machine.step, Step::Sign | Step::Retire) {
                machine.step = Step::Wait;
            }
        }
    }
    Rotation { at: at.into(), old: old.clone(), new: new.clone(), sign_with, machines }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{Host, Platform};
    use crate::keys::found::{Key, OfKernel};
    use crate::proof::{Origin, text};
    use alloc::vec;

    fn key(name: &str, counts: Counts, users: usize) -> Key {
        let mut certificate = crate::keys::lint::tests::good();
        certificate.der = name.as_bytes().into();
        let user = |n: usize| User {
            module: text("m"),
            path: text(alloc::format!("{n}")),
            outcome: "loads",
            required_by: Vec::new(),
        };
        Key {
            certificate,
            places: Vec::new(),
            of_vendor: false,
            keyrings: Vec::new(),
            counts,
            used_by: (0..users).map(user).collect(),
            findings: Vec::new(),
        }
    }

    fn host(keys: Vec<Key>) -> OfHost {
        OfHost {
            name: String::new(),
            host: Host {
                source: Origin::Root,
                platform: Platform::Linux,
                kernel: None,
                kernels: Vec::new(),
                secure_boot: None,
                lockdown: None,
                started_by: None,
                node_of: None,
            },
            profile: None,
            kernels: vec![OfKernel {
                release: text("6.1"),
                keyrings: Vec::new(),
                keys,
                unseen: Vec::new(),
                strangers: Vec::new(),
                unsigned: Vec::new(),
                modules: 0,
            }],
        }
    }

    #[test]
    fn nobody_signs_with_the_new_key_before_everybody_trusts_it() {
        let old = |counts, users| key("old", counts, users);
        let new = |counts| key("new", counts, 0);
        let (a, b) = (old(Counts::Yes, 1).certificate, new(Counts::Yes).certificate);
        let steps = |hosts: &[OfHost]| {
            let seen = vec![Some(true); hosts.len()];
            let plan = plan("", hosts, &a, &b, &seen);
            (plan.sign_with, plan.machines.iter().map(|m| m.step).collect::<Vec<_>>())
        };
        let ready = || host(vec![old(Counts::Yes, 2), new(Counts::Yes)]);
        let behind = host(vec![old(Counts::Yes, 2)]);
        assert_eq!(steps(&[ready(), behind]), (Some("old"), vec![Step::Wait, Step::Enrol]));
        let signed = host(vec![old(Counts::Yes, 0), new(Counts::Yes)]);
        let done = host(vec![new(Counts::Yes)]);
        assert_eq!(
            steps(&[ready(), signed, done]),
            (Some("new"), vec![Step::Sign, Step::Retire, Step::Done])
        );
        let unable = plan("", &[ready()], &a, &b, &[Some(false)]);
        assert_eq!(unable.machines[0].step, Step::Impossible);
    }
}
