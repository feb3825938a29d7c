//! Keys on their way, and modules that a machine builds for itself.

use libtest_mimic::{Failed, Trial};
use loadworthy_proving::forge::host::Host;
use loadworthy_proving::forge::key;
use loadworthy_proving::forge::module::Module;
use loadworthy_proving::program;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("key enroll: asked for, waiting, lost, trusted", enrolled),
        Trial::test("key new: nothing is written over, and what cannot be verified not made", new),
        Trial::test("key rotate: from one key to the other", rotated),
        Trial::test("dkms: unsigned, signed again, its kernel gone", built),
    ]
}

fn forged(toml: &str, signed_by: &str, at: &Path) -> Result<String, Failed> {
    let host: Host = toml::from_str(toml)?;
    let module = Module { signed_by: signed_by.to_owned(), ..Module::default() };
    Ok(host.forge(&module, at)?.release)
}

/// Runs the program, which must end with `code`; its document, where it wrote one.
fn told(arguments: &[&str], code: i32, at: &Path) -> Result<Value, Failed> {
    let done = program::run(arguments, at)?;
    if done.status.code() != Some(code) {
        let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
        return Err(format!("{}: {:?}: {said}", arguments.join(" "), done.status.code()).into());
    }
    Ok(serde_json::from_slice(&done.stdout).unwrap_or(Value::Null))
}

fn same(what: &str, is: &Value, wants: &str) -> Result<(), Failed> {
    match is == wants {
        true => Ok(()),
        false => Err(format!("{what}: {is}, and not {wants}").into()),
    }
}

fn enrolled() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let at = folder.path();
    // shim leaves its vendor's list behind; here another key stands for it.
    forged("enrolled = [\"stranger\"]", "owner", &at.join("root"))?;
    fs::write(at.join("owner.der"), key::certificate("owner")?)?;
    let boot = at.join("root/proc/sys/kernel/random/boot_id");
    fs::create_dir_all(boot.parent().unwrap_or(at))?;
    fs::write(&boot, "one\n")?;
    let ask = ["key", "enroll", "owner.der", "--root", "root", "--json"];
    let with = |more: &[&'static str], code| told(&[&ask[..], more].concat(), code, at);
    same("before", &with(&["--status"], 3)?["state"], "not-requested")?;
    let asked = with(&["--firmware"], 0)?;
    same("done", &asked["done"]["what"], "request")?;
    let screens = asked["done"]["screens"].as_array().map_or(0, Vec::len);
    if screens != 6 || asked["done"]["password"].as_str().map(str::len) != Some(10) {
        return Err(asked.to_string().into());
    }
    // As `mokutil --import` writes it: attributes, one list, the certificate; shim's GUID as owner.
    let variables = at.join("root/sys/firmware/efi/efivars");
    let variable =
        |name: &str| variables.join(format!("{name}-605dab50-e046-4300-abb6-3dd810dd8b23"));
    let written = fs::read(variable("MokNew"))?;
    let owner = key::certificate("owner")?;
    let length = u32::try_from(44 + owner.len())?.to_le_bytes();
    let right = written.starts_with(&[7, 0, 0, 0])
        && written[20..24] == length
        && written[32..36] == [0x50, 0xab, 0x5d, 0x60]
        && written.ends_with(&owner)
        && fs::read(variable("MokAuth"))?.len() == 4 + 172;
    if !right {
        return Err("MokNew or MokAuth is not as mokutil writes it".into());
    }
    same("waiting", &with(&["--status"], 3)?["state"], "requested")?;
    // MokManager takes the request away, whatever is answered.
    fs::remove_file(variable("MokNew"))?;
    same("taken back", &with(&["--status"], 3)?["state"], "withdrawn")?;
    fs::write(&boot, "two\n")?;
    same("lost", &with(&["--status"], 1)?["state"], "lost")?;
    forged("enrolled = [\"owner\"]", "owner", &at.join("trusting"))?;
    let ask = ["key", "enroll", "owner.der", "--root", "trusting", "--json", "--status"];
    same("trusted", &told(&ask, 0, at)?["state"], "trusted")
}

fn new() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let at = folder.path();
    forged("kernel = \"6.1\"", "owner", &at.join("old"))?;
    let make = ["key", "new", "--name", "A key", "--key", "k.pem", "--cert", "c.der"];
    let with = |more: &[&'static str], code| told(&[&make[..], more].concat(), code, at);
    with(&["--kind", "ecdsa-p256", "--for", "old"], 1)?;
    if at.join("k.pem").exists() {
        return Err("a key was made that a target cannot verify".into());
    }
    with(&["--kind", "rsa-2048", "--for", "old"], 0)?;
    if fs::metadata(at.join("k.pem"))?.permissions().mode() & 0o777 != 0o600 {
        return Err("others may read the key".into());
    }
    let before = fs::read(at.join("k.pem"))?;
    with(&["--kind", "rsa-2048"], 2)?;
    match fs::read(at.join("k.pem"))? == before {
        true => Ok(()),
        false => Err("a key was written over".into()),
    }
}

fn rotated() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let at = folder.path();
    for name in ["owner", "stranger"] {
        fs::write(at.join(format!("{name}.der")), key::certificate(name)?)?;
    }
    let both = "enrolled = [\"owner\", \"stranger\"]";
    for (name, toml) in [("a", both), ("b", "enrolled = [\"owner\"]")] {
        forged(toml, "owner", &at.join(name))?;
        let bundle = format!("{name}.lwb");
        told(&["collect", "-o", &bundle, "--root", name], 0, at)?;
    }
    let plan = ["key", "rotate", "--from", "owner.der", "--to", "stranger.der", "--all", "--json"];
    let bundles = ["--bundle", "a.lwb", "--bundle", "b.lwb"];
    let planned = told(&[&plan[..], &bundles[..]].concat(), 0, at)?;
    same("sign with", &planned["sign_with"], "old")?;
    same("a", &planned["hosts"][0]["next"], "wait")?;
    same("b", &planned["hosts"][1]["next"], "enroll")?;
    let alone = told(&[&plan[..], &["--root", "a"]].concat(), 0, at)?;
    same("alone", &alone["hosts"][0]["next"], "sign")?;
    same("its module", &alone["hosts"][0]["modules"][0]["module"], "demo")
}

fn built() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let at = folder.path();
    let root = at.join("root");
    let release = forged("enrolled = [\"owner\"]", "none", &root)?;
    let installed = root.join(format!("lib/modules/{release}/kernel/drivers/demo/demo.ko"));
    let kept = root.join(format!("var/lib/dkms/demo/1.0/{release}/x86_64/module"));
    fs::create_dir_all(&kept)?;
    fs::copy(&installed, kept.join("demo.ko"))?;
    fs::write(at.join("owner.der"), key::certificate("owner")?)?;
    fs::write(at.join("owner.key"), include_bytes!("../../keys/owner.pk8"))?;
    fs::set_permissions(at.join("owner.key"), fs::Permissions::from_mode(0o600))?;
    let status = |code| told(&["dkms", "status", "--root", "root", "--json"], code, at);
    let first = status(1)?;
    same("before", &first["built"][0]["worth"], "unsigned")?;
    same("its verdict", &first["built"][0]["outcome"], "refused")?;
    let sign = ["dkms", "sign", "--root", "root", "--key", "owner.key", "--cert", "owner.der"];
    told(&sign, 0, at)?;
    same("after", &status(0)?["built"][0]["worth"], "trusted")?;
    if fs::read(&installed)? != fs::read(kept.join("demo.ko"))? {
        return Err("the copy that DKMS keeps was left behind".into());
    }
    // The kernel is upgraded: the old one goes, and nothing was built for the new one.
    fs::rename(root.join("lib/modules").join(&release), root.join("lib/modules/6.12.200-new"))?;
    for file in ["vmlinuz", "config"] {
        let boot = root.join("boot");
        fs::rename(
            boot.join(format!("{file}-{release}")),
            boot.join(format!("{file}-6.12.200-new")),
        )?;
    }
    let rows = status(1)?;
    let worths: Vec<&str> = rows["built"]
        .as_array()
        .map(|all| all.iter().filter_map(|row| row["worth"].as_str()).collect())
        .unwrap_or_default();
    match worths == ["not-built", "kernel-gone"] {
        true => Ok(()),
        false => Err(format!("{worths:?}").into()),
    }
}
