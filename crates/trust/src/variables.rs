//! The firmware's variables as efivarfs shows them, or as a captured folder holds them.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use loadworthy_formats::uefi::guid::Guid;

/// The folder of variables below a root.
const FOLDER: &str = "sys/firmware/efi/efivars";
/// The type of efivarfs (`EFIVARFS_MAGIC`, `include/uapi/linux/magic.h`).
#[cfg(target_os = "linux")]
const EFIVARFS: u64 = 0xde5e_81e4;

/// A folder of variables.
#[derive(Clone, Debug)]
pub struct Variables {
    folder: PathBuf,
}

impl Variables {
    /// Those below `root`.
    ///
    /// # Errors
    /// Where there is no such folder.
    pub fn below(root: &Path) -> io::Result<Self> {
        let folder = root.join(FOLDER);
        if !fs::metadata(&folder)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Self { folder })
    }

    /// Where they are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Bytes that are free, where the kernel tells (efivarfs since 6.6).
    #[cfg(target_os = "linux")]
    #[must_use]
    pub fn free(&self) -> Option<u64> {
        let told = rustix::fs::statfs(&self.folder).ok()?;
        let is_efivarfs = u64::try_from(told.f_type).ok()? == EFIVARFS;
        (is_efivarfs && told.f_blocks > 0)
            .then(|| told.f_bavail.saturating_mul(u64::try_from(told.f_bsize).unwrap_or(1)))
    }

    /// Nobody tells here.
    #[cfg(not(target_os = "linux"))]
    #[must_use]
    pub fn free(&self) -> Option<u64> {
        None
    }

    /// Writes a variable in place of the one that was, and reads it back. One that cannot be written
    /// leaves the old one.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, name: &str, vendor: Guid, attributes: u32, data: &[u8]) -> io::Result<()> {
        let path = self.path(name, vendor);
        let old = fs::read(&path).ok();
        if old.is_some() {
            self.remove(name, vendor)?;
        }
        let bytes = [&attributes.to_le_bytes(), data].concat();
        let written = put(&path, &bytes).and_then(|()| match fs::read(&path)? == bytes {
            true => Ok(()),
            false => Err(io::Error::other("the firmware kept something else than was written")),
        });
        if written.is_err() {
            let _ = self.remove(name, vendor);
            if let Some(old) = old {
                let _ = put(&path, &old);
            }
        }
        written
    }

    /// Removes a variable.
    ///
    /// # Errors
    /// What the system says.
    pub fn remove(&self, name: &str, vendor: Guid) -> io::Result<()> {
        let path = self.path(name, vendor);
        unlock(&path);
        fs::remove_file(path)
    }

    fn path(&self, name: &str, vendor: Guid) -> PathBuf {
        self.folder.join(format!("{name}-{vendor}"))
    }
}

/// One write is one call to the firmware, so all bytes go at once.
fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).open(path)?;
    let length = file.write(bytes)?;
    if length != bytes.len() {
        return Err(io::ErrorKind::WriteZero.into());
    }
    Ok(())
}

/// efivarfs keeps variables from being removed by mistake.
#[cfg(target_os = "linux")]
fn unlock(path: &Path) {
    use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};
    let Ok(file) = File::open(path) else { return };
    if let Ok(flags) = ioctl_getflags(&file) {
        let _ = ioctl_setflags(&file, flags.difference(IFlags::IMMUTABLE));
    }
}

#[cfg(not(target_os = "linux"))]
fn unlock(_: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_attributes_and_data_and_replaces_the_old_one() {
        let root = tempfile::tempdir().unwrap();
        assert!(Variables::below(root.path()).is_err());
        fs::create_dir_all(root.path().join(FOLDER)).unwrap();
        let variables = Variables::below(root.path()).unwrap();
        for data in [&b"one"[..], b"three"] {
            variables.write("MokNew", Guid::SHIM_LOCK, 7, data).unwrap();
            let path = variables.folder().join("MokNew-605dab50-e046-4300-abb6-3dd810dd8b23");
            assert_eq!(fs::read(path).unwrap(), [&[7, 0, 0, 0], data].concat());
        }
        assert_eq!(variables.free(), None);
        variables.remove("MokNew", Guid::SHIM_LOCK).unwrap();
        assert!(variables.remove("MokNew", Guid::SHIM_LOCK).is_err());
    }
}
