//! Files of Windows drivers, against what a folder of real ones expects.
//!
//! `LOADWORTHY_CORPUS` names the folder: `windows/expected.json` in it says of each file what
//! `inspect --json` must say. Without it the test is skipped.

use crate::skipped::told;
use libtest_mimic::{Failed, Trial};
use loadworthy_formats::limits::Limits;
use loadworthy_report::inspect;
use serde_json::Value;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("windows: every INF of the folder is told as expected", infs)]
}

fn folder() -> Option<PathBuf> {
    let folder = env::var_os("LOADWORTHY_CORPUS").map(PathBuf::from);
    if folder.is_none() {
        told("LOADWORTHY_CORPUS");
    }
    folder
}

fn infs() -> Result<(), Failed> {
    let Some(folder) = folder() else { return Ok(()) };
    let expected: Value = serde_json::from_slice(&fs::read(folder.join("windows/expected.json"))?)?;
    let mut differences = Vec::new();
    for wanted in expected["files"].as_array().into_iter().flatten() {
        if wanted["kind"] != "inf" {
            continue;
        }
        let path = Path::new(wanted["path"].as_str().unwrap_or_default());
        let bytes = fs::read(folder.join(path))?;
        let entry = inspect::describe(path, &bytes, &Limits::DEFAULT);
        let told = serde_json::to_value(&entry)?;
        for key in ["kind", "sha256", "size", "inf"] {
            if told[key] != wanted[key] {
                differences.push(format!(
                    "{}: {key} is {}, expected {}",
                    path.display(),
                    told[key],
                    wanted[key]
                ));
            }
        }
    }
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n").into()) }
}
