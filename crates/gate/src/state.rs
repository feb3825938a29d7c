//! What the gate did to a host and must be able to take back.

use std::io;

use loadworthy_assess::clock::seconds;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::ground::Ground;
use crate::places::{HELD, STATE};

/// Kernels that are held back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// Each of them.
    pub kernels: Vec<Held>,
    /// How another kernel was made the default.
    pub demotion: Option<Demotion>,
}

/// A kernel that is held back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Its release.
    pub kernel: String,
    /// Since when.
    pub since: String,
    /// The codes of what stands in its way.
    pub codes: Vec<String>,
    /// What under way will decide it.
    pub pending: Option<String>,
    /// Whether `kernel-install` was told to write no entry for it.
    #[serde(default)]
    pub without_entry: bool,
    /// The image that `kernel-install` was given.
    #[serde(default)]
    pub image: Option<String>,
}

/// Another kernel is the default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demotion {
    /// The kernel that is the default in place of those held back.
    pub instead: String,
    /// What was changed.
    pub how: How,
}

/// What was changed so that another kernel is the default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "by")]
pub enum How {
    /// A file for `grub-mkconfig` names the entry.
    GrubSnippet {
        /// The file.
        path: String,
        /// The entry.
        entry: String,
        /// Whether its folder was made.
        folder_made: bool,
    },
    /// GRUB's block of variables names the entry.
    GrubEnvironment {
        /// The file.
        path: String,
        /// What was the default before.
        before: Option<String>,
        /// What we made of it.
        after: String,
    },
    /// The configuration of systemd-boot names the entry.
    LoaderConf {
        /// The file.
        path: String,
        /// The whole file before.
        before: String,
        /// The whole file after.
        after: String,
    },
    /// GRUB's block of variables asks for the entry at the next boot only.
    GrubOnce {
        /// The file.
        path: String,
        /// The entry.
        entry: String,
    },
    /// The entry of systemd-boot has a counter of one boot.
    Counted {
        /// The file without a counter.
        path: String,
        /// The file with it.
        counted: String,
    },
}

impl Held {
    /// Whole days it has been held back at `at`.
    #[must_use]
    pub fn days(&self, at: &str) -> u64 {
        let (Some(since), Some(now)) = (seconds(&self.since), seconds(at)) else { return 0 };
        now.saturating_sub(since) / 86_400
    }
}

impl Holding {
    /// What is written down on a host. What cannot be read is nothing, and is written anew.
    #[must_use]
    pub fn of(ground: &Ground) -> Self {
        load(ground, HELD).unwrap_or_default()
    }

    /// Writes it down; nothing held is no file.
    ///
    /// # Errors
    /// What the system says.
    pub fn keep(&self, ground: &Ground) -> io::Result<()> {
        if self.kernels.is_empty() && self.demotion.is_none() {
            return ground.remove(HELD).map(|_| ());
        }
        save(ground, HELD, self)
    }
}

/// Reads one of our records.
#[must_use]
pub fn load<T: DeserializeOwned>(ground: &Ground, path: &str) -> Option<T> {
    serde_json::from_slice(&ground.read(path).ok()??).ok()
}

/// Writes one of our records into the state folder, for root alone.
///
/// # Errors
/// What the system says.
pub fn save(ground: &Ground, path: &str, value: &impl Serialize) -> io::Result<()> {
    ground.make_folder(path.rsplit_once('/').map_or(STATE, |(folder, _)| folder))?;
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    // Whoever is told of a state already need not be told again: the file is left as it is.
    if ground.read(path).ok().flatten().is_some_and(|there| there == bytes) {
        return Ok(());
    }
    ground.write(path, &bytes, 0o600)
}
