//! Packages on their way to the hardware portal and back.

use crate::skipped::{ask, tool};
use libtest_mimic::{Failed, Trial};
use loadworthy_proving::forge::driver;
use loadworthy_proving::forge::key::Key;
use loadworthy_proving::program;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test(
            "packages: the same folder gives the same cabinet, which others unpack",
            cabinet,
        ),
        Trial::test("packages: what is not ready for the portal is told and not written", stopped),
        Trial::test("packages: what the portal changed is told file by file", compared),
    ]
}

const INF: &str = "[Version]\r
Signature = \"$Windows NT$\"\r
Class = System\r
ClassGuid = {4d36e97d-e325-11ce-bfc1-08002be10318}\r
Provider = %Maker%\r
CatalogFile = demo.cat\r
DriverVer = 01/02/2026,1.0.0.0\r
PnpLockdown = 1\r
[Manufacturer]\r
%Maker% = Models, NTamd64\r
[Models.NTamd64]\r
%Maker% = Install, ROOT\\Demo\r
[Install.NT]\r
CopyFiles = @demo.sys\r
[Install.NT.Services]\r
AddService = demo, 2, Service\r
[Service]\r
ServiceType = 1\r
StartType = 3\r
ErrorControl = 1\r
ServiceBinary = %12%\\demo.sys\r
[DestinationDirs]\r
DefaultDestDir = 12\r
[SourceDisksNames]\r
1 = %Maker%\r
[SourceDisksFiles]\r
demo.sys = 1\r
[Strings]\r
Maker = \"Demo\"\r
";

fn package(at: &Path, inf: &str) -> Result<(), Failed> {
    fs::create_dir_all(at)?;
    fs::write(at.join("demo.inf"), inf)?;
    fs::write(at.join("demo.sys"), driver::unsigned())?;
    Ok(fs::write(at.join("demo.pdb"), "symbols")?)
}

/// What the program prints as a document, and its exit code.
fn said(arguments: &[&str], at: &Path) -> Result<(Value, Option<i32>), Failed> {
    let done = program::run(arguments, at)?;
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    let document = serde_json::from_slice(&done.stdout).map_err(|e| format!("{e}: {told}"))?;
    Ok((document, done.status.code()))
}

fn expect(what: &str, holds: bool, document: &Value) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(format!("{what}: {document:#}").into()) }
}

fn cabinet() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let at = folder.path();
    package(&at.join("one"), INF)?;
    let prepare = ["package", "prepare", "one", "-o", "one.cab", "--json"];
    let (document, code) = said(&prepare, at)?;
    expect("it is ready", code == Some(0) && document["ready"] == true, &document)?;
    let files = document["folders"][0]["files"].as_array().cloned().unwrap_or_default();
    let names: Vec<_> = files.iter().filter_map(|f| f["path"].as_str()).collect();
    let wanted = ["one\\demo.inf", "one\\demo.pdb", "one\\demo.sys"];
    expect("no file lies at the root", names == wanted, &document)?;
    let first = fs::read(at.join("one.cab"))?;
    said(&prepare, at)?;
    expect("the same bytes again", fs::read(at.join("one.cab"))? == first, &document)?;
    let Some(cabextract) = tool("cabextract") else { return Ok(()) };
    let done = ask(Command::new(cabextract).args(["-q", "-d", "out", "one.cab"]).current_dir(at))?;
    let unpacked = fs::read(at.join("out/one/demo.sys"))?;
    expect("it unpacks", done.status.success() && unpacked == driver::unsigned(), &document)
}

fn stopped() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let at = folder.path();
    let prepare = ["package", "prepare", "all", "-o", "all.cab", "--json"];
    let codes = |document: &Value| -> Vec<String> {
        let all = document["findings"].as_array().cloned().unwrap_or_default();
        let errors = all.iter().filter(|f| f["level"] == "error");
        errors.filter_map(|f| Some(f["code"].as_str()?.to_owned())).collect()
    };
    let cases = [
        (INF.replace("demo.sys = 1", "demo.sys = 1, gone"), "LW2037"),
        (INF.replace("NTamd64", "NTarm64"), "LW2016"),
        (INF.replace("CatalogFile = demo.cat\r\n", ""), "LW2032"),
        (INF.replace("= Install, ROOT", "= Instal, ROOT"), "LW2070"),
    ];
    for (inf, code) in cases {
        package(&at.join("all"), &inf)?;
        let (document, exit) = said(&prepare, at)?;
        let told = codes(&document).iter().any(|c| c == code);
        expect(code, told && exit == Some(1) && document["path"].is_null(), &document)?;
        expect("nothing is written", !at.join("all.cab").exists(), &document)?;
    }
    fs::remove_dir_all(at.join("all"))?;
    package(&at.join("all/one"), INF)?;
    package(&at.join("all/other"), &INF.replace("NTamd64", "NTarm64"))?;
    let (document, _) = said(&prepare, at)?;
    expect("folders for other processors", codes(&document).contains(&"LW2072".into()), &document)
}

fn compared() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let at = folder.path();
    package(&at.join("sent"), INF)?;
    said(&["package", "prepare", "sent", "-o", "sent.cab", "--json"], at)?;
    let back = at.join("back/drivers/x");
    package(&back, INF)?;
    fs::remove_file(back.join("demo.pdb"))?;
    let plain = driver::unsigned();
    let message = driver::over_image(&plain, &Key::named("owner")?, &driver::Shape::default())?;
    fs::write(back.join("demo.sys"), driver::attach(&plain, &[message]))?;
    let compare = ["package", "compare", "--submitted", "sent.cab", "--returned", "back", "--json"];
    let became = |document: &Value, name: &str| -> String {
        let all = document["files"].as_array().cloned().unwrap_or_default();
        let of = |f: &&Value| f["sent"].as_str().is_some_and(|p| p.ends_with(name));
        all.iter().find(of).and_then(|f| f["became"].as_str()).unwrap_or_default().to_owned()
    };
    let (document, code) = said(&compare, at)?;
    expect("it is what was sent", code == Some(0) && document["as_sent"] == true, &document)?;
    for (name, word) in [("demo.inf", "same"), ("demo.pdb", "kept"), ("demo.sys", "signed")] {
        expect(name, became(&document, name) == word, &document)?;
    }
    let judged = [compare.as_slice(), &["--on", "windows-11-24h2"]].concat();
    let (document, code) = said(&judged, at)?;
    let refused = document["verdicts"][0]["outcome"] == "refused";
    expect("nobody's signature is refused", code == Some(1) && refused, &document)?;
    fs::write(back.join("demo.inf"), INF.replace('\r', ""))?;
    let (document, code) = said(&compare, at)?;
    let ends = document["files"][0]["change"] == "line ends";
    expect("line ends", code == Some(1) && ends && document["as_sent"] == false, &document)
}
