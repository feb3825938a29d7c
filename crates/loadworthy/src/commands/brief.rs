//! `loadworthy inspect --brief FILE…`: the `.modinfo` of modules, without reading the rest of them.
//!
//! Three small reads a file; a compressed one is unpacked. What `modinfo` answers, for whole trees.

use crate::commands::inspect::regular;
use loadworthy_collect::regular::read_at;
use loadworthy_formats::compress;
use loadworthy_formats::elf::pieces::ReadAt;
use loadworthy_formats::elf::quick::{Quick, quick};
use loadworthy_formats::error::Error;
use loadworthy_formats::limits::Limits;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Buffers that are lent from file to file.
#[derive(Default)]
pub(super) struct Room {
    packed: Vec<u8>,
    unpacked: Vec<u8>,
}

/// Writes every field of every file, a line each, with an empty line between files. A file that
/// cannot be read is told in one line on `err` and makes the exit code 2.
///
/// # Errors
/// When `out` or `err` cannot be written to.
pub(crate) fn run(
    files: &[PathBuf],
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<ExitCode> {
    let mut out = BufWriter::with_capacity(1 << 16, out);
    let (mut room, mut end) = (Room::default(), Vec::new());
    let mut code = ExitCode::SUCCESS;
    let mut gap: &[u8] = b"";
    for path in files {
        match read(path, &mut room, &mut end) {
            Ok(found) => {
                out.write_all(gap)?;
                gap = b"\n";
                write!(out, "filename: ")?;
                plain(&mut out, path.as_os_str().as_encoded_bytes())?;
                out.write_all(b"\n")?;
                for (key, value) in found.modinfo.iter().flat_map(|m| m.entries()) {
                    plain(&mut out, key)?;
                    out.write_all(b": ")?;
                    plain(&mut out, value)?;
                    out.write_all(b"\n")?;
                }
                let signed = if found.has_signature_marker { "appended" } else { "none" };
                writeln!(out, "signature: {signed}")?;
            }
            Err(problem) => {
                let path = path.display().to_string();
                writeln!(err, "loadworthy: inspect: {}: {problem}", path.escape_debug())?;
                code = ExitCode::from(2);
            }
        }
    }
    out.flush()?;
    Ok(code)
}

/// Text from a file, with whatever a terminal could mistake for a command written out.
pub(super) fn plain(out: &mut impl Write, text: &[u8]) -> io::Result<()> {
    if text.iter().all(|b| matches!(b, b' '..=b'~')) {
        return out.write_all(text);
    }
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c.is_control() {
                true => write!(out, "{}", c.escape_default())?,
                false => write!(out, "{c}")?,
            }
        }
        chunk.invalid().iter().try_for_each(|b| write!(out, "\\x{b:02x}"))?;
    }
    Ok(())
}

fn read(path: &Path, room: &mut Room, end: &mut Vec<u8>) -> io::Result<Quick> {
    in_pieces(path, room, |length, read_at| quick(length, read_at, end, &Limits::DEFAULT))
}

/// What `ask` finds in a module that it reads in pieces; one that is compressed is unpacked whole.
pub(super) fn in_pieces<T>(
    path: &Path,
    room: &mut Room,
    ask: impl FnOnce(u64, &mut ReadAt<'_>) -> Result<T, Error>,
) -> io::Result<T> {
    let (file, length) = regular(path)?;
    let wrong = |e| io::Error::new(io::ErrorKind::InvalidData, format!("{e}"));
    if !packed(path) {
        return ask(length, &mut |at, into| read_at(&file, into, at).is_ok()).map_err(wrong);
    }
    unpack(file, room, &Limits::DEFAULT)?;
    let bytes = &room.unpacked;
    let mut at = |offset: u64, into: &mut [u8]| {
        let part = usize::try_from(offset).ok().and_then(|o| bytes.get(o..)?.get(..into.len()));
        part.map(|part| into.copy_from_slice(part)).is_some()
    };
    ask(bytes.len() as u64, &mut at).map_err(wrong)
}

fn packed(path: &Path) -> bool {
    path.extension().is_some_and(|e| ["gz", "xz", "zst"].iter().any(|known| e == *known))
}

fn unpack(file: File, room: &mut Room, limits: &Limits) -> io::Result<()> {
    let wrong = |text: String| io::Error::new(io::ErrorKind::InvalidData, text);
    room.packed.clear();
    room.unpacked.clear();
    file.take(limits.module_bytes as u64).read_to_end(&mut room.packed)?;
    let how = compress::sniff(&room.packed)
        .ok_or_else(|| wrong("compressed in a way nobody knows".to_owned()))?;
    compress::unpack(&room.packed, how, limits.module_bytes, limits, &mut room.unpacked)
        .map(drop)
        .map_err(|e| wrong(format!("{e}")))
}
