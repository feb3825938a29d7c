//! Signatures put into an image: its attribute certificate table and its checksum, written.
//!
//! Source: *PE Format*, "The Attribute Certificate Table"; UEFI 2.10 §32.2.3.

use super::attribute_certificates::PKCS_SIGNED_DATA;
use super::header::{self, Image};
use crate::error::{Error, Kind};
use crate::limits::Limits;
use crate::reader::{index, wide};

const TABLE: &str = "attribute certificate table";

/// Revision of an entry that is in use: `WIN_CERT_REVISION_2_0`.
const REVISION: u16 = 0x200;

/// The image without any attribute certificates, filled up with zeros to a multiple of eight bytes,
/// as it is when the first is added.
///
/// # Errors
/// `Unsupported` where the headers have no room to tell of certificates, `Illegal` where those that
/// are there are not the last thing in the file.
pub fn without_signatures(image: &Image<'_>) -> Result<Vec<u8>, Error> {
    let (start, _) = place(image)?;
    let mut bytes = image.bytes.get(..start).unwrap_or_default().to_vec();
    fill(&mut bytes);
    told(bytes, image, None)
}

/// The image with one more signature, a whole `ContentInfo`, behind those it has.
///
/// The entry's length counts the zeros that fill it up, as those of `signtool` and `sbsign` do.
///
/// # Errors
/// As [`without_signatures`]; `TooLarge` where offsets would not fit into 32 bits.
pub fn with_signature(image: &Image<'_>, message: &[u8]) -> Result<Vec<u8>, Error> {
    let (start, _) = place(image)?;
    let mut bytes = image.bytes.to_vec();
    fill(&mut bytes);
    let start = if start == image.bytes.len() { bytes.len() } else { start };
    let padding = message.len().wrapping_neg() & 7;
    let length = message.len().saturating_add(padding).saturating_add(8);
    bytes.extend(number(length)?.to_le_bytes());
    bytes.extend(REVISION.to_le_bytes());
    bytes.extend(PKCS_SIGNED_DATA.to_le_bytes());
    bytes.extend_from_slice(message);
    fill(&mut bytes);
    let size = bytes.len().saturating_sub(start);
    told(bytes, image, Some((number(start)?, number(size)?)))
}

/// Where the table is or will be, and its size.
fn place(image: &Image<'_>) -> Result<(usize, usize), Error> {
    let end = image.bytes.len();
    if image.certificate_entry_at.is_none() {
        return Err(Error::new(TABLE, 0, Kind::Unsupported));
    }
    let Some((offset, size)) = image.certificate_table() else { return Ok((end, 0)) };
    let (start, size) = (index(offset.into()), index(size.into()));
    if start.checked_add(size) != Some(end) {
        return Err(Error::new(TABLE, start, Kind::Illegal { value: wide(start) }));
    }
    Ok((start, size))
}

fn number(n: usize) -> Result<u32, Error> {
    u32::try_from(n).map_err(|_| Error::new(TABLE, n, Kind::TooLarge { limit: u32::MAX.into() }))
}

fn fill(bytes: &mut Vec<u8>) {
    let filled = bytes.len().saturating_add(7) & !7;
    bytes.resize(filled, 0);
}

/// The headers told of the table, and the checksum made right.
fn told(
    mut bytes: Vec<u8>,
    image: &Image<'_>,
    table: Option<(u32, u32)>,
) -> Result<Vec<u8>, Error> {
    let (offset, size) = table.unwrap_or_default();
    let entry = image.certificate_entry_at.unwrap_or_default();
    put(&mut bytes, entry, offset);
    put(&mut bytes, entry.saturating_add(4), size);
    let checksum = header::read(&bytes, &Limits::DEFAULT)?.value.computed_checksum();
    put(&mut bytes, image.checksum_at, checksum);
    Ok(bytes)
}

fn put(bytes: &mut [u8], at: usize, value: u32) {
    if let Some(room) = bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<4>()) {
        *room = value.to_le_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authenticode::coverage;
    use crate::pe::attribute_certificates;
    use crate::pe::header::tests::forged;

    fn covered(bytes: &[u8]) -> Vec<u8> {
        let image = header::read(bytes, &Limits::DEFAULT).unwrap().value;
        coverage::of(&image).value.pieces(bytes).collect::<Vec<_>>().concat()
    }

    #[test]
    fn signatures_are_added_and_taken_off_and_the_digest_stays() {
        for extra in 0..9 {
            let mut bytes = forged(b".text\0\0\0", &[7; 32], &[]);
            bytes.extend(vec![9; extra]);
            let digested = covered(&bytes);
            let mut signed = bytes.clone();
            for (n, message) in [&b"one"[..], b"another", b"12345678"].into_iter().enumerate() {
                let image = header::read(&signed, &Limits::DEFAULT).unwrap().value;
                signed = with_signature(&image, message).unwrap();
                let image = header::read(&signed, &Limits::DEFAULT).unwrap().value;
                assert_eq!(image.checksum, image.computed_checksum());
                let entries = attribute_certificates::read(&image, &Limits::DEFAULT);
                assert_eq!(entries.deviations, []);
                assert_eq!(entries.value.len(), n + 1);
                assert!(entries.value[n].content.starts_with(message));
                assert_eq!(covered(&signed), digested);
            }
            let image = header::read(&signed, &Limits::DEFAULT).unwrap().value;
            let bare = without_signatures(&image).unwrap();
            assert_eq!(covered(&bare), digested);
            assert!(
                header::read(&bare, &Limits::DEFAULT).unwrap().value.certificate_table().is_none()
            );
        }
    }

    #[test]
    fn bytes_behind_the_table_are_not_written_over() {
        let mut bytes = forged(b".text\0\0\0", &[7; 32], &[0; 16]);
        bytes.push(1);
        let image = header::read(&bytes, &Limits::DEFAULT).unwrap().value;
        assert!(with_signature(&image, b"x").is_err());
    }
}
