//! A folder read as if it were the root of a machine.
//!
//! A mounted image, a chroot, an unpacked package or a folder of captured files. Links inside
//! resolve inside, absolute ones too; nothing outside can be reached. What is not there is
//! *absent* when the folder it would be in is there, and *out of reach* when that folder is missing
//! as well: `boot/config-6.1` is absent where there is a `boot`; where no `sys/firmware/efi/efivars`
//! was captured, no variable is known to be absent.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use loadworthy_core::proof::Origin;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Mode, OFlags, fstat, openat, readlinkat, statat};
use rustix::io::Errno;

use super::descriptor::{entries, expect, failed, metadata, read, told};
use super::resolve::{Folder, NAME};
use super::stamps::{stamp, tells};
use crate::item::{HostPath, Item};
use crate::sighting::{Kind, Metadata, Outcome, Stamp};
use crate::view::View;

/// The view of a folder.
#[derive(Debug)]
pub struct Root {
    folder: Folder,
    origin: Origin,
    /// The folder of the last file whose metadata was asked for: the next one lies beside it.
    last: Mutex<Option<(HostPath, OwnedFd)>>,
    /// Whether stamps tell anything on a file system, by its number.
    telling: Mutex<HashMap<u64, bool>>,
}

impl Root {
    /// Looks below `path`.
    ///
    /// # Errors
    /// What the system says where `path` is no folder that can be opened.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        Ok(Self::over(Folder::open(path)?))
    }

    fn over(folder: Folder) -> Self {
        Self { folder, origin: Origin::Root, last: Mutex::default(), telling: Mutex::default() }
    }

    /// The same, for another feed that is a folder underneath.
    pub(super) fn of_origin(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    /// Why opening `path` failed: whether it is absent is decided by the folder it would be in.
    fn missing(&self, path: &HostPath, errno: Errno) -> Outcome {
        if !matches!(errno, Errno::NOENT | Errno::NOTDIR) {
            return failed(errno);
        }
        let Some(parent) = path.parent() else { return Outcome::OutOfReach };
        match self.folder.at(parent.as_bytes(), NAME | OFlags::DIRECTORY) {
            Ok(parent) => {
                match openat(&parent, path.name(), NAME | OFlags::NOFOLLOW, Mode::empty()) {
                    Err(Errno::NOENT) => Outcome::Absent,
                    Err(errno) => failed(errno),
                    // A link that leads to nothing; what it stands for is somewhere we cannot see.
                    Ok(_) => Outcome::OutOfReach,
                }
            }
            Err(Errno::NOENT | Errno::NOTDIR) => Outcome::OutOfReach,
            Err(errno) => failed(errno),
        }
    }

    /// Where the link at `path` leads.
    fn leads(&self, path: &HostPath, limit: usize, buffer: &mut Vec<u8>) -> Outcome {
        let link = match self.folder.at(path.as_bytes(), NAME | OFlags::NOFOLLOW) {
            Ok(link) => link,
            Err(errno) => return self.missing(path, errno),
        };
        match metadata(&link) {
            Ok(Metadata { kind: Kind::Link, .. }) => {}
            Ok(other) => return Outcome::NotRegular(other.kind),
            Err(outcome) => return outcome,
        }
        match readlinkat(&link, c"", Vec::new()) {
            Ok(target) if target.as_bytes().len() <= limit => {
                buffer.extend_from_slice(target.as_bytes());
                Outcome::Bytes { file_signature: None }
            }
            Ok(_) => Outcome::TooLarge { limit: u64::try_from(limit).unwrap_or(u64::MAX) },
            Err(errno) => failed(errno),
        }
    }

    /// What is told of a regular file from the folder it is in, without resolving its whole path.
    fn beside(&self, path: &HostPath) -> Option<Metadata> {
        let parent = path.parent()?;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref().is_none_or(|(at, _)| *at != parent) {
            let folder = self.folder.at(parent.as_bytes(), NAME | OFlags::DIRECTORY).ok()?;
            *last = Some((parent, folder));
        }
        let (_, folder) = last.as_ref()?;
        let stat = statat(folder, path.name(), AtFlags::SYMLINK_NOFOLLOW).ok()?;
        Some(told(&stat)).filter(|metadata| metadata.kind == Kind::File)
    }

    fn named(&self, path: &HostPath) -> Result<Metadata, Outcome> {
        // Opened as a name first: opening a device can act on it, and a pipe would wait.
        let name = self.folder.at(path.as_bytes(), NAME);
        metadata(name.map_err(|errno| self.missing(path, errno))?)
    }
}

impl View for Root {
    fn origin(&self) -> Origin {
        self.origin
    }

    fn look_into(&self, item: &Item, limit: usize, buffer: &mut Vec<u8>) -> Outcome {
        buffer.clear();
        let (Some(_), Some(path)) = (item.row(), item.path()) else { return Outcome::OutOfReach };
        if let Item::Link(path) = item {
            return self.leads(path, limit, buffer);
        }
        let folder = matches!(item, Item::Entries(_));
        // What is no folder is not opened as one.
        if folder
            && let Ok(fd) = self.folder.at(path.as_bytes(), OFlags::RDONLY | OFlags::DIRECTORY)
        {
            return entries(fd);
        }
        match self.named(&path) {
            Ok(Metadata { kind: Kind::File, .. }) if !folder => {}
            Ok(Metadata { kind: Kind::Folder, .. }) if folder => {}
            Ok(other) => return Outcome::NotRegular(other.kind),
            Err(outcome) => return outcome,
        }
        match self.folder.at(path.as_bytes(), OFlags::RDONLY) {
            Ok(fd) if folder => entries(fd),
            Ok(fd) => read(fd, limit, buffer),
            Err(errno) => self.missing(&path, errno),
        }
    }

    fn metadata(&self, item: &Item) -> Result<Metadata, Outcome> {
        match (item.row(), item.path()) {
            (Some(_), Some(path)) => self.beside(&path).map_or_else(|| self.named(&path), Ok),
            _ => Err(Outcome::OutOfReach),
        }
    }

    fn stamp(&self, item: &Item) -> Option<Stamp> {
        item.row()?;
        let name = self.folder.at(item.path()?.as_bytes(), NAME).ok()?;
        let stat = fstat(&name).ok()?;
        let mut telling = self.telling.lock().unwrap_or_else(PoisonError::into_inner);
        let tells = *telling.entry(stat.st_dev).or_insert_with(|| tells(&name));
        stamp(&stat).filter(|_| tells)
    }

    fn expect(&self, item: &Item) -> bool {
        let (Some(_), Some(path)) = (item.row(), item.path()) else { return false };
        let is_file = self.named(&path).is_ok_and(|told| told.kind == Kind::File);
        let opened = is_file.then(|| self.folder.at(path.as_bytes(), OFlags::RDONLY).ok());
        opened.flatten().is_some_and(expect)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;

    use super::*;
    use crate::sighting::Entry;

    /// Both ways of resolving must give the same answers.
    fn both(prepare: impl Fn(&Path), ask: impl Fn(&Root)) {
        let folder = tempfile::tempdir().unwrap();
        prepare(folder.path());
        ask(&Root::open(folder.path()).unwrap());
        let folder = Folder::open(folder.path()).unwrap().without_openat2();
        ask(&Root::over(folder));
    }

    fn put(root: &Path, path: &str, bytes: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn said(root: &Root, path: &str) -> Result<String, Outcome> {
        match root.look(&Item::file(path), 100) {
            (Outcome::Bytes { .. }, bytes) => Ok(String::from_utf8(bytes).unwrap()),
            (other, bytes) => {
                assert!(bytes.is_empty());
                Err(other)
            }
        }
    }

    #[test]
    fn absence_is_evidence_only_in_a_folder_that_is_there() {
        both(
            |root| {
                put(root, "boot/config-1", "x");
                put(root, "proc", "not a folder");
                symlink("gone", root.join("boot/vmlinuz-1")).unwrap();
            },
            |root| {
                assert_eq!(said(root, "boot/config-1"), Ok("x".into()));
                assert_eq!(said(root, "boot/config-2"), Err(Outcome::Absent));
                assert_eq!(said(root, "boot/vmlinuz-1"), Err(Outcome::OutOfReach));
                assert_eq!(said(root, "lib/modules/1/modules.dep"), Err(Outcome::OutOfReach));
                assert_eq!(said(root, "proc/cmdline"), Err(Outcome::OutOfReach));
                assert_eq!(said(root, "etc/shadow"), Err(Outcome::OutOfReach));
                let (folder, _) = root.look(&Item::entries("lib/modules"), 0);
                assert_eq!(folder, Outcome::OutOfReach);
                let entry = |name: &str, kind| Entry { name: name.into(), kind };
                let (folder, _) = root.look(&Item::entries("boot"), 0);
                let names = vec![entry("config-1", Kind::File), entry("vmlinuz-1", Kind::Link)];
                assert_eq!(folder, Outcome::Entries(names));
            },
        );
    }

    #[test]
    fn links_resolve_inside_and_loops_end() {
        let outside = tempfile::tempdir().unwrap();
        put(outside.path(), "etc/os-release", "outside");
        let above = outside.path().join("etc/os-release");
        both(
            |root| {
                put(root, "usr/lib/modules/1/modules.dep", "inside");
                symlink("/usr/lib", root.join("lib")).unwrap();
                fs::create_dir(root.join("etc")).unwrap();
                symlink(&above, root.join("etc/os-release")).unwrap();
                fs::create_dir(root.join("boot")).unwrap();
                symlink("../../../../../../etc/os-release", root.join("boot/config-1")).unwrap();
                symlink("/../usr/../lib/modules/1/modules.dep", root.join("boot/config-2"))
                    .unwrap();
                symlink("config-4", root.join("boot/config-3")).unwrap();
                symlink("config-3", root.join("boot/config-4")).unwrap();
            },
            |root| {
                assert_eq!(said(root, "lib/modules/1/modules.dep"), Ok("inside".into()));
                assert_eq!(said(root, "boot/config-2"), Ok("inside".into()));
                assert_eq!(said(root, "etc/os-release"), Err(Outcome::OutOfReach));
                assert_eq!(said(root, "boot/config-1"), Err(Outcome::OutOfReach));
                assert!(matches!(said(root, "boot/config-3"), Err(Outcome::Broken(_))));
                assert!(root.metadata(&Item::file("lib/modules/1/modules.dep")).unwrap().size == 6);
            },
        );
    }

    #[test]
    fn what_is_no_file_or_too_large_is_told_and_never_waited_for() {
        both(
            |root| {
                put(root, "boot/config-big", &"x".repeat(101));
                put(root, "boot/config-fits", &"x".repeat(100));
                fs::create_dir(root.join("boot/config-dir")).unwrap();
                let fifo = root.join("boot/config-fifo");
                rustix::fs::mknodat(
                    rustix::fs::CWD,
                    &fifo,
                    rustix::fs::FileType::Fifo,
                    Mode::RUSR,
                    0,
                )
                .unwrap();
                UnixListener::bind(root.join("boot/config-socket")).unwrap();
                let huge = fs::File::create(root.join("boot/config-10g")).unwrap();
                huge.set_len(10 << 30).unwrap();
            },
            |root| {
                let large = Err(Outcome::TooLarge { limit: 100 });
                assert_eq!(said(root, "boot/config-big"), large);
                assert_eq!(said(root, "boot/config-10g"), large);
                assert_eq!(said(root, "boot/config-fits").map(|s| s.len()), Ok(100));
                let not = |kind| Err(Outcome::NotRegular(kind));
                assert_eq!(said(root, "boot/config-dir"), not(Kind::Folder));
                assert_eq!(said(root, "boot/config-fifo"), not(Kind::Fifo));
                assert_eq!(said(root, "boot/config-socket"), not(Kind::Socket));
            },
        );
    }

    #[test]
    fn what_may_not_be_read_is_denied() {
        if rustix::process::geteuid().is_root() {
            eprintln!("skipped: an unprivileged user (everything may be read as root)");
            return;
        }
        both(
            |root| {
                put(root, "boot/config-1", "x");
                let shut = fs::Permissions::from_mode(0o000);
                fs::set_permissions(root.join("boot/config-1"), shut).unwrap();
            },
            |root| assert_eq!(said(root, "boot/config-1"), Err(Outcome::Denied)),
        );
    }
}
