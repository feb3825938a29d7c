//! Files of Windows drivers, against what a folder of real ones expects.
//!
//! `LOADWORTHY_CORPUS` names the folder: `windows/expected.json` in it says of each file what
//! `inspect --json` must say. Without it the test is skipped.

use crate::skipped::told;
use libtest_mimic::{Failed, Trial};
use loadworthy_core::authenticode::Digests;
use loadworthy_core::codesigning::{catalog, image};
use loadworthy_core::crypt::digest::{DigestAlgorithm, DigestSet, Hasher, digest};
use loadworthy_core::tables::Tables;
use loadworthy_formats::authenticode::extent;
use loadworthy_formats::catalog::member::Kind;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::pe::header;
use loadworthy_report::inspect;
use serde_json::Value;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("windows: every INF of the folder is told as expected", infs),
        Trial::test("windows: every file of the folder is told as expected", files),
        Trial::test("windows: firmware lists and certificates are told as expected", firmware),
        Trial::test("windows: catalogs cover the files they should", coverage),
        Trial::test("windows: files fetched by name are told as expected", fetched),
    ]
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

/// Fields of the recorded answers that speak of the recording and not of the file.
const OURS: [&str; 13] = [
    "path",
    "validated_by",
    "package",
    "fixture",
    "set",
    "shows",
    "origin_path",
    "name_in_package",
    "registry",
    "version",
    "table_entries",
    "inf",
    "publisher_json",
];

/// Every value of `wanted` must be in `told`; what `told` has beside is its own affair.
fn compare(at: &str, wanted: &Value, told: &Value, differences: &mut Vec<String>) {
    match (wanted, told) {
        (Value::Object(wanted), Value::Object(told)) => {
            for (key, value) in wanted {
                let told = told.get(key).unwrap_or(&Value::Null);
                compare(&format!("{at}.{key}"), value, told, differences);
            }
        }
        (Value::Array(wanted), Value::Array(told)) if wanted.len() == told.len() => {
            for (n, (wanted, told)) in wanted.iter().zip(told).enumerate() {
                compare(&format!("{at}[{n}]"), wanted, told, differences);
            }
        }
        (wanted, told) if wanted == told => {}
        (wanted, told) => differences.push(format!("{at}: told {told}, expected {wanted}")),
    }
}

fn file(path: &Path, bytes: &[u8], wanted: &Value, differences: &mut Vec<String>) {
    let entry = inspect::describe(path, bytes, &Limits::DEFAULT);
    let Ok(told) = serde_json::to_value(&entry) else { return };
    let mut wanted = wanted.clone();
    if let Some(fields) = wanted.as_object_mut() {
        if let Some(entries) = fields.get("table_entries").cloned() {
            fields["pe"]["certificate_entries"] = entries;
        }
        fields.retain(|key, _| !OURS.contains(&key.as_str()));
    }
    compare(&path.display().to_string(), &wanted, &told, differences);
}

fn answer(differences: &[String]) -> Result<(), Failed> {
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n").into()) }
}

fn recorded(folder: &Path, name: &str) -> Result<Value, Failed> {
    Ok(serde_json::from_slice(&fs::read(folder.join(name))?)?)
}

fn files() -> Result<(), Failed> {
    let Some(folder) = folder() else { return Ok(()) };
    let mut differences = Vec::new();
    for wanted in
        recorded(&folder, "windows/expected.json")?["files"].as_array().into_iter().flatten()
    {
        let path = Path::new(wanted["path"].as_str().unwrap_or_default());
        file(path, &fs::read(folder.join(path))?, wanted, &mut differences);
    }
    answer(&differences)
}

fn firmware() -> Result<(), Failed> {
    let Some(folder) = folder() else { return Ok(()) };
    let mut differences = Vec::new();
    for wanted in recorded(&folder, "uefi/expected.json")?["files"].as_array().into_iter().flatten()
    {
        if wanted["kind"] == "json" {
            continue;
        }
        let path = Path::new(wanted["path"].as_str().unwrap_or_default());
        file(path, &fs::read(folder.join("uefi").join(path))?, wanted, &mut differences);
    }
    answer(&differences)
}

/// Digests of a file as it lies, and of the image it is.
fn digests(bytes: &[u8]) -> (Digests, Option<Digests>) {
    let mut by = DigestSet::of(DigestAlgorithm::Sha1);
    by.insert(DigestAlgorithm::Sha256);
    let mut flat = Hasher::new(by);
    flat.update(bytes);
    let image = header::read(bytes, &Limits::DEFAULT)
        .ok()
        .map(|read| image::digests(&extent::of(&read.value).value, bytes, by));
    (flat.finish().into_iter().collect(), image)
}

fn coverage() -> Result<(), Failed> {
    let Some(folder) = folder() else { return Ok(()) };
    let authorities = Tables::authorities().map_err(|e| e.to_string())?;
    let mut differences = Vec::new();
    let expected = recorded(&folder, "windows/expected.json")?;
    for package in expected["packages"].as_array().into_iter().flatten() {
        for wanted in package["files"].as_array().into_iter().flatten() {
            let path = folder.join(wanted["path"].as_str().unwrap_or_default());
            let (flat, image) = digests(&fs::read(&path)?);
            for (name, wanted) in wanted["coverage"].as_object().into_iter().flatten() {
                let bytes = fs::read(path.with_file_name(name))?;
                let catalog = catalog::read(&bytes, &authorities, &Limits::DEFAULT)
                    .map_err(|e| e.to_string())?;
                let covers = catalog.covers(image.as_ref(), &flat);
                let told = serde_json::json!({
                    "covered": covers.is_some(),
                    "by": covers.iter().flat_map(|c| &c.by).map(|by| by.name()).collect::<Vec<_>>(),
                    "as": covers.as_ref().map(|c| match c.kind {
                        Kind::Pe => "pe",
                        Kind::Flat => "flat",
                        Kind::Cab | Kind::Unknown => "other",
                    }),
                });
                let mut wanted = wanted.clone();
                if let Some(fields) = wanted.as_object_mut() {
                    fields.remove("why_not");
                }
                compare(&format!("{} by {name}", path.display()), &wanted, &told, &mut differences);
            }
        }
    }
    answer(&differences)
}

/// Files of packages that lie unpacked below `LOADWORTHY_FETCHED`, found by their SHA-256.
fn fetched() -> Result<(), Failed> {
    let Some(folder) = folder() else { return Ok(()) };
    let Some(unpacked) = env::var_os("LOADWORTHY_FETCHED").map(PathBuf::from) else {
        told("LOADWORTHY_FETCHED");
        return Ok(());
    };
    let expected = recorded(&folder, "windows/expected.json")?;
    let mut waiting = vec![unpacked];
    let mut differences = Vec::new();
    let mut seen = 0;
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path)?.flatten().map(|entry| entry.path()));
            continue;
        }
        let bytes = fs::read(&path)?;
        let sha256 = digest(DigestAlgorithm::Sha256, &bytes).to_string();
        let all = expected["by_name"].as_array().into_iter().flatten();
        for wanted in all.filter(|wanted| wanted["sha256"] == sha256.as_str()) {
            seen += 1;
            file(&path, &bytes, wanted, &mut differences);
        }
    }
    if seen == 0 {
        told("any of the files that are fetched by name");
    }
    answer(&differences)
}
