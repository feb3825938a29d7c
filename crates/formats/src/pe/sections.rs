//! The section table.

use crate::error::{Deviation, Error, Kind};
use crate::limits::Limits;
use crate::reader::{Reader, index, wide};

/// One section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section<'a> {
    /// Its name as stored: eight bytes, filled with zeros.
    pub raw_name: [u8; 8],
    /// Its name; one that is longer stands in the string table, as GNU tools write it. Empty where
    /// it is no text.
    pub name: String,
    /// Its size in memory, in bytes.
    pub virtual_size: u32,
    /// Its address in memory, from the start of the image.
    pub address: u32,
    /// Its size in the file, in bytes.
    pub size: u32,
    /// Where it begins in the file.
    pub at: u32,
    /// Whether it has relocations of its own, which only object files do.
    pub has_relocations: bool,
    /// `Characteristics`.
    pub characteristics: u32,
    /// Its bytes in the file; `None`: they reach past its end.
    pub data: Option<&'a [u8]>,
}

impl<'a> Section<'a> {
    /// Its bytes as far as they are part of the image: files pad sections to their alignment.
    #[must_use]
    pub fn content(&self) -> Option<&'a [u8]> {
        let data = self.data?;
        Some(data.get(..index(self.virtual_size.into())).unwrap_or(data))
    }
}

/// The file, and the string table behind the symbols, which names sections too.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strings<'a> {
    file: &'a [u8],
    table: &'a [u8],
}

impl<'a> Strings<'a> {
    /// The strings behind symbols that begin at `symbols.0` and are `symbols.1` in number, each of
    /// eighteen bytes.
    pub(super) fn behind(symbols: (u32, u32), file: &'a [u8]) -> Self {
        let at = u64::from(symbols.1).saturating_mul(18).saturating_add(symbols.0.into());
        let table = if symbols.0 == 0 { None } else { file.get(index(at)..) };
        Self { file, table: table.unwrap_or_default() }
    }

    fn name(self, raw: &[u8; 8]) -> String {
        let stored = first(raw);
        let long = stored.strip_prefix(b"/").and_then(|number| {
            let at: usize = core::str::from_utf8(number).ok()?.parse().ok()?;
            self.table.get(at..)
        });
        let name = long.map_or(stored, |rest| first(rest.get(..LONGEST).unwrap_or(rest)));
        core::str::from_utf8(name).unwrap_or("").to_owned()
    }
}

/// Section names longer than this are not looked at.
const LONGEST: usize = 64;

fn first(bytes: &[u8]) -> &[u8] {
    bytes.split(|b| *b == 0).next().unwrap_or_default()
}

/// Reads `count` entries of forty bytes.
///
/// # Errors
/// `Truncated` when the table is not all there, `TooMany` above the limit.
pub(super) fn read<'a>(
    mut table: Reader<'_>,
    count: u16,
    strings: Strings<'a>,
    limits: &Limits,
    deviations: &mut Vec<Deviation>,
) -> Result<Vec<Section<'a>>, Error> {
    if usize::from(count) > limits.items {
        return Err(table.error(Kind::TooMany { limit: wide(limits.items) }));
    }
    let mut sections = Vec::new();
    for _ in 0..count {
        let entry_at = table.at();
        let raw_name = table.array()?;
        let virtual_size = table.u32_le()?;
        let address = table.u32_le()?;
        let size = table.u32_le()?;
        let at = table.u32_le()?;
        let relocations_at = table.u32_le()?;
        table.skip(4)?;
        let relocations = table.u16_le()?;
        table.skip(2)?;
        let characteristics = table.u32_le()?;
        let start = index(at.into());
        let data =
            start.checked_add(index(size.into())).and_then(|end| strings.file.get(start..end));
        if data.is_none() {
            let have = wide(strings.file.len().saturating_sub(start));
            let kind = Kind::Truncated { need: size.into(), have };
            deviations.push(Error::new("PE section", entry_at, kind));
        }
        sections.push(Section {
            name: strings.name(&raw_name),
            raw_name,
            virtual_size,
            address,
            size,
            at,
            has_relocations: relocations_at != 0 || relocations != 0,
            characteristics,
            data,
        });
    }
    Ok(sections)
}
