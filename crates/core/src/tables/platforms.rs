//! *How is the kernel of this distribution configured?*

use crate::proof::{Row, Standing, text};
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use loadworthy_formats::kernel::kconfig::{Kconfig, Setting};
use serde::Deserialize;

/// A release of a distribution.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Platform {
    /// Its name in profiles: `debian-12`.
    pub name: String,
    /// Other names for the same kernel.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Its name for people.
    pub title: String,
    /// The distribution's name in the other tables.
    pub distro: String,
    /// The release of the kernel that is current there.
    pub kernel: String,
    /// Options that are built in.
    #[serde(default)]
    pub yes: Vec<String>,
    /// Options that are modules.
    #[serde(default)]
    pub module: Vec<String>,
    /// Options that are off.
    #[serde(default)]
    pub no: Vec<String>,
    /// Options that its configuration does not name.
    #[serde(default)]
    pub absent: Vec<String>,
    /// The security modules that are started (`CONFIG_LSM`).
    pub lsm: Option<String>,
    /// Where it is written.
    pub source: String,
    /// Nobody read this release's own configuration: it follows from what is told of the distribution.
    #[serde(default)]
    pub unread: bool,
}

impl Platform {
    /// The row as a reason.
    #[must_use]
    pub fn row(&self) -> Row {
        Row {
            id: text(format!("linux/platforms.toml#{}", self.name)),
            source: text(self.source.as_str()),
            standing: if self.unread { Standing::Extrapolated } else { Standing::Documented },
        }
    }

    /// The configuration as far as it is known.
    #[must_use]
    pub fn config(&self) -> Kconfig {
        let all =
            [(&self.yes, Setting::Yes), (&self.module, Setting::Module), (&self.no, Setting::No)];
        let lsm = self.lsm.iter().map(|list| ("LSM".to_owned(), Setting::Text(list.clone())));
        let switched = all.into_iter().flat_map(|(names, setting)| {
            names.iter().map(move |name| (name.clone(), setting.clone()))
        });
        Kconfig::of_some(switched.chain(lsm), self.absent.iter().cloned())
    }
}

/// The table.
#[derive(Clone, Debug, Deserialize)]
pub struct Platforms {
    platform: Vec<Platform>,
}

impl Platforms {
    /// Adds rows of a table beside the built-in one; they are asked first.
    pub fn extend(&mut self, mut other: Self) {
        other.platform.append(&mut self.platform);
        *self = other;
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[Platform] {
        &self.platform
    }

    /// The platform of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Platform> {
        self.platform.iter().find(|p| p.name == name || p.aliases.iter().any(|a| a == name))
    }

    /// Every name there is.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.platform
            .iter()
            .flat_map(|p| [&p.name].into_iter().chain(&p.aliases))
            .map(|n| n.as_str())
    }
}

#[cfg(test)]
mod tests {
    use crate::tables::Tables;

    #[test]
    fn every_name_is_one_platform_of_a_known_distribution() {
        let (tables, platforms) = (Tables::built_in().unwrap(), Tables::platforms().unwrap());
        for name in platforms.names() {
            assert_eq!(platforms.names().filter(|n| *n == name).count(), 1, "{name}");
        }
        for platform in platforms.all() {
            let known = tables.distros.rows().iter().any(|d| d.name == platform.distro);
            assert!(known, "{}", platform.name);
            let config = platform.config();
            assert!(config.tells("MODULE_SIG") && !config.tells("NO_SUCH_OPTION"));
        }
    }
}
