//! From a path below a root to an open descriptor, without ever leaving that root.
//!
//! `openat2(2)` does it in the kernel (`RESOLVE_IN_ROOT`). Where that call is not there (before
//! 5.6) or forbidden (seccomp filters of containers), the same walk is done here, step by step:
//! absolute links start again at the root, `..` stops there, forty links are enough
//! (path_resolution(7)).

use std::collections::VecDeque;

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, fstat, openat, openat2, readlinkat};
use rustix::io::Errno;

/// Links followed on one path, as the kernel has it (`include/linux/namei.h`, `MAXSYMLINKS`).
const LINKS: usize = 40;

/// Flags of every open here: looking must not block, own a terminal or leak into children.
const ALWAYS: OFlags = OFlags::CLOEXEC.union(OFlags::NOCTTY).union(OFlags::NONBLOCK);

/// A handle that only names a file: opening it has no effect, not even on a device.
pub(super) const NAME: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);

/// A folder that paths are resolved in.
#[derive(Debug)]
pub struct Folder {
    top: OwnedFd,
    in_kernel: bool,
}

impl Folder {
    /// Opens `path`, of the caller, as a root.
    ///
    /// # Errors
    /// What the system says to it; `NOTDIR` where it is no folder.
    pub fn open(path: &std::path::Path) -> Result<Self, Errno> {
        let top = openat(CWD, path, NAME | OFlags::DIRECTORY, Mode::empty())?;
        // A filter answers EPERM as well, so the call is tried once on what must succeed.
        let in_kernel = in_root(&top, b".", NAME).is_ok();
        Ok(Self { top, in_kernel })
    }

    /// Opens what `path` names in here.
    ///
    /// # Errors
    /// What the system says to it.
    pub fn at(&self, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
        let flags = if flags.contains(OFlags::PATH) { flags } else { flags | ALWAYS };
        let path = if path.is_empty() { b"." } else { path };
        if self.in_kernel {
            // The kernel gives up with EAGAIN when something is renamed under its feet.
            for _ in 0..8 {
                match in_root(&self.top, path, flags) {
                    Err(Errno::AGAIN) => {}
                    answer => return answer,
                }
            }
        }
        walk(self.top.as_fd(), path, flags)
    }

    /// Walks in user space, as on an old kernel.
    #[cfg(test)]
    pub(super) fn without_openat2(mut self) -> Self {
        self.in_kernel = false;
        self
    }
}

fn in_root(top: &OwnedFd, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    openat2(top, path, flags, Mode::empty(), ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS)
}

/// The walk of the kernel in user space. Every step is opened without following links, so that
/// nothing that is renamed meanwhile can lead outside.
fn walk(top: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    let steps = |path: &[u8]| -> Vec<Vec<u8>> {
        path.split(|b| *b == b'/')
            .filter(|s| !matches!(*s, b"" | b"."))
            .map(<[u8]>::to_vec)
            .collect()
    };
    let mut ahead: VecDeque<Vec<u8>> = steps(path).into();
    let mut behind: Vec<OwnedFd> = Vec::new();
    let mut links = 0;
    while let Some(step) = ahead.pop_front() {
        if step == b".." {
            behind.pop();
            continue;
        }
        let here = behind.last().map_or(top, AsFd::as_fd);
        let next = openat(here, &step, NAME | OFlags::NOFOLLOW, Mode::empty())?;
        match FileType::from_raw_mode(fstat(&next)?.st_mode) {
            FileType::Symlink if ahead.is_empty() && flags.contains(OFlags::NOFOLLOW) => {
                return Ok(next);
            }
            FileType::Symlink => {
                links += 1;
                if links > LINKS {
                    return Err(Errno::LOOP);
                }
                let target = readlinkat(&next, c"", Vec::new())?.into_bytes();
                if target.first() == Some(&b'/') {
                    behind.clear();
                }
                for step in steps(&target).into_iter().rev() {
                    ahead.push_front(step);
                }
            }
            FileType::Directory => behind.push(next),
            _ if ahead.is_empty() => {
                return openat(here, &step, flags | OFlags::NOFOLLOW, Mode::empty());
            }
            _ => return Err(Errno::NOTDIR),
        }
    }
    let here = behind.last().map_or(top, AsFd::as_fd);
    openat(here, c".", flags, Mode::empty())
}
