//! A module's `.modinfo` without reading the whole file.
//!
//! Three small reads of a file: its header, its end (section headers, section names and an appended
//! signature lie there in modules as linkers and `sign-file` make them) and `.modinfo`; one more where they lie elsewhere.

use crate::elf::header::{Header, Section};
use crate::elf::modinfo::Modinfo;
use crate::elf::pieces::{Pieces, ReadAt};
use crate::elf::text::until_nul;
use crate::error::Error;
use crate::limits::Limits;
use crate::reader::index;

/// What ends a file with an appended signature (`include/linux/module_signature.h`).
const MARKER: &[u8] = b"~Module signature appended~\n";
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
    read_at: &mut ReadAt<'_>,
    end: &mut Vec<u8>,
    limits: &Limits,
) -> Result<Quick, Error> {
    let mut file = Pieces::open(length, read_at, end)?;
    let (header, most) = (file.header, limits.text_bytes);
    let (mut lent, mut more) = (Vec::new(), Vec::new());
    let table = file.table(most, &mut lent)?;
    let names = match file.section(table, header.section_names) {
        Some(at) => file.piece("elf section names", (at.offset, at.size), most, &mut more)?,
        None => &[],
    };
    let named = |s: &Section| {
        until_nul(names.get(index(u64::from(s.name))..).unwrap_or_default()) == b".modinfo"
    };
    let mut last = None;
    let mut loaded = None;
    for section in (1..header.section_count).filter_map(|n| file.section(table, n)).filter(named) {
        last = Some(section);
        if section.is_allocated() && loaded.is_none() {
            loaded = last;
        }
    }
    let modinfo = match loaded.or(last) {
        None => None,
        Some(at) => {
            let mut raw = Vec::new();
            let place = (at.offset, at.size);
            Some(Modinfo::read(file.piece("elf .modinfo", place, most, &mut raw)?))
        }
    };
    Ok(Quick { header, modinfo, has_signature_marker: file.end.ends_with(MARKER) })
}
