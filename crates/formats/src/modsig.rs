//! The signature appended to a Linux module: content, PKCS#7, a trailer of twelve bytes, a marker.
//!
//! Whether a kernel accepts what stands in the trailer is not judged here.
//! Source: Linux `include/linux/module_signature.h`, `kernel/module/signing.c`.

pub mod write;

use core::ops::Range;

use crate::reader::{Reader, index};
use serde::{Deserialize, Serialize};

/// The last bytes of a file that carries a signature.
pub const MARKER: &[u8; 28] = b"~Module signature appended~\n";

/// Bytes of the trailer before the marker.
pub const TRAILER: usize = 12;

/// `id_type` of a PKCS#7 message.
pub const PKCS7: u8 = 2;

/// `struct module_signature`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trailer {
    /// Public-key algorithm; zero since signatures are PKCS#7.
    pub algo: u8,
    /// Digest algorithm; zero likewise.
    pub hash: u8,
    /// What the signature is: 0 `OpenPGP`, 1 X.509, 2 PKCS#7.
    pub id_type: u8,
    /// Length of the signer's name, in bytes; zero likewise.
    pub signer_len: u8,
    /// Length of the key identifier, in bytes; zero likewise.
    pub key_id_len: u8,
    /// Padding; zero.
    pub pad: [u8; 3],
    /// Length of the signature, in bytes.
    pub sig_len: u32,
}

impl Trailer {
    /// Whether every field that is no longer used is zero.
    #[must_use]
    pub const fn unused_are_zero(&self) -> bool {
        matches!(
            self,
            Self {
                algo: 0,
                hash: 0,
                id_type: _,
                signer_len: 0,
                key_id_len: 0,
                pad: [0, 0, 0],
                sig_len: _,
            }
        )
    }
}

/// What stands at the end of a module file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Appended {
    /// The file does not end with the marker, or holds nothing else.
    Nothing,
    /// The marker, and before it no room for content and a trailer.
    MarkerOnly {
        /// Bytes before the marker.
        before: usize,
    },
    /// A trailer.
    Signature(Signature),
}

/// A trailer and what it spans.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// The trailer.
    pub trailer: Trailer,
    /// Where the signature lies; `None` when `sig_len` leaves no content before it.
    pub pkcs7: Option<Range<usize>>,
    /// Size of the file without its marker, in bytes.
    pub without_marker: usize,
}

impl Signature {
    /// Bytes at the start of the file that the signature is over.
    #[must_use]
    pub fn content_len(&self) -> Option<usize> {
        self.pkcs7.as_ref().map(|range| range.start)
    }
}

/// Reads the end of `bytes`, a whole module file, uncompressed.
#[must_use]
pub fn read(bytes: &[u8]) -> Appended {
    read_end(bytes.len(), bytes)
}

/// Reads the end of a file of `len` bytes whose last bytes are `end`; forty of them are enough.
#[must_use]
pub fn read_end(len: usize, end: &[u8]) -> Appended {
    let Some(before) = end.strip_suffix(MARKER) else { return Appended::Nothing };
    let without_marker = len.saturating_sub(MARKER.len());
    if without_marker == 0 {
        return Appended::Nothing;
    }
    let Some(trailer) = (without_marker > TRAILER).then(|| trailer(before)).flatten() else {
        return Appended::MarkerOnly { before: without_marker };
    };
    let room = without_marker.saturating_sub(TRAILER);
    let size = index(u64::from(trailer.sig_len));
    let pkcs7 = (size < room).then(|| room.saturating_sub(size)..room);
    Appended::Signature(Signature { trailer, pkcs7, without_marker })
}

fn trailer(before: &[u8]) -> Option<Trailer> {
    let last = before.get(before.len().checked_sub(TRAILER)?..)?;
    let mut r = Reader::new("module signature", last);
    let [algo, hash, id_type, signer_len, key_id_len] = r.array().ok()?;
    Some(Trailer {
        algo,
        hash,
        id_type,
        signer_len,
        key_id_len,
        pad: r.array().ok()?,
        sig_len: r.u32_be().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(content: &[u8], trailer: [u8; 12]) -> Vec<u8> {
        [content, &trailer, MARKER].concat()
    }

    #[test]
    fn the_end_of_a_file_is_read_as_the_kernel_reads_it() {
        assert_eq!(read(b"\x7fELF"), Appended::Nothing);
        assert_eq!(read(MARKER), Appended::Nothing);
        assert_eq!(read(&[b"x", &MARKER[..]].concat()), Appended::MarkerOnly { before: 1 });
        assert_eq!(read(&file(b"", [0; 12])), Appended::MarkerOnly { before: 12 });
        let Appended::Signature(s) = read(&file(b"abcPK", [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 2]))
        else {
            panic!("no signature")
        };
        assert_eq!((s.content_len(), s.pkcs7.clone()), (Some(3), Some(3..5)));
        assert!(s.trailer.unused_are_zero());
        // A length that leaves no content is kept, and spans nothing.
        let Appended::Signature(s) = read(&file(b"abcPK", [0, 0, 2, 0, 0, 1, 0, 0, 0, 0, 0, 5]))
        else {
            panic!("no signature")
        };
        assert_eq!((s.trailer.sig_len, s.pkcs7.clone()), (5, None));
        assert!(!s.trailer.unused_are_zero());
    }
}
