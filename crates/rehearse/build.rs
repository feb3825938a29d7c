//! Builds the one program that runs in the virtual machine, statically linked.

use std::env::var_os;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;

fn main() -> Result<(), Box<dyn Error>> {
    let program = Path::new(&var_os("OUT_DIR").ok_or("OUT_DIR")?).join("init");
    let target = var_os("TARGET").ok_or("TARGET")?;
    // Where the machine is none we start, there is no program for it.
    if target != "x86_64-unknown-linux-gnu" {
        return Ok(fs::write(program, [])?);
    }
    let built = Command::new(var_os("RUSTC").ok_or("RUSTC")?)
        .args(["--edition=2024", "--target=x86_64-unknown-linux-gnu", "-O", "-Cpanic=abort"])
        .args(["-Ctarget-feature=+crt-static", "-Cstrip=symbols", "-o"])
        .arg(&program)
        .arg("runner/init.rs")
        .status()?;
    if built.success() { Ok(()) } else { Err("runner/init.rs does not build".into()) }
}
