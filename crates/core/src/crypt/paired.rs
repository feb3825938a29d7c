//! SHA-256 of two messages side by side in one thread.
//!
//! With instructions for SHA-256 each round waits for the one before it; two messages whose blocks take turns
//! fill that time for each other.

use sha2::{Digest as _, Sha256};

/// A message: its beginning, which has a digest of its own, and the rest.
pub type Message<'m> = (&'m [u8], &'m [u8]);

/// Digests of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digested {
    /// Of its beginning.
    pub beginning: [u8; 32],
    /// Of all of it.
    pub whole: [u8; 32],
}

/// The digests of both messages.
#[must_use]
pub fn sha256(one: Message<'_>, other: Message<'_>) -> [Digested; 2] {
    let mut states = (Sha256::new(), Sha256::new());
    let (blocks, _) = one.0.as_chunks::<64>();
    let (others, _) = other.0.as_chunks::<64>();
    for (block, other) in blocks.iter().zip(others) {
        states.0.update(block);
        states.1.update(other);
    }
    let done = blocks.len().min(others.len()).saturating_mul(64);
    [finished(states.0, one, done), finished(states.1, other, done)]
}

/// What is left of a message, of whose beginning so many bytes are done.
fn finished(mut state: Sha256, (beginning, rest): Message<'_>, done: usize) -> Digested {
    state.update(beginning.get(done..).unwrap_or_default());
    let beginning = state.clone().finalize().into();
    state.update(rest);
    Digested { beginning, whole: state.finalize().into() }
}

#[cfg(test)]
mod tests {
    use super::{Digested, sha256};
    use crate::crypt::digest::{DigestAlgorithm, digest};
    use alloc::vec::Vec;

    #[test]
    fn two_messages_have_the_digests_that_each_has_alone() {
        let bytes: Vec<u8> = (0..=250).cycle().take(1024).collect();
        let alone = |from: &[u8]| -> [u8; 32] {
            digest(DigestAlgorithm::Sha256, from).as_bytes().try_into().unwrap()
        };
        let around = [0, 1, 55, 56, 63, 64, 65, 119, 127, 128, 129, 320, 511, 512];
        for one in around {
            for other in around {
                for rest in [0, 1, 64, 100] {
                    let (a, b) = (&bytes[..one + rest], &bytes[5..5 + other]);
                    let both = sha256(a.split_at(one), (b, &bytes[..rest]));
                    let wanted = [
                        Digested { beginning: alone(&a[..one]), whole: alone(a) },
                        Digested {
                            beginning: alone(b),
                            whole: alone(&[b, &bytes[..rest]].concat()),
                        },
                    ];
                    assert_eq!(both, wanted, "{one} {other} {rest}");
                }
            }
        }
    }
}
