//! What catalogs are made of, as it comes: definitions of MakeCat, packages that are not in order, folders that
//! cannot be written. Every failure leaves everything as it was.

use crate::signing::{expect, said};
use crate::signing_windows::Desk;
use crate::skipped::{ask, told, tool};
use libtest_mimic::{Failed, Trial};
use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_formats::authenticode::signature;
use loadworthy_formats::catalog::list;
use loadworthy_formats::limits::Limits;
use loadworthy_proving::forge::driver;
use loadworthy_proving::program;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("catalog inputs: a definition is written as its attributes say", defined),
        Trial::test("catalog inputs: osslsigncode finds what a definition names", peer),
        Trial::test(
            "catalog inputs: what a definition cannot ask for is told by MakeCat's names",
            refused,
        ),
        Trial::test(
            "catalog inputs: a DriverVer of tomorrow is told in UTC and in local time",
            tomorrow,
        ),
        Trial::test("catalog inputs: absent files, and paths that lead out of the package", absent),
        Trial::test("catalog inputs: two INFs with one catalog", shared),
        Trial::test("catalog inputs: names beyond ASCII", names),
        Trial::test("catalog inputs: a catalog that is older than its files", stale),
        #[cfg(target_os = "linux")]
        Trial::test("catalog inputs: a folder that cannot be written", read_only),
    ]
}

const INF: &str = "[Version]\r\nSignature=\"$Windows NT$\"\r\nClass=System\r\n\
    ClassGuid={4d36e97d-e325-11ce-bfc1-08002be10318}\r\nProvider=%P%\r\nCatalogFile=demo.cat\r\n\
    DriverVer=01/02/2024,1.0.0.0\r\nPnpLockdown=1\r\n[DestinationDirs]\r\nDefaultDestDir=12\r\n\
    [SourceDisksNames]\r\n1=%P%\r\n[SourceDisksFiles]\r\ndemo.sys=1\r\n\
    [Manufacturer]\r\n%P%=M,NTamd64\r\n[M.NTamd64]\r\n%P%=I,ROOT\\LWDEMO\r\n[I.NT]\r\nCopyFiles=@demo.sys\r\n\
    [I.NT.Services]\r\nAddService=demo,2,S\r\n[S]\r\nServiceType=1\r\nStartType=3\r\n\
    ErrorControl=1\r\nServiceBinary=%12%\\demo.sys\r\n[Strings]\r\nP=\"Example\"\r\n";

/// A folder with files, and a picture of all of it.
struct Folder(TempDir);

impl Folder {
    fn with(files: &[(&str, &[u8])]) -> Result<Self, Failed> {
        let folder = Self(tempfile::tempdir()?);
        for (name, bytes) in files {
            let path = folder.at(name);
            fs::create_dir_all(path.parent().unwrap_or(&path))?;
            fs::write(path, bytes)?;
        }
        Ok(folder)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, Failed> {
        Ok(fs::read(self.at(name))?)
    }

    /// The program, in this folder.
    fn run(&self, words: &str, code: i32) -> Result<String, Failed> {
        let mut command = Command::new(program::path()?);
        let command = command.args(words.split(' ')).current_dir(self.0.path());
        said(&ask(command)?, code)
    }

    /// It fails with this code and these words, and nothing has changed.
    fn fails(&self, words: &str, code: i32, says: &str) -> Result<String, Failed> {
        let before = picture(self.0.path())?;
        let told = self.run(words, code)?;
        expect(&format!("{words}: {told}"), told.contains(says))?;
        expect(&format!("{words}: something changed"), picture(self.0.path())? == before)?;
        Ok(told)
    }

    fn list(&self, name: &str) -> Result<Value, Failed> {
        let told = self.run(&format!("catalog list {name} --json"), 0)?;
        Ok(serde_json::from_str::<Value>(&told)?["catalog"].clone())
    }
}

/// Every file below a folder, with its digest.
fn picture(folder: &Path) -> Result<BTreeMap<PathBuf, String>, Failed> {
    let (mut found, mut left) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(&folder)?.flatten() {
            let path = entry.path();
            match path.is_dir() {
                true => left.push(path),
                false => {
                    let bytes = fs::read(&path)?;
                    found.insert(path, digest(DigestAlgorithm::Sha256, &bytes).to_string());
                }
            }
        }
    }
    Ok(found)
}

/// The bytes are those that an independent writer made of the same values, which osslsigncode signs.
fn defined() -> Result<(), Failed> {
    let toy = "[CatalogHeader]\r\nName=Toy.cat\r\nResultDir=.\\out\\\r\nPublicVersion=0x0000001\r\n\
        EncodingType=0x00010001\r\nCATATTR1=0x10010001:OS:_v100_X64_22H2\r\n\
        CATATTR2=0x10010001:HWID1:root\\toy\r\n[CatalogFiles]\r\n<hash>A=.\\Sub\\A.inf\r\n\
        <hash>AATTR2=0x10010001:OSAttr:2:10.0\r\n<hash>AATTR1=0x10010001:File:a.inf\r\n";
    let folder = Folder::with(&[("toy.cdf", toy.as_bytes()), ("sub/a.inf", b"abc")])?;
    let zeros = "0".repeat(32);
    let create =
        format!("catalog create toy.cdf --id {zeros} --time 2026-01-01T00:00:00Z --obsolete-links");
    folder.run(&create, 0)?;
    let made = folder.read("out/Toy.cat")?;
    let sha256 = digest(DigestAlgorithm::Sha256, &made).to_string();
    let known = "48be64881084caf072b6f1b514e302818daa309e62f50c07e2370eac92b5b7c2";
    expect(&format!("{} bytes, {sha256}", made.len()), made.len() == 635 && sha256 == known)?;
    // Texts as tags, bytes as values; base 64 as RFC 4648 has it.
    let text = "[CatalogHeader]\nName=t.cat\nCATATTR1=0x10020001:Blob:AAECgA==\n\
        [CatalogFiles]\nThe first=sub/a.inf\n";
    fs::write(folder.at("t.cdf"), text)?;
    folder.run("catalog create t.cdf", 0)?;
    let made = folder.read("t.cat")?;
    let signed = signature::read(&made, &Limits::DEFAULT).map_err(|e| e.to_string())?;
    let read = list::read(signed.content_whole.unwrap_or_default(), &Limits::DEFAULT);
    let read = read.map_err(|e| e.to_string())?.value;
    expect("the tag", read.members[0].tag_text().as_deref() == Some("The first"))?;
    expect("bytes", made.windows(6).any(|w| w == [4, 4, 0, 1, 2, 0x80]))?;
    // Version 2, and what is not for the companions of SHA-1.
    let two = "[CatalogHeader]\nName=two.cat\nCatalogVersion=2\nHashAlgorithms=SHA256\n[CatalogFiles]\n\
        <HASH>a=sub/a.inf\n<HASH>aATTR1=0x11010001:File:a.inf\n";
    fs::write(folder.at("two.cdf"), two)?;
    folder.run("catalog create two.cdf -o .", 0)?;
    let listed = folder.list("two.cat")?;
    let members = listed["members"].as_array().cloned().unwrap_or_default();
    let files: Vec<_> = members.iter().map(|m| m["file"].as_str()).collect();
    let tags: Vec<_> = members.iter().filter_map(|m| m["tag"].as_str()).map(str::len).collect();
    expect(&listed.to_string(), tags == [40, 64] || tags == [64, 40])?;
    expect(&listed.to_string(), files.iter().flatten().count() == 1)
}

fn peer() -> Result<(), Failed> {
    let Some(desk) = Desk::new()? else { return Ok(()) };
    for head in ["", "CatalogVersion=2\nHashAlgorithms=SHA256\nPageHashes=true\n"] {
        let text = format!(
            "[CatalogHeader]\nName=other.cat\n{head}CATATTR1=0x10010001:OSAttr:2:10.0\n\
             [CatalogFiles]\n<HASH>demo.sys=DEMO.SYS\n<HASH>demo.inf=demo.inf\n"
        );
        desk.write("other.cdf", text.as_bytes())?;
        let create = ["catalog", "create", "other.cdf", "--force"];
        said(&ask(Command::new(program::path()?).args(create).current_dir(desk.path()))?, 0)?;
        desk.must("other.cat -k v.key -c v.crt", 0)?;
        if desk.verified(&["-catalog", "other.cat", "demo.sys"])? == Some(0) {
            return Err(format!("osslsigncode does not find the driver: {head}").into());
        }
    }
    Ok(())
}

fn refused() -> Result<(), Failed> {
    let folder = Folder::with(&[("a.bin", b"abc"), ("b.cab", b"MSCF...."), ("c.ps1", b"exit")])?;
    let header = "[CatalogHeader]\nName=x.cat\n";
    for (text, says) in [
        ("[CatalogHeader]\n[CatalogFiles]\n".to_owned(), "CRYPTCAT_E_CDF_TAGNOTFOUND"),
        (format!("{header}CatalogVersion=3\n"), "CRYPTCAT_E_CDF_UNSUPPORTED"),
        (format!("{header}CatalogVersion=2\n"), "wants HashAlgorithms = SHA256"),
        (format!("{header}HashAlgorithms=SHA256\n"), "version 1 wants SHA1"),
        (format!("{header}EncodingType=2\n"), "CRYPTCAT_E_CDF_UNSUPPORTED"),
        (format!("{header}CATATTR1=0x10010001:OSAttr\n"), "CRYPTCAT_E_CDF_ATTR_TOOFEWVALUES"),
        (format!("{header}CATATTR1=0x10000001:A:b\n"), "CRYPTCAT_E_CDF_ATTR_TYPECOMBO"),
        (format!("{header}CATATTR1=0x10010002:1.2.3:b\n"), "object identifier"),
        (format!("{header}[CatalogFiles]\na.bin\n"), "no equals sign"),
        (format!("{header}[CatalogFiles]\na=a.bin\nA=a.bin\n"), "CRYPTCAT_E_CDF_DUPLICATE"),
        (format!("{header}[CatalogFiles]\na=\n"), "CRYPTCAT_E_CDF_MEMBER_FILE_PATH"),
        (format!("{header}[CatalogFiles]\na=gone\n"), "CRYPTCAT_E_CDF_MEMBER_FILENOTFOUND"),
        (format!("{header}[CatalogFiles]\na=b.cab\n"), "is a cabinet"),
        (format!("{header}[CatalogFiles]\na=c.ps1\n"), "is a script"),
        (format!("{header}[CatalogFiles]\na=a.bin\naALTSIPID=5\n"), "CRYPTCAT_E_CDF_BAD_GUID_CONV"),
        (
            format!("{header}CatalogVersion=2\nHashAlgorithms=SHA256\n[CatalogFiles]\na=a.bin\n"),
            "<HASH>a = a.bin",
        ),
        ("[CatalogHeader]\nName=..\\x.cat\n[CatalogFiles]\na=a.bin\n".to_owned(), "ResultDir"),
    ] {
        fs::write(folder.at("x.cdf"), &text)?;
        folder
            .fails("catalog create x.cdf", 1, says)
            .map_err(|e| Failed::from(format!("{text}: {}", e.message().unwrap_or_default())))?;
    }
    fs::write(folder.at("x.cdf"), "no section")?;
    folder.fails("catalog create x.cdf", 2, "x.cdf: cannot be read as a definition")?;
    folder.fails("catalog create gone.cdf", 2, "gone.cdf: cannot be read")?;
    // A cabinet byte for byte, since that was asked for.
    let flat = "{de351a42-8e59-11d0-8c47-00c04fc295ee}";
    let text = format!("{header}[CatalogFiles]\n<HASH>b=b.cab\n<HASH>bALTSIPID={flat}");
    fs::write(folder.at("x.cdf"), text)?;
    folder.fails("catalog create x.cdf --os 10_X64", 2, "--os: a definition says that itself")?;
    let told = folder.run("catalog create x.cdf", 0)?;
    expect(&told, told.contains("the last line has no end"))?;
    let listed = folder.list("x.cat")?;
    expect(&listed.to_string(), listed["members"][0]["kind"] == "flat")
}

/// 2026-01-01 23:10 in UTC is the second of January ten hours east of Greenwich.
fn tomorrow() -> Result<(), Failed> {
    let inf = INF.replace("01/02/2024", "01/02/2026");
    let folder = Folder::with(&[("demo.inf", inf.as_bytes()), ("demo.sys", &driver::unsigned())])?;
    let run = |zone: &str, more: &str, code: i32| -> Result<String, Failed> {
        let mut command = Command::new(program::path()?);
        command.args(["catalog", "create", "demo.inf", "--os", "10_X64"]);
        command.args(more.split_whitespace()).current_dir(folder.0.path());
        said(&ask(command.env("TZ", zone).env("SOURCE_DATE_EPOCH", "1767309000"))?, code)
    };
    let before = picture(folder.0.path())?;
    let told = run("EAST-10", "", 1)?;
    let both = "2026-01-01 23:10 in UTC and 2026-01-02 09:10 here";
    expect(&told, told.contains("22.9.7") && told.contains(both) && told.contains("--local-time"))?;
    let told = run("WEST+10", "--local-time", 1)?;
    expect(&told, told.contains("2026-01-01 13:10 here") && !told.contains("--local-time"))?;
    expect("nothing was written", picture(folder.0.path())? == before)?;
    run("EAST-10", "--local-time", 0)?;
    run("WEST+10", "--today 2026-01-02", 0).map(drop)
}

fn absent() -> Result<(), Failed> {
    let sys = driver::unsigned();
    let create = "catalog create demo --os 10_X64";
    for (from, to, says) in [
        ("CopyFiles=@demo.sys", "CopyFiles=@demo.sys,@gone.sys", "22.9.10"),
        ("demo.sys=1\r\n", "demo.sys=1,..\\outside\r\n", "22.9.1 "),
        ("demo.sys=1\r\n", "demo.sys=1,\\outside\r\n", "22.9.1 "),
        ("demo.sys=1\r\n", "demo.sys=1,C:\\outside\r\n", "22.9.1 "),
        ("demo.sys=1\r\n", "demo.sys=1\r\ngone.sys=1\r\n[X]\r\n", ""),
        ("CatalogFile=demo.cat", "CatalogFile=..\\demo.cat", "is not the name of a file"),
        ("CatalogFile=demo.cat", "CatalogFile=../demo.cat", "is not the name of a file"),
        ("CatalogFile=demo.cat", "CatalogFile=C:\\demo.cat", "is not the name of a file"),
        ("CatalogFile=demo.cat", "CatalogFile=..", "is not the name of a file"),
    ] {
        let inf = INF.replace(from, to);
        let files = [
            ("demo/demo.inf", inf.as_bytes()),
            ("demo/demo.sys", &sys),
            ("outside/demo.sys", &sys),
        ];
        let folder = Folder::with(&files)?;
        if says.is_empty() {
            // What is only listed, and copied by nobody, is not missed.
            folder.run(create, 0)?;
            continue;
        }
        folder.fails(create, 1, says)?;
    }
    let folder = Folder::with(&[("demo/demo.inf", INF.as_bytes())])?;
    folder.fails(create, 1, "22.9.1 ")?;
    folder.fails("package prepare demo -o demo.cab", 1, "LW2037")?;
    folder.fails("catalog create gone.inf --os 10_X64", 2, "gone.inf: ")?;
    folder.fails("catalog create . --os 10_X64", 2, ".: no INF in it")?;
    folder.fails("catalog list demo/demo.inf", 2, "demo.inf: not a catalog: ")?;
    folder.fails("catalog create demo", 2, "--os is missing")?;
    // What is for none of the systems is told once of each.
    let told = folder.fails("catalog create demo --os 10_ARM64", 1, "for no device on 10_ARM64")?;
    expect(&told, told.matches("for no device").count() == 1)
}

/// Their members merge into one catalog, which holds for both.
fn shared() -> Result<(), Failed> {
    let other = INF.replace("LWDEMO", "LWOTHER");
    let files =
        [("a.inf", INF.as_bytes()), ("b.inf", other.as_bytes()), ("demo.sys", &driver::unsigned())];
    let folder = Folder::with(&files)?;
    folder.run("catalog create . --os 7_X64", 0)?;
    let listed = folder.list("demo.cat")?;
    let ids: Vec<_> = listed["hwids"].as_array().into_iter().flatten().collect();
    expect(&listed.to_string(), ids == ["root\\lwdemo", "root\\lwother"])?;
    expect(&listed.to_string(), listed["members"].as_array().is_some_and(|m| m.len() == 3))?;
    let told = folder.run("catalog verify .", 0)?;
    expect(&told, told.contains("a.inf") && told.contains("b.inf"))?;
    // Whichever INF is named, the catalog is for both.
    let whole = folder.read("demo.cat")?;
    let time = "--time 2026-01-01 --id 00000000000000000000000000000000";
    folder.run(&format!("catalog create a.inf --os 7_X64 {time}"), 0)?;
    let one = folder.read("demo.cat")?;
    folder.run(&format!("catalog create b.inf --os 7_X64 {time}"), 0)?;
    expect("the same", folder.read("demo.cat")? == one && one.len() == whole.len())
}

fn names() -> Result<(), Failed> {
    let inf = INF.replace("demo.sys", "größe 驱动.sys").replace("demo.cat", "größe.cat");
    let wide: Vec<u8> =
        [0xfeff].into_iter().chain(inf.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let narrow: Vec<u8> = INF
        .replace("demo.sys", "Größe.sys")
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'))
        .collect();
    for (bytes, file, catalog, named) in [
        (wide, "größe 驱动.sys", "größe.cat", "größe 驱动.sys"),
        (narrow, "GRÖSSE.SYS", "demo.cat", ""),
        (INF.replace("demo.sys", "Größe.sys").into_bytes(), "Größe.sys", "demo.cat", ""),
    ] {
        let folder = Folder::with(&[("demo.inf", &bytes), (file, &driver::unsigned())])?;
        if named.is_empty() {
            // Another name, or a name in an encoding that setup does not read: told, nothing written.
            folder.fails("catalog create . --os 10_X64", 1, "22.9.1 ")?;
            continue;
        }
        folder.run("catalog create . --os 10_X64", 0)?;
        let listed = folder.list(catalog)?;
        let files =
            listed["members"].as_array().into_iter().flatten().filter_map(|m| m["file"].as_str());
        expect(&listed.to_string(), files.into_iter().any(|file| file == named))?;
        folder.run("catalog verify .", 0)?;
    }
    Ok(())
}

fn stale() -> Result<(), Failed> {
    let Some(desk) = Desk::new()? else { return Ok(()) };
    desk.must("demo.cat -k v.key -c v.crt", 0)?;
    desk.write("demo.inf", &[&desk.read("demo.inf")?[..], b"; later\n"].concat())?;
    let before = picture(desk.path())?;
    let run = |words: &str, code: i32| -> Result<String, Failed> {
        let mut command = Command::new(program::path()?);
        said(&ask(command.args(words.split(' ')).current_dir(desk.path()))?, code)
    };
    let told = run("catalog verify demo.inf", 1)?;
    expect(&told, told.contains("changed   demo.inf"))?;
    // As a pipeline reads it.
    let told = run("catalog verify demo.inf --format github", 1)?;
    expect(&told, told.contains("::error file=demo.inf,title=LW2035::"))?;
    let told = run("catalog verify demo.inf --format sarif", 1)?;
    let log: Value = serde_json::from_str(&told)?;
    expect(&told, log["runs"][0]["results"][0]["ruleId"] == "LW2035")?;
    let told = run("catalog verify demo.inf --format junit", 1)?;
    expect(&told, told.contains("tests=\"2\" failures=\"1\"") && told.contains("<failure "))?;
    let told = run("check demo.inf --on windows-10-22h2", 1)?;
    expect(&told, told.contains("LW2035"))?;
    let told = run("catalog create demo.inf --os 10_X64", 2)?;
    expect(&told, told.contains("--force"))?;
    expect("nothing has changed", picture(desk.path())? == before)?;
    run("catalog create demo.inf --os 10_X64 --force", 0)?;
    run("catalog verify demo.inf", 0).map(drop)
}

/// Rights bind nobody who is root; a mount that is read-only does.
#[cfg(target_os = "linux")]
fn read_only() -> Result<(), Failed> {
    let Some(unshare) = tool("unshare") else { return Ok(()) };
    let Some(desk) = Desk::new()? else { return Ok(()) };
    fs::create_dir(desk.at("out"))?;
    let inside = |words: &str| -> Result<std::process::Output, Failed> {
        let script =
            "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" && cd \"$1\" || exit 99
            shift; exec \"$@\"";
        let mut command = Command::new(&unshare);
        command.args(["--mount", "--map-root-user", "sh", "-c", script, "sh"]).arg(desk.path());
        Ok(ask(command.arg(program::path()?).args(words.split(' ')))?)
    };
    if inside("schema sign")?.status.code() != Some(0) {
        told("a mount namespace");
        return Ok(());
    }
    let before = picture(desk.path())?;
    let log = tempfile::tempdir()?;
    let log = log.path().join("sign.log").display().to_string();
    for (words, code) in [
        ("catalog create demo.inf --os 10_X64".to_owned(), 2),
        ("catalog create demo.inf --os 10_X64 -o out".to_owned(), 2),
        ("package prepare . -o demo.cab --force".to_owned(), 2),
        (format!("sign demo.sys demo.cat -k v.key -c v.crt --log {log}"), 2),
        (format!("sign demo.sys -k v.key -c v.crt -o out/demo.sys --log {log}"), 2),
        ("key new --test --name T --key t.key --cert t.cer --kind rsa-2048".to_owned(), 2),
    ] {
        let told = said(&inside(&words)?, code)?;
        expect(&format!("{words}: {told}"), told.contains("Read-only file system"))?;
        expect(&format!("{words}: something changed"), picture(desk.path())? == before)?;
    }
    Ok(())
}
