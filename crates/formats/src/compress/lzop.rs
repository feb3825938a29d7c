//! LZO1X in lzop's framing: a magic, a header, then blocks, each with both its lengths and the checksums that
//! the header's flags announce, up to a length of zero.
//!
//! Kernels take every block for one with a single checksum and check none (`lib/decompress_unlzo.c`); that is how
//! `lzop` writes unless told otherwise. Here the flags count, and what is unpacked must fit its checksum.

use libdeflater::{adler32, crc32};

use crate::compress::Extent;
use crate::error::{Error, Kind};
use crate::reader::{Reader, index, wide};

const MAGIC: [u8; 9] = [0x89, b'L', b'Z', b'O', 0, b'\r', b'\n', 0x1a, b'\n'];
/// The version since which headers hold a version needed, a level and the high half of the time.
const WIDER: u16 = 0x0940;
/// What a block gives at most: `lzop` writes 256 KiB, which is also what kernels take, and reads this much.
const BLOCK: usize = 64 << 20;

/// Flags of the header.
mod flag {
    /// Adler-32 of a block's content.
    pub(super) const ADLER32: u32 = 1;
    /// Adler-32 of a block as it is packed.
    pub(super) const ADLER32_PACKED: u32 = 2;
    /// A field behind the header, with length and checksum.
    pub(super) const EXTRA: u32 = 0x40;
    /// CRC-32 of a block's content.
    pub(super) const CRC32: u32 = 0x100;
    /// CRC-32 of a block as it is packed.
    pub(super) const CRC32_PACKED: u32 = 0x200;
    /// The parts of a file that was split.
    pub(super) const MULTIPART: u32 = 0x400;
    /// A filter, with its number.
    pub(super) const FILTER: u32 = 0x800;
}

pub(super) fn unpack(
    bytes: &[u8],
    extent: Extent,
    max_bytes: usize,
    out: &mut Vec<u8>,
) -> Result<usize, Error> {
    let mut r = Reader::new("lzop header", bytes);
    loop {
        let flags = header(&mut r)?;
        let mut blocks = Reader::new("lzop block", bytes);
        blocks.skip(r.at())?;
        while block(&mut blocks, flags, max_bytes, out)? {}
        r.skip(blocks.at().saturating_sub(r.at()))?;
        if extent == Extent::First || !r.rest().starts_with(&MAGIC) {
            return Ok(r.at());
        }
    }
}

/// Reads a header and gives its flags.
fn header(r: &mut Reader<'_>) -> Result<u32, Error> {
    if r.array()? != MAGIC {
        return Err(r.error(Kind::Missing));
    }
    let version = u16::from_be_bytes(r.array()?);
    let wider = version >= WIDER;
    // The version of the library, and the version needed to read this.
    r.skip(if wider { 4 } else { 2 })?;
    // LZO1X in its three strengths of compressor; they all are unpacked alike.
    let method = r.u8()?;
    if !matches!(method, 1..=3) {
        return Err(r.error(Kind::Unsupported));
    }
    r.skip(usize::from(wider))?;
    let flags = r.u32_be()?;
    if flags & (flag::FILTER | flag::MULTIPART) != 0 {
        return Err(r.error(Kind::Unsupported));
    }
    // Mode and time of the file.
    r.skip(if wider { 12 } else { 8 })?;
    let name = usize::from(r.u8()?);
    // The name and the header's checksum.
    r.skip(name.saturating_add(4))?;
    if flags & flag::EXTRA != 0 {
        let length = index(u64::from(r.u32_be()?));
        r.skip(length.saturating_add(4))?;
    }
    Ok(flags)
}

/// Unpacks a block behind what is in `out`; `false` at the end.
fn block(
    r: &mut Reader<'_>,
    flags: u32,
    max_bytes: usize,
    out: &mut Vec<u8>,
) -> Result<bool, Error> {
    let made = index(u64::from(r.u32_be()?));
    if made == 0 {
        return Ok(false);
    }
    let taken = index(u64::from(r.u32_be()?));
    if made > BLOCK || taken == 0 || taken > made {
        return Err(r.error(Kind::Corrupt));
    }
    let mut sum = |wanted: u32| if flags & wanted == 0 { Ok(None) } else { r.u32_be().map(Some) };
    let content = (sum(flag::ADLER32)?, sum(flag::CRC32)?);
    // What is stored as it is has no checksum of its own.
    let packed = if taken == made {
        (None, None)
    } else {
        (sum(flag::ADLER32_PACKED)?, sum(flag::CRC32_PACKED)?)
    };
    let block = r.take(taken)?;
    let fits = |(adler, crc): (Option<u32>, Option<u32>), bytes: &[u8]| {
        adler.is_none_or(|sum| sum == adler32(bytes)) && crc.is_none_or(|sum| sum == crc32(bytes))
    };
    if !fits(packed, block) {
        return Err(r.error(Kind::Corrupt));
    }
    let before = out.len();
    if made > max_bytes.saturating_sub(before) {
        return Err(r.error(Kind::TooLarge { limit: wide(max_bytes) }));
    }
    if taken == made {
        out.extend_from_slice(block);
    } else {
        // A byte gives 255 bytes at most: a block that promises more is not worth the room.
        if made > taken.saturating_mul(256) {
            return Err(r.error(Kind::Corrupt));
        }
        out.resize(before.saturating_add(made), 0);
        let room = out.get_mut(before..).unwrap_or_default();
        if lzo::decompress_into(block, room) != Ok(made) {
            out.truncate(before);
            return Err(r.error(Kind::Corrupt));
        }
    }
    if !fits(content, out.get(before..).unwrap_or_default()) {
        return Err(r.error(Kind::Corrupt));
    }
    Ok(true)
}
