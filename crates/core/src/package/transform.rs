//! *What was done to this file after its digest was written down?*
//!
//! Each change that is known to happen on the way of a package (version control turning line ends,
//! editors writing marks and encodings, signing tools) is undone, and the digests of the result are
//! asked for. Nothing is judged: a change that makes a digest is a finding.

use crate::crypt::digest::{Digest, DigestAlgorithm, digest};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use loadworthy_formats::inf::encoding::{self, Encoding};
use loadworthy_formats::limits::Limits;
use loadworthy_formats::pe::attribute_certificates;
use loadworthy_formats::pe::header;

/// One change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Lines end in CR LF.
    CrLf,
    /// Lines end in LF.
    Lf,
    /// A byte order mark is put before it.
    WithMark,
    /// The byte order mark is taken away.
    WithoutMark,
    /// It is written as UTF-16 with a mark.
    Utf16,
    /// It is written with one byte a letter.
    Narrow,
    /// A line end is put behind its last line.
    LastLineEnded,
    /// The line end behind its last line is taken away.
    LastLineOpen,
    /// The embedded signatures are taken away, with what was filled in before them.
    Unsigned,
    /// The checksum of the image is zero.
    NoChecksum,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CrLf => "LF->CRLF",
            Self::Lf => "CRLF->LF",
            Self::WithMark => "a byte order mark put before it",
            Self::WithoutMark => "its byte order mark taken away",
            Self::Utf16 => "written as UTF-16",
            Self::Narrow => "written with one byte a letter",
            Self::LastLineEnded => "a line end put behind its last line",
            Self::LastLineOpen => "the line end behind its last line taken away",
            Self::Unsigned => "its embedded signature taken away",
            Self::NoChecksum => "its checksum reset",
        })
    }
}

/// A file as it may have been: the changes that lead there, in order, and its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// What has to be done to the file.
    pub changes: Vec<Change>,
    /// What it is then.
    pub bytes: Vec<u8>,
}

/// The change that leads to a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// What has to be done to the file.
    pub changes: Vec<Change>,
    /// The digest it has then.
    pub digest: Digest,
}

/// A text larger than this is not changed: that many bytes are copied a dozen times.
const LARGEST_TEXT: usize = 16 << 20;

/// The first change, the likeliest first, after which `is_known` knows the file's digest: SHA-1 and
/// SHA-256 over all its bytes.
pub fn find(bytes: &[u8], limits: &Limits, is_known: &dyn Fn(&Digest) -> bool) -> Option<Match> {
    let earlier = if header::begins(bytes) { images(bytes, limits) } else { texts(bytes) };
    earlier.into_iter().find_map(|one| {
        [DigestAlgorithm::Sha1, DigestAlgorithm::Sha256]
            .into_iter()
            .map(|by| digest(by, &one.bytes))
            .find(is_known)
            .map(|digest| Match { changes: one.changes, digest })
    })
}

/// What a text may have been.
#[must_use]
pub fn texts(bytes: &[u8]) -> Vec<Earlier> {
    if bytes.len() > LARGEST_TEXT {
        return Vec::new();
    }
    let mut all: Vec<Earlier> = Vec::new();
    let mut add = |changes: Vec<Change>, made: Option<Vec<u8>>| {
        let Some(made) = made else { return };
        if made != bytes && !all.iter().any(|one| one.bytes == made) {
            all.push(Earlier { changes, bytes: made });
        }
    };
    let line_ends = [None, Some(Change::CrLf), Some(Change::Lf)];
    let last = [None, Some(Change::LastLineEnded), Some(Change::LastLineOpen)];
    let encodings = [
        None,
        Some(Change::WithMark),
        Some(Change::WithoutMark),
        Some(Change::Utf16),
        Some(Change::Narrow),
    ];
    for last in last {
        for written in encodings {
            for ends in line_ends {
                let changes: Vec<_> = [ends, last, written].into_iter().flatten().collect();
                let made = changes.iter().try_fold(bytes.to_vec(), |b, change| text(&b, *change));
                add(changes, made);
            }
        }
    }
    // A tool that knows no UTF-16 puts a single byte before each line feed's byte.
    add(vec![Change::CrLf], Some(bytewise(bytes)));
    all.sort_by_key(|one| one.changes.len());
    all
}

/// A text after one change; nothing where the change cannot be made.
fn text(bytes: &[u8], change: Change) -> Option<Vec<u8>> {
    let (encoding, mark) = Encoding::of(bytes);
    let (marked, content) = bytes.split_at_checked(mark)?;
    let is_wide = matches!(encoding, Encoding::Utf16Le | Encoding::Utf16Be);
    match change {
        Change::CrLf | Change::Lf | Change::LastLineEnded | Change::LastLineOpen => {
            let unit = if is_wide { 2 } else { 1 };
            let cr = letter(b'\r', encoding);
            let lf = letter(b'\n', encoding);
            let units: Vec<&[u8]> = content.chunks(unit).collect();
            let mut out = marked.to_vec();
            out.extend(lines(&units, &cr, &lf, change));
            Some(out)
        }
        Change::WithMark if mark == 0 => {
            let mark: &[u8] = match encoding {
                Encoding::Utf16Le => &[0xff, 0xfe],
                Encoding::Utf16Be => &[0xfe, 0xff],
                Encoding::Ascii | Encoding::Ansi | Encoding::Utf8Bom => &[0xef, 0xbb, 0xbf],
            };
            Some([mark, bytes].concat())
        }
        Change::WithoutMark if mark > 0 => Some(content.to_vec()),
        Change::Utf16 if !is_wide => {
            // Without a mark the bytes may be UTF-8, whatever setup would take them for.
            let decoded = match core::str::from_utf8(content) {
                Ok(text) => text.into(),
                Err(_) => encoding::decode(bytes).value.1,
            };
            let units = decoded.encode_utf16().flat_map(u16::to_le_bytes);
            Some([0xff, 0xfe].into_iter().chain(units).collect())
        }
        Change::Narrow if is_wide => {
            let decoded: String = encoding::decode(bytes).value.1;
            Some(decoded.into_bytes())
        }
        _ => None,
    }
}

fn letter(letter: u8, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Utf16Le => vec![letter, 0],
        Encoding::Utf16Be => vec![0, letter],
        Encoding::Ascii | Encoding::Ansi | Encoding::Utf8Bom => vec![letter],
    }
}

/// The letters `units` with their line ends changed.
fn lines(units: &[&[u8]], cr: &[u8], lf: &[u8], change: Change) -> Vec<u8> {
    let mut out = Vec::new();
    let mut before: &[u8] = &[];
    let mut rest = units;
    if change == Change::LastLineOpen {
        rest = match rest {
            [inner @ .., last_cr, last] if *last == lf && *last_cr == cr => inner,
            [inner @ .., last] if *last == lf => inner,
            all => all,
        };
    }
    let mut units = rest.iter().peekable();
    while let Some(unit) = units.next() {
        match change {
            Change::CrLf if *unit == lf && before != cr => out.extend(cr),
            Change::Lf if *unit == cr && units.peek().is_some_and(|next| **next == lf) => {
                before = unit;
                continue;
            }
            _ => {}
        }
        out.extend(*unit);
        before = unit;
    }
    if change == Change::LastLineEnded && before != lf {
        let has_cr = rest.windows(2).any(|pair| matches!(pair, [a, b] if *a == cr && *b == lf));
        if has_cr {
            out.extend(cr);
        }
        out.extend(lf);
    }
    out
}

fn bytewise(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for byte in bytes {
        if *byte == b'\n' && out.last() != Some(&b'\r') {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    out
}

/// What an image may have been: without its signatures, as files are listed by their bytes.
#[must_use]
pub fn images(bytes: &[u8], limits: &Limits) -> Vec<Earlier> {
    let Ok(read) = header::read(bytes, limits) else { return Vec::new() };
    let image = read.value;
    let table = attribute_certificates::read(&image, limits).value;
    let mut all = Vec::new();
    let reset = |mut made: Vec<u8>| {
        if let Some(sum) = made.get_mut(image.checksum_at..image.checksum_at.saturating_add(4)) {
            sum.fill(0);
        }
        made
    };
    let first = table.iter().map(|entry| entry.at).min();
    if let (Some(first), Some(entry)) = (first, image.certificate_entry_at) {
        let mut unsigned = bytes.get(..first).unwrap_or_default().to_vec();
        if let Some(pointer) = unsigned.get_mut(entry..entry.saturating_add(8)) {
            pointer.fill(0);
        }
        // A signing tool fills up to a multiple of eight bytes with zeros.
        for filled in 0..8 {
            if filled > 0 && unsigned.pop() != Some(0) {
                break;
            }
            all.push(Earlier { changes: vec![Change::Unsigned], bytes: unsigned.clone() });
            let changes = vec![Change::Unsigned, Change::NoChecksum];
            all.push(Earlier { changes, bytes: reset(unsigned.clone()) });
        }
        all.sort_by_key(|one| one.changes.len());
    }
    all.push(Earlier { changes: vec![Change::NoChecksum], bytes: reset(bytes.to_vec()) });
    all.retain(|one| one.bytes != bytes);
    all
}
