//! The runs that benchmarks are made of: ours, which must judge rightly, and a peer's over a list of paths.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::kernels::{self, Kernel};
use crate::whole_trees::{Judged, judge};

/// The folder of what is kept from run to run.
pub(crate) fn kept() -> PathBuf {
    kernels::home().with_file_name("bench-kept")
}

/// Judges the whole tree; every module of it must load.
pub(crate) fn all_load(program: &Path, kernel: &Kernel, more: &[&str]) -> Result<(), String> {
    let judged = judge(program, kernel, &[&["--assume", "secure-boot=on"], more].concat())?;
    let all = kernel.modules.len();
    let Judged { exit, loads, tainted, refused, unknown, .. } = judged;
    match exit == 0 && loads + tainted == all && refused + unknown == 0 {
        true => Ok(()),
        false => Err(format!(
            "a wrong run: exit {exit}, {loads} load, {tainted} taint, {refused} refused, {unknown} unknown of {all}"
        )),
    }
}

/// Every module's path with a zero after it, as `xargs -0` takes them.
pub(crate) fn write_list(kernel: &Kernel) -> Result<PathBuf, String> {
    let list = kernels::home().with_file_name("bench-paths");
    let paths = kernel.modules.iter().map(|path| path.as_os_str().as_encoded_bytes());
    let bytes: Vec<u8> = paths.flat_map(|path| [path, &[0]].concat()).collect();
    fs::write(&list, bytes).map_err(|e| format!("{}: {e}", list.display()))?;
    Ok(list)
}

/// The same with what modules held and which signatures were found good.
pub(crate) fn kept_whole() -> PathBuf {
    kernels::home().with_file_name("bench-kept-whole")
}

/// Forgets which signatures were found good, so that all are worked out again; and puts a folder where it is
/// kept what modules held, so that nothing of that is.
pub(crate) fn forget_modules() -> Result<(), String> {
    let told = |e: std::io::Error| e.to_string();
    for entry in fs::read_dir(kept()).into_iter().flatten().flatten() {
        let (name, path) = (entry.file_name(), entry.path());
        let starts = |with: &str| name.to_string_lossy().starts_with(with);
        if path.is_file() && (starts("modules-") || starts("signatures-")) {
            fs::remove_file(&path).map_err(told)?;
            if starts("modules-") {
                fs::create_dir(&path).map_err(told)?;
            }
        }
    }
    Ok(())
}

/// In the arguments of a peer: the root of the kernel, and its release.
pub(crate) const ROOT: &str = "{root}";
pub(crate) const RELEASE: &str = "{release}";

/// A peer's run: it is given the paths of `list`.
pub(crate) fn peer(command: &[&str], kernel: &Kernel, list: &Path) -> Result<(), String> {
    let paths = File::open(list).map_err(|e| format!("{}: {e}", list.display()))?;
    let (program, arguments) = command.split_first().ok_or("no peer")?;
    let arguments = arguments.iter().map(|argument| match *argument {
        ROOT => kernel.root.display().to_string(),
        RELEASE => kernel.release.clone(),
        other => other.to_owned(),
    });
    let status = Command::new(program)
        .args(arguments)
        .stdin(paths)
        .stdout(Stdio::null())
        .status()
        .map_err(|e| format!("{program}: {e}"))?;
    status.success().then_some(()).ok_or_else(|| format!("{}: failed", command.join(" ")))
}
