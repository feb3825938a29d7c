//! The files of a caller's folder, by name; bytes are read when they are asked for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use loadworthy_core::package::contents::{Contents, File, base, folder};
use loadworthy_core::package::plan::Found;
use loadworthy_core::proof::Why;
use loadworthy_formats::cab::{cabinet, data, single};
use loadworthy_formats::error::Error;
use loadworthy_formats::inf::decoration::Architecture;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::msi::{database, installer};

use crate::gather::looking::why;
use crate::sighting::{Kind, Outcome};
use crate::views::caller;

/// Folders are not followed deeper than this.
const DEEPEST: usize = 12;
/// More files are not taken stock of.
pub const MOST: usize = 200_000;

/// A file of a package.
#[derive(Clone, Debug)]
pub struct At {
    /// Its path in the package, `/` between names.
    pub path: String,
    /// Where its bytes are.
    pub bytes: Bytes,
}

/// Where the bytes of a file are.
#[derive(Clone, Debug)]
pub enum Bytes {
    /// In a file of the caller.
    Disk(PathBuf),
    /// Unpacked.
    Memory(Arc<[u8]>),
}

/// The files of a package.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// All of them, by path.
    pub all: Vec<At>,
    /// What the INFs among them say.
    pub contents: Contents,
}

impl Files {
    /// Everything below a folder.
    #[must_use]
    pub fn below(folder: &Path, limits: &Limits) -> Self {
        let mut all = Vec::new();
        walk(folder, "", 0, &mut all);
        Self::of(all, limits)
    }

    /// Whether there are more than stock was taken of.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.all.len() > MOST
    }

    /// The files beside one another in a folder, and no deeper.
    #[must_use]
    pub fn beside(folder: &Path, limits: &Limits) -> Self {
        let mut all = Vec::new();
        walk(folder, "", DEEPEST, &mut all);
        Self::of(all, limits)
    }

    /// The files in a cabinet or an installer; `None`: it is neither.
    ///
    /// # Errors
    /// Why it cannot be read.
    #[must_use]
    pub fn inside(bytes: &[u8], limits: &Limits) -> Option<Result<Self, Error>> {
        let unpacked: Result<Vec<(String, Vec<u8>)>, Error> = if cabinet::begins(bytes) {
            cabinet::read(bytes, limits).map(|read| {
                let data = data::unpack(&read.value, limits);
                let files = read.value.files.iter();
                let held = files.filter_map(|f| Some((f.name.clone(), data.bytes(f)?.to_vec())));
                held.collect()
            })
        } else if database::begins(bytes) {
            installer::read(bytes, limits).map(|read| {
                let members = read.value.members(limits).value;
                members.into_iter().map(|m| (m.path, m.bytes)).collect()
            })
        } else {
            return None;
        };
        Some(unpacked.map(|all| {
            let one = |(path, bytes): (String, Vec<u8>)| At {
                path: path.replace('\\', "/"),
                bytes: Bytes::Memory(Arc::from(bytes)),
            };
            Self::of(all.into_iter().map(one).collect(), limits)
        }))
    }

    /// These files.
    #[must_use]
    pub fn of(mut all: Vec<At>, limits: &Limits) -> Self {
        all.sort_by(|a, b| a.path.cmp(&b.path));
        let read: Vec<Vec<u8>> = all
            .iter()
            .map(|at| {
                let is_inf = has_extension(&at.path, "inf");
                if is_inf { at.read(limits).unwrap_or_default() } else { Vec::new() }
            })
            .collect();
        let files: Vec<File<'_>> =
            all.iter().zip(&read).map(|(at, bytes)| File { path: &at.path, bytes }).collect();
        let contents = Contents::of(&files, limits);
        Self { all, contents }
    }

    /// The same with what INFs copy out of cabinets beside them, and what was made smaller by itself
    /// (`demo.sy_`), each at the place where its INF looks for it: setup unpacks such files before it asks
    /// the catalog about them. All of them together take at most [`Limits::package_bytes`].
    #[must_use]
    pub fn unfolded(mut self, limits: &Limits) -> Self {
        if !self.all.iter().any(|at| at.path.ends_with('_') || has_extension(&at.path, "cab")) {
            return self;
        }
        let mut made: BTreeMap<String, Arc<[u8]>> = BTreeMap::new();
        let mut left = limits.package_bytes;
        let mut cabinets: BTreeMap<usize, Self> = BTreeMap::new();
        for (n, described) in self.contents.infs.iter().enumerate() {
            let here = folder(&described.path);
            let listed = |a| self.contents.listed(n, a, limits);
            for (below, found) in Architecture::ALL.into_iter().flat_map(listed) {
                let path = format!("{here}{below}");
                if made.contains_key(&path) {
                    continue;
                }
                let bytes = match found {
                    Found::Compressed(file) => {
                        self.bytes(file, limits).ok().and_then(|b| single::read(&b, limits).ok())
                    }
                    Found::InCabinet(file) => {
                        let inside = cabinets.entry(file).or_insert_with(|| {
                            let bytes = self.bytes(file, limits).unwrap_or_default();
                            Self::inside(&bytes, limits).and_then(Result::ok).unwrap_or_default()
                        });
                        let at = inside.contents.anywhere(base(&below));
                        at.and_then(|at| inside.bytes(at, limits).ok())
                    }
                    _ => None,
                };
                let fits = bytes.and_then(|b| Some((left.checked_sub(b.len())?, b)));
                if let Some((rest, bytes)) = fits {
                    left = rest;
                    made.insert(path, Arc::from(bytes));
                }
            }
        }
        let made = made.into_iter().map(|(path, bytes)| At { path, bytes: Bytes::Memory(bytes) });
        self.all.extend(made);
        Self::of(self.all, limits)
    }

    /// The bytes of the file number `n`.
    ///
    /// # Errors
    /// Why there are none.
    pub fn bytes(&self, n: usize, limits: &Limits) -> Result<Vec<u8>, Why> {
        let missing = || Why::Missing(Arc::from(""));
        self.all.get(n).ok_or_else(missing)?.read(limits)
    }

    /// Takes bytes from other files: from the true path of each file to the path of the other. What INFs say
    /// was read before.
    #[must_use]
    pub fn in_place(mut self, others: &BTreeMap<PathBuf, PathBuf>) -> Self {
        if others.is_empty() {
            return self;
        }
        for at in &mut self.all {
            if let Bytes::Disk(path) = &mut at.bytes
                && let Some(other) = path.canonicalize().ok().and_then(|path| others.get(&path))
            {
                other.clone_into(path);
            }
        }
        self
    }

    /// Numbers of the files with this extension, in the order of their paths.
    pub fn with<'f>(&'f self, extension: &'f str) -> impl Iterator<Item = usize> + 'f {
        let all = self.all.iter().enumerate();
        all.filter(move |(_, at)| has_extension(&at.path, extension)).map(|(n, _)| n)
    }
}

impl At {
    /// Its bytes.
    ///
    /// # Errors
    /// Why there are none.
    pub fn read(&self, limits: &Limits) -> Result<Vec<u8>, Why> {
        match &self.bytes {
            Bytes::Memory(bytes) => Ok(bytes.to_vec()),
            Bytes::Disk(path) => {
                let mut bytes = Vec::new();
                match caller::look_into(path, limits.kernel_bytes, &mut bytes) {
                    Outcome::Bytes { .. } => Ok(bytes),
                    other => Err(why(&path.to_string_lossy(), &other)),
                }
            }
        }
    }
}

/// Whether a path ends in this extension, whatever its case.
#[must_use]
pub fn has_extension(path: &str, extension: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, e)| e.eq_ignore_ascii_case(extension))
}

fn walk(folder: &Path, prefix: &str, depth: usize, into: &mut Vec<At>) {
    let Outcome::Entries(entries) = caller::names_in(folder) else { return };
    for entry in entries {
        if into.len() > MOST {
            return;
        }
        let Ok(name) = String::from_utf8(entry.name) else { continue };
        let at = folder.join(&name);
        let path = format!("{prefix}{name}");
        match entry.kind {
            Kind::Folder if depth < DEEPEST => walk(&at, &format!("{path}/"), depth + 1, into),
            Kind::File | Kind::Link | Kind::Unknown => {
                into.push(At { path, bytes: Bytes::Disk(at) });
            }
            Kind::Folder | Kind::Fifo | Kind::Device | Kind::Socket => {}
        }
    }
}
