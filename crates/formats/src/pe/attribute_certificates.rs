//! The attribute certificate table: signatures at the end of an image, one after the other.
//!
//! Source: *PE Format*, "The Attribute Certificate Table"; UEFI 2.10 §32.2.3 (`WIN_CERTIFICATE`).

use super::header::Image;
use crate::error::{Deviation, Error, Kind, Parsed};
use crate::limits::Limits;
use crate::reader::{Reader, index, wide};

/// `wCertificateType` of an Authenticode signature (`PKCS#7 SignedData`).
pub const PKCS_SIGNED_DATA: u16 = 2;

/// Bytes before an entry's content.
const HEADER: usize = 8;

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Offset of the entry in the file.
    pub at: usize,
    /// `dwLength`: the entry's length, header included, padding not.
    pub length: u32,
    /// `wRevision`; 0x200 is the one in use.
    pub revision: u16,
    /// `wCertificateType`.
    pub kind: u16,
    /// What the entry holds. Tools that pad inside the entry leave zeros behind the signature.
    pub content: &'a [u8],
}

/// Reads the entries. One that does not fit ends the reading, with the reason as last deviation.
///
/// Each begins at a multiple of eight bytes from the start of the table.
#[must_use]
pub fn read<'a>(image: &Image<'a>, limits: &Limits) -> Parsed<Vec<Entry<'a>>> {
    let mut parsed = Parsed::clean(Vec::new());
    let Some((offset, size)) = image.certificate_table() else { return parsed };
    let (start, size) = (index(offset.into()), index(size.into()));
    let Some(table) = start.checked_add(size).and_then(|end| image.bytes.get(start..end)) else {
        let have = wide(image.bytes.len().saturating_sub(start));
        let kind = Kind::Truncated { need: wide(size), have };
        parsed.deviations.push(Error::new("attribute certificate table", start, kind));
        return parsed;
    };
    if start.wrapping_rem(8) != 0 {
        let kind = Kind::Illegal { value: wide(start) };
        parsed.deviations.push(Error::new("attribute certificate table", start, kind));
    }
    if start.saturating_add(size) < image.bytes.len() {
        let left = wide(image.bytes.len().saturating_sub(start.saturating_add(size)));
        let kind = Kind::Trailing { left };
        parsed.deviations.push(Error::new("attribute certificate table", start, kind));
    }
    let mut at = 0_usize;
    while at < size {
        if parsed.value.len() >= limits.items {
            let kind = Kind::TooMany { limit: wide(limits.items) };
            parsed.deviations.push(Error::new("attribute certificates", start, kind));
            break;
        }
        match entry(table, at, start) {
            Ok(entry) => {
                at = at.saturating_add(index(entry.length.into())).saturating_add(7) & !7;
                parsed.value.push(entry);
            }
            Err(stopped) => {
                parsed.deviations.push(stopped);
                break;
            }
        }
    }
    parsed
}

fn entry(table: &[u8], at: usize, base: usize) -> Result<Entry<'_>, Deviation> {
    let file_at = base.saturating_add(at);
    let rest = table.get(at..).unwrap_or_default();
    let mut reader = Reader::within("attribute certificate", rest, file_at);
    let length = reader.u32_le()?;
    let revision = reader.u16_le()?;
    let kind = reader.u16_le()?;
    let Some(size) = index(length.into()).checked_sub(HEADER) else {
        let kind = Kind::Illegal { value: length.into() };
        return Err(Error::new("attribute certificate dwLength", file_at, kind));
    };
    Ok(Entry { at: file_at, length, revision, kind, content: reader.take(size)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pe::header::{self, tests::forged};

    fn entries(table: &[u8]) -> (Vec<(u32, Vec<u8>)>, Vec<String>) {
        let bytes = forged(b".text\0\0\0", &[1; 16], table);
        let image = header::read(&bytes, &Limits::DEFAULT).unwrap().value;
        let read = read(&image, &Limits::DEFAULT);
        let found = read.value.iter().map(|e| (e.length, e.content.to_vec())).collect();
        (found, read.deviations.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn entries_begin_at_multiples_of_eight() {
        let table = b"\x0b\0\0\0\0\x02\x02\0abc\0\0\0\0\0\x0a\0\0\0\0\x02\x02\0de\0\0\0\0\0\0";
        let (found, odd) = entries(table);
        assert_eq!(found, [(11, b"abc".to_vec()), (10, b"de".to_vec())]);
        assert_eq!(odd, Vec::<String>::new());
    }

    #[test]
    fn an_entry_that_does_not_fit_ends_the_table() {
        let (found, odd) = entries(b"\x09\0\0\0\0\x02\x02\0a\0\0\0\0\0\0\0\xff\0\0\0\0\x02\x02\0");
        assert_eq!(found.len(), 1);
        assert_eq!(odd, ["attribute certificate at 0x228: needs 247 bytes, 0 left"]);
        let (found, odd) = entries(&[7, 0, 0, 0, 0, 2, 2, 0]);
        assert_eq!(found, []);
        assert_eq!(odd, ["attribute certificate dwLength at 0x210: 0x7 is not allowed here"]);
    }
}
