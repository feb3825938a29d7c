//! Packages and updates as other tools write them, judged before they are installed: rpmbuild's
//! packages with each way of packing them, dpkg-deb's, a cabinet as fwupd takes it.

use crate::skipped::{ask, tool};
use libtest_mimic::{Failed, Trial};
use loadworthy_proving::forge::firmware;
use loadworthy_proving::forge::host::Host;
use loadworthy_proving::forge::image::Image;
use loadworthy_proving::forge::module::Module;
use loadworthy_proving::program;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("before it is installed: packages of rpmbuild", rpm),
        Trial::test("before it is installed: packages of dpkg-deb", deb),
        Trial::test("before it is installed: modules for another kernel that are linked", linked),
        Trial::test("before it is installed: a build for the running kernel, linked or not", kept),
        Trial::test("before it is installed: cabinets with an update of dbx", cabinet),
    ]
}

/// A machine that needs `demo` and has it not, and the module that a package brings for it.
struct Desk {
    folder: tempfile::TempDir,
    root: PathBuf,
    release: String,
    module: Vec<u8>,
}

impl Desk {
    fn new(module: &str) -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        let root = folder.path().join("root");
        let mut host = Host::default();
        let manifest = "[[require]]\nmodule = \"demo\"\n".to_owned();
        host.files.insert("etc/loadworthy/manifest.toml".to_owned(), manifest);
        let module: Module = toml::from_str(module)?;
        let forged = host.forge(&module, &root)?;
        let bytes = fs::read(&forged.module)?;
        fs::remove_file(&forged.module)?;
        let index = root.join(format!("lib/modules/{}/modules.dep", forged.release));
        let lines = fs::read_to_string(&index)?;
        let kept: Vec<&str> = lines.lines().filter(|line| !line.contains("demo")).collect();
        fs::write(&index, kept.join("\n") + "\n")?;
        Ok(Self { folder, root, release: forged.release, module: bytes })
    }

    /// The document about this machine, and the exit code.
    fn said(&self, more: &[&str]) -> Result<(Value, Option<i32>), Failed> {
        let root = self.root.to_string_lossy().into_owned();
        let done = program::run(
            &[&["check", "--json", "--root", &root], more].concat(),
            self.folder.path(),
        )?;
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        let document = serde_json::from_slice(&done.stdout).map_err(|e| format!("{e}: {told}"))?;
        Ok((document, done.status.code()))
    }

    /// That the verdict about `demo` is this one.
    fn expect(
        &self,
        what: &str,
        more: &[&str],
        outcome: &str,
        code: Option<&str>,
    ) -> Result<(), Failed> {
        let (document, _) = self.said(more)?;
        let of = document["verdicts"].as_array().into_iter().flatten();
        let demo = of.into_iter().find(|v| v["subject"]["name"] == "demo");
        let demo = demo.ok_or_else(|| format!("{what}: nothing about demo: {document:#}"))?;
        match demo["outcome"] == outcome && demo["code"].as_str() == code {
            true => Ok(()),
            false => Err(format!("{what}: {demo:#}").into()),
        }
    }

    /// A tree with the module at `path`, to be packed.
    fn tree(&self, path: &str) -> Result<PathBuf, Failed> {
        let tree = self.folder.path().join("tree");
        let file = tree.join(path);
        fs::create_dir_all(file.parent().ok_or("no folder")?)?;
        fs::write(file, &self.module)?;
        Ok(tree)
    }
}

fn done(command: &mut Command) -> Result<(), Failed> {
    let said = ask(command)?;
    match said.status.success() {
        true => Ok(()),
        false => {
            Err(String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned().into())
        }
    }
}

/// A package with the module at `path`, packed as `payload` says; `script` runs when it is installed.
fn rpmbuild(desk: &Desk, path: &str, payload: &str, script: &str) -> Result<PathBuf, Failed> {
    let tree = desk.tree(path)?;
    let folder = desk.folder.path();
    let post = if script.is_empty() { String::new() } else { format!("%post\n{script}\n") };
    let spec = format!(
        "Name: kmod-demo\nVersion: 1.0\nRelease: 1\nSummary: a driver\nLicense: GPL\nBuildArch: noarch\n\
         %define _binary_payload {payload}\n%define __os_install_post %{{nil}}\n%define debug_package %{{nil}}\n\
         %description\nA driver.\n%install\nmkdir -p %{{buildroot}}\ncp -a {}/. %{{buildroot}}\n{post}\
         %files\n/{path}\n",
        tree.display()
    );
    fs::write(folder.join("demo.spec"), spec)?;
    let out = folder.join("rpms");
    done(
        Command::new("rpmbuild")
            .args(["-bb", "--quiet"])
            .args(["--define", &format!("_topdir {}", folder.join("top").display())])
            .args(["--define", &format!("_rpmdir {}", out.display())])
            .arg(folder.join("demo.spec")),
    )?;
    Ok(out.join("noarch/kmod-demo-1.0-1.noarch.rpm"))
}

fn rpm() -> Result<(), Failed> {
    let Some(_) = tool("rpmbuild") else { return Ok(()) };
    for (signed_by, outcome, code) in
        [("distribution", "loads", None), ("stranger", "refused", Some("LW1004"))]
    {
        let desk = Desk::new(&format!("signed_by = {signed_by:?}"))?;
        desk.expect("nothing laid over it", &[], "refused", Some("LW1051"))?;
        let path = format!("lib/modules/{}/extra/demo.ko", desk.release);
        for payload in ["w9.gzdio", "w6.xzdio", "w3.zstdio", "w9.bzdio", "w.ufdio", "w9.lzdio"] {
            let package = rpmbuild(&desk, &path, payload, "")?;
            let package = package.to_string_lossy().into_owned();
            desk.expect(payload, &["--with", &package], outcome, code)?;
            desk.expect(payload, &[&package], outcome, code)?;
        }
        // A package that breaks off is no answer about the machine.
        let whole = fs::read(desk.folder.path().join("rpms/noarch/kmod-demo-1.0-1.noarch.rpm"))?;
        let cut = desk.folder.path().join("cut.rpm");
        fs::write(&cut, &whole[..whole.len() / 2])?;
        let root = desk.root.to_string_lossy().into_owned();
        let cut = cut.to_string_lossy().into_owned();
        let said = program::run(&["check", "--root", &root, "--with", &cut], desk.folder.path())?;
        if said.status.code() != Some(2) {
            return Err(format!("a package cut off: {:?}", said.status).into());
        }
    }
    Ok(())
}

fn deb() -> Result<(), Failed> {
    let Some(_) = tool("dpkg-deb") else { return Ok(()) };
    let desk = Desk::new("signed_by = \"distribution\"")?;
    let tree = desk.tree(&format!("lib/modules/{}/updates/demo.ko", desk.release))?;
    fs::create_dir_all(tree.join("DEBIAN"))?;
    let control = "Package: demo-modules\nVersion: 1.0\nArchitecture: all\nMaintainer: N <n@example.org>\n\
                   Description: a driver\n";
    fs::write(tree.join("DEBIAN/control"), control)?;
    for packing in ["none", "gzip", "xz", "zstd"] {
        let package = desk.folder.path().join(format!("demo-{packing}.deb"));
        let how = format!("-Z{packing}");
        let args = ["--root-owner-group", &how, "--build"];
        done(Command::new("dpkg-deb").args(args).arg(&tree).arg(&package))?;
        let package = package.to_string_lossy().into_owned();
        desk.expect(packing, &["--with", &package], "loads", None)?;
        desk.expect(packing, &[&package], "loads", None)?;
    }
    let tree = tree.to_string_lossy().into_owned();
    desk.expect("a tree", &["--with", &tree], "loads", None)?;
    let alone = desk.folder.path().join("alone");
    fs::create_dir(&alone)?;
    fs::write(alone.join("demo.ko"), &desk.module)?;
    let alone = alone.to_string_lossy().into_owned();
    desk.expect("a folder of modules", &["--with", &alone], "loads", None)
}

/// Where a package for an older kernel puts its module, and the program that links it.
const LINKERS: [(&str, &str, &str); 3] = [
    ("extra", "sbin/weak-modules", "/sbin/weak-modules --add-modules"),
    ("extra", SUSE, "/usr/lib/module-init-tools/weak-modules2 --add-kmp kmod-demo"),
    ("updates", SUSE, "/usr/lib/module-init-tools/weak-modules2 --add-kmp kmod-demo"),
];
const SUSE: &str = "usr/lib/module-init-tools/weak-modules2";

fn linked() -> Result<(), Failed> {
    let Some(_) = tool("rpmbuild") else { return Ok(()) };
    for (folder, program, script) in LINKERS {
        let desk = Desk::new("signed_by = \"distribution\"")?;
        let path = format!("lib/modules/1.2.3-older/{folder}/demo.ko");
        let package = rpmbuild(&desk, &path, "w3.zstdio", script)?;
        let package = package.to_string_lossy().into_owned();
        let with = ["--with", &package];
        desk.expect("without the program", &with, "refused", Some("LW1051"))?;
        put(&desk.root, program, b"")?;
        desk.expect(program, &with, "loads", None)?;
    }
    Ok(())
}

fn put(root: &Path, path: &str, bytes: &[u8]) -> Result<(), Failed> {
    let path = root.join(path);
    fs::create_dir_all(path.parent().ok_or("no folder")?)?;
    Ok(fs::write(path, bytes)?)
}

/// The running kernel has the driver in `extra`, and the next one has not.
fn kept() -> Result<(), Failed> {
    for (folder, program, told) in [
        ("extra", "sbin/weak-modules", true),
        ("updates", SUSE, true),
        ("updates", "sbin/weak-modules", false),
    ] {
        let desk = Desk::new("signed_by = \"distribution\"")?;
        let older = "1.2.3-older";
        put(&desk.root, &format!("lib/modules/{older}/{folder}/demo.ko"), &desk.module)?;
        let index = format!("{folder}/demo.ko:\n");
        put(&desk.root, &format!("lib/modules/{older}/modules.dep"), index.as_bytes())?;
        put(
            &desk.root,
            "proc/version",
            format!("Linux version {older} (a@b) #1 SMP\n").as_bytes(),
        )?;
        put(&desk.root, "proc/modules", b"demo 16384 0 - Live 0x0\n")?;
        put(&desk.root, program, b"")?;
        let next = ["--kernel", &desk.release];
        desk.expect(program, &next, "refused", Some("LW1101"))?;
        let (document, _) = desk.said(&next)?;
        let command = format!("/{program} --add-kernel {}", desk.release);
        let remedies = document["verdicts"].as_array().into_iter().flatten();
        let mut remedies = remedies.flat_map(|v| v["remedies"].as_array().into_iter().flatten());
        let found = remedies.any(|r| r["command"] == *command && r["judged"] == "loads");
        if found != told {
            return Err(format!("{program}, {folder}: {document:#}").into());
        }
    }
    Ok(())
}

/// As LVFS hands it out: the update, what it is, and a signature of the archive's makers that fwupd checks.
const METAINFO: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<component type="firmware">
  <id>org.linuxfoundation.dbx.x64.firmware</id>
  <name>Secure Boot dbx</name>
  <summary>UEFI Secure Boot Forbidden Signature Database</summary>
  <provides><firmware type="flashed">c6682ade-b5ec-57c4-b687-676351208742</firmware></provides>
  <releases><release version="371" date="2023-05-09" urgency="high">
    <checksum filename="DBXUpdate-20230509-x64.bin" target="content"/>
  </release></releases>
</component>
"#;

fn cabinet() -> Result<(), Failed> {
    let Some(_) = tool("gcab") else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let at = folder.path();
    let root = at.join("root");
    let image = Image::default();
    let host = Host { enrolled: vec!["owner".to_owned()], ..Host::default() };
    host.forge(&Module::default(), &root)?;
    let file = image.forge(&root, at)?.to_string_lossy().into_owned();
    let seen = program::run(&["inspect", "--json", &file], at)?;
    let seen: Value = serde_json::from_slice(&seen.stdout)?;
    let digest = seen["files"][0]["pe"]["image_digests"]["sha256"].as_str().ok_or("no digest")?;
    let digest = loadworthy_formats::text::unhex(digest).ok_or("no digest")?;
    fs::write(at.join("firmware.metainfo.xml"), METAINFO)?;
    let update = firmware::signed_update(&firmware::digests(&[digest]));
    fs::write(at.join("DBXUpdate-20230509-x64.bin"), &update)?;
    fs::write(at.join("DBXUpdate-20230509-x86_64.bin"), &update)?;
    fs::write(at.join("DBXUpdate-20230509-aa64.bin"), &update)?;
    let root = root.to_string_lossy().into_owned();
    let said = program::run(&["check", "--root", &root, &file], at)?;
    if said.status.code() != Some(0) {
        return Err(String::from_utf8_lossy(&said.stdout).into_owned().into());
    }
    for (how, content, code) in [
        ("-cz", "DBXUpdate-20230509-x64.bin", Some(1)),
        ("-c", "DBXUpdate-20230509-x64.bin", Some(1)),
        ("-c", "DBXUpdate-20230509-x86_64.bin", Some(1)),
        // One for another machine, and none: not an answer about this one.
        ("-c", "DBXUpdate-20230509-aa64.bin", Some(2)),
        ("-c", "", Some(2)),
    ] {
        let cabinet = at.join("dbx.cab");
        let files = ["firmware.metainfo.xml", content];
        let files = files.iter().filter(|file| !file.is_empty());
        done(Command::new("gcab").arg(how).arg(&cabinet).args(files).current_dir(at))?;
        let assumed = format!("dbx={}", cabinet.display());
        let said = program::run(&["check", "--root", &root, "--assume", &assumed, &file], at)?;
        if said.status.code() != code {
            let told = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
            return Err(format!("{how} {content}: {told}").into());
        }
        fs::remove_file(cabinet)?;
    }
    Ok(())
}
