//! `docs/windows-signing.md`, walked from its first command to its last.

use crate::skipped::{ask, tool};
use libtest_mimic::{Failed, Trial};
use loadworthy_proving::program;
use std::fs;
use std::process::Command;
use xtask::tree::root;

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("walk: docs/windows-signing.md", windows_signing)]
}

/// The blocks of a page: what stands behind the three ticks, and the lines inside.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(_), Some(block)) => blocks.push(block),
            (Some(kind), None) => open = Some((kind.to_owned(), String::new())),
            (None, Some((kind, text))) => open = Some((kind, text + line + "\n")),
            (None, None) => {}
        }
    }
    blocks
}

fn windows_signing() -> Result<(), Failed> {
    for needed in ["sh", "openssl", "osslsigncode", "x86_64-w64-mingw32-gcc"] {
        if tool(needed).is_none() {
            return Ok(());
        }
    }
    let folder = tempfile::tempdir()?;
    let page = fs::read_to_string(root().join("docs/windows-signing.md"))?;
    // One shell for all of it, since a command may run on behind the others.
    let mut script =
        String::from("umask 077\nfails() { echo \"line $1 ended with $2, not $3\"; exit 1; }\n");
    let mut walked = 0;
    for (kind, text) in blocks(&page) {
        if let Some((_, name)) = kind.split_once(' ') {
            fs::write(folder.path().join(name), text)?;
        } else if kind == "sh" {
            for line in text.lines() {
                let (command, code) = match line.rsplit_once(" # ") {
                    Some((command, code)) => (command.trim_end(), code),
                    None => (line, "0"),
                };
                walked += 1;
                let number = page.lines().position(|l| l == line).unwrap_or(0) + 1;
                script +=
                    &format!("{command}\nis=$?; [ $is = {code} ] || fails {number} $is {code}\n");
            }
        }
    }
    let mut path = vec![program::path()?.parent().ok_or("no folder")?.to_owned()];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).current_dir(folder.path());
    shell.env("PATH", std::env::join_paths(path)?).env_remove("KBUILD_SIGN_PIN");
    let done = ask(&mut shell)?;
    let text = [&done.stdout[..], &done.stderr].concat();
    match done.status.success() && walked > 30 {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&text).into_owned().into()),
    }
}
