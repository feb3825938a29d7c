//! Regular files of the caller, opened without waiting: a pipe or a device in the place of one must not
//! hold the program up.

use rustix::fs::{CWD, Mode, OFlags, openat};
use std::fs::File;
use std::io;
use std::path::Path;

/// Opens the regular file at `path`.
///
/// # Errors
/// What the system says to it, and that it is no regular file.
pub fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    let file = File::from(openat(CWD, path, flags, Mode::empty())?);
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_device_or_folder_is_no_regular_file() {
        for path in ["/dev/zero", "/"] {
            assert!(super::open(path.as_ref()).is_err(), "{path}");
        }
    }
}
