//! One archive: entries up to the trailer.

use crate::error::{Deviation, Error, Kind};
use crate::limits::Limits;
use crate::reader::{Reader, index, wide};

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
    /// Its contents; the target of a symbolic link.
    pub data: &'a [u8],
    /// Where its header begins in the archive's bytes.
    pub at: usize,
}

impl Entry<'_> {
    /// Whether it is an ordinary file.
    #[must_use]
    pub const fn is_file(&self) -> bool {
        self.mode & 0o170_000 == 0o100_000
    }

    /// Whether it is a symbolic link.
    #[must_use]
    pub const fn is_link(&self) -> bool {
        self.mode & 0o170_000 == 0o120_000
    }
}

/// Whether an archive of this form begins here.
#[must_use]
pub fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(b"070701") || bytes.starts_with(b"070702")
}

/// Walks the archive at the start of `bytes`, whose offsets count from `base`, and gives its length with the trailer
/// and without the zero bytes behind. What is odd goes to `odd`; `seen` counts entries against the limit.
///
/// # Errors
/// Where an entry cannot be read: the archive ends there, and earlier entries have been visited.
pub fn walk<'a>(
    (bytes, base): (&'a [u8], usize),
    limits: &Limits,
    seen: &mut usize,
    odd: &mut Vec<Deviation>,
    visit: &mut dyn FnMut(&Entry<'a>),
) -> Result<usize, Error> {
    let mut r = Reader::within("cpio entry", bytes, base);
    loop {
        let at = r.at();
        let header: [u8; HEADER] = r.array()?;
        let field = |n: usize| number(&header, n, at);
        let sums = match header.get(..6) {
            Some(b"070701") => false,
            Some(b"070702") => true,
            Some(b"070707") => return Err(Error::new("cpio form", at, Kind::Unsupported)),
            _ => return Err(Error::new("cpio magic", at, Kind::Missing)),
        };
        let (size, name_size) = (field(6)?, field(11)?);
        let name = r.take(index(u64::from(name_size)))?;
        pad(&mut r, HEADER.saturating_add(name.len()))?;
        let path = name.split(|b| *b == 0).next().unwrap_or_default();
        if path == TRAILER {
            return Ok(r.at().saturating_sub(base));
        }
        let data = r.take(index(u64::from(size)))?;
        // The last padding may be cut off where nothing follows.
        let _ = pad(&mut r, data.len());
        *seen = seen.saturating_add(1);
        if *seen > limits.items {
            return Err(Error::new(
                "cpio entries",
                at,
                Kind::TooMany { limit: wide(limits.items) },
            ));
        }
        if name_size == 0 || name_size > LONGEST_NAME || name.last() != Some(&0) {
            let kind = Kind::Illegal { value: u64::from(name_size) };
            odd.push(Error::new("cpio name size", at, kind));
        }
        if sums && data.iter().fold(0_u32, |sum, b| sum.wrapping_add(u32::from(*b))) != field(12)? {
            odd.push(Error::new("cpio check", at, Kind::Corrupt));
        }
        visit(&Entry {
            path,
            mode: field(1)?,
            links: field(4)?,
            file: (field(7)?, field(8)?, field(0)?),
            data,
            at,
        });
    }
}

/// Skips to the next multiple of four after `length` bytes.
fn pad(r: &mut Reader<'_>, length: usize) -> Result<(), Error> {
    r.skip(length.wrapping_neg() % 4)
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
