//! The data of a cabinet: blocks of folders, unpacked.

use flate2::{Decompress, FlushDecompress, Status};
use lzxd::{Lzxd, WindowSize};

use crate::cab::cabinet::{Cabinet, Compression, File, Folder};
use crate::error::{Deviation, Error, Kind};
use crate::limits::Limits;
use crate::reader::{Reader, index, wide};

/// Everything a cabinet holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unpacked {
    /// The data of each folder, as far as it could be unpacked.
    folders: Vec<Vec<u8>>,
    /// Why a folder could not be unpacked to its end.
    pub deviations: Vec<Deviation>,
}

impl Unpacked {
    /// The bytes of a file; nothing where its folder could not be unpacked so far.
    #[must_use]
    pub fn bytes(&self, file: &File) -> Option<&[u8]> {
        let start = index(file.at.into());
        let end = start.checked_add(index(file.size.into()))?;
        self.folders.get(file.folder?)?.get(start..end)
    }
}

/// A block unpacks to no more than this (`[MS-CAB]` 3.1).
const BLOCK: usize = 32 << 10;

/// Unpacks every folder; all of them together give at most [`Limits::package_bytes`].
#[must_use]
pub fn unpack(cabinet: &Cabinet<'_>, limits: &Limits) -> Unpacked {
    let mut unpacked = Unpacked::default();
    let mut left = limits.package_bytes;
    for (number, folder) in cabinet.folders.iter().enumerate() {
        let mut out = Vec::new();
        // Many folders may share the same blocks: what no file asks for is not unpacked.
        let files = cabinet.files.iter().filter(|file| file.folder == Some(number));
        let wanted = files.map(|f| u64::from(f.at).saturating_add(f.size.into())).max();
        let wanted = index(wanted.unwrap_or(0));
        if wanted > left {
            let kind = Kind::TooLarge { limit: wide(limits.package_bytes) };
            unpacked.deviations.push(Error::new("cabinet data", index(folder.at.into()), kind));
        } else if let Err(problem) =
            blocks(cabinet, folder, wanted, &mut out, &mut unpacked.deviations)
        {
            unpacked.deviations.push(problem);
        }
        left = left.saturating_sub(out.len());
        unpacked.folders.push(out);
    }
    unpacked
}

/// Unpacks the blocks of a folder until `wanted` bytes came out.
fn blocks(
    cabinet: &Cabinet<'_>,
    folder: &Folder,
    wanted: usize,
    out: &mut Vec<u8>,
    deviations: &mut Vec<Deviation>,
) -> Result<(), Error> {
    let start = index(folder.at.into());
    let rest = cabinet.bytes.get(start..).unwrap_or_default();
    let mut reader = Reader::within("cabinet data", rest, start);
    if wanted == 0 {
        return Ok(());
    }
    let mut decoder = Decoder::of(folder.compression).ok_or(reader.error(Kind::Unsupported))?;
    for _ in 0..folder.blocks {
        if out.len() >= wanted {
            break;
        }
        let at = reader.at();
        let (sum, packed, size) = (reader.u32_le()?, reader.u16_le()?, reader.u16_le()?);
        let reserved = reader.take(cabinet.reserved.into())?;
        let data = reader.take(packed.into())?;
        if sum != 0 && sum != checksum(packed, size, reserved, data) && deviations.len() < 64 {
            deviations.push(Error::new("cabinet checksum", at, Kind::Corrupt));
        }
        if usize::from(size) > BLOCK {
            return Err(Error::new("cabinet data", at, Kind::TooLarge { limit: wide(BLOCK) }));
        }
        decoder.block(data, size.into(), out).ok_or(Error::new(
            "cabinet data",
            at,
            Kind::Corrupt,
        ))?;
    }
    if out.len() < wanted {
        let kind = Kind::Truncated { need: wide(wanted), have: wide(out.len()) };
        return Err(reader.error(kind));
    }
    Ok(())
}

/// `[MS-CAB]` 3.1, `CFDATA.csum`: words put together with exclusive or; odd bytes at the end count as
/// the upper ones come first.
fn checksum(packed: u16, size: u16, reserved: &[u8], data: &[u8]) -> u32 {
    let sum = |bytes: &[u8], from: u32| {
        let (words, odd) = bytes.as_chunks::<4>();
        let sum = words.iter().fold(from, |sum, word| sum ^ u32::from_le_bytes(*word));
        sum ^ odd.iter().fold(0, |tail: u32, byte| tail << 8 | u32::from(*byte))
    };
    let lengths = u32::from(size) << 16 | u32::from(packed);
    lengths ^ sum(data, sum(reserved, 0))
}

/// What goes on from block to block.
enum Decoder {
    Stored,
    MsZip,
    Lzx(Box<Lzxd>),
}

impl Decoder {
    fn of(compression: Compression) -> Option<Self> {
        let window = match compression {
            Compression::Stored => return Some(Self::Stored),
            Compression::MsZip => return Some(Self::MsZip),
            Compression::Lzx(15) => WindowSize::KB32,
            Compression::Lzx(16) => WindowSize::KB64,
            Compression::Lzx(17) => WindowSize::KB128,
            Compression::Lzx(18) => WindowSize::KB256,
            Compression::Lzx(19) => WindowSize::KB512,
            Compression::Lzx(20) => WindowSize::MB1,
            Compression::Lzx(21) => WindowSize::MB2,
            Compression::Lzx(_) | Compression::Other(_) => return None,
        };
        Some(Self::Lzx(Box::new(Lzxd::new(window))))
    }

    /// Unpacks one block to exactly `size` bytes; nothing where it does not.
    fn block(&mut self, data: &[u8], size: usize, out: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::Stored => {
                out.extend_from_slice(data);
                (data.len() == size).then_some(())
            }
            Self::MsZip => inflate(data.strip_prefix(b"CK")?, size, out),
            Self::Lzx(decoder) => {
                let made = decoder.decompress_next(data, size).ok()?;
                out.extend_from_slice(made);
                (made.len() == size).then_some(())
            }
        }
    }
}

/// One block of deflate, which may refer to the 32 KiB before it: those are fed to the decoder as a
/// block that is stored, and what they give is dropped.
fn inflate(data: &[u8], size: usize, out: &mut Vec<u8>) -> Option<()> {
    let history = out.len().saturating_sub(BLOCK - 1);
    let history = out.get(history..).unwrap_or_default();
    let mut decoder = Decompress::new(false);
    let mut made = vec![0_u8; history.len().checked_add(size)?];
    if !history.is_empty() {
        let length = u16::try_from(history.len()).ok()?;
        let mut stored = vec![0];
        stored.extend(length.to_le_bytes());
        stored.extend((!length).to_le_bytes());
        stored.extend(history);
        decoder.decompress(&stored, &mut made, FlushDecompress::None).ok()?;
        if decoder.total_out() != wide(history.len()) {
            return None;
        }
    }
    let (_, room) = made.split_at_mut_checked(history.len())?;
    let status = decoder.decompress(data, room, FlushDecompress::Finish).ok()?;
    let whole = wide(history.len()).checked_add(wide(size))?;
    let done = decoder.total_out() == whole && status != Status::BufError;
    out.extend_from_slice(room);
    done.then_some(())
}
