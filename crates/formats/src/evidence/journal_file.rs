//! `.journal`, `.journal~`: the journal as systemd keeps it on disk.
//!
//! Objects are read one after another, as they were written, and not by the file's own indexes: a
//! file that was not closed, or whose end is torn, still gives what was whole. Of an entry only
//! what a diagnosis asks for is kept. A damaged stretch is passed over and counted.
//!
//! Source: systemd, docs/JOURNAL_FILE_FORMAT.md (header, flags, objects, compact mode);
//! src/libsystemd/sd-journal/compress.c (how long LZ4 blocks are told).

use crate::compress::{self, Compression};
use crate::error::{Deviation, Error, Kind, Parsed};
use crate::evidence::journal::Record;
use crate::limits::Limits;
use crate::reader::{Reader, index, wide};
use std::collections::HashMap;
use std::rc::Rc;

/// How the file begins.
pub const MAGIC: &[u8] = b"LPKSHHRH";

/// What a file held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Entries that were read.
    pub entries: u64,
    /// Entries whose message was not read: damaged, or beyond a limit.
    pub left_off: u64,
}

/// Flags of the header under which the file can be read (`HEADER_INCOMPATIBLE_*`): three ways to
/// compress, keyed hashes, compact entries.
const KNOWN: u32 = 0b1_1111;
const COMPACT: u32 = 1 << 4;

/// Sorts of objects.
const DATA: u8 = 1;
const ENTRY: u8 = 3;
const LAST_SORT: u8 = 7;

/// Bytes before what an object is about: of every object, of data, of an entry.
const OBJECT: usize = 16;
const DATA_HEAD: usize = 64;
const ENTRY_HEAD: usize = 64;
/// What compact data has besides.
const COMPACT_DATA: usize = 8;

/// Bytes of one value that are unpacked; a message beyond this has its beginning in the log.
const VALUE: usize = 1 << 20;
/// All messages together may have so many times the file's bytes: one that is said again is kept once.
const TIMES: usize = 32;
const AT_LEAST: usize = 16 << 20;

/// Reads a file; `each` is told every entry that has a message, with its number in the file from 0.
///
/// # Errors
/// `Missing` where it is no such file, `Unsupported` where its header demands what is not known
/// here, `Truncated` where the header is cut.
pub fn read(
    bytes: &[u8],
    limits: &Limits,
    each: &mut dyn FnMut(u64, &Record),
) -> Result<Parsed<Told>, Error> {
    if !bytes.starts_with(MAGIC) {
        return Err(Error::new("journal signature", 0, Kind::Missing));
    }
    let mut head = Reader::new("journal header", bytes);
    head.skip(12)?;
    let flags = head.u32_le()?;
    if flags & !KNOWN != 0 {
        return Err(Error::new("journal flags", 12, Kind::Unsupported));
    }
    head.skip(72)?;
    let start = index(head.u64_le()?);
    let budget = bytes.len().saturating_mul(TIMES).saturating_add(AT_LEAST);
    let mut file = File {
        bytes,
        compact: flags & COMPACT != 0,
        limits,
        unpacked: HashMap::new(),
        budget,
        told: Told::default(),
    };
    let deviations = file.walk(start.max(OBJECT), each);
    Ok(Parsed { value: file.told, deviations })
}

struct File<'a> {
    bytes: &'a [u8],
    compact: bool,
    limits: &'a Limits,
    /// Compressed values, by their place; `None` where they are of no use.
    unpacked: HashMap<usize, Option<Rc<[u8]>>>,
    /// Bytes of values that may still be read.
    budget: usize,
    told: Told,
}

/// An object.
#[derive(Clone, Copy, Debug)]
struct Object<'a> {
    sort: u8,
    flags: u8,
    bytes: &'a [u8],
}

/// Deviations that are told; a file of nothing but damage has no more to say.
const DEVIATIONS: usize = 64;

impl<'a> File<'a> {
    fn walk(&mut self, start: usize, each: &mut dyn FnMut(u64, &Record)) -> Vec<Deviation> {
        let mut deviations = Vec::new();
        let mut at = start.next_multiple_of(8);
        let mut torn = false;
        while let Some(rest) = self.bytes.get(at..).filter(|rest| rest.len() >= OBJECT) {
            match self.object(at) {
                Some(object) => {
                    torn = false;
                    if object.sort == ENTRY {
                        self.entry(object.bytes, each);
                    }
                    let length = object.bytes.len().checked_next_multiple_of(8);
                    at = at.saturating_add(length.unwrap_or(usize::MAX).max(OBJECT));
                }
                // Room that is reserved and not written yet.
                None if rest.iter().take(4096).all(|b| *b == 0) && zero(rest) => break,
                None => {
                    if !torn && deviations.len() < DEVIATIONS {
                        deviations.push(Error::new("journal object", at, Kind::Corrupt));
                    }
                    torn = true;
                    at = at.saturating_add(8);
                }
            }
        }
        deviations
    }

    /// The object at a place, where one can stand there.
    fn object(&self, at: usize) -> Option<Object<'a>> {
        let mut r = Reader::new("journal object", self.bytes.get(at..)?);
        let (sort, flags) = (r.u8().ok()?, r.u8().ok()?);
        let reserved = r.array::<6>().ok()?;
        let length = index(r.u64_le().ok()?);
        let least = match sort {
            DATA => DATA_HEAD,
            ENTRY => ENTRY_HEAD,
            _ => OBJECT,
        };
        if !(1..=LAST_SORT).contains(&sort) || reserved != [0; 6] || length < least {
            return None;
        }
        let bytes = self.bytes.get(at..)?.get(..length)?;
        Some(Object { sort, flags, bytes })
    }

    fn entry(&mut self, bytes: &[u8], each: &mut dyn FnMut(u64, &Record)) {
        let number = self.told.entries;
        self.told.entries = self.told.entries.saturating_add(1);
        let mut r = Reader::new("journal entry", bytes);
        let head = r.skip(OBJECT + 8).and_then(|()| r.u64_le());
        let (Ok(time), Ok(()), Ok(boot)) = (head, r.skip(8), r.array::<16>()) else { return };
        let mut record = Record {
            boot: Some(boot.iter().map(|b| format!("{b:02x}")).collect()),
            time: Some(time.to_string()),
            ..Record::default()
        };
        let (mut said, mut lost) = (None, false);
        let size = if self.compact { 4 } else { 16 };
        let items = bytes.get(ENTRY_HEAD..).unwrap_or_default();
        for item in items.chunks_exact(size).take(self.limits.items) {
            let place = item
                .first_chunk::<8>()
                .map(|place| u64::from_le_bytes(*place))
                .or_else(|| item.first_chunk::<4>().map(|p| u64::from(u32::from_le_bytes(*p))));
            let Some(place) = place.map(index).filter(|place| *place != 0) else { continue };
            match self.value(place) {
                Value::Plain(b"MESSAGE", value) => said = Some(Rc::from(value)),
                Value::Plain(b"_HOSTNAME", value) => record.host = word(value),
                Value::Plain(b"SYSLOG_IDENTIFIER", value) => record.by = word(value),
                Value::Message(value) => said = Some(value),
                Value::Damaged => lost = true,
                Value::Plain(..) | Value::Other => {}
            }
        }
        match said {
            Some(said) if said.len() <= self.budget => {
                self.budget = self.budget.saturating_sub(said.len());
                record.message = String::from_utf8_lossy(&said).into_owned();
                each(number, &record);
            }
            Some(_) => self.told.left_off = self.told.left_off.saturating_add(1),
            None => self.told.left_off = self.told.left_off.saturating_add(u64::from(lost)),
        }
    }

    /// The field at a place: its name and value.
    fn value(&mut self, place: usize) -> Value<'a> {
        let Some(object) = self.object(place).filter(|o| o.sort == DATA) else {
            return Value::Damaged;
        };
        let head = if self.compact { DATA_HEAD.saturating_add(COMPACT_DATA) } else { DATA_HEAD };
        let Some(payload) = object.bytes.get(head..) else { return Value::Damaged };
        let how = match object.flags & 0b111 {
            0 => {
                let Some(equals) = memchr::memchr(b'=', payload) else { return Value::Damaged };
                let (name, value) = payload.split_at_checked(equals).unwrap_or_default();
                return Value::Plain(name, value.get(1..).unwrap_or_default());
            }
            1 => Some(Compression::Xz),
            2 => None,
            4 => Some(Compression::Zstd),
            _ => return Value::Damaged,
        };
        if !self.unpacked.contains_key(&place) {
            let plain = self.unpack(payload, how);
            // Unpacking costs whatever comes of it.
            self.budget = self.budget.saturating_sub(plain.len());
            let message = plain.strip_prefix(b"MESSAGE=").map(Rc::from);
            self.unpacked.insert(place, message);
        }
        match self.unpacked.get(&place) {
            Some(Some(message)) => Value::Message(message.clone()),
            _ => Value::Other,
        }
    }

    /// What a compressed value holds, as much of it as comes out.
    fn unpack(&self, payload: &[u8], how: Option<Compression>) -> Vec<u8> {
        let mut plain = Vec::new();
        if self.budget == 0 {
            return plain;
        }
        if let Some(how) = how {
            // What came out before a failure stands in `plain`.
            let _ = compress::unpack_first(payload, how, VALUE, self.limits, &mut plain);
            return plain;
        }
        // LZ4: the length of what it holds, then one block.
        let Some((length, block)) = payload.split_first_chunk::<8>() else { return plain };
        let length = index(u64::from_le_bytes(*length)).min(VALUE);
        if block.len() < VALUE {
            plain.resize(length.min(block.len().saturating_mul(255).saturating_add(64)), 0);
            let got = lz4_flex::block::decompress_into(block, &mut plain).unwrap_or(0);
            plain.truncate(got);
        }
        plain
    }
}

/// What stands at a place.
enum Value<'a> {
    Plain(&'a [u8], &'a [u8]),
    Message(Rc<[u8]>),
    Other,
    Damaged,
}

fn zero(rest: &[u8]) -> bool {
    rest.iter().all(|b| *b == 0)
}

/// A short value as a word.
fn word(value: &[u8]) -> Option<String> {
    (wide(value.len()) <= 256).then(|| String::from_utf8_lossy(value).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNSIGNED: &str = "Loading of unsigned module is rejected";

    fn said(bytes: &[u8]) -> (Vec<String>, Told, usize) {
        let mut all = Vec::new();
        let got = read(bytes, &Limits::DEFAULT, &mut |_, r| all.push(r.message.clone())).unwrap();
        (all, got.value, got.deviations.len())
    }

    fn object(sort: u8, flags: u8, body: &[u8]) -> Vec<u8> {
        let length = wide(body.len()).saturating_add(16).to_le_bytes();
        let head = [sort, flags, 0, 0, 0, 0, 0, 0];
        let mut all = [head.as_slice(), &length, body].concat();
        all.resize(all.len().next_multiple_of(8), 0);
        all
    }

    /// One entry with this value, behind what is there.
    fn add(all: &mut Vec<u8>, compact: bool, flags: u8, payload: &[u8]) {
        let place = wide(all.len()).to_le_bytes();
        let head = vec![0; if compact { 56 } else { 48 }];
        all.extend(object(DATA, flags, &[head.as_slice(), payload].concat()));
        let item = [place.as_slice(), &[0; 8]].concat();
        let item = if compact { item.split_at(4).0 } else { &item };
        all.extend(object(ENTRY, 0, &[[0; 48].as_slice(), item].concat()));
    }

    /// A file as the format's page writes it.
    fn file(compact: bool) -> Vec<u8> {
        let mut all = MAGIC.to_vec();
        all.extend([0, 0, 0, 0, if compact { 16 } else { 0 }]);
        all.resize(88, 0);
        all.extend(256_u64.to_le_bytes());
        all.resize(256, 0);
        all
    }

    #[test]
    fn entries_are_told_in_order_whatever_the_form() {
        let text = ["MESSAGE=", &UNSIGNED.repeat(40)].concat();
        let length = wide(text.len()).to_le_bytes();
        let lz4 = [length.as_slice(), &lz4_flex::block::compress(text.as_bytes())].concat();
        let zstd = zstd::encode_all(text.as_bytes(), 3).unwrap();
        for compact in [false, true] {
            let mut bytes = file(compact);
            add(&mut bytes, compact, 0, b"MESSAGE=one");
            add(&mut bytes, compact, 2, &lz4);
            add(&mut bytes, compact, 4, &zstd);
            add(&mut bytes, compact, 0, b"PRIORITY=3");
            let (all, told, deviations) = said(&bytes);
            assert_eq!((told.entries, told.left_off, deviations), (4, 0, 0));
            assert_eq!(all, ["one".to_owned(), UNSIGNED.repeat(40), UNSIGNED.repeat(40)]);
        }
    }

    #[test]
    fn a_torn_stretch_is_passed_over() {
        let mut bytes = file(false);
        add(&mut bytes, false, 0, b"MESSAGE=one");
        bytes.extend([0xff; 40]);
        add(&mut bytes, false, 0, b"MESSAGE=two");
        let whole = bytes.len();
        bytes.extend([0; 4096]);
        let (all, told, deviations) = said(&bytes);
        assert_eq!((all.len(), told.left_off, deviations), (2, 0, 1));
        // The last entry is cut: those before it stand.
        bytes.truncate(whole.saturating_sub(8));
        assert_eq!(said(&bytes).0, ["one"]);
    }

    #[test]
    fn what_is_no_journal_is_an_error() {
        let none = read(b"x", &Limits::DEFAULT, &mut |_, _| {}).unwrap_err();
        assert_eq!(none.kind, Kind::Missing);
        let mut later = file(false);
        later.splice(15..16, [0x80]);
        let later = read(&later, &Limits::DEFAULT, &mut |_, _| {}).unwrap_err();
        assert_eq!(later.kind, Kind::Unsupported);
    }
}
