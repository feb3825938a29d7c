//! Instructions of the program beside cryptography, held against `proving/counts.toml`: more than a
//! twentieth above what is written there fails. `--renew` writes them anew.
//!
//! They are those of the program that the tests are run with, on a small host that is forged, so they
//! take seconds and mean something only beside each other. Another compiler makes other instructions of the same
//! program: figures of another minor version of it are not held against these.

use loadworthy_proving::forge::host::{Forged, Host};
use loadworthy_proving::forge::module::Module;
use loadworthy_proving::program;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode};
use xtask::instructions::counted;
use xtask::tree::root;

/// Modules that the one depends on.
const MODULES: usize = 12;
/// The share that a count may grow by.
const GROWTH: f64 = 1.05;

const HEAD: &str = "\
# Instructions beside cryptography, as callgrind counts them in the program that the tests are run with;
# `cargo x counts --renew` writes them. More than a twentieth above fails; another compiler skips them.
";

fn main() -> ExitCode {
    let renew = std::env::args().any(|argument| argument == "--renew");
    let mut out = std::io::stdout();
    let mut say = |line: &str| drop(writeln!(out, "{line}"));
    match run(renew, &mut say) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            say(&format!("counts: {problem}"));
            ExitCode::from(2)
        }
    }
}

fn run(renew: bool, say: &mut dyn FnMut(&str)) -> Result<bool, String> {
    let written = root().join("proving/counts.toml");
    let told = |e: std::io::Error| format!("{}: {e}", written.display());
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let Some(now) = measured(folder.path())? else {
        say("skipped: valgrind not found");
        return Ok(true);
    };
    if renew {
        let lines: String = now.iter().map(|(name, count)| format!("{name} = {count}\n")).collect();
        let text = format!("{HEAD}compiler = \"{}\"\n\n[instructions]\n{lines}", compiler()?);
        fs::write(&written, text).map_err(told)?;
        say(&format!("wrote {}", written.display()));
        return Ok(true);
    }
    if !written.is_file() {
        say("skipped: proving/counts.toml not found; --renew writes it");
        return Ok(true);
    }
    let Counts { compiler: by, instructions: before } =
        toml::from_str(&fs::read_to_string(&written).map_err(told)?).map_err(|e| e.to_string())?;
    let compiler = compiler()?;
    if compiler != by {
        say(&format!("skipped: counted with rustc {by}, this is {compiler}; --renew counts anew"));
        return Ok(true);
    }
    let mut good = true;
    for (name, count) in now {
        let was = *before.get(name).ok_or_else(|| format!("{name} is not in counts.toml"))?;
        let share = count as f64 / was as f64;
        let held = share <= GROWTH;
        good &= held;
        let word = if held { "ok   " } else { "WORSE" };
        say(&format!("{word} {name}: {count} instructions, {was} before ({share:.3})"));
    }
    Ok(good)
}

/// What `counts.toml` holds.
#[derive(serde::Deserialize)]
struct Counts {
    compiler: String,
    instructions: BTreeMap<String, u64>,
}

/// Major and minor version of the compiler.
fn compiler() -> Result<String, String> {
    let done = Command::new("rustc").arg("--version").output();
    let said = done.map_err(|e| format!("rustc: {e}"))?.stdout;
    let said = String::from_utf8_lossy(&said);
    let version = said.split(' ').nth(1).ok_or("rustc: no version")?;
    Ok(version.split('.').take(2).collect::<Vec<_>>().join("."))
}

/// The counts by name; `None` without valgrind.
fn measured(at: &Path) -> Result<Option<BTreeMap<&'static str, u64>>, String> {
    let depends: Vec<String> = (0..MODULES).map(|n| format!("needed_{n}")).collect();
    let module = Module { depends, ..Module::default() };
    let Forged { release, module: file, name, .. } = Host::default().forge(&module, at)?;
    let (host, file) = (at.display().to_string(), file.display().to_string());
    let on = ["--json", "--assume", "secure-boot=on", "--root", &host, "--kernel", &release];
    let runs: [(&str, Vec<&str>); 4] = [
        ("start", vec!["--version"]),
        ("metadata", vec!["inspect", "--brief", &file]),
        ("one-module", [&["check", &name][..], &on].concat()),
        ("whole-tree", [&["check", "--all"][..], &on].concat()),
    ];
    let mut found = BTreeMap::new();
    for (what, arguments) in runs {
        let Some(counted) = counted(program::path()?, &arguments)? else { return Ok(None) };
        found.insert(what, counted.other);
    }
    Ok(Some(found))
}
