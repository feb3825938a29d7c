//! Files that are there whole or not at all.
//!
//! What is new is written beside its place, made durable, and renamed over the old: a crash, a full
//! disk or a kill leaves the old file. The name of a part ends in `.part`, so that `depmod` and
//! `find -name '*.ko'` pass it by.

use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file that is written and not yet in its place. It is removed when it is dropped before.
#[derive(Debug)]
pub struct Part {
    path: PathBuf,
    place: PathBuf,
    released: bool,
}

impl Part {
    /// Writes `bytes` beside `place`, with the owner and the rights that `old` tells of. What is not
    /// `durable` becomes so with [`settle`], before its release.
    ///
    /// # Errors
    /// What the system says; nothing is left then.
    pub fn write(place: &Path, old: &Metadata, bytes: &[u8], durable: bool) -> io::Result<Self> {
        let name = place.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let mut own = std::ffi::OsString::from(".");
        own.push(name);
        own.push(format!(".{}.part", std::process::id()));
        let path = place.with_file_name(own);
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path)?;
        let part = Self { path, place: place.to_owned(), released: false };
        file.write_all(bytes)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            // Only root gives files away; for others their own file is theirs already.
            let _ = std::os::unix::fs::fchown(&file, Some(old.uid()), Some(old.gid()));
        }
        file.set_permissions(old.permissions())?;
        if durable {
            file.sync_all()?;
        }
        Ok(part)
    }

    /// Where it is now.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts it into its place.
    ///
    /// # Errors
    /// What the system says; the old file is still there then.
    pub fn release(mut self) -> io::Result<()> {
        fs::rename(&self.path, &self.place)?;
        self.released = true;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.released {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Makes everything durable that was written to the file system of `folder`: one call where thousands
/// of files would each wait for the disk.
///
/// # Errors
/// What the system says; a full disk may be told only here.
#[cfg(target_os = "linux")]
pub fn settle(folder: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(folder)?)?)
}

/// Makes renames in `folder` durable.
pub fn settle_names(folder: &Path) {
    // Where a folder cannot be opened for this, the rename is as durable as the system makes it.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::Part;
    use std::fs;

    #[test]
    fn the_old_file_is_there_until_the_new_one_is() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("a.ko");
        fs::write(&place, b"old").unwrap();
        let old = fs::metadata(&place).unwrap();
        let part = Part::write(&place, &old, b"new", true).unwrap();
        assert_eq!(fs::read(&place).unwrap(), b"old");
        assert_eq!(fs::read(part.path()).unwrap(), b"new");
        drop(part);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        Part::write(&place, &old, b"new", false).unwrap().release().unwrap();
        assert_eq!(fs::read(&place).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
