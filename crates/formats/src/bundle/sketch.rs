//! A module file without the bytes that no fact is drawn from.
//!
//! One line of JSON, then the pieces that were kept, one after another. Filled into a file of zeros of
//! the same length they give the same survey and the same signature as the file itself; the digests
//! of what is left out stand in the line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::compress::Packed;
use crate::elf::relocations::Obstacle;
use crate::error::{Error, Kind};
use crate::limits::Limits;
use crate::reader::{index, wide};

/// The line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sketch {
    /// Bytes of the file as it is stored.
    pub stored: u64,
    /// SHA-256 of the file as it is stored, in hexadecimal.
    pub sha256: String,
    /// Bytes of the module, unpacked, signature included.
    pub length: u64,
    /// SHA-256 of the module, unpacked, signature included.
    pub content_sha256: String,
    /// Digests of what is signed, by every algorithm that the signature names.
    pub digests: BTreeMap<String, String>,
    /// How the file is packed; `None`: it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packed: Option<Packed>,
    /// The first relocation that the usual loader cannot apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obstacle: Option<Obstacle>,
    /// The first relocation that the other loader of the machine cannot apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_obstacle: Option<Obstacle>,
    /// Offset and length of each piece, in order.
    pub pieces: Vec<(u64, u64)>,
}

/// Reads a sketch: its line, and the module with zeros for what was left out.
///
/// # Errors
/// When the line is not as it must be, or pieces do not fit.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<(Sketch, Vec<u8>), Error> {
    let what = "bundle module";
    let line = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let sketch: Sketch =
        serde_json::from_slice(line).map_err(|_| Error::new(what, 0, Kind::Corrupt))?;
    let mut at = line.len().saturating_add(1);
    let length = index(sketch.length);
    if length > limits.module_bytes {
        let limit = wide(limits.module_bytes);
        return Err(Error::new(what, 0, Kind::TooLarge { limit }));
    }
    let mut module = vec![0; length];
    for (offset, size) in &sketch.pieces {
        let start = index(*offset);
        let have = wide(bytes.len().saturating_sub(at));
        let room = start.checked_add(index(*size)).and_then(|end| module.get_mut(start..end));
        let room = room.ok_or(Error::new(what, at, Kind::Illegal { value: *offset }))?;
        let piece = at.checked_add(room.len()).and_then(|end| bytes.get(at..end));
        let piece = piece.ok_or(Error::new(what, at, Kind::Truncated { need: *size, have }))?;
        room.copy_from_slice(piece);
        at = at.saturating_add(room.len());
    }
    Ok((sketch, module))
}

/// Writes a sketch with the pieces it names out of `module`.
///
/// # Errors
/// None that can happen: its texts are texts.
pub fn write(sketch: &Sketch, module: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    let mut out = serde_json::to_vec(sketch)?;
    out.push(b'\n');
    for (offset, size) in &sketch.pieces {
        let rest = module.get(index(*offset)..).unwrap_or_default();
        out.extend_from_slice(rest.get(..index(*size)).unwrap_or(rest));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_comes_back_in_its_place() {
        let sketch = Sketch { length: 8, pieces: vec![(0, 2), (5, 3)], ..Sketch::default() };
        let bytes = write(&sketch, b"abcdefgh").unwrap();
        let limits = Limits::default();
        assert_eq!(read(&bytes, &limits), Ok((sketch, b"ab\0\0\0fgh".to_vec())));
        let cut = read(&bytes[..bytes.len() - 1], &limits).unwrap_err().to_string();
        assert!(cut.ends_with("needs 3 bytes, 2 left"), "{cut}");
    }

    #[test]
    fn a_piece_beyond_the_end_or_a_huge_module_is_told() {
        let said = |sketch: &Sketch| {
            let bytes = write(sketch, b"abc").unwrap();
            read(&bytes, &Limits::default()).unwrap_err().kind
        };
        let beyond = Sketch { length: 2, pieces: vec![(1, 2)], ..Sketch::default() };
        assert_eq!(said(&beyond), Kind::Illegal { value: 1 });
        let wrapped = Sketch { length: 2, pieces: vec![(u64::MAX, 2)], ..Sketch::default() };
        assert_eq!(said(&wrapped), Kind::Illegal { value: u64::MAX });
        let huge = Sketch { length: 1 << 40, ..Sketch::default() };
        assert!(matches!(said(&huge), Kind::TooLarge { .. }));
    }
}
