//! Catalogs that are made: byte for byte as their makers write them, and as other tools read them.

use crate::skipped::{ask, told, tool};
use libtest_mimic::{Failed, Trial};
use loadworthy_assess::catalogs::{self, Order};
use loadworthy_core::codesigning::catalogued::{Covered, Created};
use loadworthy_core::package::signability::Today;
use loadworthy_formats::authenticode::signature;
use loadworthy_formats::authenticode::write::Link;
use loadworthy_formats::catalog::{list, write};
use loadworthy_formats::limits::Limits;
use loadworthy_proving::forge::driver;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("catalogs: what others made is written byte for byte", real),
        Trial::test("catalogs C10, C11: an INF says what its catalog names", made),
        Trial::test("catalogs: sources of other processors", processors),
        Trial::test("catalogs: sections count, whichever version their models are for", versions),
        Trial::test("catalogs: an INF alone, and all of its folder", alone),
        Trial::test("catalogs: osslsigncode signs what was made and finds the driver in it", peer),
        Trial::test("catalogs C12, C13: what is not signable is told by Inf2Cat's numbers", faults),
        Trial::test("catalogs: a package is held against its catalog", held),
    ]
}

/// Every catalog below `LOADWORTHY_CORPUS`, read and written again.
fn real() -> Result<(), Failed> {
    let Some(folder) = env::var_os("LOADWORTHY_CORPUS").map(PathBuf::from) else {
        told("LOADWORTHY_CORPUS");
        return Ok(());
    };
    let mut folders = vec![folder];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)?.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "cat") {
                let bytes = fs::read(&path)?;
                let signed =
                    signature::read(&bytes, &Limits::DEFAULT).map_err(|e| e.to_string())?;
                let content = signed.content_whole.ok_or("no content")?;
                let read = list::read(content, &Limits::DEFAULT).map_err(|e| e.to_string())?;
                if write::list(&read.value).as_deref() != Some(content) {
                    return Err(format!("{}: written otherwise", path.display()).into());
                }
                count += 1;
            }
        }
    }
    if count == 0 { Err("no catalog there".into()) } else { Ok(()) }
}

const INF: &str = "[Version]\r
Signature = \"$Windows NT$\"\r
Class = Ports\r
CatalogFile.NTx86 = old.cat\r
CatalogFile = Demo.cat\r
DriverVer = 06/01/2020,1.0.0.0\r
[Manufacturer]\r
Maker = Models, NTx86.5.1, NTamd64\r
[Models.NTx86.5.1]\r
Device = Demo, USB\\VID_0001&PID_0002, USB\\Class_ff\r
[Models.NTamd64]\r
Device = Demo, usb\\vid_0001&pid_0002\r
Other = Demo, USB\\VID_0001&PID_0003\r
[SourceDisksNames]\r
1 = disk\r
[SourceDisksFiles]\r
demo.sys = 1\r
note.txt = 1\r
[DestinationDirs]\r
DefaultDestDir = 12\r
[Demo.NTamd64]\r
CopyFiles = @demo.sys, Renamed\r
[Demo.NTx86]\r
CopyFiles = @demo.sys\r
[Renamed]\r
ReadMe.txt, note.txt\r
";

fn package(inf: &str) -> Result<tempfile::TempDir, Failed> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("Demo.inf"), inf)?;
    fs::write(folder.path().join("demo.sys"), driver::unsigned())?;
    fs::write(folder.path().join("note.txt"), "abc")?;
    fs::write(folder.path().join("left-out.txt"), "not copied")?;
    Ok(folder)
}

fn order(subject: &Path, systems: &[&str]) -> Order {
    Order {
        subject: subject.to_owned(),
        systems: systems.iter().map(|s| (*s).to_owned()).collect(),
        version: None,
        identifier: None,
        time: 1_767_225_600,
        today: Today { latest: (2026, 1, 1), here: None, told: "2026-01-01".to_owned() },
        page_hashes: false,
        link: Link::Empty,
        attributes: Vec::new(),
    }
}

fn create(order: &Order) -> Result<Created, Failed> {
    catalogs::create(order).map_err(|e| e.to_string().into())
}

fn same<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> Result<(), Failed> {
    match [found, expected] {
        [found, expected] if found == expected => Ok(()),
        [found, expected] => Err(format!("{found:#?}, not {expected:#?}").into()),
    }
}

/// The rules: names where files go to, in lower case; systems by section; SHA-1 of `abc` (FIPS 180).
fn made() -> Result<(), Failed> {
    let folder = package(INF)?;
    let wanted = order(folder.path(), &["XP_X64", "7_x64", "10_X64", "7_X86"]);
    let created = create(&wanted)?;
    same(created.faults.len(), 0)?;
    let names: Vec<_> = created.catalogs.iter().map(|c| c.planned.name.as_str()).collect();
    same(names, vec!["Demo.cat", "old.cat"])?;
    let bytes = &created.catalogs[0].bytes;
    let signed = signature::read(bytes, &Limits::DEFAULT).map_err(|e| e.to_string())?;
    let read = list::read(signed.content_whole.unwrap_or_default(), &Limits::DEFAULT);
    let read = read.map_err(|e| e.to_string())?;
    same(read.deviations.len(), 0)?;
    let list = read.value;
    same(list.version(), Some(1))?;
    same(list.systems(), vec!["XPX64", "7X64", "_v100_X64"])?;
    let ids = vec![r"usb\vid_0001&pid_0002", r"usb\class_ff", r"usb\vid_0001&pid_0003"];
    same(list.hardware_ids(), ids)?;
    same(list.members.is_sorted_by_key(|m| m.tag), true)?;
    let mut files: Vec<_> = list
        .members
        .iter()
        .map(|m| (m.attribute("File").unwrap_or("-"), m.attribute("OSAttr").unwrap_or("-")))
        .collect();
    files.sort_unstable();
    let systems = "2:5.1,2:5.2,2:6.1,2:10.0";
    same(files, vec![("demo.inf", systems), ("demo.sys", systems), ("readme.txt", systems)])?;
    let abc = list.members.iter().find(|m| m.attribute("File") == Some("readme.txt"));
    let tag = abc.and_then(|m| m.tag_text());
    same(tag.as_deref(), Some("A9993E364706816ABA3E25717850C26C9CD0D89D"))?;
    // The same again is the same again, and Windows 10 alone takes SHA-256.
    same(create(&wanted)? == created, true)?;
    let modern = create(&order(folder.path(), &["10_X64"]))?;
    same(modern.catalogs[0].how.version, 2)
}

/// A section for any processor takes every processor's copy; one for a single processor its own alone.
fn processors() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let write = |name: &str, text: &str| -> Result<(), Failed> {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(folder.path()))?;
        Ok(fs::write(path, text)?)
    };
    for (name, text) in
        [("x86/own.dll", "1"), ("x64/own.dll", "2"), ("x86/any.dll", "3"), ("x64/any.dll", "4")]
    {
        write(name, text)?;
    }
    let inf = "[Version]\nSignature=\"$Windows NT$\"\nCatalogFile=d.cat\nDriverVer=06/01/2020\n\
        [Manufacturer]\nM=Models,NTx86,NTamd64\n[Models.NTx86]\nD=I,a\n[Models.NTamd64]\nD=I,a\n\
        [SourceDisksNames]\n1=d\n[SourceDisksFiles.x86]\nown.dll=1,x86\nany.dll=1,x86\n\
        [SourceDisksFiles.amd64]\nown.dll=1,x64\nany.dll=1,x64\n[DestinationDirs]\n\
        DefaultDestDir=11\n[I.NTx86]\nCopyFiles=@own.dll\n[I.NTamd64]\nCopyFiles=@own.dll\n\
        [I.NT.CoInstallers]\nCopyFiles=@any.dll\n";
    write("d.inf", inf)?;
    let created = create(&order(folder.path(), &["7_X64"]))?;
    let entries = created.catalogs[0].planned.entries.iter();
    let mut names: Vec<_> = entries.map(|e| e.name.as_str()).collect();
    names.sort_unstable();
    same(names, vec!["any.dll", "any.dll", "d.inf", "own.dll"])
}

/// As catalogs of virtio-win and of vendors of network cards name them: every system that was asked for, in
/// `OS` and for the INF; for a file, those for which a section copies it.
fn versions() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    for name in ["any.sys", "only.sys", "other.sys", "unlisted.sys"] {
        fs::write(folder.path().join(name), name)?;
    }
    let inf = "[Version]\nSignature=\"$Windows NT$\"\nCatalogFile=d.cat\nDriverVer=06/01/2020\n\
        [Manufacturer]\nM=Models,NTamd64.6.1\n[Models.NTamd64.6.1]\nD=I,a\nD=J,b\nD=K.NTx86,c\n\
        [SourceDisksNames]\n1=d\n[SourceDisksFiles]\nany.sys=1\nonly.sys=1\nother.sys=1\n\
        [DestinationDirs]\nDefaultDestDir=12\n[I.NT]\nCopyFiles=@any.sys\n[J.NTamd64]\n\
        CopyFiles=@only.sys\n[K.NTx86]\nCopyFiles=@other.sys\n";
    fs::write(folder.path().join("d.inf"), inf)?;
    let created = create(&order(folder.path(), &["2000", "XP_X64", "Server2008_X64", "7_X64"]))?;
    same(created.is_stopped(), false)?;
    let planned = &created.catalogs[0].planned;
    same(planned.systems.join(","), "2000,XPX64,Server2008X64,7X64".to_owned())?;
    let entries = planned.entries.iter().map(|e| (e.name.as_str(), e.systems.as_str()));
    let mut entries: Vec<_> = entries.collect();
    entries.sort_unstable();
    let (all, amd64) = ("2:5.00,2:5.1,2:5.2,2:6.0,2:6.1", "2:5.1,2:5.2,2:6.0,2:6.1");
    let named = [("any.sys", all), ("d.inf", all), ("only.sys", amd64), ("other.sys", "2:5.00")];
    same(entries, named.to_vec())
}

/// As the packages of FTDI and OSVR show for folders, those of Arduino and Mission Planner for an INF.
fn alone() -> Result<(), Failed> {
    let folder = package(INF)?;
    let beside = INF.replace("CatalogFile = Demo.cat", "CatalogFile = Other.cat");
    let beside =
        beside.replace("CatalogFile.NTx86 = old.cat\r\n", "").replace("PID_0003", "PID_0004");
    fs::write(folder.path().join("zoo.inf"), &beside)?;
    let ids = |subject: &Path| -> Result<Vec<(String, usize)>, Failed> {
        let created = create(&order(subject, &["7_X64"]))?;
        let planned = created.catalogs.iter().map(|made| &made.planned);
        Ok(planned.map(|p| (p.name.clone(), p.hardware_ids.len())).collect())
    };
    let (one, two) = (folder.path().join("Demo.inf"), folder.path().join("zoo.inf"));
    same(ids(&one)?, vec![("Demo.cat".to_owned(), 3)])?;
    same(ids(folder.path())?, vec![("Demo.cat".to_owned(), 4), ("Other.cat".to_owned(), 4)])?;
    // What is wrong with one is nothing to the other.
    fs::write(&two, beside.replace("DriverVer", "Driver"))?;
    same(ids(&one)?.len(), 1)?;
    same(ids(folder.path())?.len(), 0)?;
    fs::write(&two, beside.replace("Other.cat", "demo.CAT"))?;
    same(ids(&one)?, vec![("Demo.cat".to_owned(), 4)])
}

fn peer() -> Result<(), Failed> {
    let (Some(osslsigncode), Some(openssl)) = (tool("osslsigncode"), tool("openssl")) else {
        return Ok(());
    };
    let folder = package(INF)?;
    let at = |name: &str| folder.path().join(name);
    let run = |command: &mut Command| -> Result<String, Failed> {
        let said = ask(command)?;
        let text = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
        if said.status.success() { Ok(text) } else { Err(text.into()) }
    };
    let mut key = Command::new(openssl);
    key.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-sha256", "-subj", "/CN=demo"]);
    key.args(["-addext", "extendedKeyUsage=codeSigning", "-keyout"]).arg(at("key.pem"));
    run(key.arg("-out").arg(at("cert.pem")))?;
    for version in [1, 2] {
        let wanted = order(folder.path(), &["7_X64", "10_X64"]);
        let created = create(&Order { version: Some(version), ..wanted })?;
        fs::write(at("plain.cat"), &created.catalogs[0].bytes)?;
        drop(fs::remove_file(at("signed.cat")));
        let mut sign = Command::new(&osslsigncode);
        sign.args(["sign", "-h", "sha256", "-key"]).arg(at("key.pem")).arg("-certs");
        sign.arg(at("cert.pem")).arg("-in").arg(at("plain.cat")).arg("-out");
        run(sign.arg(at("signed.cat")))?;
        let mut verify = Command::new(&osslsigncode);
        verify.args(["verify", "-CAfile"]).arg(at("cert.pem")).arg("-catalog");
        verify.arg(at("signed.cat")).arg("-in").arg(at("demo.sys"));
        let said = run(&mut verify)?;
        if !said.contains("Signature verification: ok") {
            return Err(format!("version {version}: {said}").into());
        }
    }
    Ok(())
}

fn faults() -> Result<(), Failed> {
    let numbers = |from: &str, to: &str| -> Result<Vec<(Option<&'static str>, bool)>, Failed> {
        let folder = package(&INF.replace(from, to))?;
        let created = create(&order(folder.path(), &["7_X64"]))?;
        same(created.catalogs.is_empty(), created.is_stopped())?;
        Ok(created.faults.iter().map(|f| (f.number, f.stops)).collect())
    };
    let stops = |number| vec![(Some(number), true)];
    same(numbers("demo.sys = 1", "demo.sys = 1,gone")?, stops("22.9.1"))?;
    same(numbers("CatalogFile = Demo.cat\r\n", "")?, stops("22.9.4"))?;
    same(numbers("DriverVer = 06/01/2020,1.0.0.0\r\n", "")?, stops("22.9.6"))?;
    same(numbers("06/01/2020", "01.06.2020")?, stops("22.9.6"))?;
    same(numbers("06/01/2020", "01/02/2026")?, stops("22.9.7"))?;
    same(numbers("06/01/2020", "04/20/2009")?, stops("22.9.7"))?;
    same(numbers("06/01/2020", "01/01/2026")?, vec![])?;
    same(numbers("demo.sys = 1\r\n", "")?, stops("22.9.10"))?;
    same(numbers("Models, NTx86.5.1, NTamd64", "Models, NTx86.5.1")?, vec![(None, true)])
}

fn held() -> Result<(), Failed> {
    let folder = package(INF)?;
    let created = create(&order(folder.path(), &["7_X64"]))?;
    fs::write(folder.path().join("Demo.cat"), &created.catalogs[0].bytes)?;
    let look = || -> Result<(bool, Vec<Covered>), Failed> {
        let held = catalogs::verify(folder.path()).map_err(|e| e.to_string())?;
        let [one] = held.as_slice() else { return Err("one catalog is there".into()) };
        Ok((one.is_whole(), one.files.iter().map(|f| f.covered.clone()).collect()))
    };
    same(look()?.0, true)?;
    fs::write(folder.path().join("Demo.inf"), INF.replace('\r', ""))?;
    same(look()?.1.contains(&Covered::After("LF->CRLF".to_owned())), true)?;
    fs::write(folder.path().join("note.txt"), "abd")?;
    same(look()?.1.contains(&Covered::No), true)?;
    fs::remove_file(folder.path().join("note.txt"))?;
    same(look()?, (false, look()?.1))?;
    same(look()?.1.contains(&Covered::Missing), true)
}
