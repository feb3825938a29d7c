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
    /// Other architectures whose configuration was read.
    #[serde(default)]
    pub arch: Vec<OnArchitecture>,
}

impl Platform {
    /// The architectures that it is known on.
    pub fn architectures(&self) -> impl Iterator<Item = &str> {
        ["amd64"].into_iter().chain(self.arch.iter().map(|on| on.name.as_str()))
    }

    /// The same release on an architecture; `None`: its configuration there is not known.
    #[must_use]
    pub fn on(&self, architecture: &str) -> Option<Self> {
        let names = ARCHITECTURES.iter().find(|names| names.contains(&architecture))?;
        let name = names.first()?;
        if *name == "amd64" {
            return Some(self.clone());
        }
        let on = self.arch.iter().find(|on| on.name == *name)?.clone();
        Some(Self {
            name: format!("{}.{name}", self.name),
            kernel: on.kernel.unwrap_or_else(|| self.kernel.clone()),
            yes: on.yes,
            module: on.module,
            no: on.no,
            absent: on.absent,
            lsm: on.lsm.or_else(|| self.lsm.clone()),
            source: on.source,
            ..self.clone()
        })
    }

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

/// The same release on another architecture than amd64.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnArchitecture {
    /// The architecture, as Debian names it: `arm64`, `ppc64el`, `s390x`, `riscv64`.
    pub name: String,
    /// The release of the kernel that is current there; `None`: the same.
    pub kernel: Option<String>,
    /// Options that are built in.
    pub yes: Vec<String>,
    /// Options that are modules.
    #[serde(default)]
    pub module: Vec<String>,
    /// Options that are off.
    pub no: Vec<String>,
    /// Options that its configuration does not name.
    pub absent: Vec<String>,
    /// The security modules that are started; `None`: the same.
    pub lsm: Option<String>,
    /// Where it is written.
    pub source: String,
}

/// The names of an architecture that people use, the one in the tables first.
const ARCHITECTURES: [&[&str]; 5] = [
    &["amd64", "x86_64", "x86-64", "x64"],
    &["arm64", "aarch64"],
    &["ppc64el", "ppc64le"],
    &["s390x"],
    &["riscv64"],
];

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
            for name in platform.architectures() {
                let on = platform.on(name).unwrap();
                let machines = ["X86_64", "ARM64", "PPC64", "S390", "ARCH_RV64I"];
                let config = on.config();
                let named = machines.iter().filter(|option| config.is_yes(option)).count();
                assert_eq!(named, 1, "{} {name}", platform.name);
            }
        }
    }
}
