//! The Windows program says the same under Wine as the one of this machine.
//!
//! `LOADWORTHY_WINDOWS_PROGRAM` names it; `cargo x wine` builds it and runs these tests.

use crate::skipped::told;
use libtest_mimic::{Failed, Trial};
use loadworthy_proving::forge::driver::{self, Shape};
use loadworthy_proving::forge::key::Key;
use loadworthy_proving::program;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use xtask::tree::root;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("wine: every seed is looked into alike", seeds),
        Trial::test("wine: words and codes are explained alike", words),
        Trial::test("wine: packages are judged alike, however they are named", packages),
        Trial::test("wine: real packages are judged alike", real),
        Trial::test("wine: a machine in a folder is judged alike", machine),
        Trial::test("wine: what goes wrong ends alike", troubles),
    ]
}

/// The Windows program and what starts it.
struct Windows {
    wine: OsString,
    program: OsString,
}

impl Windows {
    fn there() -> Option<Self> {
        let Some(program) = env::var_os("LOADWORTHY_WINDOWS_PROGRAM") else {
            told("LOADWORTHY_WINDOWS_PROGRAM");
            return None;
        };
        Some(Self { wine: env::var_os("LOADWORTHY_WINE").unwrap_or("wine64".into()), program })
    }

    fn run(&self, arguments: &[&str], directory: &Path) -> Result<Output, Failed> {
        let mut wine = Command::new(&self.wine);
        wine.arg(&self.program).args(arguments).current_dir(directory);
        Ok(wine.env("NO_COLOR", "1").env("COLUMNS", "100").output()?)
    }

    /// Both programs, the same words; they must say the same and end alike.
    fn alike(&self, arguments: &[&str], directory: &Path) -> Result<String, Failed> {
        let ours = program::run(arguments, directory)?;
        let theirs = self.run(arguments, directory)?;
        same(arguments, &ours, &theirs)?;
        Ok(String::from_utf8_lossy(&ours.stdout).into_owned())
    }
}

fn same(arguments: &[&str], ours: &Output, theirs: &Output) -> Result<(), Failed> {
    let (one, other) =
        (String::from_utf8_lossy(&ours.stdout), String::from_utf8_lossy(&theirs.stdout));
    if one == other && ours.status.code() == theirs.status.code() {
        return Ok(());
    }
    let shown: String = arguments.join(" ").chars().take(200).collect();
    let differs = one.lines().zip(other.lines()).find(|(a, b)| a != b);
    let said = String::from_utf8_lossy(&theirs.stderr);
    let codes = (ours.status.code(), theirs.status.code());
    Err(format!("{shown}: {codes:?}, first {differs:?}; it complains: {said}").into())
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>, Failed> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        match path.is_dir() {
            true => {
                for entry in fs::read_dir(&path)? {
                    waiting.push(entry?.path());
                }
            }
            false => found.push(path),
        }
    }
    found.sort();
    Ok(found)
}

/// `inspect` over all files below a folder, some at a time: a command line of Windows has an end.
fn inspected(windows: &Windows, folder: &Path) -> Result<usize, Failed> {
    let files = files_below(folder)?;
    let within =
        |path: &PathBuf| path.strip_prefix(folder).ok().and_then(Path::to_str).map(str::to_owned);
    let names: Vec<String> = files.iter().filter_map(within).collect();
    for some in names.chunks(150) {
        for form in [&["inspect", "--json"] as &[&str], &["inspect"]] {
            let arguments: Vec<&str> =
                form.iter().copied().chain(some.iter().map(String::as_str)).collect();
            windows.alike(&arguments, folder)?;
        }
    }
    Ok(names.len())
}

fn seeds() -> Result<(), Failed> {
    let Some(windows) = Windows::there() else { return Ok(()) };
    match inspected(&windows, &root().join("proving/corpus"))? {
        0 => Err("no seeds".into()),
        _ => Ok(()),
    }
}

fn words() -> Result<(), Failed> {
    let Some(windows) = Windows::there() else { return Ok(()) };
    for words in [
        "0x800B0109",
        "0xC0000428",
        "577",
        "code52",
        "event 3033",
        "State=0x23c00",
        "rank 00FF0001",
        "1.3.6.1.4.1.311.10.3.5",
        "LW2006",
        "EKEYREJECTED",
    ] {
        let mut arguments = vec!["explain"];
        arguments.extend(words.split(' '));
        windows.alike(&arguments, &root())?;
        arguments.push("--json");
        windows.alike(&arguments, &root())?;
    }
    windows.alike(&["check", "--on", "list"], &root())?;
    windows.alike(&["schema", "check"], &root()).map(drop)
}

/// A package with a signed driver in a folder of its own.
fn package(folder: &Path) -> Result<(), Failed> {
    let key = Key::named("owner")?;
    let plain = driver::unsigned();
    let message = driver::over_image(&plain, &key, &Shape::default())?;
    let inf = b"[Version]\r\nSignature=\"$Windows NT$\"\r\nClass=Sample\r\n\
        ClassGuid={78A1C341-4539-11d3-B88D-00C04FAD5171}\r\nProvider=%P%\r\nCatalogFile=demo.cat\r\n\
        DriverVer=01/02/2020,1.0.0.0\r\n[Manufacturer]\r\n%P%=M,NTamd64\r\n[M.NTamd64]\r\n\
        \"D\"=I,Root\\Demo\r\n[I]\r\nCopyFiles=F\r\n[F]\r\ndemo.sys\r\n[I.Services]\r\n\
        AddService=demo,2,S\r\n[S]\r\nServiceType=1\r\nStartType=3\r\nErrorControl=1\r\n\
        ServiceBinary=%12%\\demo.sys\r\n[SourceDisksNames]\r\n1=\"d\"\r\n[SourceDisksFiles]\r\n\
        demo.sys=1\r\n[DestinationDirs]\r\nF=12\r\n[Strings]\r\nP=\"Demo\"\r\n";
    fs::write(folder.join("demo.sys"), driver::attach(&plain, &[message]))?;
    fs::write(folder.join("demo.inf"), inf)?;
    fs::write(folder.join("demo.cat"), driver::catalog(&driver::list(&plain, inf), &key, false)?)?;
    Ok(())
}

fn packages() -> Result<(), Failed> {
    let Some(windows) = Windows::there() else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let inside = folder.path().join("sub folder");
    fs::create_dir(&inside)?;
    package(&inside)?;
    let at = ["--at", "2026-11-21T00:00:00Z"];
    for form in [&["--json"] as &[&str], &[], &["--proof", "full"]] {
        for subject in ["sub folder", "sub folder/demo.inf", "sub folder/demo.sys"] {
            let on = ["check", subject, "--on", "windows-11-24h2", "--on", "windows-7,sha2=no"];
            let arguments = [&on as &[&str], &at, form].concat();
            windows.alike(&arguments, folder.path())?;
        }
    }
    for form in ["text", "html", "json"] {
        let arguments = ["check", "sub folder/demo.inf", "--matrix", "--format", form];
        windows.alike(&[&arguments as &[&str], &at].concat(), folder.path())?;
    }
    // A file is the same however its path is spelled, and is shown as it was named.
    let drive = format!("Z:{}", inside.display()).replace('/', "\\");
    for (subject, shown) in [
        ("sub folder\\demo.inf".to_owned(), "sub folder\\demo.sys".to_owned()),
        (format!("{drive}\\DEMO.INF"), format!("{drive}\\demo.sys")),
        (format!("{drive}\\"), format!("{drive}\\demo.sys")),
    ] {
        let arguments = ["check", &subject, "--on", "windows-11-24h2", "--json", at[0], at[1]];
        let theirs = windows.run(&arguments, folder.path())?;
        let ours = ["check", "sub folder/demo.inf", "--on", "windows-11-24h2", "--json"];
        let ours = program::run(&[&ours as &[&str], &at].concat(), folder.path())?;
        let code = theirs.status.code();
        let said = String::from_utf8_lossy(&theirs.stdout).into_owned();
        let told: serde_json::Value = serde_json::from_str(&said).unwrap_or_default();
        let verdicts = told["verdicts"].as_array().cloned().unwrap_or_default();
        let path = verdicts.last().map(|v| v["subject"]["path"].clone()).unwrap_or_default();
        if code != ours.status.code() || verdicts.len() != 2 || path != shown {
            let complaint = String::from_utf8_lossy(&theirs.stderr).into_owned();
            return Err(format!("{subject}: {code:?}, {path}; {complaint}").into());
        }
    }
    Ok(())
}

fn real() -> Result<(), Failed> {
    let Some(windows) = Windows::there() else { return Ok(()) };
    let Some(folder) = env::var_os("LOADWORTHY_CORPUS").map(PathBuf::from) else {
        told("LOADWORTHY_CORPUS");
        return Ok(());
    };
    inspected(&windows, &folder.join("windows"))?;
    let packages = folder.join("windows/packages");
    let at = ["--at", "2026-11-21T00:00:00Z"];
    for form in ["json", "text"] {
        let arguments = ["check", ".", "--matrix", "--format", form];
        windows.alike(&[&arguments as &[&str], &at].concat(), &packages)?;
    }
    Ok(())
}

/// What a machine's folder holds is read without the calls that only Linux has. There are no links in
/// it: Wine follows them before the program sees them.
fn machine() -> Result<(), Failed> {
    let Some(windows) = Windows::there() else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let put = |path: &str, bytes: &str| -> Result<(), Failed> {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        Ok(fs::write(path, bytes)?)
    };
    put("proc/cmdline", "BOOT_IMAGE=/boot/vmlinuz-6.1.0-13-amd64 ro\n")?;
    put("proc/version", "Linux version 6.1.0-13-amd64 (x) #1 SMP Debian 6.1.55-1\n")?;
    put("sys/kernel/security/lockdown", "none [integrity] confidentiality\n")?;
    put("lib/modules/6.1.0-13-amd64/modules.dep", "kernel/a.ko:\n")?;
    put("lib/modules/6.1.0-13-amd64/kernel/a.ko", "no module")?;
    put("boot/config-6.1.0-13-amd64", "CONFIG_MODULE_SIG=y\n")?;
    let above = folder.path().parent().unwrap_or(folder.path());
    let name = folder.path().file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let at = ["--at", "2026-11-21T00:00:00Z", "--json"];
    for command in [&["check", "a"] as &[&str], &["policy"], &["check", "--all"]] {
        let arguments = [command, &["--root", name, "--kernel", "6.1.0-13-amd64"]].concat();
        let at = if command[0] == "policy" { &[] } else { &at[..] };
        windows.alike(&[&arguments, at].concat(), above)?;
    }
    Ok(())
}

fn troubles() -> Result<(), Failed> {
    let Some(windows) = Windows::there() else { return Ok(()) };
    windows.alike(&["check", "no-such.inf", "--on", "windows-7"], &root())?;
    windows.alike(&["check", "README.md", "--on", "windows-77"], &root())?;
    windows.alike(&["inspect", "no-such-file"], &root())?;
    windows.alike(&["inspect", "proving"], &root())?;
    windows.alike(&["nonsense"], &root())?;
    // The machine under this program is no Linux; that is our trouble and no verdict.
    let theirs = windows.run(&["policy"], &root())?;
    let said = String::from_utf8_lossy(&theirs.stderr).into_owned();
    match theirs.status.code() == Some(2) && said.contains("only a running Linux") {
        true => Ok(()),
        false => Err(format!("policy: {:?}: {said}", theirs.status.code()).into()),
    }
}
