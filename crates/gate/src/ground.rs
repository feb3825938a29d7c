//! The host that is changed: files below one root, written whole or not at all.
//!
//! Paths are resolved as `collect` resolves them, so a link below the root of an image never leads
//! to the machine that this program runs on. A file is written beside its place, flushed, and put
//! there by one rename; whoever is killed in between leaves the old file and one whose name begins
//! with `.loadworthy-new-`, which the next writer takes over.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use loadworthy_collect::item::HostPath;
use loadworthy_collect::views::resolve::Folder;
use rustix::fd::OwnedFd;
use rustix::fs::{
    AtFlags, FileType, FlockOperation, Mode, OFlags, RawMode, Stat, fchmod, flock, mkdirat, openat,
    renameat, statat, symlinkat, unlinkat,
};
use rustix::io::Errno;

/// How a file that is being written is called until it is whole.
const NEW: &str = ".loadworthy-new-";
/// Bytes of our own records and of files of boot loaders that are read whole.
const LARGEST: u64 = 16 << 20;
/// How often a lock is tried while another gate works, and how long between two tries.
const TRIES: u32 = 100;
const BETWEEN: Duration = Duration::from_millis(50);

/// A root below which files are changed.
#[derive(Debug)]
pub struct Ground {
    folder: Folder,
    /// Whether it is the machine that this program runs on.
    pub live: bool,
}

/// Held while a host is changed; given back when it is dropped, or when the program ends in any way.
#[derive(Debug)]
pub struct Lock {
    _file: OwnedFd,
}

impl Ground {
    /// Opens a root; `None`: the machine itself.
    ///
    /// # Errors
    /// What the system says where it cannot be opened.
    pub fn open(root: Option<&Path>) -> io::Result<Self> {
        let folder = Folder::open(root.unwrap_or(Path::new("/")))?;
        Ok(Self { folder, live: root.is_none() })
    }

    /// The folder a path is in, and its last step.
    fn beside(&self, path: &str) -> io::Result<(OwnedFd, Vec<u8>)> {
        let path = HostPath::new(path);
        let parent = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok((self.folder.at(parent.as_bytes(), flags)?, path.name().to_vec()))
    }

    /// The bytes of a regular file; `None` where there is none.
    ///
    /// # Errors
    /// What the system says where it is there and cannot be read.
    pub fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        let file = match self.folder.at(HostPath::new(path).as_bytes(), OFlags::RDONLY) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            Err(errno) => return Err(errno.into()),
        };
        if !file.metadata()?.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut bytes = Vec::new();
        file.take(LARGEST + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > LARGEST {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(Some(bytes))
    }

    /// The same as text; `None` also where it cannot be read.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<String> {
        String::from_utf8(self.read(path).ok()??).ok()
    }

    /// Puts a file there, whole, with exactly these rights. The folder must be there.
    ///
    /// # Errors
    /// What the system says: the old file is then as it was.
    pub fn write(&self, path: &str, bytes: &[u8], mode: RawMode) -> io::Result<()> {
        let (folder, name) = self.beside(path)?;
        let new = [NEW.as_bytes(), &name].concat();
        let done = self.fill(&folder, &new, bytes, mode).and_then(|()| {
            renameat(&folder, new.as_slice(), &folder, name.as_slice()).map_err(io::Error::from)
        });
        if done.is_err() {
            let _ = unlinkat(&folder, new.as_slice(), AtFlags::empty());
        }
        done
    }

    fn fill(&self, folder: &OwnedFd, new: &[u8], bytes: &[u8], mode: RawMode) -> io::Result<()> {
        let _ = unlinkat(folder, new, AtFlags::empty());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = openat(folder, new, flags | OFlags::NOFOLLOW, Mode::RUSR | Mode::WUSR)?;
        fchmod(&file, Mode::from_raw_mode(mode))?;
        let mut file = File::from(file);
        file.write_all(bytes)?;
        file.sync_all()
    }

    /// Writes into a file that is there, where it lies: boot loaders know some files by their blocks.
    ///
    /// # Errors
    /// What the system says; `InvalidInput` where the length would change.
    pub fn overwrite(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let file = File::from(self.folder.at(HostPath::new(path).as_bytes(), OFlags::WRONLY)?);
        if file.metadata()?.len() != bytes.len() as u64 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut file = file;
        file.write_all(bytes)?;
        file.sync_all()
    }

    /// Makes a symbolic link.
    ///
    /// # Errors
    /// What the system says.
    pub fn link(&self, target: &str, path: &str) -> io::Result<()> {
        let (folder, name) = self.beside(path)?;
        Ok(symlinkat(target, &folder, name)?)
    }

    /// Gives a file another name in the same folder; nothing that is there is replaced.
    ///
    /// # Errors
    /// What the system says; `AlreadyExists` where the new name is taken.
    pub fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let (folder, name) = self.beside(from)?;
        if self.stat(to).is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let to = HostPath::new(to);
        Ok(renameat(&folder, name.as_slice(), &folder, to.name())?)
    }

    /// Takes a file away; whether one was there.
    ///
    /// # Errors
    /// What the system says where it is there and stays.
    pub fn remove(&self, path: &str) -> io::Result<bool> {
        self.unlink(path, AtFlags::empty())
    }

    /// Takes a folder away if nothing is in it; whether it is gone.
    #[must_use]
    pub fn remove_folder(&self, path: &str) -> bool {
        self.unlink(path, AtFlags::REMOVEDIR).unwrap_or(false)
    }

    fn unlink(&self, path: &str, flags: AtFlags) -> io::Result<bool> {
        let found = self.beside(path).and_then(|(folder, name)| {
            let _ = unlinkat(&folder, [NEW.as_bytes(), &name].concat(), AtFlags::empty());
            Ok(unlinkat(&folder, name, flags)?)
        });
        match found {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes a folder and those above it; which ones were made, the uppermost first.
    ///
    /// # Errors
    /// What the system says where one cannot be made.
    pub fn make_folder(&self, path: &str) -> io::Result<Vec<String>> {
        let mut made = Vec::new();
        let mut above = HostPath::new("");
        for step in HostPath::new(path).as_bytes().split(|b| *b == b'/').filter(|s| !s.is_empty()) {
            above = above.join(step);
            let shown = above.to_string();
            if self.is_folder(&shown) {
                continue;
            }
            let (folder, name) = self.beside(&shown)?;
            mkdirat(&folder, name, Mode::from_raw_mode(0o755))?;
            made.push(shown);
        }
        Ok(made)
    }

    /// Whether something is there.
    #[must_use]
    pub fn is_there(&self, path: &str) -> bool {
        self.folder.at(HostPath::new(path).as_bytes(), OFlags::PATH | OFlags::CLOEXEC).is_ok()
    }

    /// Whether a folder is there.
    #[must_use]
    pub fn is_folder(&self, path: &str) -> bool {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        self.folder.at(HostPath::new(path).as_bytes(), flags).is_ok()
    }

    /// What the file system knows of a name, links not followed.
    #[must_use]
    pub fn stat(&self, path: &str) -> Option<Stat> {
        let (folder, name) = self.beside(path).ok()?;
        statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW).ok()
    }

    /// The rights of a regular file.
    #[must_use]
    pub fn mode(&self, path: &str) -> Option<RawMode> {
        let stat = self.stat(path)?;
        let plain = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        plain.then_some(stat.st_mode & 0o7777)
    }

    /// Names of the regular files in a folder, in order.
    #[must_use]
    pub fn files(&self, path: &str) -> Vec<String> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let Ok(folder) = self.folder.at(HostPath::new(path).as_bytes(), flags) else {
            return Vec::new();
        };
        let Ok(entries) = rustix::fs::Dir::new(folder) else { return Vec::new() };
        let names = entries.filter_map(|e| e.ok()?.file_name().to_str().ok().map(str::to_owned));
        let mut names: Vec<String> =
            names.filter(|name| self.mode(&format!("{path}/{name}")).is_some()).collect();
        names.sort();
        names
    }

    /// Waits some seconds until no other gate works on this host.
    ///
    /// # Errors
    /// `WouldBlock` when another one still does; what the system says where nothing can be locked.
    pub fn lock(&self, path: &str) -> io::Result<Lock> {
        let (folder, name) = self.beside(path)?;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let file = openat(&folder, name, flags, Mode::RUSR | Mode::WUSR)?;
        for _ in 0..TRIES {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Err(Errno::WOULDBLOCK | Errno::INTR) => std::thread::sleep(BETWEEN),
                done => return Ok(done.map(|()| Lock { _file: file })?),
            }
        }
        Err(io::ErrorKind::WouldBlock.into())
    }
}

#[cfg(test)]
mod tests {
    use super::Ground;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::{fs, io};

    #[test]
    fn files_are_whole_and_stay_below_the_root() {
        let above = tempfile::tempdir().unwrap();
        let root = above.path().join("root");
        fs::create_dir(&root).unwrap();
        fs::write(above.path().join("outside"), "kept").unwrap();
        symlink(above.path(), root.join("etc")).unwrap();
        let ground = Ground::open(Some(&root)).unwrap();
        // The link leads to a folder that is not there below the root.
        assert!(ground.write("etc/outside", b"changed", 0o644).is_err());
        assert_eq!(fs::read(above.path().join("outside")).unwrap(), b"kept");

        assert_eq!(ground.make_folder("var/lib/x").unwrap(), ["var", "var/lib", "var/lib/x"]);
        assert_eq!(ground.make_folder("var/lib/x").unwrap(), [""; 0]);
        ground.write("var/lib/x/a", b"one", 0o755).unwrap();
        ground.write("var/lib/x/a", b"two", 0o600).unwrap();
        assert_eq!(ground.read("var/lib/x/a").unwrap().unwrap(), b"two");
        let mode = fs::metadata(root.join("var/lib/x/a")).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
        assert_eq!(ground.files("var/lib/x"), ["a"]);
        assert!(!ground.remove_folder("var/lib/x"));
        assert!(ground.remove("var/lib/x/a").unwrap());
        assert!(!ground.remove("var/lib/x/a").unwrap());
        assert!(ground.remove_folder("var/lib/x"));
    }

    #[test]
    fn one_gate_at_a_time() {
        let root = tempfile::tempdir().unwrap();
        let ground = Ground::open(Some(root.path())).unwrap();
        let held = ground.lock("lock").unwrap();
        assert_eq!(ground.lock("lock").unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(held);
        ground.lock("lock").unwrap();
    }
}
