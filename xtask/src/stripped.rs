//! A kernel's tree with every signature taken off: what an unsigned build of it would be.
//!
//! Debian's `-unsigned` packages will not do: their *image* is unsigned, their modules carry the
//! same signatures as those of the signed package.

use crate::kernels::{self, Kernel};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What ends a signed module (`include/linux/module_signature.h`).
const MARKER: &[u8] = b"~Module signature appended~\n";
/// The length block before the marker; its last four bytes are the length of the signature.
const BLOCK: usize = 12;

/// The tree of `kernel`, made once: plain modules without signatures, the rest linked.
///
/// # Errors
/// When a file cannot be read or written, or a module has no signature to take off.
pub fn tree(kernel: &Kernel) -> Result<Kernel, String> {
    remade(kernel, "stripped", strip)
}

/// The tree of `kernel`, made once with other modules, the rest linked: `make` writes what is to
/// stand in the place of a module, given the module and that place.
///
/// # Errors
/// Those of `make`; when a file cannot be read or written.
pub fn remade(
    kernel: &Kernel,
    what: &str,
    make: impl Fn(&Path, &Path) -> Result<(), String>,
) -> Result<Kernel, String> {
    let into = kernels::home().join(format!("{}-{what}", kernel.release));
    if !into.is_dir() {
        let half = into.with_extension("part");
        drop(fs::remove_dir_all(&half));
        let told = |e: std::io::Error| format!("{}: {e}", half.display());
        link(&kernel.root, &half, &kernel.modules).map_err(told)?;
        for path in &kernel.modules {
            let below = path.strip_prefix(&kernel.root).map_err(|e| e.to_string())?;
            make(path, &half.join(below))?;
        }
        fs::rename(&half, &into).map_err(told)?;
    }
    kernels::at(&into)
}

/// Links everything below `from` into `to`, without `except`.
///
/// # Errors
/// Those of the file system.
pub fn link(from: &Path, to: &Path, except: &[PathBuf]) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, path) = (entry.file_type()?, entry.path());
        let target = to.join(entry.file_name());
        if kind.is_dir() {
            link(&path, &target, except)?;
        } else if kind.is_file() && except.binary_search(&path).is_err() {
            fs::hard_link(path, target)?;
        }
    }
    Ok(())
}

fn strip(path: &Path, target: &Path) -> Result<(), String> {
    let told = |e: std::io::Error| format!("{}: {e}", path.display());
    let packed = path.extension().is_some_and(|e| e == "xz");
    let (mut bytes, target) = match packed {
        true => {
            let done = Command::new("xz").arg("-dc").arg(path).output().map_err(told)?;
            (done.stdout, target.with_extension(""))
        }
        false => (fs::read(path).map_err(told)?, target.to_path_buf()),
    };
    let without = without_signature(&bytes).ok_or(format!("{}: not signed", path.display()))?;
    bytes.truncate(without);
    fs::write(target, bytes).map_err(told)
}

/// The length of a module without its signature.
fn without_signature(bytes: &[u8]) -> Option<usize> {
    let rest = bytes.strip_suffix(MARKER)?;
    let length = u32::from_be_bytes(*rest.last_chunk()?);
    rest.len().checked_sub(BLOCK)?.checked_sub(usize::try_from(length).ok()?)
}
