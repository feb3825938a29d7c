//! One compressed stream as a source of bytes, for what is too large to be unpacked in one piece.

use std::io::{self, BufRead, Cursor, ErrorKind, Read};

use bzip2::bufread::BzDecoder;
use flate2::bufread::GzDecoder;
use liblzma::bufread::XzDecoder;
use liblzma::stream::Stream;
use lz4_flex::block::decompress_into;

use super::{Compression, unpack_first, zstd as zstandard};
use crate::error::{Error, Kind};
use crate::feed::Feed;
use crate::limits::Limits;
use crate::reader::wide;

/// The bytes of the first stream in `feed`, which stands behind that stream once they are read to
/// the end. LZ4's legacy frames in a row count as one.
///
/// Sources: as the formats' own; `lib/decompress_*.c` for what kernels take.
///
/// # Errors
/// When a decoder cannot be made, or would take more memory than `limits` allow. Damage shows while
/// reading: `UnexpectedEof` where the stream is cut.
pub fn stream<'f>(
    feed: &'f mut Feed<'_>,
    compression: Compression,
    limits: &Limits,
) -> io::Result<Box<dyn Read + 'f>> {
    let memory = limits.decoder_memory;
    Ok(match compression {
        Compression::Gzip => Box::new(GzDecoder::new(feed)),
        Compression::Bzip2 => Box::new(BzDecoder::new(feed)),
        Compression::Xz => {
            Box::new(XzDecoder::new_stream(feed, Stream::new_stream_decoder(memory, 0)?))
        }
        Compression::Lzma => {
            Box::new(XzDecoder::new_stream(feed, Stream::new_lzma_decoder(memory)?))
        }
        Compression::Zstd => {
            if zstandard::window(feed.peek(6)?).is_some_and(|window| window > memory) {
                return Err(told(Error::new("zstd frame", 0, Kind::TooLarge { limit: memory })));
            }
            let mut decoder = zstd::stream::read::Decoder::with_buffer(feed)?.single_frame();
            decoder.window_log_max(zstandard::WINDOW_LOG)?;
            Box::new(decoder)
        }
        Compression::Lz4Legacy => Box::new(Lz4::new(feed)?),
        // lzop's framing has no well-kept decoder that streams, and few images use it.
        Compression::Lzo => {
            let mut out = Vec::new();
            let all = feed.peek(limits.kernel_bytes)?;
            let done = unpack_first(all, compression, limits.kernel_bytes, limits, &mut out);
            feed.consume(done.map_err(told)?.consumed);
            Box::new(Cursor::new(out))
        }
    })
}

/// An error of ours in the clothes of the system's.
fn told(error: Error) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, error)
}

/// LZ4 in its legacy framing, a block at a time.
struct Lz4<'f, 's> {
    feed: &'f mut Feed<'s>,
    block: Vec<u8>,
    at: usize,
    first: bool,
}

impl<'f, 's> Lz4<'f, 's> {
    fn new(feed: &'f mut Feed<'s>) -> io::Result<Self> {
        feed.peek(4)?;
        feed.consume(4);
        Ok(Self { feed, block: Vec::new(), at: 0, first: true })
    }

    /// Whether there was another block.
    fn next(&mut self) -> io::Result<bool> {
        const MAGIC: [u8; 4] = [0x02, 0x21, 0x4c, 0x18];
        let length = loop {
            match self.feed.peek(5)? {
                [a, b, c, d, ..] if [*a, *b, *c, *d] == MAGIC => self.feed.consume(4),
                // The end of the feed, zero padding, or the size that kernel builds append.
                [a, b, c, d, _] => match u32::from_le_bytes([*a, *b, *c, *d]) {
                    0 => return Ok(false),
                    length if length > super::lz4::LONGEST => return Ok(false),
                    length => break crate::reader::index(u64::from(length)),
                },
                _ if self.first => return Err(ErrorKind::UnexpectedEof.into()),
                _ => return Ok(false),
            }
        };
        self.first = false;
        let packed = self.feed.peek(length.saturating_add(4))?.get(4..).unwrap_or_default();
        if packed.len() < length {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.block.resize(length.saturating_mul(255).saturating_add(64).min(super::lz4::BLOCK), 0);
        let made = decompress_into(packed, &mut self.block)
            .map_err(|_| told(Error::new("lz4 block", 0, Kind::Corrupt)))?;
        self.block.truncate(made);
        self.at = 0;
        self.feed.consume(length.saturating_add(4));
        Ok(true)
    }
}

impl Read for Lz4<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut rest = self.block.get(self.at..).unwrap_or_default();
            if !rest.is_empty() || into.is_empty() {
                let read = rest.read(into)?;
                self.at = self.at.saturating_add(read);
                return Ok(read);
            }
            if !self.next()? {
                return Ok(0);
            }
        }
    }
}

/// A source that gives no more than so many bytes, and says so where there are more.
#[derive(Debug)]
pub struct AtMost<R> {
    source: R,
    left: u64,
    limit: u64,
}

impl<R: Read> AtMost<R> {
    /// `source`, up to `limit` bytes of it.
    pub const fn new(source: R, limit: u64) -> Self {
        Self { source, left: limit, limit }
    }
}

impl<R: Read> Read for AtMost<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !into.is_empty() {
            let limit = Kind::TooLarge { limit: self.limit };
            return match self.source.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(told(Error::new("unpacked bytes", 0, limit))),
            };
        }
        let most = into.len().min(crate::reader::index(self.left));
        let read = self.source.read(into.get_mut(..most).unwrap_or_default())?;
        self.left = self.left.saturating_sub(wide(read));
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compress::sniff;

    #[test]
    fn a_stream_ends_where_it_ends() {
        let content: Vec<u8> = (0_u32..300_000).flat_map(|n| (n / 7).to_le_bytes()).collect();
        let zstd = zstd::bulk::compress(&content, 3).unwrap();
        let mut packer = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
        let mut gzip = vec![0; packer.gzip_compress_bound(content.len())];
        let length = packer.gzip_compress(&content, &mut gzip).unwrap();
        gzip.truncate(length);
        let mut xz = Vec::new();
        liblzma::read::XzEncoder::new(&content[..], 0).read_to_end(&mut xz).unwrap();
        let mut bzip2 = Vec::new();
        let level = bzip2::Compression::fast();
        bzip2::read::BzEncoder::new(&content[..], level).read_to_end(&mut bzip2).unwrap();
        let mut lz4 = vec![0x02, 0x21, 0x4c, 0x18];
        for block in content.chunks(400_000) {
            let packed = lz4_flex::block::compress(block);
            lz4.extend(u32::try_from(packed.len()).unwrap().to_le_bytes());
            lz4.extend(packed);
        }
        for packed in [zstd, gzip, xz, bzip2, lz4] {
            let how = sniff(&packed).unwrap();
            let image = [&packed[..], b"\0\0\0\0\0behind"].concat();
            let mut source = &image[..];
            let mut feed = Feed::new(&mut source);
            let mut out = Vec::new();
            stream(&mut feed, how, &Limits::DEFAULT).unwrap().read_to_end(&mut out).unwrap();
            assert!(out == content, "{}", how.name());
            assert_eq!(feed.passed(), wide(packed.len()), "{}", how.name());
            let mut cut = &packed[..packed.len() / 2];
            let mut feed = Feed::new(&mut cut);
            let read = stream(&mut feed, how, &Limits::DEFAULT).unwrap().read_to_end(&mut out);
            assert!(read.is_err(), "{}", how.name());
            let mut source = &packed[..];
            let mut feed = Feed::new(&mut source);
            let bounded = stream(&mut feed, how, &Limits::DEFAULT).unwrap();
            assert!(AtMost::new(bounded, 1000).read_to_end(&mut out).is_err(), "{}", how.name());
        }
    }
}
