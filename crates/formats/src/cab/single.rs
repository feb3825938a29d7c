//! A file that was made smaller by itself (`demo.sy_`): a cabinet with that one file (`makecab`), or the
//! older form of `compress`.
//!
//! Source of the older form: *LZ Decompression Functions* (LZExpand) of the Windows SDK, its layout as
//! libmspack documents it: a ring of 4 KiB that begins with blanks, literals and runs told apart by bits.

use crate::cab::{cabinet, data};
use crate::error::{Error, Kind};
use crate::limits::Limits;
use crate::reader::{Reader, index, wide};

/// How the older form begins: its name, and the kind of compression.
const COMPRESS: &[u8; 9] = b"SZDD\x88\xf0\x27\x33A";
/// The ring that runs are copied from, and where writing into it begins.
const RING: usize = 4096;
const BEGINS: usize = 4096 - 16;

/// Whether `bytes` begin as such a file does.
#[must_use]
pub fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(COMPRESS) || cabinet::begins(bytes)
}

/// The file as it was, at most [`Limits::package_bytes`] of it.
///
/// # Errors
/// When it is in neither form, when a cabinet holds no file or several, or when the data end early.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, Error> {
    let Some(rest) = bytes.strip_prefix(COMPRESS) else {
        return from_cabinet(bytes, limits);
    };
    let mut reader = Reader::within("compressed file", rest, COMPRESS.len());
    // The last letter of the name, which `_` stands for.
    reader.skip(1)?;
    let size = index(reader.u32_le()?.into());
    if size > limits.package_bytes {
        return Err(reader.error(Kind::TooLarge { limit: wide(limits.package_bytes) }));
    }
    let mut ring = [b' '; RING];
    let mut at = BEGINS;
    let mut made = Vec::new();
    let mut put = |byte: u8, ring: &mut [u8; RING], made: &mut Vec<u8>| {
        if let Some(place) = ring.get_mut(at) {
            *place = byte;
        }
        at = at.wrapping_add(1) % RING;
        made.push(byte);
    };
    while made.len() < size {
        let mut kinds = reader.u8()?;
        for _ in 0..8 {
            if made.len() >= size {
                break;
            }
            if kinds & 1 == 1 {
                put(reader.u8()?, &mut ring, &mut made);
            } else {
                let (low, high) = (reader.u8()?, reader.u8()?);
                let from = usize::from(low) | usize::from(high & 0xf0).wrapping_shl(4);
                for step in 0..usize::from(high & 0x0f).wrapping_add(3) {
                    let byte = ring.get(from.wrapping_add(step) % RING).copied();
                    put(byte.unwrap_or_default(), &mut ring, &mut made);
                }
            }
            kinds = kinds.wrapping_shr(1);
        }
    }
    made.truncate(size);
    Ok(made)
}

fn from_cabinet(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, Error> {
    let read = cabinet::read(bytes, limits)?.value;
    let [file] = read.files.as_slice() else {
        let kind = Kind::Illegal { value: wide(read.files.len()) };
        return Err(Error::new("cabinet of one file", 0, kind));
    };
    let unpacked = data::unpack(&read, limits);
    let missing = || Error::new("cabinet data", 0, Kind::Corrupt);
    let problem = unpacked.deviations.first().copied();
    unpacked.bytes(file).map(<[u8]>::to_vec).ok_or_else(|| problem.unwrap_or_else(missing))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf 'Hello, hello, hello!\n' | mscompress`: one run back into the ring.
    const HELLO: &[u8] = b"SZDD\x88\xf0'3A\x00\x15\x00\x00\x00\xffHello, h\x06\xf1\xf8!\n";

    #[test]
    fn the_older_form_is_read() {
        let read = read(HELLO, &Limits::DEFAULT);
        assert_eq!(
            read.map(|b| String::from_utf8(b).unwrap()),
            Ok("Hello, hello, hello!\n".into())
        );
    }
}
