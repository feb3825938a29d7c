//! Bytes to a compressed stream, in the form that Linux reads modules in.
//!
//! Source: `scripts/Makefile.modinst` (how a kernel's build packs modules), `kernel/module/decompress.c`
//! (what the kernel itself unpacks: of xz only streams without a check or with CRC32).

use std::io::Write;

use libdeflater::{CompressionLvl, Compressor};
use liblzma::stream::{Check, Filters, LzmaOptions, Stream};
use liblzma::write::XzEncoder;
use zstd::bulk;
use zstd::zstd_safe::CParameter;

use super::Compression;
use crate::error::{Error, Kind};

/// The dictionary of xz streams that a kernel's build makes, in bytes.
const DICTIONARY: u32 = 1 << 20;

/// Packs `bytes` as a kernel's build packs a module: gzip without a name or a time, xz with CRC32 and a
/// dictionary of 1 MiB, zstd with a checksum and the size in its frame.
///
/// # Errors
/// `Unsupported` for what modules are not packed with, `Corrupt` where a packer fails.
pub fn module(bytes: &[u8], compression: Compression) -> Result<Vec<u8>, Error> {
    let failed = |kind| Error::new("compressed module", 0, kind);
    let packed = match compression {
        Compression::Gzip => gzip(bytes),
        Compression::Xz => xz(bytes),
        Compression::Zstd => zstd(bytes),
        Compression::Lz4Legacy | Compression::Lzma | Compression::Bzip2 | Compression::Lzo => {
            return Err(failed(Kind::Unsupported));
        }
    };
    packed.ok_or_else(|| failed(Kind::Corrupt))
}

fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut packer = Compressor::new(CompressionLvl::default());
    let mut out = vec![0; packer.gzip_compress_bound(bytes.len())];
    let length = packer.gzip_compress(bytes, &mut out).ok()?;
    out.truncate(length);
    Some(out)
}

fn xz(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut options = LzmaOptions::new_preset(6).ok()?;
    options.dict_size(DICTIONARY);
    let mut filters = Filters::new();
    filters.lzma2(&options);
    let stream = Stream::new_stream_encoder(&filters, Check::Crc32).ok()?;
    let mut packer = XzEncoder::new_stream(Vec::new(), stream);
    packer.write_all(bytes).ok()?;
    packer.finish().ok()
}

fn zstd(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut packer = bulk::Compressor::new(zstd::DEFAULT_COMPRESSION_LEVEL).ok()?;
    packer.set_parameter(CParameter::ChecksumFlag(true)).ok()?;
    packer.compress(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::super::{sniff, unpack};
    use super::*;
    use crate::limits::Limits;

    #[test]
    fn what_is_packed_unpacks() {
        let bytes: Vec<u8> = (0..50_000_u32).flat_map(|n| (n / 7).to_le_bytes()).collect();
        for compression in [Compression::Gzip, Compression::Xz, Compression::Zstd] {
            for content in [&bytes[..], b""] {
                let packed = module(content, compression).unwrap();
                assert_eq!(sniff(&packed), Some(compression));
                let mut out = Vec::new();
                let limits = Limits::DEFAULT;
                let read = unpack(&packed, compression, 1 << 20, &limits, &mut out).unwrap();
                assert_eq!((&out[..], read.consumed), (content, packed.len()));
                let check =
                    (compression == Compression::Xz).then_some(crate::compress::Check::Crc32);
                assert_eq!(read.check, check);
            }
        }
        assert!(module(&bytes, Compression::Bzip2).is_err());
    }
}
