//! xz streams, and LZMA alone.

use liblzma::stream::{Action, Error as LzmaError, Status, Stream};

use crate::compress::{Extent, Step, stream};
use crate::error::{Error, Kind};
use crate::limits::Limits;
use crate::reader::index;

const MAGIC: &[u8] = &[0xfd, b'7', b'z', b'X', b'Z', 0];

pub(super) fn xz(
    bytes: &[u8],
    extent: Extent,
    max_bytes: usize,
    limits: &Limits,
    out: &mut Vec<u8>,
) -> Result<usize, Error> {
    let mut at = 0;
    loop {
        let decoder = Stream::new_stream_decoder(limits.decoder_memory, 0);
        at = run("xz stream", (bytes, at), max_bytes, limits, decoder, out)?;
        // Stream padding: zero bytes in fours, only between streams (.xz 1.1, 2.2).
        let rest = bytes.get(at..).unwrap_or_default();
        let zeros = rest.iter().take_while(|b| **b == 0).count();
        let next = rest.get(zeros..).unwrap_or_default();
        if extent == Extent::First || zeros % 4 != 0 || !next.starts_with(MAGIC) {
            return Ok(at);
        }
        at = at.saturating_add(zeros);
    }
}

pub(super) fn alone(
    bytes: &[u8],
    max_bytes: usize,
    limits: &Limits,
    out: &mut Vec<u8>,
) -> Result<usize, Error> {
    let decoder = Stream::new_lzma_decoder(limits.decoder_memory);
    run("lzma stream", (bytes, 0), max_bytes, limits, decoder, out)
}

fn run(
    what: &'static str,
    (bytes, at): (&[u8], usize),
    max_bytes: usize,
    limits: &Limits,
    decoder: Result<Stream, LzmaError>,
    out: &mut Vec<u8>,
) -> Result<usize, Error> {
    let kind = |e| match e {
        LzmaError::Mem | LzmaError::MemLimit => Kind::TooLarge { limit: limits.decoder_memory },
        LzmaError::Format => Kind::Missing,
        LzmaError::Options | LzmaError::UnsupportedCheck => Kind::Unsupported,
        LzmaError::Data | LzmaError::Program | LzmaError::NoCheck => Kind::Corrupt,
    };
    let mut decoder = decoder.map_err(|e| Error::new(what, at, kind(e)))?;
    stream(what, (bytes, at), max_bytes, out, &mut |input, out| {
        let before = decoder.total_in();
        let status = decoder.process_vec(input, out, Action::Run).map_err(kind)?;
        let taken = index(decoder.total_in().saturating_sub(before));
        Ok(Step { taken, ended: status == Status::StreamEnd })
    })
}
