//! Nothing that holds a private key or a password is among what we may read of a machine.

use super::Complaint;
use crate::generate::reads;
use crate::tree::Source;

/// Ends of names that private keys have, and files of passwords.
const DENIED: [&str; 10] = [
    ".priv",
    ".key",
    ".p12",
    ".pfx",
    ".pem",
    "signing_key",
    "id_rsa",
    "etc/shadow",
    "etc/gshadow",
    "mok.priv",
];

/// Checks the list of everything that may be read.
#[must_use]
pub fn check(rust: &[Source]) -> Vec<Complaint> {
    let Some(source) = rust.iter().find(|s| s.path == "crates/collect/src/item.rs") else {
        return Vec::new();
    };
    reads(&source.text)
        .iter()
        .filter_map(|[pattern, ..]| {
            let denied = DENIED.iter().find(|d| pattern.to_lowercase().ends_with(**d))?;
            Some(Complaint::new(&source.path, 0, format!("{pattern}: `{denied}` is never read")))
        })
        .collect()
}
