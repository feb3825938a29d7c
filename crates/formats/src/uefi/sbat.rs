//! SBAT: lines of comma-separated values that name components and their generations.
//!
//! The section `.sbat` of an image says which generations it has, `SbatLevelRT` which generations
//! are asked for. Source: shim `SBAT.md`, `sbat.c` and `csv.c`.

use crate::error::{Error, Kind, Parsed};
use crate::limits::Limits;
use crate::reader::wide;
use crate::text::printable;

/// One line: a component, its generation, and what else is told about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Offset of the line in the input, in bytes.
    pub at: usize,
    /// The columns, made safe to print.
    pub columns: Vec<String>,
}

impl Row {
    /// The component: `shim`, `grub`, `grub.debian`; `sbat` for the line about the format itself.
    #[must_use]
    pub fn component(&self) -> &str {
        self.columns.first().map_or("", String::as_str)
    }

    /// The generation as written.
    #[must_use]
    pub fn generation_text(&self) -> &str {
        self.columns.get(1).map_or("", String::as_str)
    }

    /// The generation; `None` where it is no positive decimal number.
    #[must_use]
    pub fn generation(&self) -> Option<u32> {
        let text = self.generation_text();
        let plain = text.bytes().all(|b| b.is_ascii_digit());
        text.parse().ok().filter(|n| plain && *n > 0)
    }

    /// The date of a revocation level: third column of its `sbat` line (`2025021800`).
    #[must_use]
    pub fn datestamp(&self) -> Option<&str> {
        self.columns.get(2).map(String::as_str).filter(|_| self.component() == "sbat")
    }
}

/// Reads SBAT data: a variable without its attributes, or a section, whose padding of NUL bytes ends
/// the text. A byte order mark is passed over, as shim does.
///
/// Deviations: a line without a component or a generation, and a first line that is not `sbat`.
#[must_use]
pub fn read(bytes: &[u8], limits: &Limits) -> Parsed<Vec<Row>> {
    let text = bytes.split(|b| *b == 0).next().unwrap_or_default();
    let start = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut parsed = Parsed::clean(Vec::new());
    let mut at = start;
    for line in text.get(start..).unwrap_or_default().split(|b| *b == b'\n') {
        let begin = at;
        at = at.saturating_add(line.len()).saturating_add(1);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        if parsed.value.len() >= limits.items {
            parsed.deviations.push(Error::new(
                "SBAT",
                begin,
                Kind::TooMany { limit: wide(limits.items) },
            ));
            break;
        }
        let row = Row { at: begin, columns: line.split(|b| *b == b',').map(printable).collect() };
        if row.component().is_empty() {
            parsed.deviations.push(Error::new("SBAT component", begin, Kind::Missing));
        } else if row.generation().is_none() {
            parsed.deviations.push(Error::new("SBAT generation", begin, Kind::Missing));
        } else if parsed.value.is_empty() && row.component() != "sbat" {
            parsed.deviations.push(Error::new("SBAT first line", begin, Kind::Unsupported));
        }
        parsed.value.push(row);
    }
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_and_a_section_are_read_alike() {
        let level = read(b"sbat,1,2025021800\nshim,4\ngrub,5\n", &Limits::DEFAULT);
        assert_eq!(level.deviations, []);
        assert_eq!(level.value[0].datestamp(), Some("2025021800"));
        let got: Vec<_> = level.value.iter().map(|r| (r.component(), r.generation())).collect();
        assert_eq!(got, [("sbat", Some(1)), ("shim", Some(4)), ("grub", Some(5))]);
        let section = b"\xef\xbb\xbfsbat,1,SBAT Version,sbat,1,https://x\r\nshim.debian,1,Debian,shim,16.1,https://y\r\n\0\0";
        let section = read(section, &Limits::DEFAULT);
        assert_eq!(section.deviations, []);
        assert_eq!(section.value[1].columns[4], "16.1");
        assert_eq!(section.value[1].datestamp(), None);
    }

    #[test]
    fn odd_lines_are_told() {
        let odd = read(b"shim,1\n,2\nx\ny,-1\nz,+1\nw,0\nv,99999999999\n", &Limits::DEFAULT);
        assert_eq!(odd.value.len(), 7);
        let at: Vec<_> = odd.deviations.iter().map(|d| d.at).collect();
        assert_eq!(at, [0, 7, 10, 12, 17, 22, 26]);
        assert_eq!(read(b"", &Limits::DEFAULT), Parsed::clean(vec![]));
        let limits = Limits { items: 1, ..Limits::DEFAULT };
        assert_eq!(read(b"sbat,1\nx,1", &limits).value.len(), 1);
    }
}
