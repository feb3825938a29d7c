//! What `sign` makes of drivers and catalogs is what other tools verify; what goes wrong leaves the old file.

use crate::code_peers::lief_holds;
use crate::signing::{expect, said};
use crate::skipped::{ask, tool};
use libtest_mimic::{Failed, Trial};
use loadworthy_proving::forge::driver;
use loadworthy_proving::program;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("sign windows: drivers, as osslsigncode and sbverify verify them", drivers),
        Trial::test("sign windows: catalogs, and the files they name", catalogs),
        Trial::test("sign windows: one signature nested in another", nested),
        Trial::test("sign windows: signatures are taken off again", stripped),
        Trial::test("sign windows: keys as Windows keeps them", keys),
        Trial::test("sign windows: chains and cross-certificates", chains),
        Trial::test("sign windows: signatures made elsewhere", elsewhere),
        Trial::test("sign windows: what a platform refuses is not released", judged),
        Trial::test("sign windows: a key for test machines, and how far it reaches", test_key),
        Trial::test("sign windows: bad files stay as they are", bad),
    ]
}

/// A folder with a driver, its package, a key, and the certificate of that key below a root.
pub(crate) struct Desk {
    folder: TempDir,
}

const INF: &str = "[Version]\nSignature=\"$Windows NT$\"\nClass=System\n\
    ClassGuid={4d36e97d-e325-11ce-bfc1-08002be10318}\nProvider=%P%\nCatalogFile=demo.cat\n\
    DriverVer=01/02/2024,1.0.0.0\nPnpLockdown=1\n[DestinationDirs]\nDefaultDestDir=13\n\
    [SourceDisksNames]\n1=%P%\n[SourceDisksFiles]\ndemo.sys=1\n\
    [Manufacturer]\n%P%=M,NTamd64\n[M.NTamd64]\n%P%=I,ROOT\\LWDEMO\n[I.NT]\nCopyFiles=F\n\
    [F]\ndemo.sys\n[I.NT.Services]\nAddService=demo,2,S\n[S]\nServiceType=1\nStartType=3\n\
    ErrorControl=1\nServiceBinary=%13%\\demo.sys\n[Strings]\nP=\"Example\"\n";

impl Desk {
    /// `None` where the tools that make keys are not there.
    pub(crate) fn new() -> Result<Option<Self>, Failed> {
        let desk = Self { folder: tempfile::tempdir()? };
        desk.write("demo.sys", &driver::unsigned())?;
        desk.write("demo.inf", INF.as_bytes())?;
        let Some(_) = tool("openssl") else { return Ok(None) };
        let day = ["-days", "3650"];
        let subject = |name: &str| format!("/O=Example/CN={name}");
        let authority = ["-addext", "basicConstraints=critical,CA:TRUE"];
        let root = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key"];
        let root = [&root[..], &["-out", "root.crt"], &authority, &day].concat();
        desk.openssl(&root, &["-subj", &subject("Root")])?;
        let wish = ["req", "-newkey", "rsa:2048", "-nodes", "-keyout", "v.key", "-out", "v.csr"];
        desk.openssl(&wish, &["-subj", &subject("Vendor")])?;
        desk.write("usage", b"extendedKeyUsage=codeSigning\nkeyUsage=critical,digitalSignature\n")?;
        let issue = ["x509", "-req", "-in", "v.csr", "-CA", "root.crt", "-CAkey", "root.key"];
        let out = ["-CAcreateserial", "-extfile", "usage", "-out", "v.crt"];
        desk.openssl(&[&issue[..], &out, &day].concat(), &[])?;
        let catalog = ["catalog", "create", "demo.inf", "--os", "10_X64,10_NI_X64,10_GE_X64"];
        said(&ask(Command::new(program::path()?).args(catalog).current_dir(desk.path()))?, 0)?;
        Ok(Some(desk))
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, Failed> {
        Ok(fs::read(self.at(name))?)
    }

    /// Writes a file that nobody else may read.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Failed> {
        fs::write(self.at(name), bytes)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(self.at(name), fs::Permissions::from_mode(0o600))?;
        }
        Ok(())
    }

    pub(crate) fn openssl(&self, words: &[&str], more: &[&str]) -> Result<(), Failed> {
        let openssl = tool("openssl").ok_or("no openssl")?;
        let mut command = Command::new(openssl);
        let done = ask(command.args(words).args(more).current_dir(self.path()))?;
        said(&done, 0).map(drop)
    }

    /// Signs, and must end with this code; words are separated by blanks, `_` stands for one inside.
    pub(crate) fn must(&self, words: &str, code: i32) -> Result<String, Failed> {
        self.must_among(&[], words, code)
    }

    /// The same among these variables of the environment, and no other that speaks of networks.
    pub(crate) fn must_among(
        &self,
        variables: &[(&str, &str)],
        words: &str,
        code: i32,
    ) -> Result<String, Failed> {
        let mut command = Command::new(program::path()?);
        for name in
            ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"]
        {
            command.env_remove(name).env_remove(name.to_lowercase());
        }
        command.envs(variables.iter().copied());
        command.arg("sign").args(words.split(' ').map(|word| word.replace('_', " ")));
        command.args(["--log", "sign.log"]).current_dir(self.path());
        command.env_remove("KBUILD_SIGN_PIN").stdin(Stdio::null());
        said(&ask(&mut command)?, code)
    }

    /// What `inspect` says of the signatures.
    pub(crate) fn signatures(&self, name: &str) -> Result<Vec<Value>, Failed> {
        let mut command = Command::new(program::path()?);
        let done = ask(command.args(["inspect", "--json", name]).current_dir(self.path()))?;
        let told: Value = serde_json::from_slice(&done.stdout)?;
        let found = told["files"][0]["signatures"].as_array().cloned();
        Ok(found.ok_or_else(|| format!("no signatures: {told}"))?)
    }

    /// How many signatures osslsigncode verifies; `None`: it is not there.
    pub(crate) fn verified(&self, more: &[&str]) -> Result<Option<usize>, Failed> {
        let Some(osslsigncode) = tool("osslsigncode") else { return Ok(None) };
        let mut command = Command::new(osslsigncode);
        command.args(["verify", "-ignore-crl", "-ignore-cdp", "-CAfile", "root.crt"]);
        let done = ask(command.args(more).current_dir(self.path()))?;
        let text = String::from_utf8_lossy(&done.stdout).into_owned();
        let good = text.lines().filter(|line| line.trim() == "Signature verification: ok").count();
        expect(&text, done.status.success())?;
        Ok(Some(good))
    }
}

const AS_VENDOR: &str = "-k v.key -c v.crt";

fn drivers() -> Result<(), Failed> {
    let Some(desk) = Desk::new()? else { return Ok(()) };
    for (digest, pages) in [
        ("sha256", ""),
        ("sha1", ""),
        ("sha384", ""),
        ("sha256", " --page-hashes"),
        ("sha1", " --page-hashes"),
    ] {
        desk.write("a.sys", &driver::unsigned())?;
        let words = format!(
            "a.sys {AS_VENDOR} -d {digest}{pages} --description Demo_driver --description-url https://example.org/"
        );
        desk.must(&words, 0)?;
        let once = desk.read("a.sys")?;
        desk.must(&words, 0)?;
        expect("a second time changes nothing", desk.read("a.sys")? == once)?;
        let [one] = &desk.signatures("a.sys")?[..] else { return Err("not one".into()) };
        expect("ours holds", one["verifies"] == true && one["digest_matches"] == true)?;
        expect("pages", one["page_hashes"].is_null() == pages.is_empty())?;
        expect(
            "described",
            one["program"] == "Demo driver" || one.to_string().contains("Demo driver"),
        )?;
        if let Some(count) = desk.verified(&["a.sys"])? {
            expect(&format!("osslsigncode, {digest}{pages}"), count == 1)?;
        }
        if let Some(holds) = lief_holds(&desk.at("a.sys"))? {
            expect(&format!("LIEF, {digest}{pages}"), holds)?;
        }
        let Some(sbverify) = tool("sbverify").filter(|_| digest == "sha256") else { continue };
        let mut command = Command::new(sbverify);
        said(&ask(command.args(["--cert", "v.crt", "a.sys"]).current_dir(desk.path()))?, 0)?;
    }
    Ok(())
}

fn catalogs() -> Result<(), Failed> {
    let Some(desk) = Desk::new()? else { return Ok(()) };
    let list = desk.read("demo.cat")?;
    desk.must(&format!("demo.cat {AS_VENDOR} --chain root.crt"), 0)?;
    let signed = desk.read("demo.cat")?;
    desk.must(&format!("demo.cat {AS_VENDOR}"), 0)?;
    expect("a second time changes nothing", desk.read("demo.cat")? == signed)?;
    let [one] = &desk.signatures("demo.cat")?[..] else { return Err("not one".into()) };
    expect("ours holds", one["verifies"] == true)?;
    if let Some(count) = desk.verified(&["demo.cat"])? {
        expect("osslsigncode", count == 1)?;
        desk.verified(&["-catalog", "demo.cat", "demo.sys"])?;
        // A driver that is signed is still the one that the catalog names.
        desk.must(&format!("demo.sys {AS_VENDOR}"), 0)?;
        desk.verified(&["-catalog", "demo.cat", "demo.sys"])?;
    }
    desk.must("--strip demo.cat", 0)?;
    expect("the list is what it was", desk.read("demo.cat")? == list)
}

fn nested() -> Result<(), Failed> {
    let Some(desk) = Desk::new()? else { return Ok(()) };
    for name in ["demo.sys", "demo.cat"] {
        desk.must(&format!("{name} {AS_VENDOR} -d sha1"), 0)?;
        let told = desk.must(&format!("{name} {AS_VENDOR} --append"), 0)?;
        expect(&told, told.contains("beside 1 signature"))?;
        let twice = desk.read(name)?;
        desk.must(&format!("{name} {AS_VENDOR} --append"), 0)?;
        expect("the same signature is not nested twice", desk.read(name)? == twice)?;
        desk.must(&format!("{name} {AS_VENDOR} --append -d sha384"), 0)?;
        let all = desk.signatures(name)?;
        let digests: Vec<&str> =
            all.iter().filter_map(|s| s["digest_algorithm"].as_str()).collect();
        expect(&format!("{digests:?}"), digests == ["sha1", "sha256", "sha384"])?;
        expect("all hold", all.iter().all(|s| s["verifies"] == true))?;
        expect("in the first", all[1]["nested_in"] == 0 && all[2]["nested_in"] == 0)?;
    }
    if let Some(count) = desk.verified(&["demo.sys"])? {
        expect(&format!("osslsigncode verifies {count}"), count == 3)?;
    }
    Ok(())
}

fn stripped() -> Result<(), Failed> {
    let Some(desk) = Desk::new()? else { return Ok(()) };
    let (driver, catalog) = (desk.read("demo.sys")?, desk.read("demo.cat")?);
    desk.must(&format!("demo.sys demo.cat {AS_VENDOR} -d sha1"), 0)?;
    desk.must(&format!("demo.sys demo.cat {AS_VENDOR} --append"), 0)?;
    let (sys, cat) = (desk.read("demo.sys")?, desk.read("demo.cat")?);
    let told = desk.must("--strip demo.sys demo.inf -o bare --json", 1)?;
    let receipt: Value = serde_json::from_str(told.trim())?;
    let files = &receipt["files"];
    let is = |n: usize, field: &str, value: Value| files[n][field] == value;
    expect(&told, receipt["schema"] == "loadworthy/sign/v1" && receipt["key"].is_null())?;
    expect(&told, is(0, "fate", "stripped".into()) && is(0, "replaced", 2.into()))?;
    expect(&told, is(1, "fate", "failed".into()) && is(1, "code", "LW5011".into()))?;
    expect("the old files", desk.read("demo.sys")? == sys && desk.read("demo.cat")? == cat)?;
    let told = desk.must("--strip demo.sys demo.cat demo.inf", 1)?;
    expect(
        &told,
        told.matches("(2 signatures)").count() == 2 && told.contains("failed   demo.inf"),
    )?;
    expect("the catalog is as it was made", desk.read("demo.cat")? == catalog)?;
    // The checksum is right now, which it was not before.
    let bare = desk.read("demo.sys")?;
    let without =
        |bytes: &[u8]| [&bytes[..driver::CHECKSUM], &bytes[driver::CHECKSUM + 4..]].concat();
    expect("so is the driver", without(&bare) == without(&driver))?;
    let told = desk.must("--strip demo.sys", 0)?;
    expect(&told, told.contains("unsigned demo.sys"))
}

fn keys() -> Result<(), Failed> {
    let Some(desk) = Desk::new()? else { return Ok(()) };
    desk.must(&format!("demo.sys {AS_VENDOR} -o right.sys"), 0)?;
    desk.write("word", b"secret\n")?;
    let locked = ["-passout", "pass:secret"];
    let pvk = ["rsa", "-in", "v.key", "-outform", "PVK"];
    desk.openssl(&[&pvk[..], &["-pvk-none", "-out", "open.pvk"]].concat(), &[])?;
    desk.openssl(&[&pvk[..], &["-pvk-strong", "-out", "strong.pvk"], &locked].concat(), &LEGACY)?;
    desk.openssl(&[&pvk[..], &["-pvk-weak", "-out", "weak.pvk"], &locked].concat(), &LEGACY)?;
    let spc = ["crl2pkcs7", "-nocrl", "-certfile", "root.crt", "-certfile", "v.crt"];
    desk.openssl(&[&spc[..], &["-outform", "DER", "-out", "v.spc"]].concat(), &[])?;
    let pfx = ["pkcs12", "-export", "-inkey", "v.key", "-in", "v.crt", "-certfile", "root.crt"];
    let pfx = [&pfx[..], &["-out", "v.pfx"], &locked].concat();
    desk.openssl(&pfx, &[])?;
    let old = ["-legacy", "-out", "old.pfx"];
    desk.openssl(&[&pfx[..pfx.len() - 4], &old, &locked].concat(), &[])?;
    for name in ["open.pvk", "strong.pvk", "weak.pvk", "v.pfx", "old.pfx"] {
        desk.write(name, &desk.read(name)?)?;
        let cert = if name.ends_with("pvk") { " -c v.spc" } else { "" };
        desk.must(&format!("demo.sys -k {name}{cert} --passphrase-file word -o b.sys"), 0)?;
        expect(name, desk.read("b.sys")? == desk.read("right.sys")?)?;
    }
    fs::remove_file(desk.at("b.sys"))?;
    desk.write("wrong", b"other\n")?;
    let told = desk.must("demo.sys -k strong.pvk -c v.spc --passphrase-file wrong -o b.sys", 2)?;
    expect(&told, told.contains("does not open it"))?;
    let told = desk.must("demo.sys -k strong.pvk --passphrase-file word -o b.sys", 2)?;
    expect(&told, told.contains("--cert"))?;
    let told = desk.must("demo.sys -k open.pvk -c root.crt -o b.sys", 2)?;
    expect(&told, told.contains("not the key of the certificate"))?;
    expect("nothing was written", !desk.at("b.sys").exists())
}

fn chains() -> Result<(), Failed> {
    let Some(desk) = Desk::new()? else { return Ok(()) };
    // Somebody vouches for the root, as Microsoft did for those of others.
    let above =
        ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "above.key", "-days", "9"];
    let ca = ["-addext", "basicConstraints=critical,CA:TRUE", "-out", "above.crt"];
    desk.openssl(&[&above[..], &ca].concat(), &["-subj", "/CN=Above"])?;
    let wish =
        ["x509", "-x509toreq", "-in", "root.crt", "-signkey", "root.key", "-out", "root.csr"];
    desk.openssl(&wish, &[])?;
    desk.write("ca", b"basicConstraints=critical,CA:TRUE\n")?;
    let issue = ["x509", "-req", "-in", "root.csr", "-CA", "above.crt", "-CAkey", "above.key"];
    let out = ["-CAcreateserial", "-extfile", "ca", "-out", "cross.crt", "-days", "9"];
    desk.openssl(&[&issue[..], &out].concat(), &[])?;
    let before = desk.read("demo.sys")?;
    let told = desk.must(&format!("demo.sys {AS_VENDOR} --cross-cert above.crt"), 2)?;
    expect(&told, told.contains("no path leads to it"))?;
    expect("the old file", desk.read("demo.sys")? == before)?;
    for name in ["demo.sys", "demo.cat"] {
        let told =
            desk.must(&format!("{name} {AS_VENDOR} --chain root.crt --cross-cert cross.crt"), 0)?;
        expect(&told, told.contains("signed   "))?;
        let [one] = &desk.signatures(name)?[..] else { return Err("not one".into()) };
        // The root that vouches for itself is left out, as SignTool does.
        expect(&one.to_string(), one["certificates"] == 2 || one.to_string().contains("Above"))?;
        desk.verified(&[name])?;
    }
    let mut command = Command::new(program::path()?);
    let done = ask(command.args(["inspect", "--json", "demo.cat"]).current_dir(desk.path()))?;
    let told: Value = serde_json::from_slice(&done.stdout)?;
    let sorted = &told["files"][0]["catalog"]["certificates_sorted"];
    expect(&format!("{sorted}"), sorted.is_null() || *sorted == true)
}

fn elsewhere() -> Result<(), Failed> {
    let Some(desk) = Desk::new()? else { return Ok(()) };
    for name in ["demo.sys", "demo.cat"] {
        desk.must(&format!("{name} {AS_VENDOR} --description Demo -o right"), 0)?;
        desk.must(&format!("{name} -c v.crt --description Demo --to-sign digest"), 0)?;
        let sign = ["pkeyutl", "-sign", "-inkey", "v.key", "-in", "digest", "-out", "made"];
        desk.openssl(&sign, &["-pkeyopt", "digest:sha256"])?;
        desk.must(&format!("{name} -c v.crt --description Demo --signature made -o made.out"), 0)?;
        expect(name, desk.read("made.out")? == desk.read("right")?)?;
        // It was made over something else.
        let told = desk.must(&format!("{name} -c v.crt --signature made -o other"), 2)?;
        expect(&told, told.contains("not one of") && !desk.at("other").exists())?;
    }
    Ok(())
}

fn judged() -> Result<(), Failed> {
    let Some(desk) = Desk::new()? else { return Ok(()) };
    let before = (desk.read("demo.sys")?, desk.read("demo.cat")?);
    let both = format!("demo.sys demo.cat {AS_VENDOR}");
    // Nobody's root is known to a kernel with Secure Boot.
    let told = desk.must(&format!("{both} --on windows-11-24h2 --on windows-10-22h2"), 1)?;
    expect(&told, told.contains("windows-11-24h2 refuses it: LW2004"))?;
    expect(&told, told.contains("windows-10-22h2 refuses it: LW2004"))?;
    expect("both are as they were", (desk.read("demo.sys")?, desk.read("demo.cat")?) == before)?;
    // Test mode takes any root, and a platform where it loads alone is no objection.
    let test = "windows-11-24h2,secure-boot=off,test-signing=on";
    desk.must(&format!("{both} --on {test}"), 0)?;
    expect("released", desk.read("demo.sys")? != before.0 && desk.read("demo.cat")? != before.1)?;
    desk.write("demo.sys", &before.0)?;
    let told = desk.must(&format!("{both} --on {test} --on windows-11-24h2 --force --json"), 0)?;
    let receipt: Value = serde_json::from_str(told.trim())?;
    expect(&told, receipt["files"][0]["fate"] == "forced")?;
    expect(&told, receipt["files"][0]["judged"][1]["code"] == "LW2004")?;
    expect(&told, receipt["files"][1]["judged"][0]["phase"] == "install")?;
    expect("in the log", String::from_utf8(desk.read("sign.log")?)?.contains("forced"))?;
    let told = desk.must(&format!("{both} --on windows-11-99h9"), 2)?;
    expect(&told, told.contains("windows-11-99h9"))?;
    // A platform of Linux has nothing to say to them.
    desk.must(&format!("{both} --on debian-12"), 0).map(drop)
}

/// What MakeCert, Cert2Spc and Pvk2Pfx made, as openssl reads it; the question behind it, answered.
fn test_key() -> Result<(), Failed> {
    let Some(desk) = Desk::new()? else { return Ok(()) };
    desk.write("word", b"secret\n")?;
    let new = |words: &str, code: i32| -> Result<String, Failed> {
        let mut command = Command::new(program::path()?);
        command.args(["key", "new", "--test", "--name", "Contoso.com(Test)"]);
        said(&ask(command.args(words.split(' ')).current_dir(desk.path()))?, code)
    };
    let told = new("--key test.key --cert test.cer --passphrase-file word", 0)?;
    let row = |name: &str| told.lines().find(|line| line.starts_with(&format!("{name} ")));
    let windows_10: Vec<&str> = row("windows-10-22h2").unwrap_or("").split_whitespace().collect();
    expect(
        &told,
        windows_10[1..]
            == ["refused", "LW2039", "installs", "refused", "LW2004", "refused", "LW2004", "loads"],
    )?;
    expect(&told, told.contains("It loads on 0 of"))?;
    for (words, more) in [
        (&["pkcs12", "-in", "test.pfx", "-nodes", "-out", "pfx.pem"][..], &[][..]),
        (&["rsa", "-inform", "PVK", "-in", "test.pvk", "-check", "-noout"], &LEGACY),
    ] {
        desk.openssl(&[words, &["-passin", "pass:secret"]].concat(), more)?;
    }
    desk.openssl(&["pkcs7", "-inform", "DER", "-in", "test.spc", "-print_certs", "-noout"], &[])?;
    desk.openssl(&["x509", "-inform", "DER", "-in", "test.cer", "-noout"], &[])?;
    desk.must("demo.sys -k test.key -c test.cer --passphrase-file word -o right.sys", 0)?;
    for key in ["test.pfx", "test.pvk -c test.spc"] {
        desk.must(&format!("demo.sys -k {key} --passphrase-file word -o b.sys"), 0)?;
        expect(key, desk.read("b.sys")? == desk.read("right.sys")?)?;
    }
    let script = String::from_utf8(desk.read("test-test-machine.cmd")?)?;
    expect(&script, script.contains("set CER=%~dp0test.cer\r\n") && !script.contains("@CERT@"))?;
    let [one] = &desk.signatures("right.sys")?[..] else { return Err("not one".into()) };
    let sha1 = one["signer"]["sha1"].as_str().unwrap_or("?");
    expect(&script, script.contains(&format!("-delstore Root {sha1}")))?;
    expect(
        "for enterprises",
        desk.read("test-enterprise.cmd")?.windows(12).any(|w| w == b"-dspublish \""),
    )?;
    // For Windows 7: locks and digests that it knows.
    let told = new("--key old.key --cert old.cer --legacy", 0)?;
    expect(&told, told.contains("windows-vista"))?;
    let open = ["pkcs12", "-in", "old.pfx", "-passin", "pass:", "-nodes", "-out", "old.pem"];
    desk.openssl(&open, &["-legacy"])?;
    desk.openssl(&["rsa", "-inform", "PVK", "-in", "old.pvk", "-check", "-noout"], &[])?;
    // The same for programs: each version by itself, outcome and code apart.
    let told = new("--key json.key --cert json.cer --json", 0)?;
    let made: Value = serde_json::from_str(told.trim())?;
    let rows = made["reach"].as_array().cloned().unwrap_or_default();
    let ten = rows.iter().find(|row| row["platform"] == "windows-10-22h2").cloned();
    let ten = ten.unwrap_or_default();
    expect(&told, made["schema"] == "loadworthy/key-new/v1" && made["made"] == true)?;
    expect(&told, ten["load"]["code"] == "LW2004" && ten["load"]["outcome"] == "refused")?;
    expect(&told, ten["install_trusted"]["outcome"] == "loads")?;
    expect(&told, ten["load_in_test_mode"]["outcome"] == "loads")?;
    let also = made["files"]["also"].as_array().map_or(0, Vec::len);
    expect(&told, also == 5)?;
    // What is there is not written over, and no half is left.
    let before = desk.read("test.pfx")?;
    new("--key other.key --cert test.cer", 2)?;
    expect("as it was", desk.read("test.pfx")? == before && !desk.at("other.key").exists())?;
    let told = new("--key e.key --cert e.cer --kind ecdsa-p256", 2)?;
    expect(&told, !desk.at("e.key").exists())
}

const LEGACY: [&str; 4] = ["-provider", "legacy", "-provider", "default"];

fn bad() -> Result<(), Failed> {
    let Some(desk) = Desk::new()? else { return Ok(()) };
    let driver = desk.read("demo.sys")?;
    desk.must(&format!("demo.sys {AS_VENDOR} -o signed.sys"), 0)?;
    let signed = desk.read("signed.sys")?;
    let catalog = desk.read("demo.cat")?;
    let mut beyond = driver.clone();
    beyond[driver::ENTRY..driver::ENTRY + 8].copy_from_slice(&[0, 0xf0, 0xff, 0, 0, 1, 0, 0]);
    for (name, bytes) in [
        ("cut.sys", driver[..0x90].to_vec()),
        ("behind.sys", [&signed[..], b"more"].concat()),
        ("beyond.sys", beyond),
        ("cut.cat", catalog[..catalog.len() / 2].to_vec()),
        ("none.cat", b"0\0".to_vec()),
        ("empty.sys", Vec::new()),
        ("certificate.cat", desk.read("v.crt")?),
    ] {
        desk.write(name, &bytes)?;
        for words in [format!("{name} {AS_VENDOR}"), format!("--strip {name}")] {
            let told = desk.must(&words, 2)?;
            expect(&told, told.contains("failed   "))?;
            expect(name, desk.read(name)? == bytes)?;
        }
    }
    let left = fs::read_dir(desk.path())?.flatten();
    let parts = left.filter(|e| e.file_name().to_string_lossy().ends_with(".part")).count();
    expect("nothing is left", parts == 0)
}
