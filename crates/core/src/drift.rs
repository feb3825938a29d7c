//! Two portraits of machines → what differs between them.
//!
//! A portrait is what was seen of a machine, topic by topic, each thing under a name that stays the same
//! from machine to machine. A thing that one portrait lacks is absent there only where that topic was
//! seen whole; otherwise it is not known. Pure: nothing here looks at a machine.

use crate::answer::Host;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

/// What a difference is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// The kernel that starts next.
    Kernel,
    /// Whether Secure Boot is on, as the kernel will see it.
    SecureBoot,
    /// Whether shim validates.
    ShimValidation,
    /// Whether the kernel insists on signatures.
    Enforcement,
    /// Whether the kernel is locked down.
    Lockdown,
    /// Whether loading is switched off.
    Loading,
    /// Parameters of the kernel's command line.
    CommandLine,
    /// Certificates of the firmware's db.
    Db,
    /// Entries of the firmware's deny list.
    Dbx,
    /// Machine owner keys.
    OwnerKey,
    /// What machine owners deny.
    OwnerDenied,
    /// Certificates built into the kernel.
    BuiltinKey,
    /// The revocation level.
    SbatLevel,
    /// Requests that wait for the next boot.
    Pending,
    /// What modprobe is told to leave alone or to do instead.
    Modprobe,
    /// Files of modules.
    Module,
    /// Who signed a module.
    Signer,
}

impl Topic {
    /// The word used in text and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kernel => "kernel",
            Self::SecureBoot => "secure-boot",
            Self::ShimValidation => "shim-validation",
            Self::Enforcement => "signatures-enforced",
            Self::Lockdown => "locked-down",
            Self::Loading => "loading-disabled",
            Self::CommandLine => "command-line",
            Self::Db => "db",
            Self::Dbx => "dbx",
            Self::OwnerKey => "machine-owner-key",
            Self::OwnerDenied => "machine-owner-denied",
            Self::BuiltinKey => "built-in-key",
            Self::SbatLevel => "sbat-level",
            Self::Pending => "pending-requests",
            Self::Modprobe => "modprobe-config",
            Self::Module => "module",
            Self::Signer => "module-signer",
        }
    }
}

/// What was seen of a machine.
#[derive(Clone, Debug, Default)]
pub struct Portrait {
    seen: BTreeMap<(Topic, String), String>,
    whole: BTreeSet<Topic>,
}

impl Portrait {
    /// Adds what was seen under a name; topics of one thing have the empty name.
    pub fn add(&mut self, topic: Topic, name: impl Into<String>, value: impl Into<String>) {
        self.seen.insert((topic, name.into()), value.into());
    }

    /// Notes that nothing else of this topic is there.
    pub fn whole(&mut self, topic: Topic) {
        self.whole.insert(topic);
    }

    fn side(&self, key: &(Topic, String)) -> Side {
        match self.seen.get(key) {
            Some(value) => Side::Is(value.clone()),
            None if self.whole.contains(&key.0) => Side::Absent,
            None => Side::Unknown,
        }
    }
}

/// What stands on one side of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    /// This.
    Is(String),
    /// Nothing of that name.
    Absent,
    /// It was not seen.
    Unknown,
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it is about.
    pub topic: Topic,
    /// Which: a digest, a parameter, a module; empty where there is only one.
    pub name: String,
    /// On the first machine.
    pub a: Side,
    /// On the second.
    pub b: Side,
}

impl Difference {
    /// Whether both sides are known; otherwise it may be none.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.a != Side::Unknown && self.b != Side::Unknown
    }
}

/// Everything that differs between two portraits, topic by topic.
#[must_use]
pub fn between(a: &Portrait, b: &Portrait) -> Vec<Difference> {
    let keys: BTreeSet<&(Topic, String)> = a.seen.keys().chain(b.seen.keys()).collect();
    keys.into_iter()
        .map(|key| Difference { topic: key.0, name: key.1.clone(), a: a.side(key), b: b.side(key) })
        .filter(|difference| difference.a != difference.b)
        .collect()
}

/// A verdict in two words: the outcome, and the code that decided.
pub type Outcome = (&'static str, Option<&'static str>);

/// A verdict that is another one on the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The module.
    pub name: String,
    /// On the first machine; nothing where it was not asked about there.
    pub a: Option<Outcome>,
    /// On the second machine, or on the first with one thing as on the second.
    pub b: Option<Outcome>,
}

/// A difference and what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The difference.
    pub difference: Difference,
    /// Verdicts of the first machine that turn when only this topic is as on the second; nothing
    /// where that was not tried.
    pub turns: Option<Vec<Change>>,
}

/// Two machines, compared.
#[derive(Clone, Debug)]
pub struct Compared {
    /// As of when, as `2026-11-21T00:00:00Z`.
    pub at: String,
    /// The first machine: how it was named, and in a few words.
    pub a: (String, Host),
    /// The second.
    pub b: (String, Host),
    /// What differs.
    pub told: Vec<Told>,
    /// Verdicts that differ.
    pub verdicts: Vec<Change>,
}

impl Compared {
    /// Whether something differs for certain.
    #[must_use]
    pub fn differ(&self) -> bool {
        !self.verdicts.is_empty() || self.told.iter().any(|told| told.difference.is_certain())
    }

    /// Whether something may differ that was not seen on both sides.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.told.iter().any(|told| !told.difference.is_certain())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_side_lacks_is_absent_only_where_the_topic_was_seen_whole() {
        let mut a = Portrait::default();
        a.add(Topic::SecureBoot, "", "on");
        a.add(Topic::OwnerKey, "aa", "CN=owner");
        a.add(Topic::Db, "bb", "CN=vendor");
        a.add(Topic::Lockdown, "", "yes");
        let mut b = Portrait::default();
        b.add(Topic::SecureBoot, "", "off");
        b.whole(Topic::OwnerKey);
        b.add(Topic::Lockdown, "", "yes");
        let found = between(&a, &b);
        let sides: Vec<_> = found.iter().map(|d| (d.topic, d.b.clone(), d.is_certain())).collect();
        assert_eq!(
            sides,
            [
                (Topic::SecureBoot, Side::Is("off".into()), true),
                (Topic::Db, Side::Unknown, false),
                (Topic::OwnerKey, Side::Absent, true),
            ]
        );
        assert_eq!(between(&a, &a), []);
    }
}
