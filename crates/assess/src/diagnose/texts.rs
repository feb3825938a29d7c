//! The caller's texts: files, folders, standard input.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::request::Trouble;

/// Files of one folder, and folders in folders, that are read.
const FILES: usize = 10_000;
const DEPTH: usize = 8;

/// A text.
pub struct Text {
    /// Its name in evidence.
    pub name: Arc<str>,
    /// Its bytes.
    pub input: Input,
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Text").field("name", &self.name).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::File(_) => "File",
            Self::Stream(_) => "Stream",
            Self::Bytes(_) => "Bytes",
        })
    }
}

/// Where a text comes from.
pub enum Input {
    /// A file of the caller.
    File(PathBuf),
    /// A stream, such as standard input.
    Stream(Box<dyn Read + Send>),
    /// What was read already.
    Bytes(Vec<u8>),
}

impl Input {
    /// Opens it.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(self, name: &str) -> Result<Box<dyn Read + Send>, Trouble> {
        match self {
            Self::File(path) => File::open(&path)
                .map(|file| -> Box<dyn Read + Send> { Box::new(file) })
                .map_err(|e| Trouble::Open { path: name.to_owned(), problem: e.to_string() }),
            Self::Stream(stream) => Ok(stream),
            Self::Bytes(bytes) => Ok(Box::new(std::io::Cursor::new(bytes))),
        }
    }
}

/// The texts at `path`: the file, or every file below the folder in the order of their names.
///
/// # Errors
/// When there is nothing there, or it is no file and no folder.
pub fn at(path: &Path) -> Result<Vec<Text>, Trouble> {
    let shown = path.display().to_string();
    let wrong = |problem: String| Trouble::Open { path: shown.clone(), problem };
    let about = fs::metadata(path).map_err(|e| wrong(e.to_string()))?;
    if !about.is_dir() {
        return Ok(vec![Text { name: shown.as_str().into(), input: Input::File(path.to_owned()) }]);
    }
    let mut found = Vec::new();
    below(path, DEPTH, &mut found);
    found.sort();
    found.truncate(FILES);
    let text =
        |path: PathBuf| Text { name: path.display().to_string().into(), input: Input::File(path) };
    Ok(found.into_iter().map(text).collect())
}

fn below(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() && depth > 0 {
            below(&entry.path(), depth - 1, found);
        } else if kind.is_file() && found.len() < FILES {
            found.push(entry.path());
        }
    }
}

/// Tables of the caller's folders: name and text. They lie in `diagnose/` there, or beside.
///
/// # Errors
/// When a table cannot be read.
pub(super) fn tables(folders: &[PathBuf]) -> Result<Vec<(String, String)>, Trouble> {
    let mut all = Vec::new();
    for folder in folders {
        let inner = folder.join("diagnose");
        let folder = if inner.is_dir() { &inner } else { folder };
        let wrong = |path: &Path, e: std::io::Error| Trouble::Open {
            path: path.display().to_string(),
            problem: e.to_string(),
        };
        let mut paths: Vec<PathBuf> = fs::read_dir(folder)
            .map_err(|e| wrong(folder, e))?
            .flatten()
            .map(|e| e.path())
            .filter(|p| p.extension().is_some_and(|e| e == "toml"))
            .collect();
        paths.sort();
        for path in paths {
            let text = fs::read_to_string(&path).map_err(|e| wrong(&path, e))?;
            all.push((path.display().to_string(), text));
        }
    }
    Ok(all)
}
