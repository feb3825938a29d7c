//! A folder for the next run, where nobody can tell who else may write there: there is none.

use std::convert::Infallible;
use std::io;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The folder.
#[derive(Debug)]
pub struct Keep(Infallible);

impl Keep {
    /// Opens the folder.
    ///
    /// # Errors
    /// Always: what others could have written is not believed.
    pub fn open(_: &Path) -> io::Result<Self> {
        let why = "a folder is kept only on Linux, where it is known who may write there";
        Err(io::Error::new(io::ErrorKind::Unsupported, why))
    }

    /// What was kept about bytes with this digest.
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, _: &[u8; 32]) -> Option<T> {
        match self.0 {}
    }

    /// Keeps `found` about bytes with this digest.
    pub fn put<T: Serialize>(&self, _: &[u8; 32], _: &T) {
        match self.0 {}
    }

    /// The fingerprints of signatures that were found good, one behind the other.
    #[must_use]
    pub fn good_signatures(&self) -> Option<Vec<u8>> {
        match self.0 {}
    }

    /// What modules held that were read in earlier runs.
    #[must_use]
    pub fn modules(&self) -> Option<Vec<u8>> {
        match self.0 {}
    }

    /// Whether that can be kept.
    #[must_use]
    pub fn takes_modules(&self) -> bool {
        match self.0 {}
    }

    /// Keeps what modules held.
    pub fn put_modules(&self, _: &[u8]) {
        match self.0 {}
    }

    /// What time the kernel gives a file that is changed now, in seconds since 1970.
    #[must_use]
    pub fn clock(&self) -> Option<i64> {
        match self.0 {}
    }

    /// Keeps the fingerprints of signatures that were found good.
    pub fn put_good_signatures(&self, _: &[u8]) {
        match self.0 {}
    }
}
