//! How an INF is written down: its encoding and its line ends.

use crate::error::{Error, Kind, Parsed};

/// The encodings that setup reads, and one that it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Seven bits throughout.
    Ascii,
    /// Eight bits: the code page of the system that reads it. Taken as code page 1252.
    Ansi,
    /// UTF-8 with a byte order mark; not documented as readable.
    Utf8Bom,
    /// UTF-16, least significant byte first.
    Utf16Le,
    /// UTF-16, most significant byte first.
    Utf16Be,
}

impl Encoding {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ascii => "ascii",
            Self::Ansi => "ansi",
            Self::Utf8Bom => "utf-8-bom",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
        }
    }

    /// The encoding of a text, and the bytes of its byte order mark. UTF-16 without a mark is
    /// recognised by the zero byte of its first letter.
    #[must_use]
    pub fn of(bytes: &[u8]) -> (Self, usize) {
        match bytes {
            [0xff, 0xfe, ..] => (Self::Utf16Le, 2),
            [0xfe, 0xff, ..] => (Self::Utf16Be, 2),
            [0xef, 0xbb, 0xbf, ..] => (Self::Utf8Bom, 3),
            [1..=0x7f, 0, ..] => (Self::Utf16Le, 0),
            [0, 1..=0x7f, ..] => (Self::Utf16Be, 0),
            _ if bytes.is_ascii() => (Self::Ascii, 0),
            _ => (Self::Ansi, 0),
        }
    }
}

/// What ends the lines of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEndings {
    /// Carriage return and line feed.
    CrLf,
    /// Line feed alone.
    Lf,
    /// Some so and some so.
    Mixed,
    /// There is one line at most.
    None,
}

impl LineEndings {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CrLf => "crlf",
            Self::Lf => "lf",
            Self::Mixed => "mixed",
            Self::None => "none",
        }
    }

    /// The line ends of a decoded text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let (mut crlf, mut lf, mut before) = (false, false, '\0');
        for c in text.chars() {
            if c == '\n' {
                if before == '\r' { crlf = true } else { lf = true }
            }
            before = c;
        }
        match (crlf, lf) {
            (true, true) => Self::Mixed,
            (true, false) => Self::CrLf,
            (false, true) => Self::Lf,
            (false, false) => Self::None,
        }
    }
}

/// The text of an INF without its byte order mark. Bytes that the encoding does not have become the
/// replacement character.
#[must_use]
pub fn decode(bytes: &[u8]) -> Parsed<(Encoding, String)> {
    let (encoding, mark) = Encoding::of(bytes);
    let content = bytes.get(mark..).unwrap_or_default();
    let mut deviations = Vec::new();
    let text = match encoding {
        Encoding::Ascii | Encoding::Utf8Bom => String::from_utf8_lossy(content).into_owned(),
        Encoding::Ansi => content.iter().map(|b| cp1252(*b)).collect(),
        Encoding::Utf16Le => wide(content, u16::from_le_bytes),
        Encoding::Utf16Be => wide(content, u16::from_be_bytes),
    };
    let is_wide = matches!(encoding, Encoding::Utf16Le | Encoding::Utf16Be);
    if is_wide && mark == 0 {
        deviations.push(Error::new("INF byte order mark", 0, Kind::Missing));
    }
    if is_wide && content.len() % 2 == 1 {
        let at = bytes.len().saturating_sub(1);
        deviations.push(Error::new("INF text", at, Kind::Truncated { need: 2, have: 1 }));
    }
    Parsed { value: (encoding, text), deviations }
}

fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let (pairs, _) = bytes.as_chunks::<2>();
    char::decode_utf16(pairs.iter().map(|pair| unit(*pair)))
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// The letter of code page 1252; its five unused bytes are the control characters of that number, as
/// `MultiByteToWideChar` gives them.
fn cp1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    byte.checked_sub(0x80)
        .and_then(|high| HIGH.get(usize::from(high)).copied())
        .unwrap_or_else(|| char::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> (&'static str, String) {
        let (encoding, text) = decode(bytes).value;
        (encoding.name(), text)
    }

    #[test]
    fn every_encoding_is_told_apart() {
        assert_eq!(decoded(b"[Version]"), ("ascii", "[Version]".to_owned()));
        assert_eq!(decoded(b"\x80 \xe9 \x99"), ("ansi", "€ é ™".to_owned()));
        assert_eq!(decoded(b"\xef\xbb\xbf\xc3\xa9"), ("utf-8-bom", "é".to_owned()));
        assert_eq!(decoded(b"\xff\xfe[\0\xe9\0"), ("utf-16le", "[é".to_owned()));
        assert_eq!(decoded(b"\xfe\xff\0[\0\xe9"), ("utf-16be", "[é".to_owned()));
        assert_eq!(decoded(b";\0[\0"), ("utf-16le", ";[".to_owned()));
        assert_eq!(decode(b";\0[").deviations.len(), 2);
    }

    #[test]
    fn line_ends_are_counted_in_letters() {
        assert_eq!(LineEndings::of("a\r\nb\r\n"), LineEndings::CrLf);
        assert_eq!(LineEndings::of("a\nb\r\n"), LineEndings::Mixed);
        assert_eq!(LineEndings::of("a\nb"), LineEndings::Lf);
        assert_eq!(LineEndings::of("a\rb"), LineEndings::None);
    }
}
