//! Reading what a path stands for, on systems without the descriptors of Linux.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::time::UNIX_EPOCH;

use crate::sighting::{Entry, Kind, Metadata, Outcome};
use crate::spelling;

/// Names one folder may hold before it is called too large, as elsewhere.
const NAMES: usize = 1 << 17;

/// What the system says of a file.
pub(super) fn told(metadata: &fs::Metadata) -> Metadata {
    let age = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    Metadata {
        kind: kind(metadata.file_type()),
        size: metadata.len(),
        modified: age.and_then(|age| i64::try_from(age.as_secs()).ok()).unwrap_or(0),
        inode: 0,
        device: 0,
    }
}

fn kind(of: fs::FileType) -> Kind {
    match () {
        () if of.is_symlink() => Kind::Link,
        () if of.is_dir() => Kind::Folder,
        () if of.is_file() => Kind::File,
        () => Kind::Device,
    }
}

/// The whole of an open file, if it holds no more than `limit` bytes.
pub(super) fn read(file: File, limit: usize, buffer: &mut Vec<u8>) -> Outcome {
    buffer.clear();
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    match file.take(limit.saturating_add(1)).read_to_end(buffer) {
        Ok(read) if read as u64 <= limit => return Outcome::Bytes { file_signature: None },
        Ok(_) => buffer.clear(),
        Err(e) => {
            buffer.clear();
            return Outcome::of(&e);
        }
    }
    Outcome::TooLarge { limit }
}

/// The names in a folder.
///
/// # Errors
/// What the system says to it.
pub(super) fn entries(folder: &Path) -> io::Result<Outcome> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = spelling::bytes(&entry.file_name()).into_owned();
        names.push(Entry { name, kind: kind(entry.file_type()?) });
        if names.len() > NAMES {
            return Ok(Outcome::TooLarge { limit: u64::try_from(NAMES).unwrap_or(u64::MAX) });
        }
    }
    names.sort_unstable();
    Ok(Outcome::Entries(names))
}
