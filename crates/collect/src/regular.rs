//! Regular files of the caller, opened without waiting: a pipe or a device in the place of one must not
//! hold the program up.

use std::fs::File;
use std::io;
use std::path::Path;

/// Opens the regular file at `path`.
///
/// # Errors
/// What the system says to it, and that it is no regular file.
pub fn open(path: &Path) -> io::Result<File> {
    let file = unwaiting(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(other()),
    }
}

fn other() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")
}

#[cfg(target_os = "linux")]
fn unwaiting(path: &Path) -> io::Result<File> {
    use rustix::fs::{CWD, Mode, OFlags, openat};
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    Ok(File::from(openat(CWD, path, flags, Mode::empty())?))
}

/// Without the flags of Linux what is no file is not opened at all.
#[cfg(not(target_os = "linux"))]
fn unwaiting(path: &Path) -> io::Result<File> {
    if std::fs::metadata(path)?.is_file() { File::open(path) } else { Err(other()) }
}

/// Reads what is at `offset` into the whole of `into`, without regard to where others read.
///
/// # Errors
/// What the system says to it, and that the file ends before.
#[cfg(unix)]
pub fn read_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, offset)
}

/// Reads what is at `offset` into the whole of `into`; the place where the file is read next moves.
///
/// # Errors
/// What the system says to it, and that the file ends before.
#[cfg(windows)]
pub fn read_at(file: &File, mut into: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !into.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, into, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                into = into.get_mut(read..).unwrap_or_default();
                offset = offset.saturating_add(read as u64);
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_or_folder_is_no_regular_file() {
        for path in ["/dev/zero", "/"] {
            assert!(open(path.as_ref()).is_err(), "{path}");
        }
    }

    #[test]
    fn what_is_read_at_an_offset_is_whole() {
        use std::io::Write as _;
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"module").unwrap();
        let mut three = [0; 3];
        read_at(&file, &mut three, 2).unwrap();
        assert_eq!(&three, b"dul");
        let end = read_at(&file, &mut three, 4).unwrap_err();
        assert_eq!(end.kind(), io::ErrorKind::UnexpectedEof);
    }
}
