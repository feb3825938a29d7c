//! A hive: keys below a root, looked up where they lie. Nothing is read that is not asked for.

use crate::error::{Error, Kind, Parsed};
use crate::limits::Limits;
use crate::reader::{Reader, index};
use crate::registry::value::{Value, wide};

/// A hive file.
#[derive(Clone, Copy, Debug)]
pub struct Hive<'a> {
    /// Everything behind the base block: offsets count from here.
    cells: &'a [u8],
    root: u32,
    items: usize,
    /// Whether it was written completely: both sequence numbers are equal. Where not, what was last
    /// written may stand in its logs only.
    pub is_whole: bool,
    /// Its minor version: 3 to 6.
    pub minor: u32,
}

/// A key.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    hive: Hive<'a>,
    cell: &'a [u8],
}

/// Bytes of the base block.
const BASE: usize = 4096;
/// Bytes of a segment of a long value.
const SEGMENT: usize = 16344;
/// Bytes of the longest value that is read.
const LONGEST: usize = 16 << 20;

/// Whether bytes begin as a hive does.
#[must_use]
pub fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(b"regf")
}

/// Opens a hive.
///
/// # Errors
/// When the base block is not one of a hive, or the root key is not there.
pub fn read<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Parsed<Hive<'a>>, Error> {
    let mut reader = Reader::new("registry hive", bytes);
    if !begins(bytes) {
        return Err(reader.error(Kind::Missing));
    }
    reader.skip(4)?;
    let (first, second) = (reader.u32_le()?, reader.u32_le()?);
    reader.skip(8)?;
    let (_major, minor) = (reader.u32_le()?, reader.u32_le()?);
    reader.skip(8)?;
    let root = reader.u32_le()?;
    let cells = bytes.get(BASE..).unwrap_or_default();
    let hive = Hive { cells, root, items: limits.items, is_whole: first == second, minor };
    hive.root().ok_or(Error::new("registry root key", index(root.into()), Kind::Missing))?;
    let mut parsed = Parsed::clean(hive);
    if first != second {
        let kind = Kind::Illegal { value: second.into() };
        parsed.deviations.push(Error::new("registry sequence number", 8, kind));
    }
    Ok(parsed)
}

impl<'a> Hive<'a> {
    /// The root key.
    #[must_use]
    pub fn root(&self) -> Option<Key<'a>> {
        self.key_at(self.root)
    }

    /// The key at a path below the root, names separated by `\`, whatever their case.
    #[must_use]
    pub fn key(&self, path: &str) -> Option<Key<'a>> {
        let mut key = self.root()?;
        for name in path.split('\\').filter(|name| !name.is_empty()) {
            key = key.child(name)?;
        }
        Some(key)
    }

    /// What a cell holds.
    fn cell(&self, offset: u32) -> Option<&'a [u8]> {
        let rest = self.cells.get(index(offset.into())..)?;
        let (size, rest) = rest.split_first_chunk::<4>()?;
        // Cells in use have a negative size, which counts its own four bytes.
        let size = i32::from_le_bytes(*size).checked_neg().filter(|size| *size > 4)?;
        let length = usize::try_from(size).ok()?.checked_sub(4)?;
        rest.get(..length).or(Some(rest))
    }

    fn key_at(&self, offset: u32) -> Option<Key<'a>> {
        let cell = self.cell(offset).filter(|cell| cell.starts_with(b"nk"))?;
        Some(Key { hive: *self, cell })
    }
}

fn u16_at(cell: &[u8], at: usize) -> Option<u16> {
    cell.get(at..)?.first_chunk().map(|b| u16::from_le_bytes(*b))
}

fn u32_at(cell: &[u8], at: usize) -> Option<u32> {
    cell.get(at..)?.first_chunk().map(|b| u32::from_le_bytes(*b))
}

/// A name of `length` bytes at `at`: one byte a letter, or UTF-16.
fn name_at(cell: &[u8], at: usize, length: u16, narrow: bool) -> Option<String> {
    let bytes = cell.get(at..)?.get(..usize::from(length))?;
    Some(if narrow { bytes.iter().map(|b| char::from(*b)).collect() } else { wide(bytes) })
}

impl<'a> Key<'a> {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> String {
        let narrow = u16_at(self.cell, 2).is_some_and(|flags| flags & 0x20 != 0);
        let length = u16_at(self.cell, 0x48).unwrap_or(0);
        name_at(self.cell, 0x4c, length, narrow).unwrap_or_default()
    }

    /// The keys below it, in the order of the hive.
    pub fn children(&self) -> impl Iterator<Item = Key<'a>> {
        let hive = self.hive;
        let list = u32_at(self.cell, 0x1c).and_then(|at| hive.cell(at)).unwrap_or_default();
        let outer = if list.starts_with(b"ri") {
            offsets(list, 4).filter_map(|at| hive.cell(at)).collect()
        } else {
            vec![list]
        };
        let inner = outer.into_iter().flat_map(|list| {
            let step = if list.starts_with(b"li") { 4 } else { 8 };
            let is_list = [b"li", b"lf", b"lh"].iter().any(|sign| list.starts_with(*sign));
            offsets(if is_list { list } else { &[] }, step)
        });
        inner.take(hive.items).filter_map(move |at| hive.key_at(at))
    }

    /// The key of that name below it, whatever its case.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        self.children().find(|key| key.name().to_lowercase() == name)
    }

    /// Its values.
    pub fn values(&self) -> impl Iterator<Item = Value> {
        let hive = self.hive;
        let count = u32_at(self.cell, 0x24).unwrap_or(0);
        let list = u32_at(self.cell, 0x28).and_then(|at| hive.cell(at)).unwrap_or_default();
        let (offsets, _) = list.as_chunks::<4>();
        let most = index(count.into()).min(hive.items);
        offsets.iter().take(most).filter_map(move |at| value(hive, u32::from_le_bytes(*at)))
    }

    /// The value of that name, whatever its case.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<Value> {
        let name = name.to_lowercase();
        self.values().find(|value| value.name.to_lowercase() == name)
    }
}

/// The offsets in a list of keys.
fn offsets(list: &[u8], step: usize) -> impl Iterator<Item = u32> {
    let count = u16_at(list, 2).unwrap_or(0);
    let entries = list.get(4..).unwrap_or_default().chunks_exact(step);
    entries.take(usize::from(count)).filter_map(|entry| u32_at(entry, 0))
}

fn value(hive: Hive<'_>, offset: u32) -> Option<Value> {
    let cell = hive.cell(offset).filter(|cell| cell.starts_with(b"vk"))?;
    let length = u16_at(cell, 2)?;
    let size = u32_at(cell, 4)?;
    let narrow = u16_at(cell, 0x10).is_some_and(|flags| flags & 1 != 0);
    // Up to four bytes stand where the offset would.
    let data = if size & 0x8000_0000 != 0 {
        cell.get(8..12)?.get(..index((size & 7).into()))?.to_vec()
    } else {
        content(hive, u32_at(cell, 8)?, index(size.into()))?
    };
    Some(Value { name: name_at(cell, 0x14, length, narrow)?, kind: u32_at(cell, 0xc)?, data })
}

/// The bytes of a value; long ones stand in segments.
fn content(hive: Hive<'_>, offset: u32, size: usize) -> Option<Vec<u8>> {
    if size > LONGEST {
        return None;
    }
    let cell = hive.cell(offset)?;
    if size <= SEGMENT || !cell.starts_with(b"db") {
        return cell.get(..size).map(<[u8]>::to_vec);
    }
    let list = hive.cell(u32_at(cell, 4)?)?;
    let count = usize::from(u16_at(cell, 2)?);
    let mut data = Vec::new();
    for at in list.as_chunks::<4>().0.iter().take(count) {
        let segment = hive.cell(u32::from_le_bytes(*at))?;
        let left = size.saturating_sub(data.len()).min(SEGMENT);
        data.extend_from_slice(segment.get(..left)?);
    }
    (data.len() == size).then_some(data)
}
