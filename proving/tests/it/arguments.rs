//! What `check` makes of arguments that are no module: folders, and what is of Windows.

use libtest_mimic::{Failed, Trial};
use loadworthy_proving::forge::driver;
use loadworthy_proving::forge::host::Host;
use loadworthy_proving::forge::module::Module;
use loadworthy_proving::program;
use std::fs;
use std::path::Path;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("arguments: of a folder each module is judged for itself", modules),
        Trial::test("arguments: what is of Windows asks for a platform", of_windows),
    ]
}

fn modules() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let at = folder.path();
    let forged = Host::default().forge(&Module::default(), &at.join("root"))?;
    fs::create_dir_all(at.join("built/further"))?;
    fs::copy(&forged.module, at.join("built/further/demo.ko"))?;
    fs::write(at.join("built/broken.ko"), b"no module")?;
    fs::write(at.join("built/notes.txt"), b"neither")?;
    let (told, code) = program::said(&["check", "--json", "--root", "root", "built"], at)?;
    let verdicts = told["verdicts"].as_array().cloned().unwrap_or_default();
    let of = |v: &serde_json::Value| {
        let path = v["subject"]["path"].as_str().unwrap_or_default().to_owned();
        (path, v["outcome"].as_str().unwrap_or_default().to_owned())
    };
    let wanted = [("built/broken.ko", "refused"), ("built/further/demo.ko", "loads")];
    let right = verdicts.iter().map(of).eq(wanted.map(|(p, o)| (p.to_owned(), o.to_owned())));
    if right && code == Some(1) { Ok(()) } else { Err(format!("{code:?} {told:#}").into()) }
}

fn of_windows() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let at = folder.path();
    Host::default().forge(&Module::default(), &at.join("root"))?;
    fs::create_dir_all(at.join("package"))?;
    fs::create_dir_all(at.join("empty"))?;
    fs::write(at.join("package/demo.inf"), b"[Version]\r\n")?;
    fs::write(at.join("package/DEMO.SYS"), driver::unsigned())?;
    told("package", "package: is of Windows", at)?;
    told("package/demo.inf", "package/demo.inf: is of Windows", at)?;
    told("package/DEMO.SYS", "package/DEMO.SYS: is of Windows", at)?;
    told("empty", "empty: a folder without a module", at)
}

/// One line of what is wrong, and no verdict.
fn told(argument: &str, wanted: &str, at: &Path) -> Result<(), Failed> {
    let done = program::run(&["check", "--root", "root", argument], at)?;
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    let one = said.lines().count() == 1 && said.contains(wanted);
    match done.status.code() == Some(2) && done.stdout.is_empty() && one {
        true => Ok(()),
        false => Err(format!("{argument}: {:?} {said}", done.status.code()).into()),
    }
}
