//! DKMS itself, of every version that Debian's suites have: a driver is built against real headers, a kernel
//! is upgraded, and what comes out is signed without anybody doing anything.
//!
//! Other versions than the tree's own: `LOADWORTHY_FETCH=all`. In the tree of the stories
//! (`LOADWORTHY_FETCH=1`, or `LOADWORTHY_STORIES`), which stays as it is: the steps of
//! `proving/stories/dkms.sh` are done in a layer above it.

use crate::sign_files::opened;
use crate::skipped::{heavy, told, tool};
use crate::stories::{Debian, installed};
use libtest_mimic::{Failed, Trial};
use loadworthy_proving::program;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;
use xtask::tree::root;

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("dkms: signed after each build and upgrade, by every version", versions)]
}

fn versions() -> Result<(), Failed> {
    let Some(debian) = installed()? else { return Ok(()) };
    let Some(unshare) = tool("unshare") else { return Ok(()) };
    if Command::new("id").arg("-u").output()?.stdout.trim_ascii() != b"0" {
        told("root, for a layer above the tree");
        return Ok(());
    }
    if !walk(&debian, &unshare, None, "sign-file")? {
        return Ok(());
    }
    if !heavy() {
        told("other versions of DKMS (LOADWORTHY_FETCH=all)");
        return Ok(());
    }
    for (name, form) in [("bullseye", "sign-tool"), ("trixie", "sign-file"), ("sid", "sign-file")] {
        let Some(suite) = opened(name) else { continue };
        // DKMS alone: the libraries of the suite stay out of the tree.
        let alone = suite.unpacked("dkms")?;
        walk(&debian, &unshare, Some(&alone), form).map_err(|failed| {
            format!("DKMS of {name}: {}", failed.message().unwrap_or_default())
        })?;
    }
    Ok(())
}

/// The whole way with one version; whether a layer could be laid above the tree.
fn walk(debian: &Debian, unshare: &Path, dkms: Option<&Path>, form: &str) -> Result<bool, Failed> {
    let beside = root().join("target/stories");
    fs::create_dir_all(&beside)?;
    let folder = tempfile::tempdir_in(beside)?;
    let work = folder.path();
    let mut command = Command::new(unshare);
    command.args(["--mount", "sh"]).arg(root().join("proving/stories/dkms.sh"));
    command.arg(&debian.root).arg(work).arg(program::path()?).args([&debian.old, &debian.new]);
    let done = command.args(dkms).output()?;
    let text = fs::read_to_string(work.join("said")).unwrap_or_default();
    let wrong = |what: &str| -> Failed {
        let said = String::from_utf8_lossy(&done.stderr);
        format!("{what}\n{text}\n{said}").into()
    };
    match done.status.code() {
        Some(0) => {}
        Some(99) => {
            told("overlayfs above the tree (LOADWORTHY_FETCH=1)");
            return Ok(false);
        }
        code => return Err(wrong(&format!("ended with {code:?}"))),
    }
    let read = |name: &str| -> Result<Value, Failed> {
        Ok(serde_json::from_slice(&fs::read(work.join(name))?)?)
    };
    let expect = |what: &str, is: bool| is.then_some(()).ok_or_else(|| wrong(what));
    expect("the form of its configuration", read("setup.json")?["form"] == form)?;
    let worth = |name: &str, kernel: &str| -> Result<String, Failed> {
        let found = read(name)?;
        let rows = found["built"].as_array().cloned().unwrap_or_default();
        let mut of_it = rows.iter().filter(|row| row["kernel"] == kernel);
        let row = of_it.next().cloned().unwrap_or_default();
        let (worth, outcome) = (&row["worth"], &row["outcome"]);
        Ok(format!("{} {}", worth.as_str().unwrap_or("-"), outcome.as_str().unwrap_or("-")))
    };
    // 2.8 stops where signing fails; 3 goes on, installs what is not signed and ends with 0.
    let stops = form == "sign-tool";
    for (name, kernel, is) in [
        ("first.json", &debian.old, "trusted loads-tainted"),
        ("first.json", &debian.new, "not-built -"),
        ("upgraded.json", &debian.old, "trusted loads-tainted"),
        ("upgraded.json", &debian.new, "trusted loads-tainted"),
        ("failed.json", &debian.old, "trusted loads-tainted"),
        ("failed.json", &debian.new, if stops { "not-built -" } else { "unsigned refused" }),
        ("again.json", &debian.old, "trusted loads-tainted"),
        ("again.json", &debian.new, if stops { "not-built -" } else { "trusted loads-tainted" }),
        // What was recorded says the same; one version stands for all.
        ("bundle.json", &debian.old, "trusted loads-tainted"),
        ("bundle.json", &debian.new, "trusted loads-tainted"),
    ] {
        if name == "bundle.json" && dkms.is_some() {
            continue;
        }
        let found = worth(name, kernel)?;
        expect(&format!("{name}, {kernel}: {found}, and not {is}"), found == is)?;
    }
    let codes = fs::read_to_string(work.join("code"))?;
    expect(&format!("codes {codes}"), codes.ends_with("\n0\n"))?;
    expect(&format!("codes {codes}"), codes.starts_with("0\n") != stops)?;
    for (name, least) in [("sign.log", 2), ("again.log", 2)] {
        if stops && name == "again.log" {
            continue;
        }
        let log = fs::read_to_string(work.join(name))?;
        expect(&format!("each act is in {name}"), log.lines().count() >= least)?;
        let last: Value = serde_json::from_str(log.lines().last().unwrap_or_default())?;
        expect("and who did it", last["who"].as_str().is_some_and(|who| !who.is_empty()))?;
    }
    let (before, after) = (fs::read(work.join("before"))?, fs::read(work.join("after"))?);
    expect("the configuration is as it was", before == after)?;
    expect("undone", read("undo.json")?["files"].as_array().is_some_and(|files| files.len() == 2))?;
    Ok(true)
}
