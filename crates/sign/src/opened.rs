//! What a locked file of keys holds, for whoever only wants to know: certificates leave, keys do not.

use crate::secret::Secret;
use crate::signers::pkcs12;

/// What is in a PKCS#12 file.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Its certificates (DER), in order.
    pub certificates: Vec<Vec<u8>>,
    /// How many private keys it holds.
    pub keys: usize,
    /// Whether a part of it is locked in a way that is not read.
    pub has_other_locks: bool,
}

/// Opens a PKCS#12 file; `None`: the passphrase does not.
#[must_use]
pub fn pkcs12(bytes: &[u8], passphrase: &Secret) -> Option<Opened> {
    let found = pkcs12::unlock(bytes, passphrase).ok()?;
    Some(Opened {
        certificates: found.certificates,
        keys: found.keys.len(),
        has_other_locks: found.has_other_locks,
    })
}
