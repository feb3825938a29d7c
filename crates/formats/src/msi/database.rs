//! The database in an installer: streams, strings, tables.

use std::io::{Cursor, Read};

use cfb::CompoundFile;

use crate::error::{Deviation, Error, Kind};
use crate::inf::encoding;
use crate::limits::Limits;
use crate::reader::{Reader, index, wide};

/// An open database.
#[derive(Debug)]
pub struct Database<'a> {
    file: CompoundFile<Cursor<&'a [u8]>>,
    /// Streams by the names that tables use; those of tables begin with `!`.
    streams: Vec<(String, String)>,
    strings: Vec<String>,
    /// Whether references to strings have three bytes.
    wide_references: bool,
    columns: Vec<(String, Column)>,
    limits: Limits,
}

#[derive(Clone, Debug)]
struct Column {
    name: String,
    number: u32,
    kind: u32,
}

/// A value of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'d> {
    /// Nothing.
    Null,
    /// A number.
    Number(i64),
    /// A text.
    Text(&'d str),
}

/// A table: its rows as far as they could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table<'d> {
    columns: Vec<&'d str>,
    rows: Vec<Vec<Value<'d>>>,
}

impl<'d> Table<'d> {
    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The texts of a column, row by row; empty where there is none.
    pub fn texts(&self, column: &str) -> impl Iterator<Item = &'d str> {
        self.values(column).map(|value| match value {
            Value::Text(text) => text,
            Value::Null | Value::Number(_) => "",
        })
    }

    /// The numbers of a column, row by row.
    pub fn numbers(&self, column: &str) -> impl Iterator<Item = Option<i64>> {
        self.values(column).map(|value| match value {
            Value::Number(number) => Some(number),
            Value::Null | Value::Text(_) => None,
        })
    }

    fn values(&self, column: &str) -> impl Iterator<Item = Value<'d>> {
        let at = self.columns.iter().position(|name| *name == column);
        self.rows
            .iter()
            .map(move |row| at.and_then(|at| row.get(at)).copied().unwrap_or(Value::Null))
    }
}

/// Whether bytes begin as a compound file does.
#[must_use]
pub fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1])
}

/// Opens a database.
///
/// # Errors
/// When it is no compound file, or has no strings, as other compound files do not.
pub fn open<'a>(
    bytes: &'a [u8],
    limits: &Limits,
    deviations: &mut Vec<Deviation>,
) -> Result<Database<'a>, Error> {
    if !begins(bytes) {
        return Err(Error::new("compound file", 0, Kind::Missing));
    }
    let file = CompoundFile::open(Cursor::new(bytes))
        .map_err(|_| Error::new("compound file", 0, Kind::Corrupt))?;
    let entries = file.walk().filter(cfb::Entry::is_stream).take(limits.items);
    let streams = entries.map(|e| (decoded(e.name()), e.path().to_string_lossy().into_owned()));
    let mut database = Database {
        streams: streams.collect(),
        file,
        strings: Vec::new(),
        wide_references: false,
        columns: Vec::new(),
        limits: *limits,
    };
    let missing = || Error::new("installer strings", 0, Kind::Missing);
    let pool = database.stream("!_StringPool").ok_or_else(missing)?;
    let data = database.stream("!_StringData").ok_or_else(missing)?;
    database.read_strings(&pool, &data, deviations);
    database.read_columns();
    Ok(database)
}

impl Database<'_> {
    /// The names of all streams; those of tables begin with `!`.
    pub fn streams(&self) -> impl Iterator<Item = &str> {
        self.streams.iter().map(|(name, _)| name.as_str())
    }

    /// The content of a stream.
    pub fn stream(&mut self, name: &str) -> Option<Vec<u8>> {
        let (_, path) = self.streams.iter().find(|(known, _)| known == name)?;
        let mut stream = self.file.open_stream(path).ok()?;
        if index(stream.len()) > self.limits.package_bytes {
            return None;
        }
        let mut content = Vec::new();
        stream.read_to_end(&mut content).ok()?;
        Some(content)
    }

    /// A table; empty where there is none.
    pub fn table(&mut self, name: &str) -> Table<'_> {
        let Some(bytes) = self.stream(&format!("!{name}")) else { return Table::default() };
        let mut columns: Vec<_> =
            self.columns.iter().filter(|(of, _)| of == name).map(|(_, c)| c).collect();
        columns.sort_by_key(|column| column.number);
        self.rows(&bytes, &columns.iter().map(|c| (c.name.as_str(), c.kind)).collect::<Vec<_>>())
    }

    /// Rows stand column by column: all values of the first one, then all of the second.
    fn rows<'d>(&'d self, bytes: &[u8], columns: &[(&'d str, u32)]) -> Table<'d> {
        let widths: Vec<usize> = columns.iter().map(|(_, kind)| self.width(*kind)).collect();
        let row: usize = widths.iter().sum();
        let count = bytes.len().checked_div(row).unwrap_or(0).min(self.limits.items);
        let whole = bytes.len().checked_div(row).unwrap_or(0);
        let mut rows = vec![Vec::with_capacity(columns.len()); count];
        let mut start = 0_usize;
        for ((_, kind), width) in columns.iter().zip(&widths) {
            let length = whole.saturating_mul(*width);
            let part = bytes.get(start..start.saturating_add(length)).unwrap_or_default();
            for (row, cell) in rows.iter_mut().zip(part.chunks_exact(*width)) {
                row.push(self.value(cell, *kind));
            }
            start = start.saturating_add(length);
        }
        Table { columns: columns.iter().map(|(name, _)| *name).collect(), rows }
    }

    const fn width(&self, kind: u32) -> usize {
        match kind {
            // A binary value stands in a stream of its own; here is only a mark.
            kind if kind & !NULLABLE & !KEY == STRING | VALID => 2,
            kind if kind & STRING != 0 && self.wide_references => 3,
            kind if kind & 0xff == 4 => 4,
            _ => 2,
        }
    }

    fn value(&self, cell: &[u8], kind: u32) -> Value<'_> {
        let bytes = cell.iter().rev();
        let number = bytes.fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        if number == 0 {
            return Value::Null;
        }
        if kind & STRING != 0 {
            return self.strings.get(index(number)).map_or(Value::Null, |s| Value::Text(s));
        }
        // Numbers are kept with their sign turned, so that zero can stand for nothing.
        let bias = if cell.len() == 4 { 0x8000_0000 } else { 0x8000 };
        i64::try_from(number).map_or(Value::Null, |n| Value::Number(n.saturating_sub(bias)))
    }

    fn read_strings(&mut self, pool: &[u8], data: &[u8], deviations: &mut Vec<Deviation>) {
        let mut entries = pool.as_chunks::<4>().0.iter().map(|entry| {
            let [a, b, c, d] = *entry;
            (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]))
        });
        let (_, flags) = entries.next().unwrap_or_default();
        self.wide_references = flags & 0x8000 != 0;
        // Number zero is no string.
        self.strings.push(String::new());
        let mut reader = Reader::new("installer string", data);
        while let Some((length, references)) = entries.next() {
            let length = match (length, references) {
                (0, high @ 1..) => {
                    let (low, _) = entries.next().unwrap_or_default();
                    u32::from(high) << 16 | u32::from(low)
                }
                (length, _) => length.into(),
            };
            match reader.take(index(length.into())) {
                Ok(text) => self.strings.push(decode(text)),
                Err(problem) => {
                    deviations.push(problem);
                    return;
                }
            }
            if self.strings.len() > self.limits.items.saturating_mul(4) {
                let kind = Kind::TooMany { limit: wide(self.limits.items) };
                deviations.push(Error::new("installer strings", 0, kind));
                return;
            }
        }
    }

    fn read_columns(&mut self) {
        let Some(bytes) = self.stream("!_Columns") else { return };
        let layout = [
            ("Table", STRING | VALID | KEY | 64),
            ("Number", VALID | KEY | 2),
            ("Name", STRING | VALID | 64),
            ("Type", VALID | 2),
        ];
        let table = self.rows(&bytes, &layout);
        let names = table.texts("Table").zip(table.texts("Name"));
        let numbers = table.numbers("Number").zip(table.numbers("Type"));
        let columns = names.zip(numbers).filter_map(|((of, name), (number, kind))| {
            let column = Column {
                name: name.to_owned(),
                number: u32::try_from(number?).ok()?,
                // The upper bits of a 16-bit number.
                kind: u32::try_from(kind? & 0xffff).ok()?,
            };
            Some((of.to_owned(), column))
        });
        let columns = columns.take(4096).collect();
        self.columns = columns;
    }
}

/// Bits of a column's type (Wine `dlls/msi/msipriv.h`, `MSITYPE_*`).
const VALID: u32 = 0x100;
const STRING: u32 = 0x800;
const NULLABLE: u32 = 0x1000;
const KEY: u32 = 0x2000;

fn decode(text: &[u8]) -> String {
    match str::from_utf8(text) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding::decode(text).value.1,
    }
}

/// The name of a stream: two of 64 letters stand in one, and one letter in front marks a table.
fn decoded(name: &str) -> String {
    const LETTERS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._";
    let letter = |n: u32| LETTERS.get(index(u64::from(n & 0x3f))).map_or('_', |b| char::from(*b));
    let mut out = String::new();
    for c in name.chars() {
        let n = u32::from(c);
        match n {
            0x4840 => out.push('!'),
            0x4800..=0x483f => out.push(letter(n)),
            0x3800..=0x47ff => {
                let pair = n.wrapping_sub(0x3800);
                out.push(letter(pair));
                out.push(letter(pair >> 6));
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_streams_are_decoded() {
        // `_StringPool` as every installer has it.
        assert_eq!(
            decoded("\u{4840}\u{3f3f}\u{4577}\u{446c}\u{3e6a}\u{44b2}\u{482f}"),
            "!_StringPool"
        );
        assert_eq!(decoded("\u{5}SummaryInformation"), "\u{5}SummaryInformation");
    }
}
