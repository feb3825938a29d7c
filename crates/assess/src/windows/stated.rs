//! Every file that a statement about these arguments has to name.

use std::path::Path;

use loadworthy_collect::gather::windows::files::{Files, has_extension};
use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_core::stated::Stated;
use loadworthy_formats::limits::Limits;

use crate::request::Trouble;

/// The files of the arguments with their digests: a folder stands for everything below it, an INF or a
/// catalog for everything below its folder, anything else for itself.
///
/// # Errors
/// When a file cannot be read.
pub fn files(arguments: &[String]) -> Result<Vec<Stated>, Trouble> {
    let limits = &Limits::DEFAULT;
    let mut all = Vec::new();
    for argument in arguments {
        let path = Path::new(argument);
        let trouble = |problem: String| Trouble::Open { path: argument.clone(), problem };
        let package = has_extension(argument, "inf") || has_extension(argument, "cat");
        let folder = match () {
            () if path.is_dir() => Some(path),
            () if package => {
                Some(path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")))
            }
            () => None,
        };
        let Some(folder) = folder else {
            let bytes = std::fs::read(path).map_err(|e| trouble(e.to_string()))?;
            all.push(stated(argument.clone(), &bytes));
            continue;
        };
        let files = Files::below(folder, limits);
        for (n, at) in files.all.iter().enumerate() {
            let bytes = files.bytes(n, limits);
            let bytes =
                bytes.map_err(|why| trouble(format!("{} cannot be read: {why:?}", at.path)))?;
            let top = argument.trim_end_matches('/');
            let top =
                if path.is_dir() { Some(top) } else { top.rsplit_once('/').map(|(top, _)| top) };
            let name = top.map_or_else(|| at.path.clone(), |top| format!("{top}/{}", at.path));
            all.push(stated(name, &bytes));
        }
    }
    all.sort();
    all.dedup();
    Ok(all)
}

fn stated(name: String, bytes: &[u8]) -> Stated {
    let made = digest(DigestAlgorithm::Sha256, bytes);
    Stated { name, sha256: made.as_bytes().first_chunk().copied().unwrap_or_default() }
}
