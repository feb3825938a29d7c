//! Signatures that were found good before, in this run or an earlier one, by their fingerprints.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use loadworthy_core::crypt::good::{Fingerprint, Good};

use crate::keep::Keep;

/// So many are kept, 2 MiB; a tree has some four thousand. Beyond that only those of the last run are.
const MOST: usize = 1 << 16;

/// The signatures.
#[derive(Default)]
pub struct GoodSignatures {
    before: HashSet<Fingerprint>,
    now: Mutex<HashSet<Fingerprint>>,
}

impl fmt::Debug for GoodSignatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GoodSignatures({})", self.before.len())
    }
}

impl Good for GoodSignatures {
    fn holds(&self, signature: &Fingerprint) -> bool {
        self.before.contains(signature) || self.now().contains(signature)
    }

    fn keep(&self, signature: Fingerprint) {
        self.now().insert(signature);
    }
}

impl GoodSignatures {
    /// Those that are kept.
    #[must_use]
    pub fn read(keep: &Keep) -> Self {
        let bytes = keep.good_signatures().unwrap_or_default();
        let (all, []) = bytes.as_chunks() else { return Self::default() };
        Self { before: all.iter().copied().collect(), now: Mutex::default() }
    }

    fn now(&self) -> MutexGuard<'_, HashSet<Fingerprint>> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what was found since, if anything was.
    pub fn write(&self, keep: &Keep) {
        let now = self.now();
        if now.is_empty() {
            return;
        }
        let room = MOST.saturating_sub(now.len());
        let before = (self.before.len() <= room).then_some(&self.before);
        let all = now.iter().chain(before.into_iter().flatten());
        keep.put_good_signatures(&all.copied().collect::<Vec<_>>().concat());
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::GoodSignatures;
    use crate::keep::Keep;
    use loadworthy_core::crypt::good::Good;

    #[test]
    fn what_was_found_good_is_known_in_the_next_run() {
        let above = tempfile::tempdir().unwrap();
        let keep = Keep::open(&above.path().join("kept")).unwrap();
        for found in [[1; 32], [2; 32]] {
            let signatures = GoodSignatures::read(&keep);
            assert!(!signatures.holds(&found));
            signatures.keep(found);
            signatures.write(&keep);
        }
        let signatures = GoodSignatures::read(&keep);
        assert!(signatures.holds(&[1; 32]) && signatures.holds(&[2; 32]));
        assert!(!signatures.holds(&[3; 32]));
        keep.put_good_signatures(&[1; 33]);
        assert!(!GoodSignatures::read(&keep).holds(&[1; 32]));
    }
}
