//! Text out of bytes: lines with numbers, and words safe to print.

use std::borrow::Cow;

use memchr::memchr;

use crate::error::{Error, Kind};
use crate::limits::Limits;
use crate::reader::wide;

/// Whether a text is small enough to be read.
///
/// # Errors
/// `TooLarge` when it is larger than [`Limits::text_bytes`].
pub fn bounded(what: &'static str, bytes: &[u8], limits: &Limits) -> Result<(), Error> {
    if bytes.len() > limits.text_bytes {
        return Err(Error::new(what, 0, Kind::TooLarge { limit: wide(limits.text_bytes) }));
    }
    Ok(())
}

/// The lines of a text file with their numbers, counted from one. Line ends may be LF or CRLF;
/// bytes that are no UTF-8 become the replacement character.
pub fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, Cow<'_, str>)> {
    bytes.split(|b| *b == b'\n').enumerate().filter_map(|(n, line)| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        (!line.is_empty()).then(|| (n.saturating_add(1), String::from_utf8_lossy(line)))
    })
}

/// Bytes as lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let mut out = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            out.extend(DIGITS.get(usize::from(half)));
        }
    }
    out
}

/// The bytes that hexadecimal digits stand for; `None` where they are not only that.
#[must_use]
pub fn unhex(digits: &str) -> Option<Vec<u8>> {
    let half = |digit: &u8| char::from(*digit).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let byte = |[high, low]: &[u8; 2]| Some(half(high)? << 4 | half(low)?);
    rest.is_empty().then(|| pairs.iter().map(byte).collect()).flatten()
}

/// The text before the first NUL byte, made safe to print: what is no printable text becomes `\xNN`.
#[must_use]
pub fn printable(bytes: &[u8]) -> String {
    printed(bytes).into_owned()
}

/// The same, borrowed where it is safe as it is.
#[must_use]
pub fn printed(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.get(..memchr(0, bytes).unwrap_or(bytes.len())).unwrap_or_default();
    // All of them are looked at, which is done for many at once.
    if bytes.iter().fold(true, |plain, b| plain & matches!(b, b' '..=b'~'))
        && let Ok(plain) = str::from_utf8(bytes)
    {
        return Cow::Borrowed(plain);
    }
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() {
                for byte in c.to_string().bytes() {
                    out.push_str("\\x");
                    out.push_str(&hex(&[byte]));
                }
            } else {
                out.push(c);
            }
        }
        for byte in chunk.invalid() {
            out.push_str("\\x");
            out.push_str(&hex(&[*byte]));
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_numbers() {
        let got: Vec<_> = lines(b"a\r\n\nb").collect();
        assert_eq!(got, [(1, "a".into()), (3, "b".into())]);
    }

    #[test]
    fn control_bytes_never_reach_a_terminal() {
        assert_eq!(printable(b"x\x1b[31m\xff\0y"), "x\\x1b[31m\\xff");
        assert_eq!(hex(&[0, 0xab]), "00ab");
    }
}
