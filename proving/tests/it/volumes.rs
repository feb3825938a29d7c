//! A mounted volume of Windows, roots that no signature carries, and files of keys that are opened.

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
        Trial::test("volumes: the store of a mounted Windows vouches for its drivers", store),
        Trial::test("volumes: a root of the machine that the catalog does not carry", root),
        Trial::test("volumes: a PKCS#12 file is opened with its passphrase", keys),
    ]
}

fn same(found: &Value, expected: &str) -> Result<(), Failed> {
    if found == expected { Ok(()) } else { Err(format!("{found}, not {expected:?}").into()) }
}

fn store() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let drivers = folder.path().join("disk/Windows/System32/drivers");
    let catalogs =
        folder.path().join("disk/Windows/System32/catroot/{F750E6C3-38EE-11D1-85E5-00C04FC295EE}");
    fs::create_dir_all(&drivers)?;
    fs::create_dir_all(&catalogs)?;
    let listed = driver::unsigned();
    let mut other = listed.clone();
    if let Some(last) = other.last_mut() {
        *last ^= 1;
    }
    let key = Key::named("owner")?;
    fs::write(
        catalogs.join("oem1.cat"),
        driver::catalog(&driver::list(&listed, b""), &key, false)?,
    )?;
    fs::write(drivers.join("Listed.sys"), &listed)?;
    fs::write(drivers.join("other.sys"), &other)?;
    let on = ["check", "--json", "--on", "windows-10-22h2,secure-boot=off,test-signing=on"];
    let outcome = |more: &[&str]| -> Result<Value, Failed> {
        let mut answer = program::document(&[&on[..], more].concat(), folder.path())?;
        Ok(answer["verdicts"][0]["outcome"].take())
    };
    same(&outcome(&["disk/Windows/System32/drivers/Listed.sys"])?, "unknown")?;
    same(&outcome(&["--root", "disk", r"C:\Windows\system32\drivers\listed.sys"])?, "loads")?;
    same(&outcome(&["--root", "disk", "disk/Windows/System32/drivers/Listed.sys"])?, "loads")?;
    same(&outcome(&["--root", "disk", r"\SystemRoot\System32\drivers\other.sys"])?, "refused")?;
    // Without a subject: every driver of the volume.
    let all = program::document(&[&on[..], &["--root", "disk"]].concat(), folder.path())?;
    let summary = &all["summary"];
    match (summary["loads"].as_u64(), summary["refused"].as_u64()) {
        (Some(1), Some(1)) => Ok(()),
        _ => Err(format!("{summary}").into()),
    }
}

/// Runs a tool that has to succeed.
fn run(tool: &Path, arguments: &[&str], at: &Path) -> Result<(), Failed> {
    let done = ask(Command::new(tool).args(arguments).current_dir(at))?;
    let told = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    if done.status.success() { Ok(()) } else { Err(told.into()) }
}

const INF: &str = "[Version]\r
Signature = \"$Windows NT$\"\r
Class = Ports\r
CatalogFile = demo.cat\r
DriverVer = 06/01/2020,1.0.0.0\r
[Manufacturer]\r
Maker = Models, NTamd64\r
[Models.NTamd64]\r
Device = Demo, USB\\VID_0001&PID_0002\r
[Demo]\r
";

fn root() -> Result<(), Failed> {
    let (Some(openssl), Some(osslsigncode)) = (tool("openssl"), tool("osslsigncode")) else {
        return Ok(());
    };
    let folder = tempfile::tempdir()?;
    let at = folder.path();
    let own = |arguments: &[&str]| run(&openssl, arguments, at);
    let new = ["-newkey", "rsa:2048", "-nodes", "-sha256"];
    let top = ["req", "-x509", "-subj", "/CN=Own Root", "-keyout", "root.key", "-out", "root.pem"];
    let usage = ["-addext", "keyUsage=critical,keyCertSign", "-days", "9000"];
    own(&[&top[..], &new, &usage].concat())?;
    let leaf = ["req", "-x509", "-subj", "/CN=Own Publisher", "-keyout", "leaf.key"];
    let below = ["-out", "leaf.pem", "-CA", "root.pem", "-CAkey", "root.key", "-days", "9000"];
    let code = ["-addext", "extendedKeyUsage=codeSigning", "-addext", "basicConstraints=CA:false"];
    own(&[&leaf[..], &new, &below, &code].concat())?;
    fs::create_dir(at.join("package"))?;
    fs::write(at.join("package/demo.inf"), INF)?;
    let made = program::run(&["catalog", "create", "package", "--os", "10_X64"], at)?;
    if !made.status.success() {
        return Err(String::from_utf8_lossy(&made.stderr).into_owned().into());
    }
    fs::rename(at.join("package/demo.cat"), at.join("plain.cat"))?;
    let sign =
        ["sign", "-h", "sha256", "-key", "leaf.key", "-certs", "leaf.pem", "-in", "plain.cat"];
    run(&osslsigncode, &[&sign[..], &["-out", "package/demo.cat"]].concat(), at)?;
    let outcome = |more: &[&str]| -> Result<Value, Failed> {
        let on = ["check", "--json", "--on", "windows-11-24h2"];
        let mut answer = program::document(&[&on[..], more, &["package/demo.inf"]].concat(), at)?;
        Ok(answer["verdicts"][0]["outcome"].take())
    };
    let publisher = ["--assume", "trusted-publisher=leaf.pem"];
    same(&outcome(&publisher)?, "unknown")?;
    same(&outcome(&[&publisher[..], &["--assume", "trusted-root=root.pem"]].concat())?, "loads")?;
    // Another root of the same name did not issue it.
    own(&[&top[..], &new, &usage].concat())?;
    same(&outcome(&[&publisher[..], &["--assume", "trusted-root=root.pem"]].concat())?, "unknown")
}

fn keys() -> Result<(), Failed> {
    let Some(openssl) = tool("openssl") else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let at = folder.path();
    let make = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Locked"];
    run(&openssl, &[&make[..], &["-keyout", "key.pem", "-out", "cert.pem"]].concat(), at)?;
    let lock = ["pkcs12", "-export", "-inkey", "key.pem", "-in", "cert.pem", "-out", "key.pfx"];
    run(&openssl, &[&lock[..], &["-passout", "pass:open me"]].concat(), at)?;
    fs::write(at.join("right"), "open me\n")?;
    fs::write(at.join("wrong"), "open you\n")?;
    let look = |more: &[&str]| -> Result<Value, Failed> {
        let mut told =
            program::document(&[&["inspect", "--json", "key.pfx"][..], more].concat(), at)?;
        Ok(told["files"][0]["pkcs12"].take())
    };
    let shut = look(&[])?;
    let open = look(&["--passphrase-file", "right"])?;
    let wrong = look(&["--password-file", "wrong"])?;
    let count = |block: &Value| block["certificates"].as_array().map(Vec::len);
    let found = [&shut, &open, &wrong].map(|block| (block["opened"].as_bool(), count(block)));
    if found != [(None, Some(0)), (Some(true), Some(1)), (Some(false), Some(0))] {
        return Err(format!("{found:?}").into());
    }
    same(&open["certificates"][0]["subject"], "Locked")?;
    match open["private_keys"].as_u64() {
        Some(1) => Ok(()),
        other => Err(format!("{other:?} keys").into()),
    }
}
