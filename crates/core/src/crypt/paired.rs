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
    let blocks = [one.0.as_chunks().0, other.0.as_chunks().0];
    let done = in_turns([&mut states.0, &mut states.1], blocks);
    [finished(states.0, one, done), finished(states.1, other, done)]
}

/// Bytes of a block of SHA-256.
const BLOCK: usize = 64;

/// As many blocks of the one as of the other, in turns; how many bytes of each that is.
fn in_turns([one, other]: [&mut Sha256; 2], [blocks, others]: [&[[u8; BLOCK]]; 2]) -> usize {
    for (block, another) in blocks.iter().zip(others) {
        one.update(block);
        other.update(another);
    }
    blocks.len().min(others.len()).saturating_mul(BLOCK)
}

/// The digests of two messages that lie in pieces.
#[must_use]
pub fn of_pieces<'m>(
    one: impl Iterator<Item = &'m [u8]>,
    other: impl Iterator<Item = &'m [u8]>,
) -> [[u8; 32]; 2] {
    let (mut one, mut other) = (Pieces::of(one), Pieces::of(other));
    loop {
        let blocks = [one.blocks(), other.blocks()];
        let done = in_turns([&mut one.state, &mut other.state], blocks);
        if done == 0 {
            return [one.finished(), other.finished()];
        }
        one.piece = one.piece.get(done..).unwrap_or_default();
        other.piece = other.piece.get(done..).unwrap_or_default();
    }
}

/// A message in pieces, on its way.
struct Pieces<'m, P> {
    state: Sha256,
    /// What is left of the present one.
    piece: &'m [u8],
    others: P,
    /// Bytes that the last block still wants.
    wanted: usize,
}

impl<'m, P: Iterator<Item = &'m [u8]>> Pieces<'m, P> {
    fn of(others: P) -> Self {
        Self { state: Sha256::new(), piece: &[], others, wanted: 0 }
    }

    /// The whole blocks that lie ahead, where none is begun; none: the message is at its end.
    fn blocks(&mut self) -> &'m [[u8; BLOCK]] {
        loop {
            let (blocks, _) = self.piece.as_chunks::<BLOCK>();
            if self.wanted == 0 && !blocks.is_empty() {
                return blocks;
            }
            // A block that lies across pieces is filled by itself.
            let room = if self.wanted == 0 { BLOCK } else { self.wanted };
            let (now, rest) = self.piece.split_at_checked(room).unwrap_or((self.piece, &[]));
            self.state.update(now);
            self.wanted = room.saturating_sub(now.len()) % BLOCK;
            self.piece = rest;
            if rest.is_empty() {
                match self.others.next() {
                    Some(next) => self.piece = next,
                    None => return &[],
                }
            }
        }
    }

    fn finished(mut self) -> [u8; 32] {
        self.state.update(self.piece);
        self.others.for_each(|piece| self.state.update(piece));
        self.state.finalize().into()
    }
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
    use super::{Digested, of_pieces, sha256};
    use crate::crypt::digest::{DigestAlgorithm, digest};
    use alloc::vec::Vec;

    #[test]
    fn a_message_in_pieces_has_the_digest_of_the_whole() {
        let bytes: Vec<u8> = (0..=250).cycle().take(1024).collect();
        let alone = |from: &[u8]| -> [u8; 32] {
            digest(DigestAlgorithm::Sha256, from).as_bytes().try_into().unwrap()
        };
        for hole in [0, 1, 4, 60, 63, 64, 65, 200] {
            for at in [0, 1, 59, 64, 100, 512] {
                for end in [0, 1, 64, 100] {
                    let pieces = [&bytes[..at], &bytes[at + hole..1024 - end], &[], &bytes[..end]];
                    let made = of_pieces(pieces.into_iter(), [&*bytes].into_iter());
                    assert_eq!(made, [alone(&pieces.concat()), alone(&bytes)], "{hole} {at} {end}");
                    let other = of_pieces([].into_iter(), pieces.into_iter());
                    assert_eq!(other, [alone(&[]), alone(&pieces.concat())], "{hole} {at} {end}");
                }
            }
        }
    }

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
