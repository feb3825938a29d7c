//! `proc_keys`: keyrings, public keys and denied hashes. Which keyring holds which key the file does
//! not say.

use std::collections::BTreeMap;

use loadworthy_formats::error::{Error, Parsed};
use loadworthy_formats::kernel::proc_keys::{self, What};
use loadworthy_formats::limits::Limits;
use serde::Serialize;

use crate::inspect::page::Page;

/// The keys that whoever wrote the file could see.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Keys {
    /// How many lines there are.
    pub entries: usize,
    /// Keyrings in their order.
    pub keyrings: Vec<Keyring>,
    /// Public keys in their order.
    pub public_keys: Vec<PublicKey>,
    /// How many hashes are denied, by what they are of: `bin`, `tbs`.
    pub denied: BTreeMap<String, usize>,
    /// How many keys of other types there are, by type.
    pub others: BTreeMap<String, usize>,
}

/// A keyring.
#[derive(Clone, Debug, Serialize)]
pub struct Keyring {
    /// Its name.
    pub name: String,
    /// Its serial number.
    pub serial: String,
    /// How many keys it links.
    pub keys: Option<u64>,
}

/// A public key.
#[derive(Clone, Debug, Serialize)]
pub struct PublicKey {
    /// The name that the kernel made from the subject.
    pub subject: String,
    /// Its key identifier.
    pub id: String,
    /// Its algorithm.
    pub algorithm: Option<String>,
    /// Its serial number.
    pub serial: String,
}

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<Keys>, Error> {
    let Parsed { value: keys, deviations } = proc_keys::read(bytes, limits)?;
    let mut value = Keys { entries: keys.len(), ..Keys::default() };
    for key in keys {
        let serial = format!("{:08x}", key.serial);
        match key.what {
            What::Keyring { name, keys } => value.keyrings.push(Keyring { name, serial, keys }),
            What::Asymmetric { subject, id, algorithm } => {
                value.public_keys.push(PublicKey { subject, id, algorithm, serial });
            }
            What::Denied { of, .. } => *value.denied.entry(of).or_default() += 1,
            What::Other => *value.others.entry(key.kind).or_default() += 1,
        }
    }
    Ok(Parsed { value, deviations })
}

impl Keys {
    pub(super) fn headline(&self) -> String {
        format!("{} keyrings, {} public keys", self.keyrings.len(), self.public_keys.len())
    }

    pub(super) fn text(&self, page: &mut Page) {
        let count = |keys: Option<u64>| keys.map_or_else(|| "?".to_owned(), |n| n.to_string());
        let rings = self.keyrings.iter().map(|ring| format!("{} {}", ring.name, count(ring.keys)));
        page.several("keyrings", &rings.collect::<Vec<_>>(), 40);
        let keys = self.public_keys.iter().map(|key| {
            format!("{} {} {}", key.subject, key.id, key.algorithm.as_deref().unwrap_or_default())
        });
        page.several("public keys", &keys.collect::<Vec<_>>(), 40);
        for (label, counts) in [("denied", &self.denied), ("others", &self.others)] {
            let counts: Vec<_> = counts.iter().map(|(of, n)| format!("{of} {n}")).collect();
            page.several(label, &counts, 10);
        }
    }
}
