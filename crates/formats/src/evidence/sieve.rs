//! Finds where one of many literals stands in a text, fast where there are none.
//!
//! Each literal has a sample of its bytes in a table of bits, one for each of the two ways in which it can lie
//! to even places; so that every second place is looked at, without a branch, and what has no bit is passed
//! by. What has one is compared.

use crate::reader::index;

/// Bytes of a sample.
const SAMPLE: usize = 4;
/// Bytes between two places that are looked at.
const STEP: usize = 2;
/// Places that are looked at in one go.
const PLACES: usize = 8;
/// Bytes that they take.
const PIECE: usize = PLACES * STEP + SAMPLE - STEP;
/// The number of bits is 2 to the power of this: 128 KiB, of which a text touches few.
const BITS: u32 = 20;
const WORDS: usize = 1 << (BITS - 6);

/// The literals, made ready.
#[derive(Debug)]
pub(super) struct Sieve {
    bits: Box<[u64; WORDS]>,
    /// In the order of their bits.
    samples: Vec<Sample>,
    /// Where the samples of each word of bits begin.
    begins: Vec<usize>,
    literals: Vec<Vec<u8>>,
    /// Whether a literal has less than three bytes: such a one stands in about every line.
    everywhere: bool,
}

/// One sample of one literal.
#[derive(Clone, Copy, Debug)]
struct Sample {
    bit: u64,
    literal: usize,
    /// Where the literal begins, from the sample's place on.
    from: isize,
}

impl Sieve {
    /// Makes literals ready. One that holds another one finds nothing that the shorter one does not.
    pub(super) fn new(literals: Vec<Vec<u8>>) -> Self {
        let mut samples = Vec::new();
        for (literal, bytes) in literals.iter().enumerate() {
            for (sample, from) in samples_of(bytes) {
                let bit = bit(u32::from_le_bytes(sample).into());
                samples.push(Sample { bit, literal, from });
            }
        }
        samples.sort_by_key(|sample| sample.bit);
        let mut bits = Box::new([0; WORDS]);
        for sample in &samples {
            if let Some(word) = bits.get_mut(index(sample.bit >> 6)) {
                *word |= 1_u64.wrapping_shl(within(sample.bit));
            }
        }
        let first = |word: u64| samples.partition_point(|sample| sample.bit >> 6 < word);
        let begins = (0..=1 << (BITS - 6)).map(first).collect();
        let everywhere = literals.iter().any(|literal| literal.len() < 3);
        Self { bits, samples, begins, literals, everywhere }
    }

    /// A place in the first line, from `from` on, in which a literal stands.
    pub(super) fn find(&self, text: &[u8], from: usize) -> Option<usize> {
        if self.everywhere {
            return (from < text.len()).then_some(from);
        }
        let mut at = from;
        while let Some(piece) = text.get(at..).and_then(<[u8]>::first_chunk::<PIECE>) {
            let (words, last) = piece.as_chunks::<8>();
            let &[one, other] = words else { return None };
            let &[low, high] = last else { return None };
            let (one, other) = (u64::from_le_bytes(one), u64::from_le_bytes(other));
            let last = u16::from_le_bytes([low, high]);
            let mut known = self.known(one, other) | self.known(other, last.into()).wrapping_shl(4);
            while known != 0 {
                let place =
                    at.saturating_add(index(known.trailing_zeros().into()).saturating_mul(STEP));
                if let Some(found) = self.stands(text, from, place) {
                    return Some(found);
                }
                known &= known.wrapping_sub(1);
            }
            at = at.saturating_add(PLACES * STEP);
        }
        (at..text.len()).step_by(STEP).find_map(|place| self.stands(text, from, place))
    }

    /// Which of the four samples that begin in these eight bytes have their bits.
    fn known(&self, word: u64, next: u64) -> u64 {
        let across = word.wrapping_shr(48) | next.wrapping_shl(16);
        let is_set = |sample| {
            let bit = bit(sample);
            let word = self.bits.get(index(bit >> 6)).copied().unwrap_or_default();
            word.wrapping_shr(within(bit)) & 1
        };
        is_set(word)
            | is_set(word.wrapping_shr(16)) << 1
            | is_set(word.wrapping_shr(32)) << 2
            | is_set(across) << 3
    }

    /// Where a literal begins whose sample stands at this place.
    fn stands(&self, text: &[u8], from: usize, place: usize) -> Option<usize> {
        let there = text.get(place..)?;
        let sample = there.first_chunk().copied().unwrap_or_else(|| {
            // The end of the text: what would stand behind it may be anything.
            let mut sample = [0; SAMPLE];
            sample.iter_mut().zip(there).for_each(|(to, byte)| *to = *byte);
            sample
        });
        let bit = bit(u32::from_le_bytes(sample).into());
        let word = index(bit >> 6);
        let begin = self.begins.get(word).copied()?;
        let end = self.begins.get(word.saturating_add(1)).copied()?;
        self.samples.get(begin..end)?.iter().filter(|s| s.bit == bit).find_map(|sample| {
            let start = place.checked_add_signed(sample.from).filter(|at| *at >= from)?;
            let literal = self.literals.get(sample.literal)?;
            text.get(start..)?.starts_with(literal).then_some(start)
        })
    }
}

/// The number of a sample's bit; the sample is in the low bytes.
const fn bit(sample: u64) -> u64 {
    // The golden ratio, as Knuth has it, The Art of Computer Programming 3, 6.4.
    sample.wrapping_shl(32).wrapping_mul(0x9e37_79b9).wrapping_shr(64 - BITS)
}

/// Its place in its word of bits.
fn within(bit: u64) -> u32 {
    u32::try_from(bit & 63).unwrap_or(0)
}

/// Samples of a literal of which one stands at an even place, wherever the literal begins; and where it
/// begins from there.
fn samples_of(literal: &[u8]) -> Vec<([u8; SAMPLE], isize)> {
    // What stands beside a literal that is no longer than a sample may be anything.
    let with = |byte: u8, at: usize, known: [u8; 3]| {
        let [a, b, c] = known;
        if at == 0 { [byte, a, b, c] } else { [a, b, c, byte] }
    };
    match *literal {
        [a, b, c] => (0..=255)
            .flat_map(|any| [(with(any, 0, [a, b, c]), 1), (with(any, 3, [a, b, c]), 0)])
            .collect(),
        [a, b, c, d] => {
            let odd = (0..=255).map(|any| (with(any, 0, [a, b, c]), 1));
            odd.chain([([a, b, c, d], 0)]).collect()
        }
        _ => {
            let rarest = literal
                .windows(SAMPLE + 1)
                .enumerate()
                .min_by_key(|(_, both)| both.windows(SAMPLE).map(common).max());
            let Some((at, &[a, b, c, d, e])) = rarest else { return Vec::new() };
            let from = isize::try_from(at).unwrap_or_default().wrapping_neg();
            vec![([a, b, c, d], from), ([b, c, d, e], from.wrapping_sub(1))]
        }
    }
}

/// How common a sample is in logs, roughly: a rare one is seldom compared in vain.
fn common(sample: &[u8]) -> usize {
    const MOST: &[u8] = b"e tainorsld0123456789cumpfghbvywk.:-[]=/";
    let of_byte = |byte: &u8| MOST.iter().rev().position(|known| known == byte);
    let bytes: usize = sample.iter().filter_map(of_byte).sum();
    // Two words that stand beside each other say more than the inside, the beginning or the end of one.
    let inside = sample.get(1..3).unwrap_or_default();
    let across = inside.iter().any(|byte| !byte.is_ascii_alphanumeric());
    if across { bytes } else { bytes.saturating_add(MOST.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_is_found_wherever_it_stands() {
        let words = ["INF", "dkms", "EPERM", "ENOKEY", "2148081669", "signature", "ßchlüssel"];
        let literals: Vec<Vec<u8>> = words.iter().map(|w| w.as_bytes().to_vec()).collect();
        let sieve = Sieve::new(literals);
        for word in words {
            for before in 0..40 {
                for after in [0, 1, 2, 3, 17, 40] {
                    let text =
                        [&b"-".repeat(before), word.as_bytes(), &b"\n".repeat(after)].concat();
                    for from in 0..=before {
                        assert_eq!(
                            sieve.find(&text, from),
                            Some(before),
                            "{word} {before} {after}"
                        );
                    }
                    assert_eq!(sieve.find(&text, before + 1), None, "{word} {before} {after}");
                }
            }
        }
    }

    #[test]
    fn literals_that_share_samples_are_told_apart() {
        let sieve =
            Sieve::new([&b"Key was rejected"[..], b"Key was taken"].map(<[u8]>::to_vec).into());
        assert_eq!(sieve.find(b"Key was lost, Key was taken", 0), Some(14));
        assert_eq!(sieve.find(b"Key was lost", 0), None);
    }

    #[test]
    fn a_literal_of_two_bytes_is_everywhere() {
        let sieve = Sieve::new(vec![b"ab".to_vec()]);
        assert_eq!((sieve.find(b"x\nab", 1), sieve.find(b"x", 1)), (Some(1), None));
    }
}
