//! Files named on the command line, on systems other than Linux.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use crate::regular;
use crate::sighting::{Kind, Metadata, Outcome};
use crate::views::descriptor::{entries, read, told};

/// The bytes of the file at `path`, at most `limit` of them. They replace what is in `buffer`.
pub fn look_into(path: &Path, limit: usize, buffer: &mut Vec<u8>) -> Outcome {
    buffer.clear();
    match metadata_of(path) {
        Ok(Metadata { kind: Kind::File, .. }) => {}
        Ok(other) => return Outcome::NotRegular(other.kind),
        Err(outcome) => return outcome,
    }
    match regular::open(path) {
        Ok(file) => read(file, limit, buffer),
        Err(e) => failed(&e),
    }
}

/// The first bytes of the file at `path`, at most `count`; none of what cannot be read.
#[must_use]
pub fn beginning(path: &Path, count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let Ok(file) = regular::open(path) else { return bytes };
    match file.take(count as u64).read_to_end(&mut bytes) {
        Ok(_) => bytes,
        Err(_) => Vec::new(),
    }
}

/// The names in the folder at `path`.
#[must_use]
pub fn names_in(path: &Path) -> Outcome {
    match metadata_of(path) {
        Ok(Metadata { kind: Kind::Folder, .. }) => entries(path).unwrap_or_else(|e| failed(&e)),
        Ok(other) => Outcome::NotRegular(other.kind),
        Err(outcome) => outcome,
    }
}

/// What is known of the file at `path` without reading it.
///
/// # Errors
/// Why nothing is known.
pub fn metadata_of(path: &Path) -> Result<Metadata, Outcome> {
    fs::metadata(path).map(|metadata| told(&metadata)).map_err(|e| failed(&e))
}

fn failed(error: &io::Error) -> Outcome {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Outcome::Absent,
        _ => Outcome::of(error),
    }
}
