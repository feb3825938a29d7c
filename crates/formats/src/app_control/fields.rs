//! Fields of a policy's body: counted bytes and texts, filled up to four bytes.

use crate::error::{Error, Kind};
use crate::reader::{Reader, index};

/// A version as four numbers, the most significant first.
pub type Version = [u16; 4];

pub(super) fn bytes<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Error> {
    let length = index(reader.u32_le()?.into());
    let value = reader.take(length)?;
    reader.skip(length.wrapping_neg() & 3)?;
    Ok(value)
}

/// A text in UTF-16; nothing where it is empty. Four zero bytes follow.
pub(super) fn text(reader: &mut Reader<'_>) -> Result<Option<String>, Error> {
    let value = bytes(reader)?;
    let (pairs, _) = value.as_chunks::<2>();
    let units = pairs.iter().map(|pair| u16::from_le_bytes(*pair));
    let text: String =
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    if reader.u32_le()? != 0 {
        return Err(reader.error(Kind::Illegal { value: 0 }));
    }
    Ok((!text.is_empty()).then_some(text))
}

pub(super) fn version(reader: &mut Reader<'_>) -> Result<Version, Error> {
    let numbers = [reader.u16_le()?, reader.u16_le()?, reader.u16_le()?, reader.u16_le()?];
    let [revision, build, minor, major] = numbers;
    Ok([major, minor, build, revision])
}

/// A counted list. Its items take four bytes each at least, so that its length is bounded by what is
/// there.
pub(super) fn list<'a, T>(
    reader: &mut Reader<'a>,
    mut item: impl FnMut(&mut Reader<'a>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let count = reader.u32_le()?;
    let mut items = Vec::new();
    for _ in 0..count {
        items.push(item(reader)?);
    }
    Ok(items)
}

pub(super) fn numbers(reader: &mut Reader<'_>) -> Result<Vec<u32>, Error> {
    list(reader, Reader::u32_le)
}
