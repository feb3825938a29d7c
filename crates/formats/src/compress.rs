//! Compressed streams to bytes, within limits.
//!
//! Holds every compression that Linux modules, kernels and initramfs images come in. Sizes that a stream claims
//! about itself are hints, never trusted; output and decoder memory are bounded. It must not know what the
//! bytes mean.
//!
//! Sources: RFC 1952 (gzip), the .xz file format 1.1, RFC 8878 (zstd), the LZ4 frame format's legacy frame,
//! `lib/decompress_*.c` of Linux, lzop's file format (`lzop` 1.04, `lib/decompress_unlzo.c`).

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind};
use crate::limits::Limits;
use crate::reader::wide;

mod bzip2;
mod gzip;
mod lz4;
mod lzma;
mod lzop;
pub mod pack;
pub mod streaming;
mod zstd;

/// A way to compress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Compression {
    /// gzip members.
    Gzip,
    /// xz streams.
    Xz,
    /// Zstandard frames.
    Zstd,
    /// LZ4 in its legacy framing, the one kernels and initramfs images use.
    Lz4Legacy,
    /// LZMA alone, the format before xz.
    Lzma,
    /// bzip2.
    Bzip2,
    /// LZO1X in lzop's framing.
    Lzo,
}

impl Compression {
    /// The one with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        use Compression::{Bzip2, Gzip, Lz4Legacy, Lzma, Lzo, Xz, Zstd};
        [Gzip, Xz, Zstd, Lz4Legacy, Lzma, Bzip2, Lzo].into_iter().find(|of| of.name() == name)
    }

    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
            Self::Lz4Legacy => "lz4",
            Self::Lzma => "lzma",
            Self::Bzip2 => "bzip2",
            Self::Lzo => "lzo",
        }
    }
}

/// How an xz stream guards its contents. Kernels read [`Check::None`] and [`Check::Crc32`] only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// Nothing.
    None,
    /// CRC32.
    Crc32,
    /// CRC64, which `xz` takes unless told otherwise.
    Crc64,
    /// SHA-256.
    Sha256,
    /// An identifier that the format reserves.
    Reserved(u8),
}

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packed {
    /// The way.
    pub by: Compression,
    /// How an xz stream guards its contents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
}

impl Packed {
    /// How the first of `stored` is packed, where kmod and kernels unpack modules that way
    /// (`libkmod-file.c`): gzip, xz, Zstandard.
    #[must_use]
    pub fn module(stored: &[u8]) -> Option<Self> {
        let known = |of: &Compression| {
            matches!(of, Compression::Gzip | Compression::Xz | Compression::Zstd)
        };
        let by = sniff(stored).filter(known)?;
        Some(Self { by, check: xz_check(stored) })
    }
}

/// What came of unpacking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unpacked {
    /// Bytes of input that belong to the streams; what is after them is something else.
    pub consumed: usize,
    /// The check of the first xz stream.
    pub check: Option<Check>,
}

/// The compression whose magic `bytes` begin with.
#[must_use]
pub fn sniff(bytes: &[u8]) -> Option<Compression> {
    match bytes {
        [0x1f, 0x8b, ..] => Some(Compression::Gzip),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Compression::Xz),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Compression::Zstd),
        [0x02, 0x21, 0x4c, 0x18, ..] => Some(Compression::Lz4Legacy),
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some(Compression::Bzip2),
        [0x89, b'L', b'Z', b'O', 0, ..] => Some(Compression::Lzo),
        // Properties lc=3 lp=0 pb=2, a dictionary of whole 64 KiB, then the length: unknown or below 2^40.
        [0x5d, 0, 0, _, _, length @ ..] => {
            let [.., high, higher, highest] = *length.first_chunk::<8>()?;
            matches!([high, higher, highest], [0, 0, 0] | [0xff, 0xff, 0xff])
                .then_some(Compression::Lzma)
        }
        _ => None,
    }
}

/// The check of the xz stream that `bytes` begin with.
#[must_use]
pub fn xz_check(bytes: &[u8]) -> Option<Check> {
    match bytes {
        [0xfd, b'7', b'z', b'X', b'Z', 0, 0, id, ..] => Some(match id {
            0 => Check::None,
            1 => Check::Crc32,
            4 => Check::Crc64,
            10 => Check::Sha256,
            id => Check::Reserved(*id),
        }),
        _ => None,
    }
}

/// How much of a row of streams is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// The first stream.
    First,
    /// It and those of the same sort right behind it.
    Row,
}

/// Unpacks the stream at the start of `bytes` into `out`, which is emptied first and keeps its room. Further
/// streams of the same sort right behind are unpacked too; other bytes behind are left and not counted in
/// [`Unpacked::consumed`]. On failure `out` holds what came out before, where the format allows that.
///
/// # Errors
/// `TooLarge` beyond `max_bytes` of output or beyond the decoder memory of `limits`; `Truncated` or `Corrupt`
/// where the stream does not hold together; `Unsupported` for the filters and parts that lzop's format allows.
pub fn unpack(
    bytes: &[u8],
    compression: Compression,
    max_bytes: usize,
    limits: &Limits,
    out: &mut Vec<u8>,
) -> Result<Unpacked, Error> {
    Unpacker::default().unpack(bytes, compression, max_bytes, limits, out)
}

/// Decoders that are kept from one stream to the next.
#[derive(Default)]
pub struct Unpacker {
    gzip: Option<libdeflater::Decompressor>,
    zstd: Option<::zstd::stream::raw::Decoder<'static>>,
}

impl core::fmt::Debug for Unpacker {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Unpacker")
    }
}

impl Unpacker {
    /// As [`unpack`].
    ///
    /// # Errors
    /// As [`unpack`].
    pub fn unpack(
        &mut self,
        bytes: &[u8],
        compression: Compression,
        max_bytes: usize,
        limits: &Limits,
        out: &mut Vec<u8>,
    ) -> Result<Unpacked, Error> {
        self.run(bytes, (compression, Extent::Row), max_bytes, limits, out)
    }

    fn run(
        &mut self,
        bytes: &[u8],
        (compression, extent): (Compression, Extent),
        max_bytes: usize,
        limits: &Limits,
        out: &mut Vec<u8>,
    ) -> Result<Unpacked, Error> {
        if compression != Compression::Gzip {
            out.clear();
        }
        let consumed = match compression {
            Compression::Gzip => gzip::unpack(&mut self.gzip, bytes, extent, max_bytes, out),
            Compression::Xz => lzma::xz(bytes, extent, max_bytes, limits, out),
            Compression::Zstd => {
                zstd::unpack(&mut self.zstd, bytes, extent, max_bytes, limits, out)
            }
            Compression::Lz4Legacy => lz4::unpack(bytes, max_bytes, out),
            Compression::Lzma => lzma::alone(bytes, max_bytes, limits, out),
            Compression::Bzip2 => bzip2::unpack(bytes, extent, max_bytes, out),
            Compression::Lzo => lzop::unpack(bytes, extent, max_bytes, out),
        }?;
        Ok(Unpacked { consumed, check: xz_check(bytes) })
    }
}

/// Unpacks only the first stream, as [`unpack`] does otherwise. LZ4's legacy frames have no end of their own, so
/// those in a row count as one.
///
/// # Errors
/// As [`unpack`].
pub fn unpack_first(
    bytes: &[u8],
    compression: Compression,
    max_bytes: usize,
    limits: &Limits,
    out: &mut Vec<u8>,
) -> Result<Unpacked, Error> {
    Unpacker::default().run(bytes, (compression, Extent::First), max_bytes, limits, out)
}

/// What a streaming decoder did in one step.
struct Step {
    /// Bytes of input it took.
    taken: usize,
    /// Whether its stream is complete.
    ended: bool,
}

/// One step of a decoder: from its input into the spare room of its output.
type Decode<'a> = dyn FnMut(&[u8], &mut Vec<u8>) -> Result<Step, Kind> + 'a;

/// Runs a streaming decoder from a place in `bytes` to the end of one stream, growing `out` as it fills, and gives
/// the place behind the stream.
fn stream(
    what: &'static str,
    (bytes, from): (&[u8], usize),
    max_bytes: usize,
    out: &mut Vec<u8>,
    decode: &mut Decode<'_>,
) -> Result<usize, Error> {
    let mut at = from;
    loop {
        if out.len() == out.capacity() {
            // Doubling; the first guess is a common ratio of modules and kernels. The byte over the limit tells
            // content that just fits from content that does not.
            let left = bytes.len().saturating_sub(at).saturating_mul(4).max(4096);
            let grown = if out.is_empty() { left } else { out.len() };
            let room = max_bytes.saturating_add(1).saturating_sub(out.len());
            out.reserve_exact(grown.min(room));
        }
        let before = out.len();
        let done = decode(bytes.get(at..).unwrap_or_default(), out)
            .map_err(|kind| Error::new(what, at, kind))?;
        at = at.saturating_add(done.taken);
        if out.len() > max_bytes {
            return Err(Error::new(what, at, Kind::TooLarge { limit: wide(max_bytes) }));
        }
        if done.ended {
            return Ok(at);
        }
        if done.taken == 0 && out.len() == before && out.len() < out.capacity() {
            let have = wide(bytes.len().saturating_sub(from));
            let kind = Kind::Truncated { need: have.saturating_add(1), have };
            return Err(Error::new(what, from, kind));
        }
    }
}

#[cfg(test)]
mod tests;
