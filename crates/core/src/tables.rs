//! The knowledge tables: which release does what, with a source on each row.
//!
//! Order and logic are code; versions and lists are data. Tables are embedded text and read once.

use crate::proof::{Row, Standing, text};
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde::Deserialize;

pub mod algorithms;
pub mod answers;
pub mod behaviours;
pub mod diagnose;
pub mod distros;
pub mod errors;
pub mod hardware;
pub mod key_lints;
pub mod log;
pub mod shims;
pub mod platforms;
pub mod deny_list;
pub mod windows_codes;
pub mod authorities;
pub mod block_rules;
pub mod windows;
pub mod catalog_systems;
pub mod inf_lints;

/// Everything the tables hold.
#[derive(Clone, Debug)]
pub struct Tables {
    /// Where kernels differ, and who does what.
    pub behaviours: behaviours::Behaviours,
    /// How to tell whose kernel it is.
    pub distros: distros::Distros,
    /// What a cryptographic algorithm needs to be there.
    pub algorithms: algorithms::Algorithms,
    /// Kernel log lines.
    pub log: log::Log,
    /// Which rules a real platform answered.
    pub answers: answers::Answers,
    /// Shims that were not seen, and what db holds on machines as they are sold.
    pub shims: shims::Shims,
    /// Revocation levels that shims have brought along.
    pub levels: shims::Levels,
    /// What devices, volumes and interfaces are for.
    pub hardware: hardware::Hardware,
    /// What is worth telling of certificates.
    pub key_lints: key_lints::KeyLints,
    /// Error numbers, for people.
    pub errors: errors::Errors,
    /// Numbers of Windows, for people; empty unless they are to be explained.
    pub windows_codes: windows_codes::WindowsCodes,
    /// Whose keys Windows and firmware tell apart.
    pub authorities: authorities::Authorities,
    /// What the published list of vulnerable drivers names.
    pub block_rules: block_rules::BlockRules,
    /// What each version of Windows demands.
    pub windows: windows::WindowsVersions,
    /// What is worth telling of INFs.
    pub inf_lints: inf_lints::InfLints,
}

/// A table could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableError {
    /// The table's path.
    pub table: String,
    /// What was wrong, in the words of the reader.
    pub problem: String,
}

impl core::fmt::Display for TableError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}: {}", self.table, self.problem)
    }
}

impl core::error::Error for TableError {}

impl Tables {
    /// The newest date on which a row was checked: what `--version` and the verdict document name.
    pub const KNOWLEDGE: &str = "2026-11-21";

    /// The tables built into this program.
    ///
    /// # Errors
    /// When a table is not what its reader expects; a test makes sure that this cannot happen.
    pub fn built_in() -> Result<Self, TableError> {
        Ok(Self {
            behaviours: read(
                "linux/behaviours.toml",
                include_str!("../knowledge/linux/behaviours.toml"),
            )?,
            distros: read("linux/distros.toml", include_str!("../knowledge/linux/distros.toml"))?,
            algorithms: read(
                "linux/algorithms.toml",
                include_str!("../knowledge/linux/algorithms.toml"),
            )?,
            answers: read("linux/answers.toml", include_str!("../knowledge/linux/answers.toml"))?,
            log: read("log/linux.toml", include_str!("../knowledge/log/linux.toml"))?,
            shims: read(
                "firmware/authorities.toml",
                include_str!("../knowledge/firmware/authorities.toml"),
            )?,
            levels: read("firmware/sbat.toml", include_str!("../knowledge/firmware/sbat.toml"))?,
            hardware: read(
                "linux/hardware.toml",
                include_str!("../knowledge/linux/hardware.toml"),
            )?,
            key_lints: read(
                "linux/key_lints.toml",
                include_str!("../knowledge/linux/key_lints.toml"),
            )?,
            errors: read("errors/errno.toml", include_str!("../knowledge/errors/errno.toml"))?,
            windows_codes: windows_codes::WindowsCodes::default(),
            authorities: Self::authorities()?,
            block_rules: block_rules::BlockRules::default(),
            windows: read(
                "windows/versions.toml",
                include_str!("../knowledge/windows/versions.toml"),
            )?,
            inf_lints: Self::inf_lints()?,
        })
    }

    /// The same with the numbers of Windows, which only explanations ask for.
    ///
    /// # Errors
    /// As [`Self::built_in`].
    pub fn explaining() -> Result<Self, TableError> {
        let windows_codes = windows_codes::WindowsCodes::built_in()?;
        Ok(Self { windows_codes, ..Self::built_in()? })
    }
}

impl Tables {
    /// The tables of Linux whose rows a caller can add to, by their names in a folder `linux`.
    pub const EXTENDED: [&str; 4] =
        ["algorithms.toml", "behaviours.toml", "distros.toml", "platforms.toml"];

    /// Adds a caller's rows to the built-in table of the same name ([`Self::EXTENDED`]); where two
    /// speak of the same thing, the caller's counts. Rows of platforms are kept apart
    /// ([`Self::platforms`]).
    ///
    /// # Errors
    /// When it is not such a table.
    pub fn extend(&mut self, name: &str, text: &str) -> Result<(), TableError> {
        let table = format!("linux/{name}");
        match name {
            "algorithms.toml" => self.algorithms.extend(read(&table, text)?),
            "behaviours.toml" => self.behaviours.extend(read(&table, text)?),
            "distros.toml" => self.distros.extend(read(&table, text)?),
            "platforms.toml" => read::<platforms::Platforms>(&table, text).map(drop)?,
            _ => {
                let problem = "no rows can be added to a table of that name".to_owned();
                return Err(TableError { table, problem });
            }
        }
        Ok(())
    }

    /// The tables of trust and policy of Windows that a caller can replace, by their names in a
    /// folder `windows`.
    pub const REPLACEABLE: [&str; 4] =
        ["authorities.toml", "roots.tsv", "block_rules.tsv", "versions.toml"];

    /// Takes a caller's table in place of the built-in one of the same name ([`Self::REPLACEABLE`]).
    ///
    /// # Errors
    /// When it is not such a table.
    pub fn replace(&mut self, name: &str, text: String) -> Result<(), TableError> {
        let wrong = |problem: String| TableError { table: format!("windows/{name}"), problem };
        match name {
            "authorities.toml" => {
                let roots = core::mem::replace(
                    &mut self.authorities,
                    read("windows/authorities.toml", &text)?,
                );
                self.authorities =
                    core::mem::replace(&mut self.authorities, authorities::Authorities::nobody())
                        .with_roots_of(roots);
            }
            "roots.tsv" => {
                let own =
                    core::mem::replace(&mut self.authorities, authorities::Authorities::nobody());
                self.authorities = own.with_roots(text).map_err(wrong)?;
            }
            "block_rules.tsv" => {
                self.block_rules = block_rules::BlockRules::of(text).map_err(wrong)?;
            }
            "versions.toml" => self.windows = read("windows/versions.toml", &text)?,
            _ => return Err(wrong("no table of that name can be replaced".to_owned())),
        }
        Ok(())
    }

    /// The table of authorities alone.
    ///
    /// # Errors
    /// As [`Tables::built_in`].
    pub fn authorities() -> Result<authorities::Authorities, TableError> {
        read("windows/authorities.toml", include_str!("../knowledge/windows/authorities.toml"))
    }
}

impl Tables {
    /// The table of systems that catalogs are made for.
    ///
    /// # Errors
    /// As [`Tables::built_in`].
    pub fn catalog_systems() -> Result<catalog_systems::CatalogSystems, TableError> {
        read(
            "windows/catalog_systems.toml",
            include_str!("../knowledge/windows/catalog_systems.toml"),
        )
    }
}

impl Tables {
    /// The table of what is worth telling of INFs.
    ///
    /// # Errors
    /// As [`Tables::built_in`].
    pub fn inf_lints() -> Result<inf_lints::InfLints, TableError> {
        read("windows/inf_lints.toml", include_str!("../knowledge/windows/inf_lints.toml"))
    }
}

impl Tables {
    /// The table of Linux platforms by name.
    ///
    /// # Errors
    /// As [`Tables::built_in`].
    pub fn platforms() -> Result<platforms::Platforms, TableError> {
        read("linux/platforms.toml", include_str!("../knowledge/linux/platforms.toml"))
    }
}

impl Tables {
    /// What dbx gained, by day; read where somebody asks for it.
    ///
    /// # Errors
    /// As [`Tables::built_in`].
    pub fn deny_list() -> Result<deny_list::DenyList, TableError> {
        read("firmware/dbx.toml", include_str!("../knowledge/firmware/dbx.toml"))
    }
}

/// Reads one table.
///
/// # Errors
/// When the text is no TOML or not of the table's shape.
pub fn read<T: for<'a> Deserialize<'a>>(table: &str, content: &str) -> Result<T, TableError> {
    toml::from_str(content)
        .map_err(|e| TableError { table: table.to_owned(), problem: format!("{e}") })
}

/// A kernel version as far as tables tell versions apart: `6.1`, `6.12`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Version {
    /// The first number.
    pub major: u16,
    /// The second number.
    pub minor: u16,
}

impl Version {
    /// The version at the start of a release string such as `6.1.0-52-amd64`.
    #[must_use]
    pub fn of_release(release: &str) -> Option<Self> {
        let mut numbers = release.split(|c: char| !c.is_ascii_digit());
        Some(Self { major: numbers.next()?.parse().ok()?, minor: numbers.next()?.parse().ok()? })
    }
}

impl TryFrom<String> for Version {
    type Error = &'static str;
    fn try_from(s: String) -> Result<Self, Self::Error> {
        Self::of_release(&s).ok_or("a version is two numbers with a dot between")
    }
}

impl core::fmt::Display for Version {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// What every row carries beside its content.
#[derive(Clone, Debug, Deserialize)]
pub struct Common {
    /// The row's name within its table.
    pub id: String,
    /// Where it is written.
    pub source: String,
    /// The first version it holds for; absent: as far back as the tables go.
    pub since: Option<Version>,
    /// The first version it no longer holds for; absent: it still holds.
    pub until: Option<Version>,
    /// Versions for which a recorded real kernel answered so.
    #[serde(default)]
    pub confirmed: Vec<Version>,
}

impl Common {
    /// Whether the row speaks of `version`.
    #[must_use]
    pub fn covers(&self, version: Version) -> bool {
        self.since.is_none_or(|v| v <= version) && self.until.is_none_or(|v| version < v)
    }

    /// The row as a reason, for a kernel of this version.
    #[must_use]
    pub fn row(&self, table: &str, version: Version) -> Row {
        let standing = if self.confirmed.contains(&version) {
            Standing::Confirmed
        } else if version > NEWEST {
            Standing::Extrapolated
        } else {
            Standing::Documented
        };
        Row {
            id: text(format!("{table}#{}", self.id)),
            source: text(self.source.as_str()),
            standing,
        }
    }
}

/// The newest kernel whose sources the tables were checked against.
pub const NEWEST: Version = Version { major: 7, minor: 2 };
