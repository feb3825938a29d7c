//! Text in UTF-16 made UTF-8 while it streams by; anything else is left as it is.
//!
//! Windows tools and PowerShell's `>` write UTF-16. Sources: Unicode 15, 3.10; RFC 2781.

/// How a text is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, or anything else in which ASCII is ASCII.
    Bytes,
    /// UTF-16, the low byte first.
    Utf16Le,
    /// UTF-16, the high byte first.
    Utf16Be,
}

/// The encoding that the start of a text shows: a byte order mark, or ASCII with a zero beside
/// each letter.
#[must_use]
pub fn detect(head: &[u8]) -> Encoding {
    match head {
        [0xff, 0xfe, ..] => Encoding::Utf16Le,
        [0xfe, 0xff, ..] => Encoding::Utf16Be,
        _ => {
            let sample = head.get(..head.len().min(256)).unwrap_or_default();
            let zeros =
                |odd: usize| sample.iter().skip(odd).step_by(2).filter(|b| **b == 0).count();
            let enough = sample.len().max(8).saturating_mul(3) >> 3;
            match (zeros(0) >= enough, zeros(1) >= enough) {
                (false, true) => Encoding::Utf16Le,
                (true, false) => Encoding::Utf16Be,
                _ => Encoding::Bytes,
            }
        }
    }
}

/// Turns a stream of UTF-16 into UTF-8; what is cut between two pieces is kept for the next.
#[derive(Clone, Debug)]
pub struct Decoder {
    encoding: Encoding,
    half: Option<u8>,
    high: Option<u16>,
}

impl Decoder {
    /// A decoder at the start of a stream.
    #[must_use]
    pub const fn new(encoding: Encoding) -> Self {
        Self { encoding, half: None, high: None }
    }

    /// Adds `piece` to `out` as UTF-8. Halves without their other half become the replacement
    /// character.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        if self.encoding == Encoding::Bytes {
            out.extend_from_slice(piece);
            return;
        }
        for byte in piece {
            let Some(first) = self.half.take() else {
                self.half = Some(*byte);
                continue;
            };
            let unit = match self.encoding {
                Encoding::Utf16Be => u16::from_be_bytes([first, *byte]),
                Encoding::Utf16Le | Encoding::Bytes => u16::from_le_bytes([first, *byte]),
            };
            let units: &[u16] = match self.high.take() {
                Some(high) => &[high, unit],
                None if matches!(unit, 0xd800..=0xdbff) => {
                    self.high = Some(unit);
                    continue;
                }
                None => &[unit],
            };
            for c in char::decode_utf16(units.iter().copied()) {
                let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
                if c != '\u{feff}' {
                    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], pieces: usize) -> String {
        let mut decoder = Decoder::new(detect(bytes));
        let mut out = Vec::new();
        bytes.chunks(pieces).for_each(|piece| decoder.push(piece, &mut out));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn both_orders_are_read_in_any_pieces() {
        let text = "Loading of unsigned module 😀 is rejected\r\n";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for pieces in [1, 3, 1000] {
            assert_eq!(decoded(&[&[0xff, 0xfe], le.as_slice()].concat(), pieces), text);
            assert_eq!(decoded(&[&[0xfe, 0xff], be.as_slice()].concat(), pieces), text);
            assert_eq!(decoded(&le, pieces), text);
            assert_eq!(decoded(text.as_bytes(), pieces), text);
        }
    }

    #[test]
    fn half_a_character_is_no_end() {
        assert_eq!(decoded(&[0xff, 0xfe, 0x3d, 0xd8, b'a', 0, b'b'], 2), "\u{fffd}a");
    }
}
