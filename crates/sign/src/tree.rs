//! Which files are meant: those named, and what is below folders.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::SignError;
use crate::order::Task;

/// How names end of what is signed below a folder.
const ENDS: [&str; 9] =
    [".ko", ".ko.gz", ".ko.xz", ".ko.zst", ".efi", ".sys", ".dll", ".exe", ".cat"];

/// One task a file, in the order named, each file once; below folders by name. Links to folders are not
/// followed.
///
/// # Errors
/// For a folder where `recursive` is not asked for, one that cannot be read, and an output that cannot
/// be meant.
pub fn tasks(
    named: &[PathBuf],
    recursive: bool,
    output: Option<&Path>,
) -> Result<Vec<Task>, SignError> {
    let mut found: Vec<(PathBuf, PathBuf)> = Vec::new();
    for path in named {
        if !path.is_dir() {
            let name = path.file_name().map(PathBuf::from).unwrap_or_default();
            found.push((path.clone(), name));
            continue;
        }
        if !recursive {
            let said = format!("{}: a folder: --recursive signs all below it", path.display());
            return Err(SignError::Input(said));
        }
        let mut below = Vec::new();
        walk(path, &mut below)?;
        below.sort();
        let inside = |file: &PathBuf| file.strip_prefix(path).unwrap_or(file).to_owned();
        found.extend(below.into_iter().map(|file| (file.clone(), inside(&file))));
    }
    let mut seen = BTreeSet::new();
    found.retain(|(path, _)| seen.insert(fs::canonicalize(path).unwrap_or_else(|_| path.clone())));
    let many = recursive || found.len() > 1;
    found.into_iter().map(|(from, inside)| placed(from, &inside, output, many)).collect()
}

fn placed(
    from: PathBuf,
    inside: &Path,
    output: Option<&Path>,
    many: bool,
) -> Result<Task, SignError> {
    let Some(output) = output else { return Ok(Task { from, to: None }) };
    if !many && !output.is_dir() {
        return Ok(Task { from, to: Some(output.to_owned()) });
    }
    let to = output.join(inside);
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(|e| SignError::file(folder, &e))?;
    }
    Ok(Task { from, to: Some(to) })
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), SignError> {
    let told = |e: std::io::Error| SignError::file(folder, &e);
    for entry in fs::read_dir(folder).map_err(told)? {
        let entry = entry.map_err(told)?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(told)?);
        if kind.is_dir() {
            walk(&path, found)?;
        } else if ENDS
            .iter()
            .any(|end| entry.file_name().as_encoded_bytes().ends_with(end.as_bytes()))
            && path.is_file()
        {
            found.push(path);
        }
    }
    Ok(())
}
