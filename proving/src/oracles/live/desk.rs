//! Where a key's owner works: a folder with keys as they are kept, and the program run there.

use crate::forge::key::Key;
use crate::program;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The folder.
#[derive(Clone, Debug)]
pub struct Desk(PathBuf);

impl Desk {
    /// An empty one.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(at: PathBuf) -> Result<Self, String> {
        drop(fs::remove_dir_all(&at));
        fs::create_dir_all(&at).map_err(|e| format!("{}: {e}", at.display()))?;
        Ok(Self(at))
    }

    /// Where a file of this name is.
    #[must_use]
    pub fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A file's bytes; `name` may be a path from elsewhere.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, name: impl AsRef<Path>) -> Result<Vec<u8>, String> {
        let at = self.0.join(name);
        fs::read(&at).map_err(|e| format!("{}: {e}", at.display()))
    }

    /// Puts a file there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(&self, name: &str, bytes: &[u8]) -> Result<(), String> {
        let at = self.at(name);
        fs::write(&at, bytes).map_err(|e| format!("{}: {e}", at.display()))
    }

    /// Puts a test key there, as `NAME.key` and `NAME.der`.
    ///
    /// # Errors
    /// When there is none of the name, or it cannot be written.
    pub fn key(&self, name: &str) -> Result<(), String> {
        let key = Key::named(name)?;
        let private = format!("{name}.key");
        self.put(&private, key.private)?;
        fs::set_permissions(self.at(&private), fs::Permissions::from_mode(0o600))
            .map_err(|e| format!("{private}: {e}"))?;
        self.put(&format!("{name}.der"), &key.certificate)
    }

    /// Runs the program, which must answer with `code`; what it printed.
    ///
    /// # Errors
    /// When it answers otherwise.
    pub fn run(&self, words: &str, code: i32) -> Result<Vec<u8>, String> {
        let done = program::run(&words.split(' ').collect::<Vec<_>>(), &self.0)?;
        if done.status.code() == Some(code) {
            return Ok(done.stdout);
        }
        let said = [done.stdout, done.stderr].concat();
        Err(format!("{words}: {}: {}", done.status, String::from_utf8_lossy(&said)))
    }
}
