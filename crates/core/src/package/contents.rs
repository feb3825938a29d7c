//! The files of a package, found by name as Windows finds them: whatever their case.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use loadworthy_formats::error::Error;
use loadworthy_formats::inf::document::{self, Inf};
use loadworthy_formats::inf::install::Infs;
use loadworthy_formats::limits::Limits;

/// A file: its path with `/` between names, and its bytes.
#[derive(Clone, Copy, Debug)]
pub struct File<'f> {
    /// Where it lies in the package.
    pub path: &'f str,
    /// What it holds.
    pub bytes: &'f [u8],
}

/// An INF of a package.
#[derive(Clone, Debug)]
pub struct Described {
    /// Which file it is.
    pub file: usize,
    /// Its path.
    pub path: String,
    /// What it says.
    pub inf: Inf,
}

/// A package.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// Its INFs, by path.
    pub infs: Vec<Described>,
    /// INFs that cannot be read, and why.
    pub unread: Vec<(String, Error)>,
    names: BTreeMap<String, usize>,
    bases: BTreeMap<String, usize>,
    /// Numbers of the INFs of a folder.
    folders: BTreeMap<String, Vec<usize>>,
}

impl Contents {
    /// Takes stock of a package. Paths are those of `files`, and so are numbers of files later on.
    #[must_use]
    pub fn of(files: &[File<'_>], limits: &Limits) -> Self {
        let mut contents = Self::default();
        for (number, file) in files.iter().enumerate() {
            let path = folded(file.path);
            if path.ends_with(".inf") {
                match document::read(file.bytes, limits) {
                    Ok(read) => contents.infs.push(Described {
                        file: number,
                        path: file.path.replace('\\', "/"),
                        inf: read.value,
                    }),
                    Err(problem) => contents.unread.push((file.path.to_owned(), problem)),
                }
            }
            contents.bases.entry(base(&path).to_owned()).or_insert(number);
            contents.names.entry(path).or_insert(number);
        }
        contents.infs.sort_by(|a, b| a.path.cmp(&b.path));
        for (number, described) in contents.infs.iter().enumerate() {
            let here = folder(&described.path).to_owned();
            contents.folders.entry(here).or_default().push(number);
        }
        contents
    }

    /// The folders that have INFs, and the numbers of those.
    pub fn folders(&self) -> impl Iterator<Item = (&str, &[usize])> {
        self.folders.iter().map(|(folder, infs)| (folder.as_str(), infs.as_slice()))
    }

    /// The folder to whose INFs a file belongs: its own, or the next one above that has any.
    #[must_use]
    pub fn owner<'p>(&self, path: &'p str) -> Option<&'p str> {
        let mut here = folder(path);
        while !self.folders.contains_key(here) {
            here = folder(here.strip_suffix('/')?);
        }
        Some(here)
    }

    /// The file at a path below a folder of the package.
    #[must_use]
    pub fn find(&self, folder: &str, path: &str) -> Option<usize> {
        self.names.get(&folded(&format!("{folder}{path}"))).copied()
    }

    /// The path of a file, in lower case.
    #[must_use]
    pub fn path(&self, file: usize) -> Option<&str> {
        self.names.iter().find(|(_, n)| **n == file).map(|(path, _)| path.as_str())
    }

    /// A file of that name anywhere in the package.
    #[must_use]
    pub fn anywhere(&self, name: &str) -> Option<usize> {
        self.bases.get(&folded(name)).copied()
    }

    /// The INFs in the folder of INF number `first`, that one first.
    pub(super) fn beside(&self, first: usize) -> Vec<(&str, &Inf)> {
        let Some(own) = self.infs.get(first) else { return Vec::new() };
        let here = self.folders.get(folder(&own.path)).map_or(&[][..], Vec::as_slice);
        let others = here.iter().filter(|n| **n != first).filter_map(|n| self.infs.get(*n));
        [own].into_iter().chain(others).map(|d| (base(&d.path), &d.inf)).collect()
    }
}

fn folded(path: &str) -> String {
    path.replace('\\', "/").to_lowercase()
}

/// The folder of a path, with the `/` behind it.
#[must_use]
pub fn folder(path: &str) -> &str {
    path.rsplit_once('/')
        .and_then(|(folder, _)| path.get(..folder.len().saturating_add(1)))
        .unwrap_or("")
}

/// The last name of a path.
#[must_use]
pub fn base(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// What the type of [`Contents::beside`] is called where install sections are read.
pub(super) const fn as_infs<'p>(all: &'p [(&'p str, &'p Inf)]) -> Infs<'p> {
    all
}
