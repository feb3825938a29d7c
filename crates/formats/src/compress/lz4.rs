//! LZ4 in its legacy framing: a magic, then blocks of up to 8 MiB, each with its compressed length before it.

use lz4_flex::block::decompress_into;

use crate::error::{Error, Kind};
use crate::reader::{Reader, index, wide};

const MAGIC: u32 = 0x184c_2102;
/// What a block gives at most.
pub(super) const BLOCK: usize = 8 << 20;
/// What a block takes at most (`LZ4_COMPRESSBOUND`): a larger length belongs to something else.
pub(super) const LONGEST: u32 = 8_421_520;

pub(super) fn unpack(bytes: &[u8], max_bytes: usize, out: &mut Vec<u8>) -> Result<usize, Error> {
    let mut r = Reader::new("lz4 block", bytes);
    if r.u32_le()? != MAGIC {
        return Err(Error::new("lz4 magic", 0, Kind::Missing));
    }
    let mut made = 0_usize;
    loop {
        let mut ahead = r;
        let length = match ahead.u32_le() {
            Ok(MAGIC) => {
                r = ahead;
                continue;
            }
            // The end, zero padding, or the size that kernel builds append to a payload.
            Ok(length) if length == 0 || length > LONGEST || ahead.is_done() => break,
            Err(_) if made != 0 => break,
            length => index(u64::from(length?)),
        };
        let block = ahead.take(length)?;
        // A block of n bytes gives 255 n at most, so small blocks ask for little room.
        let wanted = length.saturating_mul(255).saturating_add(64).min(BLOCK);
        let room = wanted.min(max_bytes.saturating_sub(made));
        out.resize(made.saturating_add(room), 0);
        match decompress_into(block, out.get_mut(made..).unwrap_or_default()) {
            Ok(length) => made = made.saturating_add(length),
            Err(_) => {
                out.truncate(made);
                let limit = wide(max_bytes);
                let kind = if room < wanted { Kind::TooLarge { limit } } else { Kind::Corrupt };
                return Err(r.error(kind));
            }
        }
        r = ahead;
    }
    out.truncate(made);
    Ok(r.at())
}
