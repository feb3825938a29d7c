//! One archive: entries up to the trailer.

use std::io::{self, BufRead, ErrorKind, Read};

use crate::error::{Deviation, Error, Kind};
use crate::feed::{self, Feed};
use crate::limits::Limits;
use crate::reader::{index, wide};

/// Bytes of an entry's header.
const HEADER: usize = 110;
/// The name that ends an archive.
const TRAILER: &[u8] = b"TRAILER!!!";
/// Longest name a kernel takes, its NUL byte counted (`PATH_MAX`).
const LONGEST_NAME: u32 = 4096;

/// A file, folder or link in an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its path as it stands, usually without a leading slash.
    pub path: &'a [u8],
    /// `st_mode`: type and permissions.
    pub mode: u32,
    /// Links to the same file. Of several entries of one file only the last carries the data.
    pub links: u32,
    /// Device and number of the file, the same for all its links.
    pub file: (u32, u32, u32),
    /// Bytes of its contents; of the target of a symbolic link.
    pub size: u64,
    /// Where its header begins in the archive's bytes.
    pub at: u64,
}

impl Entry<'_> {
    /// Whether it is an ordinary file.
    #[must_use]
    pub const fn is_file(&self) -> bool {
        self.mode & 0o170_000 == 0o100_000
    }

    /// Whether it is a folder.
    #[must_use]
    pub const fn is_folder(&self) -> bool {
        self.mode & 0o170_000 == 0o040_000
    }

    /// Whether it is a symbolic link.
    #[must_use]
    pub const fn is_link(&self) -> bool {
        self.mode & 0o170_000 == 0o120_000
    }
}

/// Told of each entry, with its contents; what is not read of them is passed over.
pub type Visit<'v> = dyn FnMut(&Entry<'_>, &mut dyn Read) + 'v;

/// Whether an archive of this form begins here.
#[must_use]
pub fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(b"070701") || bytes.starts_with(b"070702")
}

/// Walks the archive that `feed` stands at, to behind its trailer. What is odd goes to `odd`; `seen` counts
/// entries against the limit.
///
/// # Errors
/// Where an entry cannot be read: the archive ends there, and earlier entries have been visited.
pub fn walk(
    feed: &mut Feed<'_>,
    limits: &Limits,
    seen: &mut usize,
    odd: &mut Vec<Deviation>,
    visit: &mut Visit<'_>,
) -> Result<(), Error> {
    const WHAT: &str = "cpio entry";
    loop {
        let at = feed.passed();
        let mut header = [0; HEADER];
        feed::fill(feed, &mut header, (WHAT, at))?;
        let field = |n: usize| number(&header, n, index(at));
        let sums = match header.get(..6) {
            Some(b"070701") => false,
            Some(b"070702") => true,
            Some(b"070707") => return Err(Error::new("cpio form", index(at), Kind::Unsupported)),
            _ => return Err(Error::new("cpio magic", index(at), Kind::Missing)),
        };
        let (size, name_size) = (u64::from(field(6)?), field(11)?);
        let mut name = vec![0; index(u64::from(name_size.min(LONGEST_NAME)))];
        let behind = at.saturating_add(wide(HEADER));
        feed::fill(feed, &mut name, (WHAT, behind))?;
        let beyond = u64::from(name_size.saturating_sub(LONGEST_NAME));
        feed::skip(feed, beyond, (WHAT, behind))?;
        pad(feed, wide(HEADER).saturating_add(u64::from(name_size)))?;
        let path = name.split(|b| *b == 0).next().unwrap_or_default();
        if path == TRAILER {
            return Ok(());
        }
        *seen = seen.saturating_add(1);
        if *seen > limits.items {
            let kind = Kind::TooMany { limit: wide(limits.items) };
            return Err(Error::new("cpio entries", index(at), kind));
        }
        if name_size == 0 || name_size > LONGEST_NAME || name.last() != Some(&0) {
            let kind = Kind::Illegal { value: u64::from(name_size) };
            odd.push(Error::new("cpio name size", index(at), kind));
        }
        let entry = Entry {
            path,
            mode: field(1)?,
            links: field(4)?,
            file: (field(7)?, field(8)?, field(0)?),
            size,
            at,
        };
        let start = feed.passed();
        let mut data = Data { feed, left: size, sum: 0, sums };
        visit(&entry, &mut data);
        let drained = data.drain();
        let sum = data.sum;
        drained.map_err(|e| match e.kind() {
            ErrorKind::UnexpectedEof => {
                let have = feed.passed().saturating_sub(start);
                Error::new(WHAT, index(start), Kind::Truncated { need: size, have })
            }
            _ => feed::failed(WHAT, feed.passed(), &e),
        })?;
        if sums && sum != field(12)? {
            odd.push(Error::new("cpio check", index(at), Kind::Corrupt));
        }
        // The last padding may be cut off where nothing follows.
        let _ = pad(feed, size);
    }
}

/// The contents of one entry.
struct Data<'d, 's> {
    feed: &'d mut Feed<'s>,
    left: u64,
    sum: u32,
    sums: bool,
}

impl Data<'_, '_> {
    /// Passes over what nobody read; only sums need to be made of it.
    fn drain(&mut self) -> io::Result<()> {
        if self.sums {
            return io::copy(self, &mut io::sink()).map(drop);
        }
        while self.left > 0 {
            let ahead = wide(self.feed.fill_buf()?.len()).min(self.left);
            if ahead == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            self.feed.consume(index(ahead));
            self.left = self.left.saturating_sub(ahead);
        }
        Ok(())
    }
}

impl Read for Data<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = into.len().min(index(self.left));
        let Some(into) = into.get_mut(..most).filter(|into| !into.is_empty()) else {
            return Ok(0);
        };
        let read = self.feed.read(into)?;
        if read == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.left = self.left.saturating_sub(wide(read));
        if self.sums {
            let read = into.get(..read).unwrap_or_default();
            self.sum = read.iter().fold(self.sum, |sum, b| sum.wrapping_add(u32::from(*b)));
        }
        Ok(read)
    }
}

/// Skips to the next multiple of four after `length` bytes.
fn pad(feed: &mut Feed<'_>, length: u64) -> Result<(), Error> {
    let at = feed.passed();
    feed::skip(feed, length.wrapping_neg() % 4, ("cpio entry", at))
}

/// Field `n` of a header: eight hexadecimal digits.
fn number(header: &[u8; HEADER], n: usize, at: usize) -> Result<u32, Error> {
    let start = n.saturating_mul(8).saturating_add(6);
    let digits = header.get(start..start.saturating_add(8)).unwrap_or_default();
    let mut value = 0_u32;
    for digit in digits {
        let Some(digit) = char::from(*digit).to_digit(16) else {
            let kind = Kind::Illegal { value: u64::from(*digit) };
            return Err(Error::new("cpio number", at.saturating_add(start), kind));
        };
        value = value.wrapping_shl(4) | digit;
    }
    Ok(value)
}
