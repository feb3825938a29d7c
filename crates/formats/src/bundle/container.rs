//! The file around what was recorded: head, frames, tail.

use serde::{Deserialize, Serialize};

use crate::compress::{self, Compression};
use crate::error::{Error, Kind};
use crate::limits::Limits;
use crate::reader::{index, wide};

/// The first bytes of a bundle; the number is the version of the format.
pub const HEAD: &[u8; 20] = b"loadworthy bundle 1\n";
/// Bytes of the tail.
pub const TAIL: usize = 24;
/// A zstd frame that decoders pass over, with sixteen bytes in it (RFC 8878, 3.1.2).
const SKIPPED: [u8; 8] = [0x50, 0x2a, 0x4d, 0x18, 16, 0, 0, 0];

/// Where a frame lies in the file, and what it unpacks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Its offset, in bytes.
    pub at: u64,
    /// Its size as it is stored.
    pub stored: u64,
    /// Its size unpacked.
    pub size: u64,
}

/// Whether `bytes`, the beginning of a file, are that of a bundle which is read here.
///
/// # Errors
/// `Missing` where it is no bundle, `Unsupported` where its version is another.
pub fn head(bytes: &[u8]) -> Result<(), Error> {
    let (name, _) = HEAD.split_at_checked(18).unwrap_or((HEAD, &[]));
    match bytes.strip_prefix(name) {
        Some(_) if bytes.starts_with(HEAD) => Ok(()),
        Some(_) => Err(Error::new("bundle version", name.len(), Kind::Unsupported)),
        None => Err(Error::new("bundle head", 0, Kind::Missing)),
    }
}

/// The tail that tells where the index is.
#[must_use]
pub fn tail(at: u64, stored: u64) -> Vec<u8> {
    [SKIPPED.as_slice(), &at.to_le_bytes(), &stored.to_le_bytes()].concat()
}

/// Where the index is, from the last bytes of a file of `length` bytes: its offset and stored size.
///
/// # Errors
/// When the tail is not there, as in a file that was cut short, or points elsewhere.
pub fn read_tail(bytes: &[u8], length: u64) -> Result<(u64, u64), Error> {
    let start = length.saturating_sub(wide(TAIL));
    let what = "bundle tail";
    let numbers = bytes
        .strip_prefix(&SKIPPED)
        .filter(|rest| rest.len() == 16)
        .and_then(|rest| Some((*rest.first_chunk()?, *rest.last_chunk()?)))
        .ok_or_else(|| Error::new(what, index(start), Kind::Missing))?;
    let (at, stored) = (u64::from_le_bytes(numbers.0), u64::from_le_bytes(numbers.1));
    if at < wide(HEAD.len()) || at.checked_add(stored) != Some(start) {
        return Err(Error::new(what, index(start.saturating_add(8)), Kind::Illegal { value: at }));
    }
    Ok((at, stored))
}

/// Unpacks the frame that was found at `at`, of at most `limit` bytes.
///
/// # Errors
/// When it is damaged or larger.
pub fn unpack(bytes: &[u8], at: u64, limit: usize, limits: &Limits) -> Result<Vec<u8>, Error> {
    let placed = |kind| Error::new("bundle frame", index(at), kind);
    if compress::sniff(bytes) != Some(Compression::Zstd) {
        return Err(placed(Kind::Missing));
    }
    let mut out = Vec::new();
    let done = compress::unpack_first(bytes, Compression::Zstd, limit, limits, &mut out);
    done.map_err(|error| placed(error.kind))?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_known_and_its_version_too() {
        assert_eq!(head(b"loadworthy bundle 1\nrest"), Ok(()));
        let said = |bytes: &[u8]| head(bytes).unwrap_err().to_string();
        assert_eq!(
            said(b"loadworthy bundle 2\n"),
            "bundle version at 0x12: not a sort that is read"
        );
        assert_eq!(said(b"\x7fELF"), "bundle head at 0x0: missing");
        assert_eq!(said(b""), "bundle head at 0x0: missing");
    }

    #[test]
    fn a_tail_points_into_its_own_file() {
        let good = tail(20, 56);
        assert_eq!((good.len(), read_tail(&good, 100)), (TAIL, Ok((20, 56))));
        let said = |bytes: &[u8]| read_tail(bytes, 100).unwrap_err().to_string();
        assert_eq!(said(&tail(20, 57)), "bundle tail at 0x54: 0x14 is not allowed here");
        assert_eq!(
            said(&tail(u64::MAX, 77)),
            "bundle tail at 0x54: 0xffffffffffffffff is not allowed here"
        );
        assert_eq!(said(&good[1..]), "bundle tail at 0x4c: missing");
    }
}
