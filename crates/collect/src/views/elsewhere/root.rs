//! A folder read as if it were the root of a machine, on systems other than Linux.
//!
//! The walk is done here, step by step, as Linux does it: absolute links start again at the root,
//! `..` stops there. A step that this system would read as more than a name (`C:`, `a\b`, a stream)
//! leads nowhere. Who renames folders meanwhile is believed: there is no handle to hold on to.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use loadworthy_core::proof::Origin;

use crate::item::{HostPath, Item};
use crate::sighting::{Kind, Metadata, Outcome};
use crate::spelling;
use crate::view::View;
use crate::views::descriptor::{entries, read, told};

/// Links followed on one path, as Linux has it.
const LINKS: usize = 40;

/// The view of a folder.
#[derive(Debug)]
pub struct Root {
    top: PathBuf,
    origin: Origin,
}

impl Root {
    /// Looks below `path`.
    ///
    /// # Errors
    /// What the system says where `path` is no folder that can be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let top = fs::canonicalize(path)?;
        match fs::metadata(&top)?.is_dir() {
            true => Ok(Self { top, origin: Origin::Root }),
            false => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// The file that `path` leads to; with `follow` also where its last step is a link.
    fn resolve(&self, path: &[u8], follow: bool) -> io::Result<PathBuf> {
        let mut ahead: VecDeque<Vec<u8>> = steps(path).into();
        let mut behind: Vec<PathBuf> = Vec::new();
        let mut links = 0;
        while let Some(step) = ahead.pop_front() {
            if step == b".." {
                behind.pop();
                continue;
            }
            let here = behind.last().unwrap_or(&self.top);
            let next = here.join(name(&step)?);
            let kind = fs::symlink_metadata(&next)?.file_type();
            if kind.is_symlink() && (follow || !ahead.is_empty()) {
                links += 1;
                if links > LINKS {
                    return Err(io::Error::other("too many links"));
                }
                let target = spelling::steps(fs::read_link(&next)?.as_os_str());
                if target.first() == Some(&b'/') {
                    behind.clear();
                }
                steps(&target).into_iter().rev().for_each(|step| ahead.push_front(step));
            } else if ahead.is_empty() {
                return Ok(next);
            } else if kind.is_dir() {
                behind.push(next);
            } else {
                return Err(io::ErrorKind::NotADirectory.into());
            }
        }
        Ok(behind.pop().unwrap_or_else(|| self.top.clone()))
    }

    /// Why looking at `path` failed: whether it is absent is decided by the folder it would be in.
    fn missing(&self, path: &HostPath, error: &io::Error) -> Outcome {
        let gone = |error: &io::Error| {
            matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
        };
        if !gone(error) {
            return Outcome::of(error);
        }
        let Some(parent) = path.parent() else { return Outcome::OutOfReach };
        match self.resolve(parent.as_bytes(), true).and_then(|p| Ok((fs::metadata(&p)?, p))) {
            Ok((metadata, parent)) if metadata.is_dir() => {
                let there =
                    name(path.name()).and_then(|name| fs::symlink_metadata(parent.join(name)));
                match there {
                    Err(e) if e.kind() == io::ErrorKind::NotFound => Outcome::Absent,
                    Err(e) => Outcome::of(&e),
                    Ok(_) => Outcome::OutOfReach,
                }
            }
            Ok(_) => Outcome::OutOfReach,
            Err(e) if gone(&e) => Outcome::OutOfReach,
            Err(e) => Outcome::of(&e),
        }
    }

    fn leads(&self, path: &HostPath, limit: usize, buffer: &mut Vec<u8>) -> Outcome {
        let looked = self.resolve(path.as_bytes(), false).and_then(|at| {
            let metadata = fs::symlink_metadata(&at)?;
            Ok((told(&metadata).kind, at))
        });
        match looked {
            Ok((Kind::Link, at)) => match fs::read_link(&at) {
                Ok(target) => {
                    let target = spelling::steps(target.as_os_str());
                    if target.len() > limit {
                        return Outcome::TooLarge {
                            limit: u64::try_from(limit).unwrap_or(u64::MAX),
                        };
                    }
                    buffer.extend_from_slice(&target);
                    Outcome::Bytes { file_signature: None }
                }
                Err(e) => Outcome::of(&e),
            },
            Ok((other, _)) => Outcome::NotRegular(other),
            Err(e) => self.missing(path, &e),
        }
    }

    fn named(&self, path: &HostPath) -> Result<(Metadata, PathBuf), Outcome> {
        self.resolve(path.as_bytes(), true)
            .and_then(|at| Ok((told(&fs::metadata(&at)?), at)))
            .map_err(|e| self.missing(path, &e))
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
        let at = match self.named(&path) {
            Ok((Metadata { kind: Kind::File, .. }, at)) if !folder => at,
            Ok((Metadata { kind: Kind::Folder, .. }, at)) if folder => at,
            Ok((other, _)) => return Outcome::NotRegular(other.kind),
            Err(outcome) => return outcome,
        };
        let done = match folder {
            true => entries(&at),
            false => fs::File::open(&at).map(|file| read(file, limit, buffer)),
        };
        done.unwrap_or_else(|e| self.missing(&path, &e))
    }

    fn metadata(&self, item: &Item) -> Result<Metadata, Outcome> {
        match (item.row(), item.path()) {
            (Some(_), Some(path)) => self.named(&path).map(|(metadata, _)| metadata),
            _ => Err(Outcome::OutOfReach),
        }
    }
}

fn steps(path: &[u8]) -> Vec<Vec<u8>> {
    let steps = path.split(|b| *b == b'/').filter(|s| !matches!(*s, b"" | b"."));
    steps.map(<[u8]>::to_vec).collect()
}

/// A step as a name of this system, if it is one name here, too.
fn name(step: &[u8]) -> io::Result<PathBuf> {
    let path = PathBuf::from(&*spelling::spelled(step));
    let mut parts = path.components();
    let one = matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None));
    let stream = cfg!(windows) && step.contains(&b':');
    if one && !stream { Ok(path) } else { Err(io::ErrorKind::NotFound.into()) }
}
