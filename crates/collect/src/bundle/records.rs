//! What was seen, kept in memory until it is written as one file.
//!
//! The same looks give the same bytes: everything is sorted by its path, and what is equal is
//! stored once. Small things share a frame, large ones have one each.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_formats::bundle::archive::{self, Archive};
use loadworthy_formats::bundle::container::{self, Frame, HEAD};
use loadworthy_formats::bundle::index::{
    self, About, Found, Index, Line, Read, Sort, Source, Span,
};
use loadworthy_formats::bundle::path;
use loadworthy_formats::kernel::name::is_module;
use loadworthy_formats::limits::Limits;

use super::redact::Names;
use super::sketching;
use crate::item::Item;
use crate::sighting::{Entry, Kind, Metadata, Outcome};

/// From this size on, bytes are packed when they are seen, in a frame of their own.
const LARGE: usize = 64 << 10;
/// Bytes of small things that share a frame.
const FRAME: usize = 1 << 20;
/// How hard small things are packed: a bundle is written once and carried often.
const HARD: i32 = 15;
/// How hard large ones are: kernel images are packed already.
const LIGHT: i32 = 6;

/// A thing and how it was read.
type Key = (Read, Vec<u8>);

/// Everything that was seen.
#[derive(Debug, Default)]
pub struct Records {
    /// Whether modules are kept as whole files.
    full: bool,
    seen: Mutex<BTreeMap<Key, Seen>>,
}

/// What looking gave.
#[derive(Debug)]
enum Seen {
    Bytes(Kept, Option<bool>),
    Module(Kept, Option<bool>),
    Metadata(Metadata),
    Other(Outcome),
}

/// Bytes in memory.
#[derive(Debug)]
enum Kept {
    Small(Vec<u8>),
    Large { packed: Vec<u8>, size: u64, sha256: Vec<u8> },
}

/// How a bundle is written.
#[derive(Clone, Debug)]
pub struct Told {
    /// The time as of which it was recorded.
    pub at: String,
    /// Version of the program.
    pub tool: String,
    /// Where the looks went.
    pub source: Source,
    /// Whether names and serial numbers are replaced.
    pub redacted: bool,
}

/// What a written bundle holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Bytes of the file.
    pub size: u64,
    /// Things that were looked at.
    pub items: usize,
    /// Of these, modules that are there without their code.
    pub modules: usize,
    /// What may not be read with the rights that the program had.
    pub denied: Vec<String>,
    /// How many names were replaced.
    pub replaced: usize,
}

/// The key of an item; `None` for one that may not be read at all.
pub(crate) fn key(item: &Item) -> Option<Key> {
    item.row()?;
    let read = match item {
        Item::File(_) | Item::Variable { .. } | Item::MokVariable(_) => Read::File,
        Item::Entries(_) => Read::Folder,
        Item::Link(_) => Read::Link,
        Item::Uname => return Some((Read::Call, b"uname".to_vec())),
        Item::Room(_) => return Some((Read::Call, item.to_string().into_bytes())),
    };
    Some((read, item.path()?.as_bytes().to_vec()))
}

/// The key of what is known of an item without its bytes.
pub(crate) fn metadata_key(item: &Item) -> Option<Key> {
    item.row()?;
    Some((Read::Metadata, item.path()?.as_bytes().to_vec()))
}

/// The same inside the archive at `place`, if there is one.
pub(crate) fn placed(place: &str, (read, path): Key) -> Key {
    match place {
        "" => (read, path),
        place => (read, archive::within(place.as_bytes(), &path)),
    }
}

/// Whether it is an initramfs, by what the list of reads says of it.
fn is_initramfs(item: &Item) -> bool {
    item.row().is_some_and(|row| row.what.starts_with("the initramfs"))
}

impl Records {
    /// Nothing yet. `full`: modules are kept as whole files.
    #[must_use]
    pub fn new(full: bool) -> Self {
        Self { full, seen: Mutex::default() }
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<Key, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what a look at `item` gave; the first answer stays, but one that was too large for a
    /// first attempt.
    /// `place` is the archive that was looked into, if any.
    pub(crate) fn note(
        &self,
        place: &str,
        item: &Item,
        outcome: &Outcome,
        bytes: &[u8],
        limits: &Limits,
    ) {
        let Some(key) = key(item).map(|key| placed(place, key)) else { return };
        let known = |seen: &Seen| !matches!(seen, Seen::Other(Outcome::TooLarge { .. }));
        if self.seen().get(&key).is_some_and(known) {
            return;
        }
        let seen = match outcome {
            // It may hold keys of disks, and is no business of whoever carries a bundle.
            Outcome::Bytes { .. } if !self.full && is_initramfs(item) => {
                Seen::Other(Outcome::OutOfReach)
            }
            Outcome::Bytes { file_signature } => {
                let sketch = (!self.full && is_module(&key.1))
                    .then(|| sketching::of(bytes, limits))
                    .flatten();
                match sketch {
                    Some(sketch) => Seen::Module(Kept::of(sketch), *file_signature),
                    None => Seen::Bytes(Kept::of(bytes.to_vec()), *file_signature),
                }
            }
            other => Seen::Other(other.clone()),
        };
        self.seen().insert(key, seen);
    }

    /// Keeps what is known of `item` without its bytes.
    pub(crate) fn note_metadata(
        &self,
        place: &str,
        item: &Item,
        outcome: &Result<Metadata, Outcome>,
    ) {
        let Some(key) = metadata_key(item).map(|key| placed(place, key)) else { return };
        let seen = match outcome {
            Ok(metadata) => Seen::Metadata(*metadata),
            Err(outcome) => Seen::Other(outcome.clone()),
        };
        self.seen().entry(key).or_insert(seen);
    }

    /// Keeps what is known of an archive without its bytes.
    pub(crate) fn note_archive(&self, place: &str, known: &Archive) {
        if let Ok(bytes) = archive::write(known) {
            let key = (Read::Archive, place.as_bytes().to_vec());
            self.seen().entry(key).or_insert(Seen::Bytes(Kept::Small(bytes), None));
        }
    }

    /// Writes everything as a bundle.
    ///
    /// # Errors
    /// When `out` does not take it.
    pub fn write(&self, told: Told, out: &mut dyn Write) -> io::Result<Written> {
        let seen = self.seen();
        let names = told.redacted.then(|| {
            Names::of(seen.iter().filter_map(|((_, path), seen)| match seen {
                Seen::Bytes(Kept::Small(bytes), _) => Some((path.as_slice(), bytes.as_slice())),
                _ => None,
            }))
        });
        let mut file =
            File { out, at: 0, frames: Vec::new(), room: Vec::new(), placed: HashMap::new() };
        file.put(HEAD)?;
        let mut written = Written::default();
        let mut lines = Vec::new();
        for ((read, place), seen) in seen.iter() {
            let replaced = |bytes: &[u8]| {
                let names = names.as_ref()?;
                Some(match read {
                    Read::Archive => without_names(names, bytes),
                    _ => names.replaced(place, bytes),
                })
            };
            let found = match seen {
                Seen::Bytes(kept, ima) => {
                    let span = match kept {
                        Kept::Small(bytes) => match replaced(bytes) {
                            Some(bytes) => file.small(&bytes)?,
                            None => file.small(bytes)?,
                        },
                        Kept::Large { packed, size, sha256 } => {
                            file.large(packed, *size, sha256)?
                        }
                    };
                    Found::Bytes { span, ima: *ima }
                }
                Seen::Module(kept, ima) => {
                    written.modules += 1;
                    let span = match kept {
                        Kept::Small(bytes) => file.small(bytes)?,
                        Kept::Large { packed, size, sha256 } => {
                            file.large(packed, *size, sha256)?
                        }
                    };
                    Found::Module { span, ima: *ima }
                }
                Seen::Metadata(metadata) => {
                    Found::Metadata { sort: sort(metadata.kind), size: metadata.size }
                }
                Seen::Other(outcome) => {
                    if *outcome == Outcome::Denied {
                        written.denied.push(String::from_utf8_lossy(place).into_owned());
                    }
                    other(outcome, names.as_ref())
                }
            };
            let place = names.as_ref().map_or_else(|| place.clone(), |n| n.in_path(place));
            lines.push(Line { read: *read, path: path::written(&place), found });
        }
        file.close_frame()?;
        written.items = lines.len();
        written.denied.dedup();
        written.replaced = names.as_ref().map_or(0, Names::len);
        let about = About {
            schema: index::SCHEMA.into(),
            tool: told.tool,
            at: told.at,
            source: told.source,
            redacted: told.redacted,
            full: self.full,
            frames: std::mem::take(&mut file.frames),
        };
        let index = index::write(&Index { about, lines }).map_err(io::Error::from)?;
        let (at, packed) = (file.at, packed(&index, HARD)?);
        file.put(&packed)?;
        file.put(&container::tail(at, packed.len() as u64))?;
        written.size = file.at;
        Ok(written)
    }
}

/// The record of an archive with the names in its paths replaced.
fn without_names(names: &Names, bytes: &[u8]) -> Vec<u8> {
    let replaced =
        |path: &String| String::from_utf8_lossy(&names.in_path(path.as_bytes())).into_owned();
    let Ok(known) = archive::read(bytes) else { return Vec::new() };
    let paths = known.paths.iter().map(replaced).collect();
    archive::write(&Archive { paths, ..known }).unwrap_or_default()
}

impl Kept {
    fn of(bytes: Vec<u8>) -> Self {
        if bytes.len() < LARGE {
            return Self::Small(bytes);
        }
        match packed(&bytes, LIGHT) {
            Ok(packed) => Self::Large {
                packed,
                size: bytes.len() as u64,
                sha256: digest(DigestAlgorithm::Sha256, &bytes).as_bytes().to_vec(),
            },
            Err(_) => Self::Small(bytes),
        }
    }
}

/// One zstd frame, with its size and a checksum.
fn packed(bytes: &[u8], level: i32) -> io::Result<Vec<u8>> {
    let mut packer = zstd::bulk::Compressor::new(level)?;
    packer.include_checksum(true)?;
    packer.compress(bytes)
}

/// The file as it is written.
struct File<'o> {
    out: &'o mut dyn Write,
    at: u64,
    frames: Vec<Frame>,
    room: Vec<u8>,
    placed: HashMap<Vec<u8>, Span>,
}

impl File<'_> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.at += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn small(&mut self, bytes: &[u8]) -> io::Result<Span> {
        let sha256 = digest(DigestAlgorithm::Sha256, bytes).as_bytes().to_vec();
        if let Some(span) = self.placed.get(&sha256) {
            return Ok(*span);
        }
        if !self.room.is_empty() && self.room.len() + bytes.len() > FRAME {
            self.close_frame()?;
        }
        let at = self.room.len() as u64;
        let span = Span { frame: self.next_frame(), at, size: bytes.len() as u64 };
        self.room.extend_from_slice(bytes);
        self.placed.insert(sha256, span);
        Ok(span)
    }

    fn large(&mut self, packed: &[u8], size: u64, sha256: &[u8]) -> io::Result<Span> {
        if let Some(span) = self.placed.get(sha256) {
            return Ok(*span);
        }
        self.close_frame()?;
        let span = Span { frame: self.next_frame(), at: 0, size };
        self.frame(packed, size)?;
        self.placed.insert(sha256.to_vec(), span);
        Ok(span)
    }

    fn next_frame(&self) -> u32 {
        u32::try_from(self.frames.len()).unwrap_or(u32::MAX)
    }

    fn frame(&mut self, packed: &[u8], size: u64) -> io::Result<()> {
        self.frames.push(Frame { at: self.at, stored: packed.len() as u64, size });
        self.put(packed)
    }

    fn close_frame(&mut self) -> io::Result<()> {
        if self.room.is_empty() {
            return Ok(());
        }
        let room = std::mem::take(&mut self.room);
        self.frame(&packed(&room, HARD)?, room.len() as u64)
    }
}

pub(crate) const fn sort(kind: Kind) -> Sort {
    match kind {
        Kind::File => Sort::File,
        Kind::Folder => Sort::Folder,
        Kind::Link => Sort::Link,
        Kind::Fifo => Sort::Fifo,
        Kind::Device => Sort::Device,
        Kind::Socket => Sort::Socket,
        Kind::Unknown => Sort::Unknown,
    }
}

fn other(outcome: &Outcome, names: Option<&Names>) -> Found {
    match outcome {
        Outcome::Entries(entries) => {
            let name = |entry: &Entry| match names {
                Some(names) => path::written(&names.in_path(&entry.name)),
                None => path::written(&entry.name),
            };
            Found::Entries { entries: entries.iter().map(|e| (name(e), sort(e.kind))).collect() }
        }
        Outcome::Absent => Found::Absent,
        Outcome::Denied => Found::Denied,
        Outcome::OutOfReach | Outcome::Bytes { .. } => Found::OutOfReach,
        Outcome::NotRegular(kind) => Found::NotRegular { sort: sort(*kind) },
        Outcome::TooLarge { limit } => Found::TooLarge { limit: *limit },
        Outcome::Broken(kind) => Found::Broken { said: kind.to_string() },
    }
}
