//! `modules.dep`: which file stands for a module's name, and what must be loaded before it.
//!
//! The predictor has to take a module's file from here and not from walking the tree. Sources: kmod
//! `tools/depmod.c` (`output_deps`), `libkmod/libkmod-module.c`.

use crate::error::{Error, Kind, Parsed};
use crate::kernel::name;
use crate::limits::Limits;
use crate::text;
use std::collections::HashMap;

/// One line: a module's file and the files it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The path as written, relative to the directory of the index, or absolute.
    pub path: String,
    /// Files it needs, in the order of the line: loaded from the last to the first.
    pub needs: Vec<String>,
}

/// The index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModulesDep {
    /// All lines in their order.
    pub entries: Vec<Entry>,
    names: HashMap<String, usize>,
}

impl ModulesDep {
    /// The line of a module, by its name with `-` or `_`.
    #[must_use]
    pub fn get(&self, module: &str) -> Option<&Entry> {
        self.entries.get(*self.names.get(&module.replace('-', "_"))?)
    }

    /// The files to load for a module, dependencies first, itself last.
    pub fn order(&self, module: &str) -> impl Iterator<Item = &str> {
        self.get(module)
            .into_iter()
            .flat_map(|entry| entry.needs.iter().rev().chain([&entry.path]).map(String::as_str))
    }
}

/// The file an entry means: absolute paths stay, others are below `directory`.
#[must_use]
pub fn resolve(directory: &str, path: &str) -> String {
    if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("{}/{path}", directory.trim_end_matches('/'))
    }
}

/// Reads the index.
///
/// # Errors
/// `TooLarge` beyond [`Limits::text_bytes`]. An empty file is an empty index.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<ModulesDep>, Error> {
    text::bounded("modules.dep", bytes, limits)?;
    let mut parsed = Parsed::clean(ModulesDep::default());
    for (number, line) in text::lines(bytes) {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((path, needs)) = line.split_once(':') else {
            parsed.deviations.push(Error::new("modules.dep line", number, Kind::Unsupported));
            continue;
        };
        let at = parsed.value.entries.len();
        if parsed.value.names.insert(name::of_path(path), at).is_some() {
            let with = 0;
            parsed.deviations.push(Error::new("modules.dep name", number, Kind::Overlap { with }));
        }
        parsed.value.entries.push(Entry {
            path: path.to_owned(),
            needs: needs.split_ascii_whitespace().map(str::to_owned).collect(),
        });
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_come_before_the_module() {
        let file = b"kernel/a-b.ko.xz: kernel/c.ko kernel/d.ko\nkernel/d.ko:\n/opt/e.ko:\nx\n";
        let got = read(file, &Limits::DEFAULT).unwrap();
        let order: Vec<_> = got.value.order("a-b").collect();
        assert_eq!(order, ["kernel/d.ko", "kernel/c.ko", "kernel/a-b.ko.xz"]);
        assert_eq!(got.value.get("a_b"), got.value.get("a-b"));
        assert_eq!(resolve("/lib/modules/x/", "kernel/d.ko"), "/lib/modules/x/kernel/d.ko");
        assert_eq!(resolve("/lib/modules/x", "/opt/e.ko"), "/opt/e.ko");
        assert_eq!(got.deviations.len(), 1);
    }
}
