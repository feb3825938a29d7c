//! The version resource: which version a file says it is, and how it was called.
//!
//! Sources: *PE Format*, "The .rsrc Section"; Windows `VS_VERSIONINFO`, `VS_FIXEDFILEINFO`.

use super::header::Image;
use crate::reader::{Reader, index};

/// What the version resource tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// `FileVersion` of the fixed block, its four numbers in order.
    pub file: Option<[u16; 4]>,
    /// `OriginalFilename` of the first string table that has one.
    pub original_filename: Option<String>,
    /// `InternalName`, likewise.
    pub internal_name: Option<String>,
    /// `FileDescription`, likewise.
    pub description: Option<String>,
    /// `ProductName`, likewise.
    pub product: Option<String>,
}

/// Number of the data directory of resources.
const RESOURCES: usize = 2;
/// `RT_VERSION`.
const VERSION: u32 = 16;
/// `VS_FFI_SIGNATURE`.
const FIXED: u32 = 0xfeef_04bd;
/// Blocks within blocks: version, string file information, string table, string.
const DEEPEST: usize = 4;
/// Entries of one resource folder, and blocks within one block, that are looked at.
const MOST: usize = 4096;

/// Reads the version resource; `None` where there is none that can be read.
#[must_use]
pub fn read(image: &Image<'_>) -> Option<Version> {
    let (address, _) = *image.directories.get(RESOURCES).filter(|(_, size)| *size > 0)?;
    let resources = at_address(image, address)?;
    // Type, name, language: the first of the last two.
    let kind = entry(resources, 0, Some(VERSION))?;
    let name = entry(resources, folder(kind)?, None)?;
    let language = entry(resources, folder(name)?, None)?;
    let mut leaf = Reader::new("resource", resources.get(index(language.into())..)?);
    let (address, size) = (leaf.u32_le().ok()?, leaf.u32_le().ok()?);
    let data = at_address(image, address)?;
    let mut version = Version::default();
    blocks(data.get(..index(size.into())).unwrap_or(data), 0, &mut version);
    Some(version)
}

/// The bytes of the image from an address in memory to the end of its section.
fn at_address<'a>(image: &Image<'a>, address: u32) -> Option<&'a [u8]> {
    image.sections.iter().find_map(|section| {
        let inside = address.checked_sub(section.address)?;
        (inside < section.size).then(|| section.data?.get(index(inside.into())..)).flatten()
    })
}

/// The offset that an entry of a resource folder holds: that of this number, or the first.
fn entry(resources: &[u8], folder: usize, wanted: Option<u32>) -> Option<u32> {
    let mut reader = Reader::new("resource folder", resources.get(folder..)?);
    reader.skip(12).ok()?;
    let named = usize::from(reader.u16_le().ok()?);
    let numbered = usize::from(reader.u16_le().ok()?);
    for _ in 0..named.saturating_add(numbered).min(MOST) {
        let (number, offset) = (reader.u32_le().ok()?, reader.u32_le().ok()?);
        if wanted.is_none_or(|wanted| wanted == number) {
            return Some(offset);
        }
    }
    None
}

/// The highest bit marks a folder.
fn folder(offset: u32) -> Option<usize> {
    (offset & 0x8000_0000 != 0).then(|| index((offset & 0x7fff_ffff).into()))
}

/// Blocks one after the other, each at a multiple of four bytes.
fn blocks(bytes: &[u8], depth: usize, version: &mut Version) {
    let mut at = 0_usize;
    for _ in 0..MOST {
        let Some(rest) = bytes.get(at..).filter(|rest| rest.len() >= 6) else { return };
        let mut reader = Reader::new("version block", rest);
        let (Ok(length), Ok(value_length), Ok(kind)) =
            (reader.u16_le(), reader.u16_le(), reader.u16_le())
        else {
            return;
        };
        if length < 6 {
            return;
        }
        let block = rest.get(..usize::from(length)).unwrap_or(rest);
        one(block, usize::from(value_length), kind == 1, depth, version);
        at = at.saturating_add(usize::from(length)).saturating_add(3) & !3;
    }
}

fn one(block: &[u8], value_length: usize, is_text: bool, depth: usize, version: &mut Version) {
    let key = text(block.get(6..).unwrap_or_default());
    let units = key.encode_utf16().count();
    // The key ends with a zero; what follows begins at a multiple of four bytes.
    let after_key = units.saturating_mul(2).saturating_add(8 + 3) & !3;
    let value = block.get(after_key..).unwrap_or_default();
    let value_bytes = if is_text { value_length.saturating_mul(2) } else { value_length };
    if depth == 0 {
        version.file = version.file.or_else(|| fixed(value));
    }
    let named = match key.as_str() {
        "OriginalFilename" => Some(&mut version.original_filename),
        "InternalName" => Some(&mut version.internal_name),
        "FileDescription" => Some(&mut version.description),
        "ProductName" => Some(&mut version.product),
        _ => None,
    };
    if let Some(named) = named.filter(|named| named.is_none()) {
        *named = Some(text(value.get(..value_bytes).unwrap_or(value)));
    }
    let children = after_key.saturating_add(value_bytes).saturating_add(3) & !3;
    if let Some(inside) = block.get(children..)
        && depth < DEEPEST
    {
        blocks(inside, depth.saturating_add(1), version);
    }
}

fn fixed(value: &[u8]) -> Option<[u16; 4]> {
    let mut reader = Reader::new("VS_FIXEDFILEINFO", value);
    if reader.u32_le().ok()? != FIXED {
        return None;
    }
    reader.skip(4).ok()?;
    let [minor, major] = [reader.u16_le().ok()?, reader.u16_le().ok()?];
    let [revision, build] = [reader.u16_le().ok()?, reader.u16_le().ok()?];
    Some([major, minor, build, revision])
}

/// UTF-16 up to the first zero.
fn text(bytes: &[u8]) -> String {
    let (pairs, _) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).take_while(|unit| *unit != 0);
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::pe::header::{self, tests::forged};

    fn block(key: &str, value: &[u8], words: bool, inside: &[u8]) -> Vec<u8> {
        let mut out = vec![0; 6];
        out.extend(key.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
        out.resize(out.len().next_multiple_of(4), 0);
        out.extend(value);
        out.resize(out.len().next_multiple_of(4), 0);
        out.extend(inside);
        let length = u16::try_from(out.len()).unwrap().to_le_bytes();
        let value_length = u16::try_from(value.len().wrapping_shr(u32::from(words))).unwrap();
        out[..2].copy_from_slice(&length);
        out[2..4].copy_from_slice(&value_length.to_le_bytes());
        out[4] = u8::from(words);
        out
    }

    /// A resource folder with one entry.
    fn folder_of(number: u32, offset: u32) -> Vec<u8> {
        let mut out = vec![0; 12];
        out.extend([0, 0, 1, 0]);
        out.extend([number, offset].map(u32::to_le_bytes).as_flattened());
        out
    }

    #[test]
    fn version_and_name_are_found() {
        let name: Vec<u8> = "a.sys\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let string = block("OriginalFilename", &name, true, &[]);
        let table = block("040904b0", &[], true, &string);
        let strings = block("StringFileInfo", &[], true, &table);
        let mut fixed = FIXED.to_le_bytes().to_vec();
        fixed.extend([0, 0, 1, 0, 2, 0, 10, 0, 4, 0, 3, 0]);
        let version = block("VS_VERSION_INFO", &fixed, false, &strings);
        let mut section = folder_of(VERSION, 0x8000_0018);
        section.extend(folder_of(1, 0x8000_0030));
        section.extend(folder_of(1033, 0x48));
        let size = u32::try_from(version.len()).unwrap();
        section.extend([0x1000 + 0x58, size, 0, 0].map(u32::to_le_bytes).as_flattened());
        section.extend(&version);
        let mut bytes = forged(b".rsrc\0\0\0", &section, &[]);
        bytes[0xd8..0xdc].copy_from_slice(&0x1000_u32.to_le_bytes());
        bytes[0xdc..0xe0].copy_from_slice(&size.to_le_bytes());
        let image = header::read(&bytes, &Limits::DEFAULT).unwrap().value;
        let read = read(&image).unwrap();
        assert_eq!(read.file, Some([10, 2, 3, 4]));
        assert_eq!(read.original_filename.as_deref(), Some("a.sys"));
        for end in 0x200..bytes.len() {
            let cut = header::read(&bytes[..end], &Limits::DEFAULT).unwrap().value;
            let _ = super::read(&cut);
        }
    }
}
