//! What is known of an initramfs without its bytes: how it is packed, whether it is whole, whose modules
//! it holds, and the path of everything in it.
//!
//! What was looked at inside has lines of its own, whose paths begin with the archive's.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind};

/// The archive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archive {
    /// What it is packed with, by name, each once.
    pub packed: Vec<String>,
    /// Why it cannot be read to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub damage: Option<String>,
    /// The file system inside it that could not be read, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<String>,
    /// What a squashfs inside it is packed with, as `CONFIG_SQUASHFS_*` names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub squashed: Option<String>,
    /// The kernel that it is for, where the paths of its modules do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// Every path in it.
    pub paths: Vec<String>,
}

/// Reads it.
///
/// # Errors
/// When it is not as it must be.
pub fn read(bytes: &[u8]) -> Result<Archive, Error> {
    serde_json::from_slice(bytes).map_err(|_| Error::new("bundle archive", 0, Kind::Corrupt))
}

/// Writes it.
///
/// # Errors
/// None that can happen: its texts are texts.
pub fn write(archive: &Archive) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(archive)
}

/// The path of something inside the archive at `place`, as lines of an index name it.
#[must_use]
pub fn within(place: &[u8], path: &[u8]) -> Vec<u8> {
    [place, b": ", path].concat()
}
