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
use xtask::tree::root;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("key enroll: asked for, waiting, lost, trusted", enrolled),
        Trial::test("key new: nothing is written over, and what cannot be verified not made", new),
        Trial::test("key rotate: from one key to the other", rotated),
        Trial::test("key rotate: three machines, from the first step to the last", fleet),
        Trial::test("dkms: unsigned, signed again, its kernel gone", built),
        Trial::test("dkms: what akmods built is looked at and signed again", akmods),
        Trial::test("dkms: set up and undone, in the documents of their schemas", set_up),
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
    // Nothing is written unless its place was named.
    with(&[], 3)?;
    let variables = at.join("root/sys/firmware/efi/efivars");
    let requests = || {
        fs::read_dir(&variables).map(|all| {
            all.flatten().filter(|e| e.file_name().to_string_lossy().starts_with("MokNew")).count()
        })
    };
    if requests()? != 0 {
        return Err("a request was written that nobody asked for".into());
    }
    let asked = with(&["--firmware"], 0)?;
    same("done", &asked["done"]["what"], "request")?;
    // What the operator is told is what a real MokManager drew.
    let recorded = fs::read_to_string(root().join("proving/recorded/mokmanager.txt"))?;
    let recorded: Vec<Vec<&str>> =
        recorded.split("\n\n").map(|screen| screen.lines().collect()).collect();
    let screens = asked["done"]["screens"].as_array().into_iter().flatten();
    let screens: Vec<Vec<&str>> = screens
        .map(|screen| screen["shows"].as_array().into_iter().flatten())
        .map(|shows| shows.filter_map(Value::as_str).collect())
        .collect();
    if screens != recorded {
        return Err(format!("{screens:?}, and not {recorded:?}").into());
    }
    if asked["done"]["password"].as_str().map(str::len) != Some(10) {
        return Err(asked.to_string().into());
    }
    // As `mokutil --import` writes it: attributes, one list, the certificate; shim's GUID as owner.
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

/// Whom a machine trusts, and who signed its module.
type Stage<'a> = (&'a str, &'a str);

fn fleet() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let at = folder.path();
    for name in ["owner", "stranger"] {
        fs::write(at.join(format!("{name}.der")), key::certificate(name)?)?;
    }
    let (old, both) = ("enrolled = [\"owner\"]", "enrolled = [\"owner\", \"stranger\"]");
    let new = "enrolled = [\"stranger\"]";
    let kinds: [(&str, Stage<'_>); 4] = [
        ("begin", (old, "owner")),
        ("ready", (both, "owner")),
        ("signed", (both, "stranger")),
        ("end", (new, "stranger")),
    ];
    for (name, (toml, signer)) in kinds {
        forged(toml, signer, &at.join(name))?;
        told(&["collect", "-o", &format!("{name}.lwb"), "--root", name], 0, at)?;
    }
    let steps: [([&str; 3], &str, [&str; 3]); 7] = [
        (["begin", "begin", "begin"], "old", ["enroll", "enroll", "enroll"]),
        (["ready", "begin", "begin"], "old", ["wait", "enroll", "enroll"]),
        (["ready", "ready", "ready"], "new", ["sign", "sign", "sign"]),
        (["signed", "ready", "ready"], "new", ["retire", "sign", "sign"]),
        (["signed", "signed", "signed"], "new", ["retire", "retire", "retire"]),
        (["end", "signed", "signed"], "new", ["done", "retire", "retire"]),
        (["end", "end", "end"], "new", ["done", "done", "done"]),
    ];
    for (n, (machines, sign_with, next)) in steps.into_iter().enumerate() {
        let hosts = at.join(format!("hosts{n}"));
        fs::create_dir(&hosts)?;
        for (name, kind) in ["a", "b", "c"].into_iter().zip(machines) {
            fs::copy(at.join(format!("{kind}.lwb")), hosts.join(format!("{name}.lwb")))?;
        }
        let hosts = format!("hosts{n}");
        let ask = ["key", "rotate", "--from", "owner.der", "--to", "stranger.der", "--all"];
        let planned = told(&[&ask[..], &["--bundle", &hosts, "--json"]].concat(), 0, at)?;
        same(&format!("step {n}: sign with"), &planned["sign_with"], sign_with)?;
        for (at, wants) in next.into_iter().enumerate() {
            same(&format!("step {n}: machine {at}"), &planned["hosts"][at]["next"], wants)?;
        }
    }
    Ok(())
}

fn akmods() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let at = folder.path();
    let root = at.join("root");
    let release = forged("enrolled = [\"owner\"]", "none", &root)?;
    let tree = root.join("lib/modules").join(&release);
    let extra = tree.join("extra/demo");
    fs::create_dir_all(&extra)?;
    fs::rename(tree.join("kernel/drivers/demo/demo.ko"), extra.join("demo.ko"))?;
    let index = fs::read_to_string(tree.join("modules.dep"))?;
    let moved = index.replace("kernel/drivers/demo/demo.ko", "extra/demo/demo.ko");
    fs::write(tree.join("modules.dep"), moved)?;
    let status = |code| told(&["dkms", "status", "--root", "root", "--json"], code, at);
    // Without akmods this is somebody's module, and nobody here built it.
    let none = status(3)?;
    if none["built"].as_array().is_none_or(|rows| !rows.is_empty()) {
        return Err(none.to_string().into());
    }
    let certs = root.join("etc/pki/akmods/certs");
    fs::create_dir_all(&certs)?;
    fs::write(certs.join("public_key.der"), key::certificate("owner")?)?;
    let rows = status(1)?;
    same("by", &rows["built"][0]["by"], "akmods")?;
    same("unsigned", &rows["built"][0]["worth"], "unsigned")?;
    fs::write(at.join("owner.der"), key::certificate("owner")?)?;
    fs::write(at.join("owner.key"), include_bytes!("../../keys/owner.pk8"))?;
    fs::set_permissions(at.join("owner.key"), fs::Permissions::from_mode(0o600))?;
    let sign = ["dkms", "sign", "--root", "root", "--key", "owner.key", "--cert", "owner.der"];
    told(&[&sign[..], &["--log", "log"]].concat(), 0, at)?;
    same("signed", &status(0)?["built"][0]["worth"], "trusted")?;
    match fs::read_to_string(at.join("log"))?.lines().count() {
        1 => Ok(()),
        n => Err(format!("{n} lines in the log").into()),
    }
}

fn set_up() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let at = folder.path();
    let conf = at.join("root/etc/dkms");
    fs::create_dir_all(&conf)?;
    let key = ["--key", "k.pem", "--cert", "c.der"];
    let new = ["key", "new", "--name", "N", "--kind", "ecdsa-p256", "--for", "debian-13", "--json"];
    let made = told(&[&new[..], &key].concat(), 0, at)?;
    same("new", &made["schema"], "loadworthy/key-new/v1")?;
    same("for", &made["kernels"][0]["target"], "debian-13")?;
    same("verifies", &made["kernels"][0]["verifies"], "yes")?;
    same("where", &made["files"]["key"], "k.pem")?;
    let not = ["--for", "debian-12", "--key", "no.pem", "--cert", "no.der"];
    let refused = told(&[&new[..], &not].concat(), 1, at)?;
    if refused["made"] != false || at.join("no.pem").exists() {
        return Err(refused.to_string().into());
    }
    // As 2.8.4 and 3.2.2 explain themselves.
    for (text, form) in [
        ("# sign_tool=\"/etc/dkms/sign_helper.sh\"\n", "sign-tool"),
        ("# sign_file=\"/path/to/sign-file\"\n# mok_signing_key=/x\n", "sign-file"),
    ] {
        fs::write(conf.join("framework.conf"), text)?;
        let set = ["dkms", "setup", "--root", "root", "--json"];
        let set = told(&[&set[..], &key].concat(), 0, at)?;
        same("setup", &set["schema"], "loadworthy/dkms-setup/v1")?;
        same("form", &set["form"], form)?;
        let undone = told(&["dkms", "undo", "--root", "root", "--json"], 0, at)?;
        same("undo", &undone["schema"], "loadworthy/dkms-undo/v1")?;
        if undone["files"].as_array().map(Vec::len) != set["files"].as_array().map(Vec::len)
            || fs::read_to_string(conf.join("framework.conf"))? != text
        {
            return Err(undone.to_string().into());
        }
    }
    Ok(())
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
