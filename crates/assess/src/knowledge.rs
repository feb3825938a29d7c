//! Tables about Linux beside the built-in ones: `--knowledge DIR`, in `DIR/linux`.

use std::path::{Path, PathBuf};

use loadworthy_core::tables::platforms::Platforms;
use loadworthy_core::tables::{Tables, read};

use crate::request::Trouble;

/// Adds the rows of the caller's folders to `tables`.
///
/// # Errors
/// When a folder has no tables, one cannot be read, or is none.
pub fn extend(tables: &mut Tables, folders: &[PathBuf]) -> Result<(), Trouble> {
    for Table { path, name, text } in texts(folders)? {
        tables.extend(&name, &text).map_err(|e| open(&path, &e.problem))?;
    }
    Ok(())
}

/// The named platforms: the built-in ones, and those of the caller's folders.
///
/// # Errors
/// As [`extend`].
pub fn platforms(folders: &[PathBuf]) -> Result<Platforms, Trouble> {
    let mut platforms = Tables::platforms().map_err(|e| Trouble::Table(e.to_string()))?;
    for Table { path, name, text } in texts(folders)? {
        if name == "platforms.toml" {
            platforms.extend(read(&name, &text).map_err(|e| open(&path, &e.problem))?);
        }
    }
    Ok(platforms)
}

/// A table of the caller's.
struct Table {
    path: PathBuf,
    name: String,
    text: String,
}

/// Every table in the folders, in their order.
fn texts(folders: &[PathBuf]) -> Result<Vec<Table>, Trouble> {
    let mut all = Vec::new();
    for folder in folders {
        let inside = folder.join("linux");
        if !inside.is_dir() {
            // A folder may be about something else; one that holds nothing is a slip.
            if ["windows", "diagnose"].iter().any(|other| folder.join(other).is_dir()) {
                continue;
            }
            let names = Tables::EXTENDED.join(", ");
            return Err(open(&inside, &format!("no table is there; {names} can be")));
        }
        let entries = std::fs::read_dir(&inside).map_err(|e| open(&inside, &e.to_string()))?;
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|end| end == "toml"));
        paths.sort();
        for path in paths {
            let text = std::fs::read_to_string(&path).map_err(|e| open(&path, &e.to_string()))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            all.push(Table { path, name, text });
        }
    }
    Ok(all)
}

fn open(path: &Path, problem: &str) -> Trouble {
    Trouble::Open { path: path.display().to_string(), problem: problem.to_owned() }
}
