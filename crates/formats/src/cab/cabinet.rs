//! The lists at the beginning of a cabinet: folders, which are compressed as a whole, and files.

use crate::error::{Error, Kind, Parsed};
use crate::limits::Limits;
use crate::reader::{Reader, index, wide};

/// A cabinet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cabinet<'a> {
    /// The whole file.
    pub bytes: &'a [u8],
    /// Bytes of the file, as it says itself.
    pub size: u32,
    /// Runs of data, each compressed as one.
    pub folders: Vec<Folder>,
    /// Files, in their order.
    pub files: Vec<File>,
    /// The cabinet that comes before it in a set.
    pub before: Option<String>,
    /// The cabinet that comes after it in a set.
    pub after: Option<String>,
    /// Bytes reserved in each block of data.
    pub reserved: u8,
}

/// A run of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Where its first block is.
    pub at: u32,
    /// How many blocks it has.
    pub blocks: u16,
    /// How they are compressed.
    pub compression: Compression,
}

/// How a folder is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    Stored,
    /// Deflate in blocks of 32 KiB.
    MsZip,
    /// LZX with a window of two to the power of this.
    Lzx(u8),
    /// Quantum or something unknown: its number.
    Other(u16),
}

impl Compression {
    const fn of(kind: u16) -> Self {
        match (kind & 0xf, kind >> 8 & 0x1f) {
            (0, _) => Self::Stored,
            (1, _) => Self::MsZip,
            (3, 15) => Self::Lzx(15),
            (3, 16) => Self::Lzx(16),
            (3, 17) => Self::Lzx(17),
            (3, 18) => Self::Lzx(18),
            (3, 19) => Self::Lzx(19),
            (3, 20) => Self::Lzx(20),
            (3, 21) => Self::Lzx(21),
            _ => Self::Other(kind),
        }
    }

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stored => "none",
            Self::MsZip => "mszip",
            Self::Lzx(_) => "lzx",
            Self::Other(kind) if kind & 0xf == 2 => "quantum",
            Self::Other(_) => "unknown",
        }
    }
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path, with `/` between names.
    pub name: String,
    /// Its length, in bytes.
    pub size: u32,
    /// Where it begins in the unpacked folder.
    pub at: u32,
    /// Which folder; nothing where it goes on in another cabinet of the set.
    pub folder: Option<usize>,
}

/// Whether bytes begin as a cabinet does.
#[must_use]
pub fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(b"MSCF\0\0\0\0")
}

const HAS_BEFORE: u16 = 1;
const HAS_AFTER: u16 = 2;
const HAS_RESERVED: u16 = 4;
const NAME_IS_UTF8: u16 = 0x80;

/// Reads the lists of a cabinet. Where they end early, what was read stands, and why is the last
/// deviation.
///
/// # Errors
/// When the header is not one of a cabinet.
pub fn read<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Parsed<Cabinet<'a>>, Error> {
    let mut reader = Reader::new("cabinet header", bytes);
    if !begins(bytes) {
        return Err(reader.error(Kind::Missing));
    }
    reader.skip(8)?;
    let size = reader.u32_le()?;
    reader.skip(4)?;
    let first_file = index(reader.u32_le()?.into());
    reader.skip(4)?;
    let version = reader.u16_le()?;
    let (folder_count, file_count) = (reader.u16_le()?, reader.u16_le()?);
    let flags = reader.u16_le()?;
    reader.skip(4)?;
    let mut reserved = (0, 0, 0);
    if flags & HAS_RESERVED != 0 {
        reserved = (reader.u16_le()?, reader.u8()?, reader.u8()?);
    }
    reader.skip(reserved.0.into())?;
    let mut neighbour = |there: bool| -> Result<Option<String>, Error> {
        if !there {
            return Ok(None);
        }
        let name = text(&mut reader)?;
        text(&mut reader)?;
        Ok(Some(String::from_utf8_lossy(name).into_owned()))
    };
    let before = neighbour(flags & HAS_BEFORE != 0)?;
    let after = neighbour(flags & HAS_AFTER != 0)?;
    let cabinet = Cabinet {
        bytes,
        size,
        folders: Vec::new(),
        files: Vec::new(),
        before,
        after,
        reserved: reserved.2,
    };
    let mut parsed = Parsed::clean(cabinet);
    let mut odd = |what, at, kind| parsed.deviations.push(Error::new(what, at, kind));
    if version >> 8 != 1 {
        odd("cabinet version", 24, Kind::Illegal { value: version.into() });
    }
    if index(size.into()) != bytes.len() {
        let left = wide(bytes.len()).saturating_sub(size.into());
        odd(
            "cabinet size",
            8,
            if left > 0 {
                Kind::Trailing { left }
            } else {
                Kind::Truncated { need: size.into(), have: wide(bytes.len()) }
            },
        );
    }
    parsed
        .value
        .lists(reader, (first_file, reserved.1), (folder_count, file_count), limits)
        .unwrap_or_else(|problem| parsed.deviations.push(problem));
    Ok(parsed)
}

impl Cabinet<'_> {
    fn lists(
        &mut self,
        mut reader: Reader<'_>,
        (first_file, reserved): (usize, u8),
        (folders, files): (u16, u16),
        limits: &Limits,
    ) -> Result<(), Error> {
        reader.now("cabinet folder");
        for _ in 0..folders {
            let (at, blocks, kind) = (reader.u32_le()?, reader.u16_le()?, reader.u16_le()?);
            reader.skip(reserved.into())?;
            self.folders.push(Folder { at, blocks, compression: Compression::of(kind) });
        }
        let Some(rest) = self.bytes.get(first_file..) else {
            return Err(Error::new("cabinet files", first_file, Kind::Missing));
        };
        let mut reader = Reader::within("cabinet file", rest, first_file);
        for _ in 0..usize::from(files).min(limits.items) {
            let (size, at, folder) = (reader.u32_le()?, reader.u32_le()?, reader.u16_le()?);
            reader.skip(4)?;
            let attributes = reader.u16_le()?;
            let name = text(&mut reader)?;
            let name = if attributes & NAME_IS_UTF8 != 0 {
                String::from_utf8_lossy(name).into_owned()
            } else {
                name.iter().map(|b| char::from(*b)).collect()
            };
            let folder = Some(usize::from(folder)).filter(|n| *n < self.folders.len());
            self.files.push(File { name: name.replace('\\', "/"), size, at, folder });
        }
        Ok(())
    }
}

/// A text that ends with a zero byte; at most 255 letters by the specification.
fn text<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Error> {
    let window = reader.rest();
    let window = window.get(..1024).unwrap_or(window);
    let length = window.iter().position(|b| *b == 0);
    let length = length.ok_or_else(|| reader.error(Kind::Missing))?;
    let text = reader.take(length)?;
    reader.skip(1)?;
    Ok(text)
}
