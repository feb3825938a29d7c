//! An initramfs image: archives, bare and compressed, one after another.

use std::io::{self, Read};

use crate::compress::streaming::{AtMost, stream};
use crate::compress::{Compression, sniff};
use crate::cpio::archive::{self, Entry};
use crate::error::{Deviation, Error, Kind, Parsed};
use crate::feed::{self, Feed};
use crate::limits::Limits;
use crate::reader::{index, wide};

/// A piece of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// How it is compressed; nothing for a bare archive.
    pub compression: Option<Compression>,
    /// Where it begins in the image, in bytes.
    pub at: usize,
    /// Its length in the image, in bytes; zero where it could not be read to its end.
    pub length: usize,
}

impl Part {
    /// The word for it in reports: `cpio`, or the compression's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self.compression {
            None => "cpio",
            Some(compression) => compression.name(),
        }
    }
}

/// Told of each entry and the part it is in, with its contents; what is not read of them is passed over.
pub type Visit<'v> = dyn FnMut(&Part, &Entry<'_>, &mut dyn Read) + 'v;

/// Walks an image, calling `visit` for each entry in order. Compressed parts are unpacked as they are read, together
/// to no more than `most` bytes. A part that cannot be read to its end is the last one, kept in the list, with a
/// deviation that says why; entries before the damage have been visited.
pub fn walk(
    source: &mut dyn Read,
    most: u64,
    limits: &Limits,
    visit: &mut Visit<'_>,
) -> Parsed<Vec<Part>> {
    let mut walk = Walk { limits, seen: 0, left: most, odd: Vec::new() };
    let mut parts = Vec::new();
    let mut feed = Feed::new(source);
    loop {
        let start = match feed.skip_zeros().and_then(|()| feed.peek(MAGIC)) {
            Ok(start) => start,
            Err(e) => {
                walk.odd.push(feed::failed("initramfs part", feed.passed(), &e));
                break;
            }
        };
        let bare = archive::begins(start);
        let compression = if bare { None } else { sniff(start) };
        if start.is_empty() {
            break;
        }
        let at = index(feed.passed());
        if parts.len() >= limits.items {
            let kind = Kind::TooMany { limit: wide(limits.items) };
            walk.odd.push(Error::new("initramfs parts", at, kind));
            break;
        }
        let mut part = Part { compression, at, length: 0 };
        let done = match compression {
            None if !bare => {
                walk.odd.push(Error::new("initramfs part", at, Kind::Unsupported));
                break;
            }
            None => {
                archive::walk(&mut feed, limits, &mut walk.seen, &mut walk.odd, &mut |e, data| {
                    visit(&part, e, data);
                })
            }
            Some(compression) => walk.packed(&mut feed, compression, &part, visit),
        };
        match done {
            Ok(()) => {
                part.length = index(feed.passed()).saturating_sub(at);
                parts.push(part);
            }
            Err(e) => {
                parts.push(part);
                walk.odd.push(e);
                break;
            }
        }
    }
    if parts.is_empty() && walk.odd.is_empty() {
        walk.odd.push(Error::new("initramfs part", 0, Kind::Missing));
    }
    Parsed { value: parts, deviations: walk.odd }
}

/// Bytes that tell what begins: the longest is that of `lzma`, with its length.
const MAGIC: usize = 16;

struct Walk<'l> {
    limits: &'l Limits,
    seen: usize,
    left: u64,
    odd: Vec<Deviation>,
}

impl Walk<'_> {
    /// The archives in a compressed part; offsets of errors in them count from its unpacked start.
    fn packed(
        &mut self,
        feed: &mut Feed<'_>,
        compression: Compression,
        part: &Part,
        visit: &mut Visit<'_>,
    ) -> Result<(), Error> {
        let what = "initramfs part";
        let broken = |e: &io::Error| feed::failed(what, wide(part.at), e);
        let unpacked = stream(feed, compression, self.limits).map_err(|e| broken(&e))?;
        let mut unpacked = AtMost::new(unpacked, self.left);
        let mut inner = Feed::new(&mut unpacked);
        loop {
            inner.skip_zeros().map_err(|e| broken(&e))?;
            if inner.peek(1).map_err(|e| broken(&e))?.is_empty() {
                self.left = self.left.saturating_sub(inner.passed());
                return Ok(());
            }
            archive::walk(
                &mut inner,
                self.limits,
                &mut self.seen,
                &mut self.odd,
                &mut |e, data| {
                    visit(part, e, data);
                },
            )?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::printable;

    fn entry(magic: &str, path: &str, mode: u32, data: &[u8]) -> Vec<u8> {
        let sum: u32 = if magic == "070702" { data.iter().map(|b| u32::from(*b)).sum() } else { 0 };
        let (size, name) = (data.len(), path.len().saturating_add(1));
        let mut out = format!("{magic}{:08x}{mode:08X}", 7).into_bytes();
        out.extend(format!("{0:08x}{0:08x}{1:08x}{0:08x}{size:08x}", 0, 1).into_bytes());
        out.extend(format!("{0:08x}{0:08x}{0:08x}{0:08x}{name:08x}{sum:08x}", 0).into_bytes());
        out.extend_from_slice(path.as_bytes());
        out.push(0);
        out.resize(out.len().next_multiple_of(4), 0);
        out.extend_from_slice(data);
        out.resize(out.len().next_multiple_of(4), 0);
        out
    }

    fn archive(magic: &str, paths: &[&str]) -> Vec<u8> {
        let mut out: Vec<u8> =
            paths.iter().flat_map(|p| entry(magic, p, 0o100_644, p.as_bytes())).collect();
        out.extend(entry(magic, "TRAILER!!!", 0, b""));
        out
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packer = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
        let mut out = vec![0; packer.gzip_compress_bound(bytes.len())];
        let length = packer.gzip_compress(bytes, &mut out).unwrap();
        out.truncate(length);
        out
    }

    fn told(bytes: &[u8]) -> (String, Vec<String>, Vec<String>) {
        let mut paths = Vec::new();
        let limits = Limits::DEFAULT;
        let got = walk(&mut &*bytes, 1 << 20, &limits, &mut |part, e, data| {
            let mut read = Vec::new();
            let whole = data.read_to_end(&mut read).is_ok();
            assert!(!whole || read.starts_with(e.path), "{}", part.name());
            assert!(e.is_file() && !e.is_link());
            paths.push(printable(e.path));
        });
        let names: Vec<_> = got.value.iter().map(Part::name).collect();
        (names.join(" "), paths, got.deviations.iter().map(Error::to_string).collect())
    }

    #[test]
    fn parts_come_in_any_order_with_zeros_between() {
        let early = archive("070701", &["kernel/x86/microcode/GenuineIntel.bin"]);
        let main = zstd::bulk::compress(&archive("070702", &["init", "lib/a.ko"]), 3).unwrap();
        let packed = gzip(&early);
        let image = [&early[..], &[0; 512], &early, &main, &[0; 4], &packed, &packed].concat();
        let (parts, paths, odd) = told(&image);
        assert_eq!((parts.as_str(), odd.len()), ("cpio cpio zstd gzip gzip", 0));
        assert_eq!(paths.len(), 6);
        assert_eq!(paths[3], "lib/a.ko");
    }

    #[test]
    fn a_compressed_part_may_hold_several_archives() {
        let two = [archive("070701", &["a"]), vec![0; 100], archive("070701", &["b"])].concat();
        assert_eq!(
            told(&gzip(&two)),
            ("gzip".to_owned(), vec!["a".to_owned(), "b".to_owned()], vec![])
        );
    }

    #[test]
    fn a_cut_image_says_so() {
        let early = archive("070701", &["a", "b"]);
        let (parts, paths, odd) = told(&early[..200]);
        assert_eq!((parts.as_str(), paths.len()), ("cpio", 1));
        assert_eq!(odd, ["cpio entry at 0x74: needs 110 bytes, 84 left"]);
        let packed = zstd::bulk::compress(&early, 3).unwrap();
        let (parts, _, odd) = told(&[&early[..], &packed[..packed.len() - 9]].concat());
        assert_eq!((parts.as_str(), odd.len()), ("cpio zstd", 1));
        assert_eq!(told(b"\0\0\0").2, ["initramfs part at 0x0: missing"]);
        assert_eq!(told(b"\0\0\0hello").2, ["initramfs part at 0x3: not a sort that is read"]);
    }

    #[test]
    fn a_wrong_check_is_told() {
        let mut image = archive("070702", &["abc"]);
        image[116] = b'X';
        let mut none = |_: &Part, _: &Entry<'_>, _: &mut dyn Read| {};
        let got = walk(&mut &image[..], 1 << 20, &Limits::DEFAULT, &mut none);
        assert_eq!(got.deviations[0].to_string(), "cpio check at 0x0: damaged");
    }

    #[test]
    fn any_bytes_end() {
        let early = archive("070702", &["one", "two"]);
        let image = [&early[..], &gzip(&early)].concat();
        let mut seed = 0x1234_5678_9abc_def1_u64;
        for round in 0..4000_usize {
            let mut bad = image.clone();
            for _ in 0..=round % 3 {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                let at = usize::try_from(seed % wide(bad.len())).unwrap();
                bad[at] = seed.to_le_bytes()[7];
            }
            bad.truncate(image.len() - round % 50);
            let mut none = |_: &Part, _: &Entry<'_>, _: &mut dyn Read| {};
            let _ = walk(&mut &bad[..], 1 << 16, &Limits::DEFAULT, &mut none);
        }
    }
}
