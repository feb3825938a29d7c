//! A Windows volume that is mounted: where Windows' own paths lead on it, and its store of catalogs.
//!
//! Names are the same in capitals, and nothing is followed that leads elsewhere (links, junctions).
//!
//! Source: Microsoft, *Catalog Files and Digital Signatures*; the store's folder bears the identifier of
//! the driver verification action (`DRIVER_ACTION_VERIFY`).

use std::path::{Path, PathBuf};

use crate::sighting::{Kind, Outcome};
use crate::views::caller;

use super::files::has_extension;

/// Where Windows keeps the catalogs of its own files and of installed packages.
const STORE: &str = "Windows/System32/CatRoot";
/// Catalogs lie in a folder for each kind of them.
const DEEPEST: usize = 3;
/// A full Windows has some four thousand.
const MOST: usize = 50_000;

/// A mounted volume.
#[derive(Clone, Copy, Debug)]
pub struct Volume<'v> {
    /// The folder where it is mounted.
    pub root: &'v Path,
}

impl Volume<'_> {
    /// The file or folder that Windows calls so: `C:\Windows\…`, `\SystemRoot\…`, `\??\C:\…`, or a path
    /// from the volume's own root.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<PathBuf> {
        let path = path.replace('\\', "/");
        let path = path.strip_prefix("/??/").unwrap_or(&path);
        let path = match path.split_once(':') {
            Some((drive, rest)) if drive.len() == 1 => rest,
            _ => path,
        };
        let mut here = self.root.to_owned();
        for (n, step) in path.split('/').filter(|step| !step.is_empty()).enumerate() {
            let step =
                if n == 0 && step.eq_ignore_ascii_case("SystemRoot") { "Windows" } else { step };
            here = child(&here, step)?;
        }
        Some(here)
    }

    /// Every catalog of its store; `None`: it has none, or some of it cannot be looked into.
    #[must_use]
    pub fn catalogs(&self) -> Option<Vec<PathBuf>> {
        let mut found = Vec::new();
        below(&self.at(STORE)?, 0, &mut found)?;
        Some(found)
    }

    /// The folder of its drivers.
    #[must_use]
    pub fn drivers(&self) -> Option<PathBuf> {
        self.at("Windows/System32/drivers")
    }
}

/// What a folder holds of that name, whatever its case; the very name before others.
fn child(folder: &Path, name: &str) -> Option<PathBuf> {
    let Outcome::Entries(entries) = caller::names_in(folder) else { return None };
    let names = entries.into_iter().filter(|e| matches!(e.kind, Kind::File | Kind::Folder));
    let names: Vec<String> = names.filter_map(|e| String::from_utf8(e.name).ok()).collect();
    // `..` is no name of an entry, so no path leads above the volume.
    let same = names.iter().find(|own| *own == name);
    let found = same.or_else(|| names.iter().find(|own| own.eq_ignore_ascii_case(name)))?;
    Some(folder.join(found))
}

/// Adds the catalogs below a folder; `None`: some may have been missed.
fn below(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Option<()> {
    let Outcome::Entries(entries) = caller::names_in(folder) else { return None };
    for entry in entries {
        let name = String::from_utf8(entry.name).ok()?;
        match entry.kind {
            Kind::Folder if depth < DEEPEST => below(&folder.join(name), depth + 1, found)?,
            Kind::Folder => return None,
            _ if !has_extension(&name, "cat") => {}
            Kind::File if found.len() < MOST => found.push(folder.join(name)),
            _ => return None,
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_windows_lead_to_files_of_the_volume_and_never_out_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let drivers = folder.path().join("Windows/system32/Drivers");
        std::fs::create_dir_all(&drivers).unwrap();
        std::fs::write(drivers.join("Demo.sys"), b"MZ").unwrap();
        let volume = Volume { root: folder.path() };
        for path in [
            r"C:\Windows\System32\drivers\demo.sys",
            r"\SystemRoot\System32\drivers\DEMO.SYS",
            r"\??\C:\Windows\System32\drivers\demo.sys",
            "windows/system32/drivers/demo.sys",
        ] {
            assert_eq!(volume.at(path), Some(drivers.join("Demo.sys")), "{path}");
        }
        assert_eq!(volume.at(r"C:\Windows\..\..\etc\passwd"), None);
        assert_eq!(volume.catalogs(), None);
        let store = folder.path().join("Windows/system32/catroot/{F750E6C3}");
        std::fs::create_dir_all(&store).unwrap();
        std::fs::write(store.join("oem1.cat"), b"").unwrap();
        assert_eq!(volume.catalogs(), Some(vec![store.join("oem1.cat")]));
    }
}
