//! A kernel's tree with its modules compressed in another way than they are shipped in.

use crate::kernels::{self, Kernel};
use crate::stripped::remade;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

/// A compressor as `MODULE_COMPRESS` of a kernel's build runs it, and the end of its files' names.
#[derive(Clone, Copy, Debug)]
pub enum Packer {
    /// `zstd -3`.
    Zstd,
    /// `gzip -6`.
    Gzip,
}

impl Packer {
    const fn command(self) -> (&'static [&'static str], &'static str) {
        match self {
            Self::Zstd => (&["zstd", "-q", "-3", "-c"], "zst"),
            Self::Gzip => (&["gzip", "-6", "-c"], "gz"),
        }
    }
}

/// The tree of `kernel`, whose modules are plain, made once with every module packed.
///
/// # Errors
/// When a file cannot be read or written, or the compressor fails.
pub fn tree(kernel: &Kernel, packer: Packer) -> Result<Kernel, String> {
    let (command, end) = packer.command();
    fs::create_dir_all(kernels::home()).map_err(|e| e.to_string())?;
    remade(kernel, end, |from, to| pack(command, from, &to.with_added_extension(end)))
}

fn pack(command: &[&str], from: &Path, to: &Path) -> Result<(), String> {
    let told = |e: std::io::Error| format!("{}: {e}", to.display());
    let (program, arguments) = command.split_first().ok_or("no compressor")?;
    let status = Command::new(program)
        .args(arguments)
        .arg(from)
        .stdout(Stdio::from(File::create(to).map_err(told)?))
        .status()
        .map_err(|e| format!("{program}: {e}"))?;
    status.success().then_some(()).ok_or_else(|| format!("{program}: failed on {}", from.display()))
}
