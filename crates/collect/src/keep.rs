//! A folder of the operator's in which what costs much to find is kept for the next run.
//!
//! There is none unless one is named. What is in it is believed, so it counts only while folder and
//! file belong to the user who runs this and nobody else may write there. It is no part of the
//! machine that is judged: nothing is ever written below the root of a view.

use std::io::{self, Read, Write};
use std::path::Path;

use loadworthy_core::tables::Tables;
use loadworthy_formats::text::hex;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, fstat, mkdirat, openat, renameat, statat, unlinkat,
};
use rustix::io::Errno;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Raised when what is found in the same bytes changes between two releases of ours.
const READER: u32 = 2;
/// Bytes one kept thing may have; a kernel image's facts are about a megabyte.
const LARGEST: u64 = 32 << 20;

/// The folder.
#[derive(Debug)]
pub struct Keep {
    folder: OwnedFd,
}

impl Keep {
    /// Opens the folder, and makes it where it is not there.
    ///
    /// # Errors
    /// What the system says to it; `PermissionDenied` where somebody else could write into it.
    pub fn open(path: &Path) -> io::Result<Self> {
        match mkdirat(CWD, path, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno.into()),
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = openat(CWD, path, flags, Mode::empty())?;
        if !only_ours(&folder, FileType::Directory)? {
            let why = "others may write there, or it belongs to somebody else";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
        }
        Ok(Self { folder })
    }

    /// What was kept about bytes with this digest.
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, sha256: &[u8; 32]) -> Option<T> {
        postcard::from_bytes(&self.read(&name(sha256))?).ok()
    }

    /// Keeps `found` about bytes with this digest. Where that fails, it is found again next time.
    pub fn put<T: Serialize>(&self, sha256: &[u8; 32], found: &T) {
        let Ok(found) = postcard::to_allocvec(found) else { return };
        self.write(&name(sha256), |out| out.write_all(&found));
    }

    /// The fingerprints of signatures that were found good, one behind the other.
    #[must_use]
    pub fn good_signatures(&self) -> Option<Vec<u8>> {
        self.read(&signatures())
    }

    /// Keeps the fingerprints of signatures that were found good.
    pub fn put_good_signatures(&self, fingerprints: &[u8]) {
        self.write(&signatures(), |out| out.write_all(fingerprints));
    }

    /// What modules held that were read in earlier runs.
    #[must_use]
    pub fn modules(&self) -> Option<Vec<u8>> {
        self.read(&modules())
    }

    /// Whether that can be kept: nothing but a file is in its place.
    #[must_use]
    pub fn takes_modules(&self) -> bool {
        match statat(&self.folder, modules(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile,
            Err(errno) => errno == Errno::NOENT,
        }
    }

    /// Keeps what modules held.
    pub fn put_modules(&self, all: &[u8]) {
        self.write(&modules(), |out| out.write_all(all));
    }

    /// What time the kernel gives a file that is changed now, in seconds since 1970.
    #[must_use]
    pub fn clock(&self) -> Option<i64> {
        let name = format!("clock.{}", std::process::id());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = openat(&self.folder, &name, flags, Mode::RUSR | Mode::WUSR).ok()?;
        let stat = fstat(&file);
        let _ = unlinkat(&self.folder, &name, AtFlags::empty());
        #[expect(clippy::useless_conversion, reason = "the field is narrower on 32-bit machines")]
        stat.ok().map(|stat| stat.st_ctime.into())
    }

    fn read(&self, name: &str) -> Option<Vec<u8>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = openat(&self.folder, name, flags, Mode::empty()).ok()?;
        if !only_ours(&file, FileType::RegularFile).ok()? {
            return None;
        }
        let mut kept = Vec::new();
        std::fs::File::from(file).take(LARGEST).read_to_end(&mut kept).ok()?;
        Some(kept)
    }

    fn write(&self, name: &str, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        let new = format!("{name}.{}", std::process::id());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let Ok(file) = openat(&self.folder, &new, flags, Mode::RUSR | Mode::WUSR) else { return };
        let mut out = io::BufWriter::new(std::fs::File::from(file));
        let written = content(&mut out).is_ok() && out.flush().is_ok();
        if !written || renameat(&self.folder, &new, &self.folder, name).is_err() {
            let _ = unlinkat(&self.folder, &new, AtFlags::empty());
        }
    }
}

fn modules() -> String {
    format!("modules-{}-{READER}", env!("CARGO_PKG_VERSION"))
}

fn signatures() -> String {
    format!("signatures-{}-{READER}", env!("CARGO_PKG_VERSION"))
}

fn name(sha256: &[u8; 32]) -> String {
    let (version, knowledge) = (env!("CARGO_PKG_VERSION"), Tables::KNOWLEDGE);
    format!("image-{version}-{READER}-{knowledge}-{}", hex(sha256))
}

/// Whether it is of this sort, ours, and for nobody else to write.
fn only_ours(fd: impl AsFd, sort: FileType) -> io::Result<bool> {
    let stat = fstat(fd)?;
    let open = Mode::from_raw_mode(stat.st_mode).intersects(Mode::WGRP | Mode::WOTH);
    let ours = stat.st_uid == rustix::process::geteuid().as_raw();
    Ok(ours && !open && FileType::from_raw_mode(stat.st_mode) == sort)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    const ONE: [u8; 32] = [1; 32];

    fn allow(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_is_kept_comes_back_and_nothing_else_does() {
        let above = tempfile::tempdir().unwrap();
        let path = above.path().join("kept");
        let keep = Keep::open(&path).unwrap();
        keep.put(&ONE, &"found");
        assert_eq!(keep.get::<String>(&ONE).as_deref(), Some("found"));
        assert_eq!(keep.get::<String>(&[2; 32]), None);
        assert_eq!(fs::read_dir(&path).unwrap().count(), 1);
        fs::write(path.join(name(&ONE)), b"\x05fou").unwrap();
        assert_eq!(keep.get::<String>(&ONE), None);
    }

    #[test]
    fn what_others_could_have_written_is_not_believed() {
        let above = tempfile::tempdir().unwrap();
        let path = above.path().join("kept");
        let keep = Keep::open(&path).unwrap();
        keep.put(&ONE, &"found");
        let file = path.join(name(&ONE));
        allow(&file, 0o620);
        assert_eq!(keep.get::<String>(&ONE), None);
        allow(&file, 0o600);
        fs::rename(&file, above.path().join("elsewhere")).unwrap();
        symlink("../elsewhere", &file).unwrap();
        assert_eq!(keep.get::<String>(&ONE), None);
        allow(&path, 0o770);
        assert_eq!(Keep::open(&path).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    }
}
