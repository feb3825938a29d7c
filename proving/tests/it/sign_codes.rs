//! The codes of signing's own failures: the example of each page is executed.

use crate::signing::{expect, module};
use libtest_mimic::{Failed, Trial};
use loadworthy_core::codebook::ALL;
use loadworthy_proving::forge::{driver, key};
use loadworthy_proving::markdown::blocks;
use loadworthy_proving::program;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

pub(crate) fn trials() -> Vec<Trial> {
    let pages = ALL.iter().filter(|code| code.field("kind") == "signing");
    pages.map(|code| Trial::test(format!("codes: {}", code.id), || tells(code.text()))).collect()
}

/// A block `sign`: lines of the program without `loadworthy`, `write FILE TEXT`, `share FILE`, and at the end
/// `tells CODE`. The last command tells it, as text and as JSON, and leaves every file as it was.
fn tells(page: &str) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let at = folder.path();
    let put = |name: &str, bytes: &[u8]| -> Result<(), Failed> {
        fs::write(at.join(name), bytes)?;
        Ok(fs::set_permissions(at.join(name), fs::Permissions::from_mode(0o600))?)
    };
    put("demo.ko", &module()?)?;
    put("demo.sys", &driver::unsigned())?;
    put("note.txt", b"a note\n")?;
    put("owner.key", include_bytes!("../../keys/owner.pk8"))?;
    put("stranger.key", include_bytes!("../../keys/stranger.pk8"))?;
    put("owner.der", &key::certificate("owner")?)?;
    let all = blocks(page);
    let block = all.iter().find(|block| block.info == "sign").ok_or("no block `sign`")?;
    let before = bytes_of(at)?;
    let mut last = Vec::new();
    for line in block.text.lines() {
        match line.split_once(' ') {
            Some(("write", rest)) => {
                let (name, text) = rest.split_once(' ').ok_or("write FILE TEXT")?;
                put(name, format!("{text}\n").as_bytes())?;
            }
            Some(("share", name)) => {
                fs::set_permissions(at.join(name), fs::Permissions::from_mode(0o644))?;
            }
            Some(("tells", code)) => {
                for form in ["text", "json"] {
                    let mut command = Command::new(program::path()?);
                    command.args(&last).args(["--log", "sign.log", "--format", form]);
                    command.current_dir(at).env_remove("KBUILD_SIGN_PIN").stdin(Stdio::null());
                    let done = command.output()?;
                    let text = [&done.stdout[..], &done.stderr].concat();
                    let text = String::from_utf8_lossy(&text).into_owned();
                    let wanted = [format!("({code})"), format!("\"code\":\"{code}\"")];
                    let told = wanted.iter().any(|wanted| text.contains(wanted));
                    expect(&text, told && done.status.code() == Some(2))?;
                }
                return expect("something has changed", bytes_of(at)? == before);
            }
            _ => {
                last = line.split(' ').map(str::to_owned).collect();
                if last.first().is_some_and(|word| word == "key") {
                    let done = program::run(&line.split(' ').collect::<Vec<_>>(), at)?;
                    expect(&String::from_utf8_lossy(&done.stderr), done.status.success())?;
                }
            }
        }
    }
    Err("nothing is told".into())
}

/// What a failure must leave as it was.
fn bytes_of(folder: &Path) -> Result<Vec<Vec<u8>>, Failed> {
    let names = ["demo.ko", "demo.sys", "note.txt", "owner.key", "owner.der"];
    Ok(names.iter().map(|name| fs::read(folder.join(name))).collect::<Result<_, _>>()?)
}
