//! What a compressed file begins with, and all of it.

use std::io::Read;

use loadworthy_formats::compress::streaming::stream;
use loadworthy_formats::compress::{self, Compression};
use loadworthy_formats::error::Kind;
use loadworthy_formats::feed::Feed;
use loadworthy_formats::limits::Limits;

/// Bytes that are unpacked to see what is inside.
const GLANCE: u64 = 4096;

/// The first bytes inside a compressed file, as far as they can be had: nothing more of it is unpacked.
pub(super) fn glance(bytes: &[u8], how: Compression, limits: &Limits) -> Vec<u8> {
    let mut out = Vec::new();
    let mut source = bytes;
    let mut feed = Feed::new(&mut source);
    if let Ok(unpacked) = stream(&mut feed, how, limits) {
        // What came before the damage tells as much.
        let _ = unpacked.take(GLANCE).read_to_end(&mut out);
    }
    out
}

/// A compressed module, unpacked; what is wrong with the stream goes to `errors`, what is behind it
/// to `deviations`.
pub(super) fn module(
    bytes: &[u8],
    how: Compression,
    limits: &Limits,
    errors: &mut Vec<String>,
    deviations: &mut Vec<String>,
) -> Vec<u8> {
    let mut out = Vec::new();
    match compress::unpack(bytes, how, limits.module_bytes, limits, &mut out) {
        Ok(done) if done.consumed < bytes.len() => {
            let left = bytes.len() - done.consumed;
            deviations
                .push(format!("{left} bytes behind the compressed stream, which nobody reads"));
        }
        Ok(_) => {}
        Err(e) if matches!(e.kind, Kind::TooLarge { .. }) => {
            errors.push(e.to_string());
            out.clear();
        }
        Err(e) => errors.push(e.to_string()),
    }
    out
}

/// What a whole compressed text holds; `None` where it is larger than texts are, or damaged.
pub(super) fn text(
    bytes: &[u8],
    how: Compression,
    most: usize,
    limits: &Limits,
) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    compress::unpack(bytes, how, most, limits, &mut out).ok().map(|_| out)
}

/// The word for a compression in module files; `None` for those that modules do not have.
pub(super) const fn suffix(how: Compression) -> Option<&'static str> {
    match how {
        Compression::Gzip => Some("gz"),
        Compression::Xz => Some("xz"),
        Compression::Zstd => Some("zst"),
        Compression::Lz4Legacy | Compression::Lzma | Compression::Bzip2 | Compression::Lzo => None,
    }
}
