//! gzip: members one after another, each decoded in one go.
//!
//! The fast decoder does not tell where a member ends. Its trailer (checksum and length of what came out) does, where
//! those eight bytes first occur at the end of the input; otherwise a streaming decoder finds the place.

use flate2::{Decompress, FlushDecompress, Status};
use libdeflater::{DecompressionError, Decompressor, crc32};
use memchr::{memchr, memmem};

use crate::compress::Extent;
use crate::error::{Error, Kind};
use crate::reader::{Reader, index, wide};

const MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Room for a member of unknown size, in bytes; four times as much where it does not fit.
const SMALL: usize = 16 << 10;

/// What `out` holds before is written over: room that was filled once need not be filled with zeros again.
pub(super) fn unpack(
    kept: &mut Option<Decompressor>,
    bytes: &[u8],
    extent: Extent,
    max_bytes: usize,
    out: &mut Vec<u8>,
) -> Result<usize, Error> {
    let decoder = kept.get_or_insert_with(Decompressor::new);
    let (mut at, mut made) = (0, 0);
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        // Room is taken at once only where one member is likely to be all: many small ones would each pay for it.
        let guess = if extent == Extent::Row && at == 0 { claimed(rest) } else { SMALL };
        let length = member(decoder, (rest, at), guess, (made, max_bytes), out)?;
        (at, made) = (at.saturating_add(length), out.len());
        let more = bytes.get(at..).is_some_and(|rest| rest.starts_with(&MAGIC));
        if extent == Extent::First || !more {
            return Ok(at);
        }
    }
}

/// The length that the last four bytes claim for what comes out. One byte of deflate gives 1032 at most, so a
/// larger claim is no hint.
fn claimed(bytes: &[u8]) -> usize {
    let claimed = bytes.last_chunk().map_or(0, |b| index(u64::from(u32::from_le_bytes(*b))));
    let likely = claimed <= bytes.len().saturating_mul(1032);
    if likely { claimed } else { bytes.len().saturating_mul(4) }
}

/// Decodes the member at the start of `bytes` behind the first `start` bytes of `out`, and gives the member's
/// length; `out` ends with what came out.
fn member(
    decoder: &mut Decompressor,
    (bytes, at): (&[u8], usize),
    guess: usize,
    (start, max_bytes): (usize, usize),
    out: &mut Vec<u8>,
) -> Result<usize, Error> {
    let header = header(bytes, at).inspect_err(|_| out.truncate(start))?;
    let room = max_bytes.saturating_sub(start);
    let mut size = guess.max(64).min(room);
    let length = loop {
        out.resize(start.saturating_add(size), 0);
        match decoder.gzip_decompress(bytes, out.get_mut(start..).unwrap_or_default()) {
            Ok(length) => break length,
            Err(DecompressionError::InsufficientSpace) if size < room => {
                size = size.saturating_mul(4).min(room);
            }
            Err(e) => {
                out.truncate(start);
                let kind = match e {
                    DecompressionError::InsufficientSpace => {
                        Kind::TooLarge { limit: wide(max_bytes) }
                    }
                    DecompressionError::BadData => Kind::Corrupt,
                };
                return Err(Error::new("gzip stream", at, kind));
            }
        }
    };
    out.truncate(start.saturating_add(length));
    let made = out.get(start..).unwrap_or_default();
    let length = u32::try_from(wide(length) & u64::from(u32::MAX)).unwrap_or_default();
    let trailer = [crc32(made).to_le_bytes(), length.to_le_bytes()].concat();
    let body = bytes.get(header..).unwrap_or_default();
    // Where the member ends, the trailer is; so its first place is not behind the end, and is the end if nothing
    // follows it.
    let end = match memmem::find(body, &trailer) {
        Some(first) if first.saturating_add(trailer.len()) == body.len() => first,
        _ => deflated(body).ok_or(Error::new("gzip stream", at, Kind::Corrupt))?,
    };
    Ok(header.saturating_add(end).saturating_add(trailer.len()))
}

/// Length of a member's header (RFC 1952, 2.3).
fn header(bytes: &[u8], at: usize) -> Result<usize, Error> {
    const HEADER_CRC: u8 = 2;
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    let mut r = Reader::within("gzip header", bytes, at);
    let fixed: [u8; 10] = r.array()?;
    let [first, second, method, flags, ..] = fixed;
    if [first, second] != MAGIC {
        return Err(Error::new("gzip magic", at, Kind::Missing));
    }
    if method != 8 {
        return Err(Error::new("gzip method", at, Kind::Illegal { value: u64::from(method) }));
    }
    if flags & EXTRA != 0 {
        let length = r.u16_le()?;
        r.skip(usize::from(length))?;
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            let length = memchr(0, r.rest()).unwrap_or(r.left());
            r.skip(length.saturating_add(1))?;
        }
    }
    if flags & HEADER_CRC != 0 {
        r.skip(2)?;
    }
    Ok(r.at().saturating_sub(at))
}

/// Length of the deflate stream at the start of `body`.
fn deflated(body: &[u8]) -> Option<usize> {
    let mut decoder = Decompress::new(false);
    let mut sink = vec![0; 1 << 16];
    loop {
        let (taken, made) = (decoder.total_in(), decoder.total_out());
        let rest = body.get(index(taken)..)?;
        match decoder.decompress(rest, &mut sink, FlushDecompress::None).ok()? {
            Status::StreamEnd => return Some(index(decoder.total_in())),
            _ if (decoder.total_in(), decoder.total_out()) == (taken, made) => return None,
            _ => {}
        }
    }
}
