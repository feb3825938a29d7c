//! Files named on the command line: paths of the caller, resolved as any program would.

use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;

use super::descriptor::{entries, failed, metadata, read};
use super::resolve::NAME;
use crate::sighting::{Kind, Metadata, Outcome};

/// The bytes of the file at `path`, at most `limit` of them. They replace what is in `buffer`.
pub fn look_into(path: &Path, limit: usize, buffer: &mut Vec<u8>) -> Outcome {
    buffer.clear();
    match metadata_of(path) {
        Ok(Metadata { kind: Kind::File, .. }) => {}
        Ok(other) => return Outcome::NotRegular(other.kind),
        Err(outcome) => return outcome,
    }
    open(path, READ).map_or_else(|outcome| outcome, |fd| read(fd, limit, buffer))
}

/// The first bytes of the file at `path`, at most `count`; none of what cannot be read.
#[must_use]
pub fn beginning(path: &Path, count: usize) -> Vec<u8> {
    if !matches!(metadata_of(path), Ok(Metadata { kind: Kind::File, .. })) {
        return Vec::new();
    }
    let Ok(fd) = open(path, READ) else { return Vec::new() };
    let mut bytes = vec![0; count];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match rustix::io::read(&fd, rest) {
            Ok(0) | Err(_) => break,
            Ok(read) => filled += read,
        }
    }
    bytes.truncate(filled);
    bytes
}

/// The names in the folder at `path`.
#[must_use]
pub fn names_in(path: &Path) -> Outcome {
    open(path, READ | OFlags::DIRECTORY).map_or_else(|outcome| outcome, entries)
}

/// What is known of the file at `path` without reading it.
///
/// # Errors
/// Why nothing is known.
pub fn metadata_of(path: &Path) -> Result<Metadata, Outcome> {
    metadata(open(path, NAME)?)
}

const READ: OFlags = OFlags::CLOEXEC.union(OFlags::NOCTTY).union(OFlags::NONBLOCK);

fn open(path: &Path, flags: OFlags) -> Result<rustix::fd::OwnedFd, Outcome> {
    openat(CWD, path, flags, Mode::empty()).map_err(|errno| match errno {
        Errno::NOENT => Outcome::Absent,
        Errno::NOTDIR if flags.contains(OFlags::DIRECTORY) => Outcome::NotRegular(Kind::File),
        Errno::NOTDIR => Outcome::Absent,
        errno => failed(errno),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.ko");
        std::fs::write(&file, b"module").unwrap();
        let mut buffer = b"old".to_vec();
        assert!(matches!(look_into(&file, 6, &mut buffer), Outcome::Bytes { .. }));
        assert_eq!(buffer, b"module");
        assert_eq!(look_into(&file, 5, &mut buffer), Outcome::TooLarge { limit: 5 });
        assert!(buffer.is_empty());
        assert_eq!(look_into(folder.path(), 5, &mut buffer), Outcome::NotRegular(Kind::Folder));
        assert_eq!(look_into(&file.join("b"), 5, &mut buffer), Outcome::Absent);
        assert_eq!(
            look_into(Path::new("/dev/null"), 5, &mut buffer),
            Outcome::NotRegular(Kind::Device)
        );
        assert!(matches!(names_in(folder.path()), Outcome::Entries(names) if names.len() == 1));
        assert_eq!(names_in(&file), Outcome::NotRegular(Kind::File));
    }
}
