//! Whether the longest lists are read to their ends: what decides stands last in them.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{CERTIFICATES, DBX, ENTRIES, Folder, MOK, SHA256, X509, certificates, list};
use crate::kernels::output;
use crate::sign_bench::sign_file;
use serde_json::Value;

/// Judges a module whose digest is the last of dbx, and one whose key is the last of the machine owner's;
/// whether both are judged as that demands.
///
/// # Errors
/// When the module cannot be signed, or the program does not run.
pub(super) fn reached(
    program: &Path,
    at: &Folder<'_>,
    say: &mut dyn FnMut(&str),
) -> Result<bool, String> {
    let Some(sign_file) = sign_file() else {
        say("skipped: sign-file not found");
        return Ok(true);
    };
    let told = |e: std::io::Error| e.to_string();
    let root = at.firmware("ends", &[])?;
    let judged = |file: &Path| -> Result<(String, String), String> {
        let release = at.kernel.release.as_str();
        let mut run = Command::new(program);
        run.args(["check", "--json", "--kernel", release, "--root"]).arg(&root).arg(file);
        let done = run.output().map_err(told)?;
        let document: Value = serde_json::from_slice(&done.stdout).map_err(|e| e.to_string())?;
        let said = |key: &str| document["verdicts"][0][key].as_str().unwrap_or_default().to_owned();
        Ok((said("outcome"), said("code")))
    };
    let digests = |n: usize| (0..n).map(|n| [[0x5a; 24].as_slice(), &n.to_be_bytes()].concat());
    at.variable("ends", DBX, &list(&SHA256, &digests(2).collect::<Vec<_>>()))?;
    at.variable("ends", MOK, &[])?;
    // One that needs no other module.
    let mut smallest: Vec<_> = at.kernel.modules.iter().collect();
    smallest.sort_by_key(|path| fs::metadata(path).map_or(u64::MAX, |m| m.len()));
    let mut alone = None;
    for path in smallest.into_iter().take(100) {
        if judged(path)?.0 == "loads" {
            alone = Some(path);
            break;
        }
    }
    let alone = alone.ok_or("no module loads alone")?;

    let sum = output(Command::new("sha256sum").arg(alone))?;
    let digit = |n: usize| u8::from_str_radix(sum.get(n..n + 2).unwrap_or_default(), 16).ok();
    let last: Option<Vec<u8>> = (0..64).step_by(2).map(digit).collect();
    let many = digests(ENTRIES - 1).chain(last).collect::<Vec<_>>();
    at.variable("ends", DBX, &list(&SHA256, &many))?;
    let denied = judged(alone)?;
    at.variable("ends", DBX, &list(&SHA256, &many[..ENTRIES - 1]))?;
    let not_denied = judged(alone)?;

    let own = at.home.join("own.ko");
    fs::copy(alone, &own).map_err(told)?;
    let (key, certificate) = (at.home.join("own.key"), at.home.join("own.der"));
    let made =
        ["req", "-x509", "-nodes", "-newkey", "rsa:2048", "-subj", "/CN=own", "-outform", "DER"];
    let mut openssl = Command::new("openssl");
    output(openssl.args(made).arg("-keyout").arg(&key).arg("-out").arg(&certificate))?;
    output(Command::new(sign_file).arg("sha256").args([&key, &certificate, &own]))?;
    let many = list(&X509, &certificates(&at.certificate()?, CERTIFICATES - 1));
    at.variable("ends", MOK, &many)?;
    let not_trusted = judged(&own)?;
    // Of another length, so in a list of its own.
    let last = list(&X509, &[fs::read(&certificate).map_err(told)?]);
    at.variable("ends", MOK, &[many, last].concat())?;
    let trusted = judged(&own)?;

    let good = denied.0 == "refused"
        && not_denied.0 == "loads"
        && not_trusted.0 == "refused"
        && trusted.0 == "loads";
    say(&format!(
        "the last of {ENTRIES} entries of dbx: {} {}, without it {}; the last of {CERTIFICATES} certificates: {}, without it {} {} {}",
        denied.0,
        denied.1,
        not_denied.0,
        trusted.0,
        not_trusted.0,
        not_trusted.1,
        if good { "(read to the end)" } else { "WRONG" }
    ));
    Ok(good)
}
