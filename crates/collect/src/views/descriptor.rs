//! Reading what an open descriptor stands for, without trusting what it claims about itself.

use rustix::buffer::spare_capacity;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Advice, Dir, FileType, Stat, fadvise, fgetxattr, fstat};
use rustix::io::{Errno, ReadWriteFlags, preadv2};
use std::io::IoSliceMut;

use crate::sighting::{Entry, Kind, Metadata, Outcome};

/// Names one folder may hold before it is called too large. A full `lib/modules/VER` has a few
/// hundred in its largest folder, `/boot` some dozens.
const NAMES: usize = 1 << 17;

/// What an error number means when it does not mean that something is not there.
pub(super) fn failed(errno: Errno) -> Outcome {
    Outcome::of(&errno.into())
}

/// What the system says of an open file.
///
/// # Errors
/// Why it says nothing.
pub(super) fn metadata(fd: impl AsFd) -> Result<Metadata, Outcome> {
    fstat(fd).map(|stat| told(&stat)).map_err(failed)
}

/// The same out of what was said already.
pub(super) fn told(stat: &Stat) -> Metadata {
    Metadata {
        kind: kind(FileType::from_raw_mode(stat.st_mode)),
        size: u64::try_from(stat.st_size).unwrap_or(0),
        modified: modified(stat),
        inode: stat.st_ino,
        device: stat.st_dev,
    }
}

#[expect(clippy::useless_conversion, reason = "the field is narrower on 32-bit machines")]
fn modified(stat: &Stat) -> i64 {
    stat.st_mtime.into()
}

fn kind(of: FileType) -> Kind {
    match of {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Folder,
        FileType::Symlink => Kind::Link,
        FileType::Fifo => Kind::Fifo,
        FileType::CharacterDevice | FileType::BlockDevice => Kind::Device,
        FileType::Socket => Kind::Socket,
        FileType::Unknown => Kind::Unknown,
    }
}

/// The whole of a regular file, if it is one and holds no more than `limit` bytes.
///
/// The size the system gives is a hint only: pseudo files give none or a page.
pub(super) fn read(fd: impl AsFd, limit: usize, buffer: &mut Vec<u8>) -> Outcome {
    buffer.clear();
    let told = match metadata(&fd) {
        Ok(Metadata { kind: Kind::File, size, .. }) => usize::try_from(size).unwrap_or(usize::MAX),
        Ok(other) => return Outcome::NotRegular(other.kind),
        Err(outcome) => return outcome,
    };
    let too_large = Outcome::TooLarge { limit: u64::try_from(limit).unwrap_or(u64::MAX) };
    if told > limit {
        return too_large;
    }
    let file_signature = file_signature(&fd);
    let mut room = told.max(4096);
    let failed = loop {
        if buffer.len() > limit {
            break too_large;
        }
        // Most files are read by one call, and asked once more only where their size was no help.
        if buffer.len() == told && told > 0 {
            return Outcome::Bytes { file_signature };
        }
        if buffer.try_reserve(room).is_err() {
            break Outcome::Broken(std::io::ErrorKind::OutOfMemory);
        }
        match rustix::io::read(&fd, spare_capacity(buffer)) {
            Ok(0) => return Outcome::Bytes { file_signature },
            Ok(_) | Err(Errno::INTR) => room = 4096,
            Err(errno) => break failed(errno),
        }
    };
    buffer.clear();
    failed
}

/// Has a file read ahead where it is not in memory yet; whether that was so (`posix_fadvise(2)`).
pub(super) fn expect(fd: impl AsFd) -> bool {
    let mut first = [0];
    let room = &mut [IoSliceMut::new(&mut first)];
    // Where a file system cannot tell, nothing is gained by asking for what may be there.
    let absent = preadv2(&fd, room, 0, ReadWriteFlags::NOWAIT) == Err(Errno::AGAIN);
    absent && fadvise(&fd, 0, None, Advice::WillNeed).is_ok()
}

/// Whether a file carries `security.ima`. A file system that keeps no such attributes has none.
fn file_signature(fd: impl AsFd) -> Option<bool> {
    let mut nothing: [u8; 0] = [];
    match fgetxattr(fd, c"security.ima", &mut nothing) {
        Ok(_) => Some(true),
        Err(Errno::NODATA | Errno::OPNOTSUPP) => Some(false),
        Err(_) => None,
    }
}

/// The names in a folder, if it is one.
pub(super) fn entries(fd: OwnedFd) -> Outcome {
    match metadata(&fd) {
        Ok(Metadata { kind: Kind::Folder, .. }) => {}
        Ok(other) => return Outcome::NotRegular(other.kind),
        Err(outcome) => return outcome,
    }
    let folder = match Dir::new(fd) {
        Ok(folder) => folder,
        Err(errno) => return failed(errno),
    };
    let mut names = Vec::new();
    for entry in folder {
        match entry {
            Ok(entry) => {
                let name = entry.file_name().to_bytes();
                if name != b"." && name != b".." {
                    names.push(Entry { name: name.to_vec(), kind: kind(entry.file_type()) });
                }
            }
            Err(errno) => return failed(errno),
        }
        if names.len() > NAMES {
            return Outcome::TooLarge { limit: u64::try_from(NAMES).unwrap_or(u64::MAX) };
        }
    }
    names.sort_unstable();
    Outcome::Entries(names)
}
