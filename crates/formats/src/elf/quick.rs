//! A module's `.modinfo` without reading the whole file.
//!
//! Three small reads of a file: its header, its end (section headers, section names and an appended
//! signature lie there in modules as linkers and `sign-file` make them) and `.modinfo`; one more where they lie elsewhere.

use crate::elf::header::{Header, Section};
use crate::elf::layout::Layout;
use crate::elf::modinfo::Modinfo;
use crate::elf::text::until_nul;
use crate::error::{Error, Kind};
use crate::limits::Limits;
use crate::reader::{index, wide};

/// What ends a file with an appended signature (`include/linux/module_signature.h`).
const MARKER: &[u8] = b"~Module signature appended~\n";
/// Section names are looked for this many bytes before the section headers.
const BEFORE: u64 = 1024;
/// The end of the file is read at once up to this size.
const END: u64 = 256 << 10;

/// What was found without reading everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quick {
    /// The file header.
    pub header: Header,
    /// The entries of `.modinfo`, where there is such a section.
    pub modinfo: Option<Modinfo>,
    /// Whether the file ends with the signature marker.
    pub has_signature_marker: bool,
}

/// Reads a file of `length` bytes through `read_at`, which fills its buffer from an offset and says whether
/// it could. `end` is lent for the file's end, and can be used again.
///
/// # Errors
/// `Missing` where there is no ELF magic, `Truncated` where bytes are not to be had, `TooLarge` beyond `limits`.
pub fn quick(
    length: u64,
    read_at: &mut dyn FnMut(u64, &mut [u8]) -> bool,
    end: &mut Vec<u8>,
    limits: &Limits,
) -> Result<Quick, Error> {
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
    end.clear();
    end.resize(index(length.saturating_sub(from)), 0);
    if !read_at(from, end) {
        return Err(short("elf section headers", length));
    }
    let mut fetch = |what, offset: u64, size: u64, out: &mut Vec<u8>| -> Result<(), Error> {
        let inside =
            offset.checked_sub(from).and_then(|at| end.get(index(at)..)?.get(..index(size)));
        if size > wide(limits.text_bytes) {
            return Err(Error::new(
                what,
                index(offset),
                Kind::TooLarge { limit: wide(limits.text_bytes) },
            ));
        }
        out.clear();
        if let Some(found) = inside {
            out.extend_from_slice(found);
            return Ok(());
        }
        let past = offset.checked_add(size).is_none_or(|last| last > length);
        out.resize(if past { 0 } else { index(size) }, 0);
        if past || !read_at(offset, out) {
            let have = length.saturating_sub(offset);
            return Err(Error::new(what, index(offset), Kind::Truncated { need: size, have }));
        }
        Ok(())
    };
    let count = u64::from(header.section_count);
    let mut table = Vec::new();
    let size = wide(layout.section_size()).saturating_mul(count);
    fetch("elf section headers", header.section_offset, size, &mut table)?;
    let at = |n: u16| {
        let start = usize::from(n).checked_mul(layout.section_size())?;
        let entry = table.get(start..start.checked_add(layout.section_size())?)?;
        Some(Section::read(entry, layout))
    };
    let mut names = Vec::new();
    if let Some(section) = at(header.section_names) {
        fetch("elf section names", section.offset, section.size, &mut names)?;
    }
    let named = |s: &Section| {
        until_nul(names.get(index(u64::from(s.name))..).unwrap_or_default()) == b".modinfo"
    };
    let mut last = None;
    let mut loaded = None;
    for section in (1..header.section_count).filter_map(at).filter(named) {
        last = Some(section);
        if section.is_allocated() && loaded.is_none() {
            loaded = last;
        }
    }
    let modinfo = match loaded.or(last) {
        None => None,
        Some(section) => {
            let mut raw = Vec::new();
            fetch("elf .modinfo", section.offset, section.size, &mut raw)?;
            Some(Modinfo::of(raw))
        }
    };
    Ok(Quick { header, modinfo, has_signature_marker: end.ends_with(MARKER) })
}
