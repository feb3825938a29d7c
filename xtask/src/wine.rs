//! The Windows program: cross-built, and run under Wine beside the one of this machine.
//!
//! Needs `rustup target add x86_64-pc-windows-gnu` and, of Debian, `gcc-mingw-w64-x86-64`, `nasm`,
//! `cmake` and `wine64`.

use crate::kernels::output;
use crate::tree::root;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "x86_64-pc-windows-gnu";
/// Not stripped of what makes a shipped program small: built in a third of the time.
const PROFILE: &str = "quick";

/// Where Debian keeps Wine beside where everybody else does.
const WINES: [&str; 4] = ["wine64", "/usr/lib/wine/wine64", "/usr/bin/wine", "wine"];

/// What Wine 8 does not have and the standard library asks for since 1.78. For tests, never shipped.
const RANDOM: &str = "\
#include <windows.h>
BOOLEAN WINAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE to, SIZE_T many)
{
    return SystemFunction036(to, (ULONG)many);
}
";

/// Builds the program, and tests it: both programs read the same files and must say the same.
///
/// # Errors
/// When a tool is not there or the program does not build.
pub fn run(say: &mut dyn FnMut(&str)) -> Result<bool, String> {
    let wine = wine()?;
    let program = build(say)?;
    let home = root().join("target/wine");
    for (what, file) in [("program", &program), ("library", &random(&home)?)] {
        let name = file.file_name().ok_or("no file name")?;
        let to = home.join(name);
        if *file != to {
            fs::copy(file, to).map_err(|e| format!("{what}: {e}"))?;
        }
    }
    // One after another: Wine's server trips over its own folder when two programs start it at once.
    let arguments = ["test", "--workspace", "--test", "it", "--", "--test-threads=1", "wine:"];
    say(&format!("cargo {}", arguments.join(" ")));
    let status = Command::new("cargo")
        .args(arguments)
        .env("LOADWORTHY_WINE", wine)
        .env("LOADWORTHY_WINDOWS_PROGRAM", home.join("loadworthy.exe"))
        .env("WINEPREFIX", home.join("prefix"))
        .env("WINEDEBUG", "-all")
        .current_dir(root())
        .status()
        .map_err(|e| format!("cargo: {e}"))?;
    Ok(status.success())
}

/// Builds the program for Windows.
///
/// # Errors
/// Which tool is not there; what does not build.
pub fn build(say: &mut dyn FnMut(&str)) -> Result<PathBuf, String> {
    for (tool, package) in
        [("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64"), ("nasm", "nasm"), ("cmake", "cmake")]
    {
        if Command::new(tool).arg("--version").output().is_err() {
            return Err(format!("{tool} is not there; on Debian: apt-get install {package}"));
        }
    }
    let mut library = Command::new("rustc");
    library.args(["--print", "target-libdir", "--target", TARGET]).current_dir(root());
    let folder = output(&mut library)?.trim().to_owned();
    if !Path::new(&folder).is_dir() {
        return Err(format!(
            "the standard library for Windows is not there: rustup target add {TARGET}\n\
             without rustup: a nightly with rust-src and `-Zbuild-std=std,panic_abort`"
        ));
    }
    let arguments = ["build", "--package", "loadworthy", "--target", TARGET, "--profile", PROFILE];
    say(&format!("cargo {}", arguments.join(" ")));
    let status = Command::new("cargo").args(arguments).current_dir(root()).status();
    match status.map_err(|e| format!("cargo: {e}"))?.success() {
        true => Ok(root().join(format!("target/{TARGET}/{PROFILE}/loadworthy.exe"))),
        false => Err("the program does not build for Windows".to_owned()),
    }
}

fn wine() -> Result<&'static str, String> {
    let there = |wine: &&str| Command::new(wine).arg("--version").output().is_ok();
    WINES
        .into_iter()
        .find(there)
        .ok_or_else(|| "wine64 is not there; on Debian: apt-get install wine64".to_owned())
}

fn random(home: &Path) -> Result<PathBuf, String> {
    fs::create_dir_all(home).map_err(|e| format!("{}: {e}", home.display()))?;
    let (source, library) = (home.join("random.c"), home.join("bcryptprimitives.dll"));
    fs::write(&source, RANDOM).map_err(|e| e.to_string())?;
    let mut gcc = Command::new("x86_64-w64-mingw32-gcc");
    gcc.args(["-O1", "-shared", "-o"]).arg(&library).arg(&source).arg("-ladvapi32");
    output(&mut gcc)?;
    Ok(library)
}
