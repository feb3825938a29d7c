//! A module file read in pieces: its header, its end, and what lies elsewhere when it is asked for.
//!
//! Section headers, section names, symbols and an appended signature lie at the end of modules as linkers
//! and `sign-file` make them, so that most questions need three small reads.

use crate::elf::header::{Header, Section};
use crate::elf::layout::Layout;
use crate::error::{Error, Kind};
use crate::reader::{index, wide};

/// Section names are looked for this many bytes before the section headers.
const BEFORE: u64 = 1024;
/// The end of the file is read at once up to this size.
const END: u64 = 256 << 10;

/// Reads a file from an offset into the whole of a buffer, and says whether it could.
pub type ReadAt<'r> = dyn FnMut(u64, &mut [u8]) -> bool + 'r;

/// A file of which header and end were read.
pub(crate) struct Pieces<'r, 'f> {
    length: u64,
    read_at: &'r mut ReadAt<'f>,
    /// The end of the file, and where it begins.
    pub(crate) end: &'r [u8],
    from: u64,
    pub(crate) layout: Layout,
    pub(crate) header: Header,
}

impl<'r, 'f> Pieces<'r, 'f> {
    /// Reads header and end; `end` is lent for the file's end.
    pub(crate) fn open(
        length: u64,
        read_at: &'r mut ReadAt<'f>,
        end: &'r mut Vec<u8>,
    ) -> Result<Self, Error> {
        let mut first = [0u8; 64];
        let short = |what, need| Error::new(what, 0, Kind::Truncated { need, have: length });
        let head = first.get_mut(..index(length).min(64)).unwrap_or_default();
        if !read_at(0, head) {
            return Err(short("elf header", 64));
        }
        let layout = Layout::of(&first);
        let header = Header::read(&first, layout);
        if !header.has_magic() {
            return Err(Error::new("elf magic", 0, Kind::Missing));
        }
        let from = header.section_offset.saturating_sub(BEFORE);
        let from = from.max(length.saturating_sub(END)).min(length);
        end.resize(index(length.saturating_sub(from)), 0);
        if !read_at(from, end) {
            return Err(short("elf section headers", length));
        }
        Ok(Self { length, read_at, end, from, layout, header })
    }

    /// So many bytes at an offset, if they are no more than `limit`; `lent` holds them where they were
    /// not read yet.
    pub(crate) fn piece<'a>(
        &mut self,
        what: &'static str,
        (offset, size): (u64, u64),
        limit: usize,
        lent: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], Error>
    where
        'r: 'a,
    {
        if size > wide(limit) {
            return Err(Error::new(what, index(offset), Kind::TooLarge { limit: wide(limit) }));
        }
        let end = self.end;
        let read = offset.checked_sub(self.from);
        if let Some(found) = read.and_then(|at| end.get(index(at)..)?.get(..index(size))) {
            return Ok(found);
        }
        let past = offset.checked_add(size).is_none_or(|last| last > self.length);
        lent.resize(if past { 0 } else { index(size) }, 0);
        if past || !(self.read_at)(offset, lent) {
            let have = self.length.saturating_sub(offset);
            return Err(Error::new(what, index(offset), Kind::Truncated { need: size, have }));
        }
        Ok(lent)
    }

    /// The table of section headers.
    pub(crate) fn table<'a>(
        &mut self,
        limit: usize,
        lent: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], Error>
    where
        'r: 'a,
    {
        let count = u64::from(self.header.section_count);
        let size = wide(self.layout.section_size()).saturating_mul(count);
        self.piece("elf section headers", (self.header.section_offset, size), limit, lent)
    }

    /// A section header out of that table.
    pub(crate) fn section(&self, table: &[u8], n: u16) -> Option<Section> {
        let start = usize::from(n).checked_mul(self.layout.section_size())?;
        let entry = table.get(start..start.checked_add(self.layout.section_size())?)?;
        Some(Section::read(entry, self.layout))
    }
}
