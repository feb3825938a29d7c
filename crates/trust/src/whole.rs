//! Files that are replaced whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Puts a file in place of the one that was, with that one's rights; where there was none, with `mode`.
/// A crash, a full disk or a kill leaves the old one.
///
/// # Errors
/// What the system says.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut part = tempfile::NamedTempFile::new_in(folder)?;
    part.write_all(bytes)?;
    if let Ok(old) = fs::metadata(path) {
        part.as_file().set_permissions(old.permissions())?;
    } else {
        #[cfg(unix)]
        part.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))?;
        #[cfg(not(unix))]
        let _ = mode;
    }
    part.as_file().sync_all()?;
    part.persist(path).map_err(|e| e.error)?;
    Ok(())
}
