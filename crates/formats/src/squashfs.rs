//! Squashfs 4.0: a file system packed into one file, as dracut packs most of an initramfs.
//!
//! Holds what is in it and how its blocks are unpacked; it must not know what any file is for. What is not
//! asked of a file is not unpacked.
//!
//! Sources: linux `fs/squashfs/squashfs_fs.h`, `fs/squashfs/block.c`, `fs/squashfs/inode.c`,
//! `fs/squashfs/dir.c`; squashfs-tools `squashfs_fs.h`.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read};
use std::rc::Rc;

use crate::compress::{Compression, Unpacker};
use crate::error::{Error, Kind};
use crate::limits::Limits;
use crate::package::member::{Member, Sort, Visit};
use crate::reader::{Reader, index, wide};

const MAGIC: &[u8] = b"hsqs";
/// Where the superblock says how blocks are packed.
const COMPRESSION: usize = 20;
/// Bytes that a block of a table unpacks to at most (`SQUASHFS_METADATA_SIZE`).
const TABLE: usize = 8192;
/// Entries of fragments in one block of their table.
const FRAGMENTS: u32 = 512;
/// The fragment of a file that has none (`SQUASHFS_INVALID_FRAG`).
const NO_FRAGMENT: u32 = u32::MAX;
/// Longest path a kernel takes (`PATH_MAX`).
const LONGEST: usize = 4096;

/// Whether such a file system begins here.
#[must_use]
pub fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// What its blocks are packed with, in the words of the kernel's options (`CONFIG_SQUASHFS_ZSTD`); `None` where it
/// is nothing known. LZMA has no option: no kernel reads it.
#[must_use]
pub fn packed(bytes: &[u8]) -> Option<&'static str> {
    let mut r = Reader::new("squashfs superblock", bytes);
    r.skip(COMPRESSION).ok()?;
    Some(match r.u16_le().ok()? {
        1 => "ZLIB",
        2 => "LZMA",
        3 => "LZO",
        4 => "XZ",
        5 => "LZ4",
        6 => "ZSTD",
        _ => return None,
    })
}

/// Tells `visit` of everything in the file system, folders before what is in them. No more than `most` bytes
/// are unpacked for it. Several names of one file are told as files of their own.
///
/// # Errors
/// Where it is cut off, damaged, or packed by LZMA of before xz, which kernels do not read either.
pub fn walk(bytes: &[u8], most: u64, limits: &Limits, visit: &mut Visit<'_>) -> Result<(), Error> {
    let (mut image, root) = Image::read(bytes, most, limits)?;
    let mut ahead = vec![(root, Vec::new())];
    let mut seen = 0_usize;
    while let Some((inode, path)) = ahead.pop() {
        let path: &[u8] = &path;
        let mut told = |sort, size, data: &mut dyn Read| visit(&Member { path, sort, size }, data);
        match image.inode(inode)? {
            Inode::Folder(at, size) => {
                if !path.is_empty() {
                    told(Sort::Folder, 0, &mut io::empty());
                }
                let inside = image.folder(at, size)?;
                // A damaged image may hold a folder in itself.
                seen = seen.saturating_add(inside.len());
                if seen > limits.items {
                    return Err(image.error(Kind::TooMany { limit: wide(limits.items) }));
                }
                for (inode, name) in inside.into_iter().rev() {
                    let mut below = path.to_vec();
                    if !below.is_empty() {
                        below.push(b'/');
                    }
                    below.extend(name);
                    if below.len() > LONGEST {
                        return Err(image.error(Kind::TooLarge { limit: wide(LONGEST) }));
                    }
                    ahead.push((inode, below));
                }
            }
            Inode::File(file) => {
                let size = file.size;
                let mut data = Data::of(&mut image, file);
                told(Sort::File, size, &mut data);
            }
            Inode::Link(target) => told(Sort::Link(&target), 0, &mut io::empty()),
            Inode::Other => told(Sort::Other, 0, &mut io::empty()),
        }
    }
    Ok(())
}

/// A place in a table: where a packed block begins in the image, and how far into it unpacked.
#[derive(Clone, Copy, Debug)]
struct At {
    block: u64,
    offset: usize,
}

/// What an inode is about.
enum Inode {
    /// Where its list begins, and the bytes of it.
    Folder(At, usize),
    File(File),
    Link(Vec<u8>),
    Other,
}

struct File {
    /// Where its first block begins in the image.
    at: u64,
    size: u64,
    /// The length of each block, with a bit for those that are not packed.
    blocks: Vec<u32>,
    /// What holds its end: the number of the fragment, and how far into it.
    fragment: Option<(u32, usize)>,
}

#[derive(Clone, Copy)]
enum How {
    Zlib,
    Lzo,
    Lz4,
    Stream(Compression),
}

struct Image<'a> {
    bytes: &'a [u8],
    limits: &'a Limits,
    how: How,
    block: usize,
    inodes: u64,
    folders: u64,
    fragments: u64,
    /// Bytes that may be unpacked, and those of them that still may.
    most: u64,
    left: u64,
    /// Blocks of tables by where they begin, with where the next one does.
    tables: BTreeMap<u64, (Rc<[u8]>, u64)>,
    fragment: Option<(u32, Vec<u8>)>,
    unpacker: Unpacker,
}

impl<'a> Image<'a> {
    /// The image, and its first folder.
    fn read(bytes: &'a [u8], most: u64, limits: &'a Limits) -> Result<(Self, u64), Error> {
        let mut r = Reader::new("squashfs superblock", bytes);
        if r.take(MAGIC.len())? != MAGIC {
            return Err(r.error(Kind::Missing));
        }
        r.skip(8)?;
        let block = r.u32_le()?;
        if !block.is_power_of_two() || !(1 << 12..=1 << 20).contains(&block) {
            return Err(r.error(Kind::Illegal { value: u64::from(block) }));
        }
        r.skip(4)?;
        let how = match r.u16_le()? {
            1 => How::Zlib,
            3 => How::Lzo,
            4 => How::Stream(Compression::Xz),
            5 => How::Lz4,
            6 => How::Stream(Compression::Zstd),
            _ => return Err(r.error(Kind::Unsupported)),
        };
        r.skip(6)?;
        if r.u16_le()? != 4 {
            return Err(r.error(Kind::Unsupported));
        }
        r.skip(2)?;
        let root = r.u64_le()?;
        let used = r.u64_le()?;
        if used > wide(bytes.len()) {
            return Err(r.error(Kind::Truncated { need: used, have: wide(bytes.len()) }));
        }
        r.skip(16)?;
        let (inodes, folders, fragments) = (r.u64_le()?, r.u64_le()?, r.u64_le()?);
        let image = Self {
            bytes,
            limits,
            how,
            block: index(u64::from(block)),
            inodes,
            folders,
            fragments,
            most,
            left: most,
            tables: BTreeMap::new(),
            fragment: None,
            unpacker: Unpacker::default(),
        };
        Ok((image, root))
    }

    fn error(&self, kind: Kind) -> Error {
        Error::new("squashfs", self.bytes.len(), kind)
    }

    fn spend(&mut self, bytes: u64) -> Result<(), Error> {
        let over = self.error(Kind::TooLarge { limit: self.most });
        self.left = self.left.checked_sub(bytes).ok_or(over)?;
        Ok(())
    }

    fn cut(&self, at: u64, length: u64) -> Result<&'a [u8], Error> {
        let mut r = Reader::new("squashfs block", self.bytes);
        r.skip(index(at))?;
        r.take(index(length))
    }

    /// A packed block, which gives no more than `most` bytes.
    fn unpacked(&mut self, at: u64, packed: &[u8], most: usize) -> Result<Vec<u8>, Error> {
        let corrupt = Error::new("squashfs block", index(at), Kind::Corrupt);
        self.spend(wide(most))?;
        let mut out = Vec::new();
        if let How::Stream(compression) = self.how {
            self.unpacker.unpack(packed, compression, most, self.limits, &mut out)?;
            return Ok(out);
        }
        out.resize(most, 0);
        let length = match self.how {
            How::Zlib => libdeflater::Decompressor::new().zlib_decompress(packed, &mut out).ok(),
            How::Lzo => lzo::decompress_into(packed, &mut out).ok(),
            How::Lz4 | How::Stream(_) => lz4_flex::block::decompress_into(packed, &mut out).ok(),
        };
        out.truncate(length.ok_or(corrupt)?);
        Ok(out)
    }

    /// The block of a table that begins at `at`, and where the next one does.
    fn table(&mut self, at: u64) -> Result<(Rc<[u8]>, u64), Error> {
        if let Some(known) = self.tables.get(&at) {
            return Ok(known.clone());
        }
        if self.tables.len() > self.limits.text_bytes / TABLE {
            return Err(self.error(Kind::TooLarge { limit: wide(self.limits.text_bytes) }));
        }
        let header = Reader::new("squashfs table", self.cut(at, 2)?).u16_le()?;
        let length = u64::from(header & 0x7fff);
        let from = at.saturating_add(2);
        let stored = self.cut(from, length)?;
        let table = match header & 0x8000 {
            0 => self.unpacked(from, stored, TABLE)?,
            _ => stored.to_vec(),
        };
        if table.is_empty() {
            return Err(Error::new("squashfs table", index(at), Kind::Missing));
        }
        let known = (Rc::from(table), from.saturating_add(length));
        self.tables.insert(at, known.clone());
        Ok(known)
    }

    /// The next `count` bytes of a table, over the ends of its blocks.
    fn take(&mut self, at: &mut At, count: usize) -> Result<Vec<u8>, Error> {
        self.spend(wide(count))?;
        let mut out = Vec::new();
        loop {
            let (table, next) = self.table(at.block)?;
            let more = count.saturating_sub(out.len());
            let rest = table.get(at.offset..).unwrap_or_default();
            let taken = rest.get(..more).unwrap_or(rest);
            out.extend_from_slice(taken);
            at.offset = at.offset.saturating_add(taken.len());
            if out.len() == count {
                return Ok(out);
            }
            *at = At { block: next, offset: 0 };
        }
    }

    /// The inode that a reference names: the block of the table, and how far into it.
    fn inode(&mut self, reference: u64) -> Result<Inode, Error> {
        let block = self.inodes.saturating_add(reference >> 16);
        let mut at = At { block, offset: index(reference & 0xffff) };
        let head = self.take(&mut at, 16)?;
        let sort = Reader::new("squashfs inode", &head).u16_le()?;
        // The sorts from 8 on are the same as those before, with wider fields.
        let length = match sort {
            1 | 2 => 16,
            8 => 24,
            9 => 40,
            3 | 10 => 8,
            4..=7 | 11..=14 => return Ok(Inode::Other),
            _ => {
                let kind = Kind::Illegal { value: u64::from(sort) };
                return Err(Error::new("squashfs inode", index(block), kind));
            }
        };
        let body = self.take(&mut at, length)?;
        let mut r = Reader::new("squashfs inode", &body);
        Ok(match sort {
            1 | 8 => {
                let (start, size, offset);
                if sort == 1 {
                    start = r.u32_le()?;
                    r.skip(4)?;
                    size = u32::from(r.u16_le()?);
                } else {
                    r.skip(4)?;
                    size = r.u32_le()?;
                    start = r.u32_le()?;
                    r.skip(6)?;
                }
                offset = usize::from(r.u16_le()?);
                let block = self.folders.saturating_add(u64::from(start));
                // Three bytes are counted for `.` and `..`, which are not written.
                let size = index(u64::from(size.saturating_sub(3)));
                Inode::Folder(At { block, offset }, size)
            }
            2 | 9 => {
                let (from, size, fragment, offset);
                if sort == 2 {
                    from = u64::from(r.u32_le()?);
                    (fragment, offset) = (r.u32_le()?, r.u32_le()?);
                    size = u64::from(r.u32_le()?);
                } else {
                    (from, size) = (r.u64_le()?, r.u64_le()?);
                    r.skip(12)?;
                    (fragment, offset) = (r.u32_le()?, r.u32_le()?);
                }
                let fragment =
                    (fragment != NO_FRAGMENT).then_some((fragment, index(u64::from(offset))));
                let whole = wide(self.block);
                let count = match fragment {
                    Some(_) => size.checked_div(whole),
                    None => Some(size.div_ceil(whole)),
                };
                let count = index(count.unwrap_or_default());
                let sizes = self.take(&mut at, count.saturating_mul(4))?;
                let blocks = sizes.as_chunks().0.iter().map(|b| u32::from_le_bytes(*b)).collect();
                Inode::File(File { at: from, size, blocks, fragment })
            }
            _ => {
                r.skip(4)?;
                let length = index(u64::from(r.u32_le()?));
                if length > LONGEST {
                    return Err(self.error(Kind::TooLarge { limit: wide(LONGEST) }));
                }
                Inode::Link(self.take(&mut at, length)?)
            }
        })
    }

    /// What is in a folder: references to inodes, and names.
    fn folder(&mut self, mut at: At, size: usize) -> Result<Vec<(u64, Vec<u8>)>, Error> {
        let list = self.take(&mut at, size)?;
        let mut r = Reader::new("squashfs folder", &list);
        let mut found = Vec::new();
        while !r.is_done() {
            let count = r.u32_le()?;
            let block = u64::from(r.u32_le()?);
            r.skip(4)?;
            for _ in 0..=count {
                let offset = u64::from(r.u16_le()?);
                r.skip(4)?;
                let length = usize::from(r.u16_le()?).saturating_add(1);
                let name = r.take(length)?;
                if name.contains(&b'/') || matches!(name, b"." | b"..") {
                    return Err(r.error(Kind::Corrupt));
                }
                found.push((block << 16 | offset, name.to_vec()));
            }
        }
        Ok(found)
    }

    /// A block of a file or a fragment: `size` as it is written before it.
    fn data(&mut self, at: u64, size: u32) -> Result<Vec<u8>, Error> {
        let stored = self.cut(at, u64::from(size & 0x00ff_ffff))?;
        if size & 0x0100_0000 == 0 {
            return self.unpacked(at, stored, self.block);
        }
        self.spend(wide(stored.len()))?;
        Ok(stored.to_vec())
    }

    /// `length` bytes of a fragment, `offset` bytes into it.
    fn end(&mut self, number: u32, offset: usize, length: usize) -> Result<Vec<u8>, Error> {
        let what = "squashfs fragment";
        if self.fragment.as_ref().is_none_or(|(kept, _)| *kept != number) {
            let pointer =
                self.fragments.saturating_add(u64::from((number / FRAGMENTS).saturating_mul(8)));
            let block = Reader::new(what, self.cut(pointer, 8)?).u64_le()?;
            let offset = index(u64::from((number % FRAGMENTS).saturating_mul(16)));
            let entry = self.take(&mut At { block, offset }, 16)?;
            let mut r = Reader::new(what, &entry);
            let (at, size) = (r.u64_le()?, r.u32_le()?);
            self.fragment = Some((number, self.data(at, size)?));
        }
        let whole = self.fragment.as_ref().map(|(_, bytes)| &**bytes).unwrap_or_default();
        let mut r = Reader::new(what, whole);
        r.skip(offset)?;
        r.take(length).map(<[u8]>::to_vec)
    }
}

/// The contents of a file, a block at a time.
struct Data<'i, 'a> {
    image: &'i mut Image<'a>,
    blocks: std::vec::IntoIter<u32>,
    fragment: Option<(u32, usize)>,
    at: u64,
    left: u64,
    block: Vec<u8>,
    done: usize,
}

impl<'i, 'a> Data<'i, 'a> {
    fn of(image: &'i mut Image<'a>, file: File) -> Self {
        let File { at, size: left, blocks, fragment } = file;
        let (blocks, block) = (blocks.into_iter(), Vec::new());
        Self { image, blocks, fragment, at, left, block, done: 0 }
    }

    fn next(&mut self) -> Result<(), Error> {
        let length = index(self.left).min(self.image.block);
        self.block = match (self.blocks.next(), self.fragment) {
            // A block that was not written is one of zeros.
            (Some(0), _) => {
                self.image.spend(wide(length))?;
                vec![0; length]
            }
            (Some(size), _) => {
                let block = self.image.data(self.at, size)?;
                self.at = self.at.saturating_add(u64::from(size & 0x00ff_ffff));
                block
            }
            (None, Some((number, offset))) => self.image.end(number, offset, length)?,
            (None, None) => Vec::new(),
        };
        if self.block.len() != length {
            return Err(Error::new("squashfs block", index(self.at), Kind::Corrupt));
        }
        self.left = self.left.saturating_sub(wide(length));
        self.done = 0;
        Ok(())
    }
}

impl Read for Data<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.done == self.block.len() && self.left > 0 {
            self.next().map_err(|e| io::Error::new(ErrorKind::InvalidData, e))?;
        }
        let read = self.block.get(self.done..).unwrap_or_default().read(into)?;
        self.done = self.done.saturating_add(read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
