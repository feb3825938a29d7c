//! `depmod.d`: which of several modules of one name the index names.
//!
//! Source: kmod `tools/depmod.c` (`cfg_file_parse`, `depmod_module_is_higher_priority`); depmod.d(5).

use crate::error::{Error, Kind, Parsed};
use crate::kernel::name;
use crate::limits::Limits;
use crate::text;

/// What the configuration says, files in the order in which they are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepmodConfig {
    search: Vec<String>,
    configured: bool,
    overrides: Vec<Override>,
}

/// `override NAME RELEASE FOLDER`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Override {
    module: String,
    release: String,
    folder: String,
}

/// The word for everything that no other folder of the list covers.
const BUILT_IN: &str = "built-in";

impl Default for DepmodConfig {
    fn default() -> Self {
        let search = ["updates", BUILT_IN].map(str::to_owned).into();
        Self { search, configured: false, overrides: Vec::new() }
    }
}

impl DepmodConfig {
    /// Adds what one file says.
    ///
    /// # Errors
    /// `TooLarge` beyond [`Limits::text_bytes`].
    pub fn add(&mut self, bytes: &[u8], limits: &Limits) -> Result<Parsed<()>, Error> {
        text::bounded("depmod.d", bytes, limits)?;
        let mut parsed = Parsed::clean(());
        for (number, line) in text::lines(bytes) {
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                None => {}
                Some(comment) if comment.starts_with('#') => {}
                // The first line takes the place of what holds without one; others add to it.
                Some("search") => {
                    if !std::mem::replace(&mut self.configured, true) {
                        self.search.clear();
                    }
                    self.search.extend(words.map(str::to_owned));
                }
                Some("override") => {
                    if let (Some(module), Some(release), Some(folder)) =
                        (words.next(), words.next(), words.next())
                    {
                        self.overrides.push(Override {
                            module: name::of_path(module),
                            release: release.to_owned(),
                            folder: folder.to_owned(),
                        });
                    }
                }
                Some("external" | "include" | "make_map_files" | "exclude") => {}
                Some(_) => {
                    parsed.deviations.push(Error::new("depmod.d line", number, Kind::Unsupported));
                }
            }
        }
        Ok(parsed)
    }

    /// How strong the module at `path` (below the tree of `release`) stands: the smallest wins, and
    /// of equal ones the first that was found.
    #[must_use]
    pub fn rank(&self, path: &str, release: &str) -> usize {
        let within = |folder: &str| {
            path.strip_prefix(folder.trim_end_matches('/'))
                .is_some_and(|rest| rest.starts_with('/'))
        };
        let own = name::of_path(path);
        let overridden = self.overrides.iter().any(|o| {
            o.module == own && (o.release == release || o.release == "*") && within(&o.folder)
        });
        if overridden {
            return 0;
        }
        let named = self.search.iter().position(|folder| folder != BUILT_IN && within(folder));
        let rest = || self.search.iter().position(|folder| folder == BUILT_IN);
        named.or_else(rest).unwrap_or(self.search.len()).saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_folder_of_the_list_wins_and_an_override_before_all() {
        let mut config = DepmodConfig::default();
        assert!(config.rank("updates/a.ko", "1") < config.rank("kernel/a.ko", "1"));
        assert_eq!(config.rank("extra/a.ko", "1"), config.rank("kernel/a.ko", "1"));
        let file = b"# Red Hat's\nsearch updates extra built-in weak-updates\noverride a-b * weak-updates/x\n";
        assert!(config.add(file, &Limits::DEFAULT).unwrap().deviations.is_empty());
        assert!(config.rank("extra/a.ko", "1") < config.rank("kernel/a.ko", "1"));
        assert!(config.rank("kernel/a.ko", "1") < config.rank("weak-updates/a.ko", "1"));
        assert_eq!(config.rank("weak-updates/x/a_b.ko.xz", "1"), 0);
    }
}
