//! Zstandard frames, with and without the content size in the frame.

use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};
use zstd::zstd_safe::get_frame_content_size;

use crate::compress::{Extent, Step, stream};
use crate::error::{Error, Kind};
use crate::limits::Limits;
use crate::reader::index;

/// The largest window: 128 MiB, which is also the kernel's (`ZSTD_WINDOWSIZE_MAX` in `lib/decompress_unzstd.c`).
pub(super) const WINDOW_LOG: u32 = 27;

/// What the frame at the start of `bytes` wants kept behind the place that is written (RFC 8878,
/// 3.1.1.1.2); `None` where it is written in one piece, or there is no frame.
pub(super) fn window(bytes: &[u8]) -> Option<u64> {
    let [0x28, 0xb5, 0x2f, 0xfd, descriptor, window, ..] = *bytes else { return None };
    let base = 1_u64.checked_shl(u32::from(window >> 3).saturating_add(10))?;
    let more = (base / 8).saturating_mul(u64::from(window & 7));
    (descriptor & 0x20 == 0).then_some(base.saturating_add(more))
}

pub(super) fn unpack(
    kept: &mut Option<Decoder<'static>>,
    bytes: &[u8],
    extent: Extent,
    max_bytes: usize,
    limits: &Limits,
    out: &mut Vec<u8>,
) -> Result<usize, Error> {
    let what = "zstd frame";
    let failed = |at| Error::new(what, at, Kind::TooLarge { limit: limits.decoder_memory });
    let decoder = match kept {
        Some(decoder) => decoder,
        None => kept.insert(decoder().map_err(|_| failed(0))?),
    };
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        // With room for the whole content the decoder writes straight into it. The size is a claim:
        // room beyond a fair ratio is only taken as content comes.
        let claimed = get_frame_content_size(rest).ok().flatten().map_or(0, index);
        if window(rest).is_some_and(|window| window > limits.decoder_memory) {
            return Err(failed(at));
        }
        let room = max_bytes.saturating_sub(out.len()).min(rest.len().saturating_mul(64));
        out.reserve_exact(claimed.min(room));
        decoder.reinit().map_err(|_| failed(at))?;
        at = stream(what, (bytes, at), max_bytes, out, &mut |input, out| {
            let mut source = InBuffer::around(input);
            let start = out.len();
            let mut sink = OutBuffer::around_pos(out, start);
            let left = decoder.run(&mut source, &mut sink).map_err(|_| Kind::Corrupt)?;
            Ok(Step { taken: source.pos(), ended: left == 0 })
        })?;
        match bytes.get(at..) {
            Some([0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
                if extent == Extent::Row => {}
            _ => return Ok(at),
        }
    }
}

fn decoder() -> std::io::Result<Decoder<'static>> {
    let mut decoder = Decoder::new()?;
    decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG))?;
    Ok(decoder)
}
