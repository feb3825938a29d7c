//! `diagnose` end to end, where a page of a log and its findings does not reach: an earlier record of
//! the machine, files of the journal, what is taken out, and the forms for people.

use crate::journals;
use libtest_mimic::{Failed, Trial};
use loadworthy_proving::finding::found;
use loadworthy_proving::forge::host::Host;
use loadworthy_proving::forge::module::Module;
use loadworthy_proving::program;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("diagnose --before tells the key that is gone", before),
        Trial::test("diagnose reads a file of the journal", journal),
        Trial::test("diagnose --redact takes names out of every form", redacted),
        Trial::test("diagnose for people: what a log says stays text", forms),
    ]
}

const REFUSED: &str = "\
[   12.000001] Loading of module with unavailable key is rejected
modprobe: ERROR: could not insert 'demo': Key was rejected by service
";

fn host(toml: &str, at: &Path) -> Result<PathBuf, Failed> {
    let host: Host = toml::from_str(toml)?;
    let module = Module { signed_by: "owner".to_owned(), ..Module::default() };
    Ok(host.forge(&module, at)?.module)
}

/// The machine was well while its owner's key was enrolled; now it is not.
fn before() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    host("enrolled = [\"owner\"]", &folder.path().join("well"))?;
    let module = host("", &folder.path().join("now"))?;
    for name in ["well", "now"] {
        let bundle = format!("{name}.lwb");
        let done = program::run(&["collect", "-o", &bundle, "--root", name], folder.path())?;
        if !done.status.success() {
            return Err(String::from_utf8_lossy(&done.stderr).into());
        }
    }
    fs::write(folder.path().join("boot.log"), REFUSED)?;
    let module = module.to_string_lossy().into_owned();
    let asked = ["diagnose", "boot.log", &module, "--root", "now", "--json", "--before"];
    let of = |bundle: &str| program::said(&[&asked, [bundle].as_slice()].concat(), folder.path());
    let (answer, code) = of("well.lwb")?;
    let since = sentences(&answer);
    let right = code == Some(1)
        && found(&answer) == ["proven LW6002 key-not-enrolled demo"]
        && since.iter().any(|said| said.contains("key") && said.contains("demo"));
    let (same, _) = of("now.lwb")?;
    match right && sentences(&same).is_empty() {
        true => Ok(()),
        false => Err(format!("{code:?} {answer}\nand of itself: {:?}", sentences(&same)).into()),
    }
}

fn sentences(answer: &Value) -> Vec<String> {
    let all = answer["since"].as_array().cloned().unwrap_or_default();
    all.iter().filter_map(|said| said.as_str().map(str::to_owned)).collect()
}

/// What `systemd-journal-remote` writes, with and without compact entries.
fn journal() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let files = journals::written(entries().as_bytes(), folder.path())?;
    for file in files.into_iter().flatten() {
        let name = file.to_string_lossy().into_owned();
        let (answer, code) = program::said(&["diagnose", "--json", &name], folder.path())?;
        let finding = &answer["findings"][0];
        let right = code == Some(1)
            && found(&answer) == ["likely LW6001 module-unsigned lpfc"]
            && finding["consequences"][0]["quote"].to_string().contains("active paths: 0");
        if !right {
            return Err(format!("{name}: {answer}").into());
        }
    }
    Ok(())
}

/// A start of a machine: much that is well, a refusal, and what it takes away.
fn entries() -> String {
    let mut texts = vec![("kernel", "Linux version 6.12.0 (build@example)".to_owned())];
    texts.extend((0..300).map(|n| ("systemd", format!("Started session-{n}.scope."))));
    texts.push(("kernel", "Loading of unsigned module is rejected".to_owned()));
    texts.push((
        "modprobe",
        "modprobe: ERROR: could not insert 'lpfc': Key was rejected by service".to_owned(),
    ));
    texts.push(("multipathd", "mpatha: remaining active paths: 0".to_owned()));
    let mut all = String::new();
    for (n, (by, text)) in texts.iter().enumerate() {
        let time = 1_768_961_642_000_000_u64 + n as u64;
        all.push_str(&format!("__REALTIME_TIMESTAMP={time}\n__MONOTONIC_TIMESTAMP={n}\n"));
        all.push_str("_BOOT_ID=0123456789abcdef0123456789abcdef\n_HOSTNAME=san-7\n");
        all.push_str(&format!("SYSLOG_IDENTIFIER={by}\nMESSAGE={text}\n\n"));
    }
    all
}

const PRIVATE: &str = "\
Nov 20 08:14:01 db7.acme.example kernel: Linux version 6.12.0 (build@db7)
Nov 20 08:14:02 db7 kernel: Loading of unsigned module is rejected
Nov 20 08:14:03 db7 modprobe[311]: modprobe: ERROR: could not insert 'lpfc': Key was rejected by service
Nov 20 08:14:05 db7 multipathd[812]: 3600000000000000e0000000000a10001: remaining active paths: 0
Nov 20 08:14:06 db7 systemd[1]: Timed out waiting for device dev-disk-by\\x2duuid-0a1b2c3d-4e5f-6789-abcd-ef0123456789.device.
Nov 20 08:14:07 db7 systemd[1]: Dependency failed for /home/annette/data.
Nov 20 08:14:08 db7 kernel: sd 1:0:0:0: [sdb] rejecting I/O to offline device, annette@acme.example at 192.0.2.77 and 52:54:00:ab:cd:ef
";

const GONE: [&str; 7] = [
    "db7",
    "annette",
    "acme.example",
    "192.0.2.77",
    "52:54:00",
    "0a1b2c3d",
    "3600000000000000e0000000000a10001",
];

fn redacted() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("boot.log"), PRIVATE)?;
    for format in ["text", "json", "markdown", "html"] {
        let shown = shown(&["--redact", "--format", format], folder.path())?;
        if let Some(left) = GONE.iter().find(|name| shown.contains(**name)) {
            return Err(format!("{format}: {left} is left: {shown}").into());
        }
        for stand_in in ["[host-", "[user-", "[uuid-", "[volume-", "LW6001"] {
            // Brackets are marks of Markdown outside of blocks.
            if !shown.replace('\\', "").contains(stand_in) {
                return Err(format!("{format}: no {stand_in}: {shown}").into());
            }
        }
    }
    // Without the flag they stay.
    let plain = shown(&["--format", "json"], folder.path())?;
    match plain.contains("annette") && plain.contains("db7") {
        true => Ok(()),
        false => Err(plain.into()),
    }
}

fn shown(more: &[&str], at: &Path) -> Result<String, Failed> {
    let said = program::run(&[&["diagnose", "boot.log"], more].concat(), at)?;
    match said.status.code() {
        Some(1) => Ok(String::from_utf8_lossy(&said.stdout).into_owned()),
        _ => Err(String::from_utf8_lossy(&said.stderr).into()),
    }
}

/// A line with marks of HTML and Markdown in it is quoted, not obeyed.
fn forms() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let line = "modprobe: ERROR: could not insert 'lpfc': Key was rejected by service \
                <script>alert(1)</script> ``` [a](b) &amp;\n";
    let log = format!("Loading of unsigned module is rejected\n{line}");
    fs::write(folder.path().join("boot.log"), log)?;
    let html = shown(&["--format", "html"], folder.path())?;
    let markdown = shown(&["--format", "markdown"], folder.path())?;
    let ours = |text: &str| text.contains("LW6001") && text.contains("module-unsigned");
    let right = ours(&html)
        && html.contains("&lt;script&gt;alert(1)")
        && !html.contains("<script")
        && html.contains("&amp;amp;")
        && html.trim_end().ends_with("</html>");
    // The block around the quote has a fence that the quote does not close.
    let fence = markdown.lines().any(|l| l.len() > 3 && l.chars().all(|c| c == '`'));
    match right && ours(&markdown) && fence && markdown.contains("alert(1)") {
        true => Ok(()),
        false => Err(format!("{html}\n{markdown}").into()),
    }
}
