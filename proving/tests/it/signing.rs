//! What `sign` makes is what the platforms' own tools make or take; what goes wrong leaves the old file.

use crate::skipped::{ask, told, tool};
use libtest_mimic::{Failed, Trial};
use loadworthy_proving::forge::host::Host;
use loadworthy_proving::forge::image::Image;
use loadworthy_proving::forge::kernel::Kernel;
use loadworthy_proving::forge::module::Module;
use loadworthy_proving::program;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use xtask::tree::root;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("sign: modules are those of sign-file, byte for byte", sign_file),
        Trial::test("sign: an old signature, and two, are replaced", replaced),
        Trial::test("sign: ECDSA signatures are those of openssl", ecdsa),
        Trial::test("sign: compressed modules come back as a kernel reads them", compressed),
        Trial::test("sign: images, one signature beside another", images),
        Trial::test("sign: a signature made elsewhere", elsewhere),
        Trial::test("sign: keys in files, locked and open", files),
        Trial::test("sign: a key in a token", token),
        Trial::test("sign: a key behind a program", command),
        Trial::test("sign: the examples of docs/signing", examples),
        Trial::test("sign: a token that goes in the middle", gone),
        Trial::test("sign: what a target refuses is not released", judged),
        Trial::test("sign: many files, three bad ones", many),
        Trial::test("sign: a full disk and a log that cannot be written", full),
        Trial::test("sign: a kill in the middle leaves the old file", killed),
        Trial::test("sign: the log is a chain", chain),
    ]
}

/// A folder with a module `a.ko`.
pub(crate) struct Desk {
    pub(crate) folder: TempDir,
}

impl Desk {
    pub(crate) fn new() -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("a.ko"), module()?)?;
        Ok(Self { folder })
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, Failed> {
        Ok(fs::read(self.at(name))?)
    }

    /// A key and its certificate, `NAME.key` and `NAME.crt`, made by openssl.
    pub(crate) fn key(&self, name: &str, options: &[&str]) -> Result<bool, Failed> {
        let Some(openssl) = tool("openssl") else { return Ok(false) };
        let done = ask(Command::new(openssl)
            .args(["req", "-x509", "-nodes", "-days", "3650", "-subj"])
            .arg(format!("/O=Example/CN={name}"))
            .arg("-newkey")
            .args(options)
            .args(["-keyout", &format!("{name}.key"), "-out", &format!("{name}.crt")])
            .current_dir(self.folder.path()))?;
        match done.status.success() {
            true => Ok(true),
            false => Err(String::from_utf8_lossy(&done.stderr).into_owned().into()),
        }
    }

    pub(crate) fn command(&self, words: &str) -> Result<Command, Failed> {
        let mut command = Command::new(program::path()?);
        command.arg("sign").args(words.split(' ')).args(["--log", "sign.log"]);
        command.current_dir(self.folder.path()).env_remove("KBUILD_SIGN_PIN");
        command.stdin(Stdio::null());
        Ok(command)
    }

    pub(crate) fn sign(&self, words: &str) -> Result<Output, Failed> {
        Ok(ask(&mut self.command(words)?)?)
    }

    /// Signs, and must end with this code.
    pub(crate) fn must(&self, words: &str, code: i32) -> Result<String, Failed> {
        said(&self.sign(words)?, code)
    }
}

pub(crate) fn said(done: &Output, code: i32) -> Result<String, Failed> {
    let text = [&done.stdout[..], &done.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    match done.status.code() == Some(code) {
        true => Ok(text),
        false => Err(format!("ended with {:?}, not {code}: {text}", done.status.code()).into()),
    }
}

pub(crate) fn expect(what: &str, is: bool) -> Result<(), Failed> {
    is.then_some(()).ok_or_else(|| what.to_owned().into())
}

pub(crate) fn module() -> Result<Vec<u8>, Failed> {
    let module = Module { signed_by: "none".to_owned(), ..Module::default() };
    Ok(module.forge(&Kernel::new("6.12", &[])?)?)
}

fn unsigned() -> Image {
    Image { signed_by: Vec::new(), ..Image::default() }
}

pub(crate) fn rsa(desk: &Desk, name: &str) -> Result<bool, Failed> {
    desk.key(name, &["rsa:2048"])
}

/// The kernel's own tool, wherever a distribution puts it.
fn sign_file_tool() -> Option<PathBuf> {
    let folders = ["/usr/lib", "/usr/src", "/usr/src/kernels"];
    let entries = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
    let found =
        entries.flatten().map(|e| e.path().join("scripts/sign-file")).find(|path| path.is_file());
    if found.is_none() {
        told("sign-file");
    }
    found
}

fn sign_file() -> Result<(), Failed> {
    let Some(tool) = sign_file_tool() else { return Ok(()) };
    let desk = Desk::new()?;
    for bits in ["2048", "3072", "4096"] {
        if !desk.key("k", &[&format!("rsa:{bits}")])? {
            return Ok(());
        }
        for digest in ["sha256", "sha384", "sha512"] {
            for (theirs, ours) in [(&[][..], ""), (&["-k"], " --key-id")] {
                let done = ask(Command::new(&tool)
                    .args(theirs)
                    .args([digest, "k.key", "k.crt", "a.ko", "theirs.ko"])
                    .current_dir(desk.folder.path()))?;
                expect("sign-file signs", done.status.success())?;
                let words = "a.ko --key k.key --cert k.crt -o ours.ko --digest";
                desk.must(&format!("{words} {digest}{ours}"), 0)?;
                let what = format!("rsa {bits} {digest}{ours}: the same bytes");
                expect(&what, desk.read("ours.ko")? == desk.read("theirs.ko")?)?;
            }
        }
    }
    Ok(())
}

fn replaced() -> Result<(), Failed> {
    let desk = Desk::new()?;
    if !rsa(&desk, "k")? || !rsa(&desk, "old")? {
        return Ok(());
    }
    desk.must("a.ko -k k.key -c k.crt -o once.ko", 0)?;
    desk.must("a.ko -k old.key -c old.crt -o old.ko", 0)?;
    // Signed twice: the second over the first.
    let old = desk.read("old.ko")?;
    let bare = module()?.len();
    fs::write(desk.at("twice.ko"), [&old[..], &old[bare..]].concat())?;
    for name in ["old.ko", "twice.ko", "once.ko"] {
        let told = desk.must(&format!("{name} -k k.key -c k.crt"), 0)?;
        expect(name, desk.read(name)? == desk.read("once.ko")?)?;
        expect(name, told.contains("old signature"))?;
    }
    // What ends as a signature and is none cannot be taken apart.
    fs::write(desk.at("odd.ko"), [&module()?[..], b"~Module signature appended~\n"].concat())?;
    desk.must("odd.ko -k k.key -c k.crt", 2)?;
    Ok(())
}

fn ecdsa() -> Result<(), Failed> {
    let desk = Desk::new()?;
    for curve in ["P-256", "P-384"] {
        if !desk.key("k", &["ec", "-pkeyopt", &format!("ec_paramgen_curve:{curve}")])? {
            return Ok(());
        }
        for digest in ["sha256", "sha384", "sha512"] {
            desk.must(&format!("a.ko -k k.key -c k.crt -o b.ko -d {digest}"), 0)?;
            let (signed, bare) = (desk.read("b.ko")?, module()?.len());
            fs::write(desk.at("b.p7s"), &signed[bare..signed.len() - 40])?;
            let done = ask(Command::new("openssl")
                .args("cms -verify -binary -inform DER -in b.p7s -content a.ko".split(' '))
                .args("-certfile k.crt -CAfile k.crt -purpose any -nointern -out out".split(' '))
                .current_dir(desk.folder.path()))?;
            expect(&format!("openssl verifies {curve} {digest}"), done.status.success())?;
        }
    }
    Ok(())
}

fn compressed() -> Result<(), Failed> {
    let desk = Desk::new()?;
    if !rsa(&desk, "k")? {
        return Ok(());
    }
    desk.must("a.ko -k k.key -c k.crt -o signed.ko", 0)?;
    for (packer, end) in [("gzip", "gz"), ("xz", "xz"), ("zstd", "zst")] {
        let Some(packer) = tool(packer) else { continue };
        let name = format!("a.ko.{end}");
        ask(Command::new(&packer).args(["-k", "-f", "a.ko"]).current_dir(desk.folder.path()))?;
        desk.must(&format!("{name} -k k.key -c k.crt"), 0)?;
        let unpacked = ask(Command::new(&packer).arg("-dc").arg(desk.at(&name)))?.stdout;
        expect(&name, unpacked == desk.read("signed.ko")?)?;
        // Stream flags of xz: the check's number, 1 is CRC32 (.xz 1.1, 2.1.1.2).
        expect("CRC32", end != "xz" || desk.read(&name)?[7] == 1)?;
    }
    // Cut off in the middle of the stream.
    if let Ok(whole) = desk.read("a.ko.xz") {
        fs::write(desk.at("cut.ko.xz"), &whole[..whole.len() / 2])?;
        desk.must("cut.ko.xz -k k.key -c k.crt", 2)?;
    }
    Ok(())
}

fn images() -> Result<(), Failed> {
    let desk = Desk::new()?;
    let Some(sbverify) = tool("sbverify") else { return Ok(()) };
    if !rsa(&desk, "k")? || !rsa(&desk, "other")? || !rsa(&desk, "stranger")? {
        return Ok(());
    }
    let made = unsigned().forge(desk.folder.path(), desk.folder.path())?;
    fs::copy(made, desk.at("image.efi"))?;
    let takes = |certificate: &str| -> Result<bool, Failed> {
        let done = ask(Command::new(&sbverify)
            .args(["--cert", certificate, "image.efi"])
            .current_dir(desk.folder.path()))?;
        Ok(done.status.success())
    };
    desk.must("image.efi -k k.key -c k.crt", 0)?;
    expect("sbverify takes it", takes("k.crt")?)?;
    let told = desk.must("image.efi -k other.key -c other.crt", 0)?;
    expect("beside the first", told.contains("beside 1 signature"))?;
    expect("both hold", takes("k.crt")? && takes("other.crt")?)?;
    expect("a stranger's does not", !takes("stranger.crt")?)?;
    if let Some(pesign) = tool("pesign") {
        let done = ask(Command::new(pesign).arg("-S").arg("-i").arg(desk.at("image.efi")))?;
        let told = String::from_utf8_lossy(&done.stdout).into_owned();
        for name in ["k", "other"] {
            expect(&told, told.contains(&format!("common name is {name}\n")))?;
        }
    }
    Ok(())
}

fn elsewhere() -> Result<(), Failed> {
    let desk = Desk::new()?;
    if !rsa(&desk, "k")? || !rsa(&desk, "other")? {
        return Ok(());
    }
    let made = unsigned().forge(desk.folder.path(), desk.folder.path())?;
    fs::copy(made, desk.at("image.efi"))?;
    for name in ["a.ko", "image.efi"] {
        desk.must(&format!("{name} --to-sign digest"), 0)?;
        let signed = |key: &str| {
            ask(Command::new("openssl")
                .args("pkeyutl -sign -in digest -pkeyopt digest:sha256 -out sig -inkey".split(' '))
                .arg(key)
                .current_dir(desk.folder.path()))
        };
        signed("other.key")?;
        let before = desk.read(name)?;
        let told = desk.must(&format!("{name} -c k.crt --signature sig"), 2)?;
        expect(&told, told.contains("the signature is not one of"))?;
        expect("the old file", desk.read(name)? == before)?;
        signed("k.key")?;
        desk.must(&format!("{name} -c k.crt --signature sig"), 0)?;
    }
    // The same as when the key is here.
    fs::write(desk.at("b.ko"), module()?)?;
    desk.must("b.ko -k k.key -c k.crt", 0)?;
    expect("the same bytes", desk.read("a.ko")? == desk.read("b.ko")?)
}

fn files() -> Result<(), Failed> {
    let desk = Desk::new()?;
    if !rsa(&desk, "k")? || !rsa(&desk, "other")? {
        return Ok(());
    }
    let openssl = |words: &str| {
        ask(Command::new("openssl").args(words.split(' ')).current_dir(desk.folder.path()))
    };
    openssl("pkcs8 -topk8 -v2 aes256 -in k.key -out locked.key -passout pass:open")?;
    openssl("pkcs12 -export -inkey k.key -in k.crt -out k.p12 -passout pass:open")?;
    // As Windows and older tools lock it.
    let old = "-certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES -macalg sha1";
    openssl(&format!(
        "pkcs12 -export -inkey k.key -in k.crt -out old.p12 -passout pass:open {old}"
    ))?;
    fs::write(desk.at("right"), "open\n")?;
    fs::write(desk.at("wrong"), "shut\n")?;
    let before = desk.read("a.ko")?;
    for key in ["locked.key -c k.crt", "k.p12", "old.p12"] {
        let told = desk.must(&format!("a.ko -k {key} --passphrase-file wrong"), 2)?;
        expect(&told, told.contains("the passphrase does not open it"))?;
        let told = desk.must(&format!("a.ko -k {key}"), 2)?;
        expect(&told, told.contains("it is locked"))?;
        expect("the old file", desk.read("a.ko")? == before)?;
        desk.must(&format!("a.ko -k {key} --passphrase-file right -o b.ko"), 0)?;
        for variable in ["--passphrase-env PASS", "--verbose"] {
            let mut command = desk.command(&format!("a.ko -k {key} -o b.ko {variable}"))?;
            said(&ask(command.env("PASS", "open").env("KBUILD_SIGN_PIN", "open"))?, 0)?;
        }
    }
    let told = desk.must("a.ko -k k.key -c other.crt", 2)?;
    expect(
        &told,
        told.contains("k.key: not the key of the certificate \"O = Example, CN = other\""),
    )?;
    desk.key("ec", &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"])?;
    let told = desk.must("a.ko -k ec.key -c k.crt", 2)?;
    expect(&told, told.contains("not a key that goes with a certificate for rsa"))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(desk.at("k.key"), fs::Permissions::from_mode(0o644))?;
        let told = desk.must("a.ko -k k.key -c k.crt", 2)?;
        expect(&told, told.contains("everybody may read this private key: chmod 600 k.key"))?;
    }
    expect("the old file", desk.read("a.ko")? == before)
}

/// `SoftHSM`, with a token and a key in it.
fn token() -> Result<(), Failed> {
    let desk = Desk::new()?;
    let modules = ["/usr/lib/softhsm", "/usr/lib/x86_64-linux-gnu/softhsm", "/usr/lib64/pkcs11"];
    let module = modules.map(|folder| Path::new(folder).join("libsofthsm2.so"));
    let Some(module) = module.into_iter().find(|path| path.is_file()) else {
        told("SoftHSM");
        return Ok(());
    };
    let Some(softhsm) = tool("softhsm2-util") else { return Ok(()) };
    fs::create_dir(desk.at("tokens"))?;
    let conf = format!("directories.tokendir = {}\n", desk.at("tokens").display());
    fs::write(desk.at("conf"), conf)?;
    let hsm = |words: &str| -> Result<(), Failed> {
        let mut command = Command::new(&softhsm);
        command.args(words.split(' ')).env("SOFTHSM2_CONF", desk.at("conf"));
        said(&ask(command.current_dir(desk.folder.path()))?, 0).map(drop)
    };
    hsm("--init-token --free --label keys --pin 1234 --so-pin 12345678")?;
    let kinds =
        [("rsa", &["rsa:2048"][..]), ("ec", &["ec", "-pkeyopt", "ec_paramgen_curve:P-384"])];
    for (id, (name, options)) in kinds.into_iter().enumerate() {
        if !desk.key(name, options)? {
            return Ok(());
        }
        hsm(&format!("--import {name}.key --token keys --label {name} --id 0{id} --pin 1234"))?;
    }
    let uri =
        |name: &str| format!("pkcs11:token=keys;object={name}?module-path={}", module.display());
    let signs = |words: &str, pin: &str, code: i32| -> Result<String, Failed> {
        let mut command = desk.command(words)?;
        command.env("SOFTHSM2_CONF", desk.at("conf")).env("PIN", pin);
        said(&ask(&mut command)?, code)
    };
    for name in ["rsa", "ec"] {
        let words = format!("a.ko -k {} -c {name}.crt --passphrase-env PIN -o b.ko", uri(name));
        signs(&words, "1234", 0)?;
    }
    // The same as with the key in a file.
    let words = format!("a.ko -k {} -c rsa.crt --passphrase-env PIN -o b.ko", uri("rsa"));
    signs(&words, "1234", 0)?;
    desk.must("a.ko -k rsa.key -c rsa.crt -o c.ko", 0)?;
    expect("the same bytes", desk.read("b.ko")? == desk.read("c.ko")?)?;
    let told = signs(&words, "4321", 2)?;
    expect(&told, told.contains("the passphrase does not open it") && !told.contains("4321"))?;
    let other = words.replace("object=rsa", "object=none");
    let told = signs(&other, "1234", 2)?;
    expect(&told, told.contains("there is no such"))?;
    let told = signs(&words.replace("?module", "?pin-value=1234&module"), "1234", 2)?;
    expect(&told, told.contains("a PIN on a command line is no secret"))?;
    let mismatch = words.replace("rsa.crt", "ec.crt");
    signs(&mismatch, "1234", 2)?;
    Ok(())
}

/// A program that answers with what openssl makes of the question's digest.
#[cfg(unix)]
fn stand_in(desk: &Desk, name: &str, script: &str) -> Result<(), Failed> {
    use std::os::unix::fs::PermissionsExt;
    fs::write(desk.at(name), script)?;
    Ok(fs::set_permissions(desk.at(name), fs::Permissions::from_mode(0o755))?)
}

#[cfg(not(unix))]
fn stand_in(_: &Desk, _: &str, _: &str) -> Result<(), Failed> {
    told("sh");
    Ok(())
}

const ANSWERS: &str = r#"#!/bin/sh
digest=$(sed 's/.*"digest_base64":"\([^"]*\)".*/\1/')
signature=$(echo "$digest" | openssl base64 -d -A |
    openssl pkeyutl -sign -inkey KEY -pkeyopt digest:sha256 | openssl base64 -A)
echo "{\"signature\": \"$signature\"}"
"#;

fn command() -> Result<(), Failed> {
    let desk = Desk::new()?;
    if !cfg!(unix) || !rsa(&desk, "k")? || !rsa(&desk, "other")? {
        return Ok(());
    }
    stand_in(&desk, "answers", &ANSWERS.replace("KEY", "k.key"))?;
    desk.must("a.ko --key-command ./answers -c k.crt -o b.ko", 0)?;
    desk.must("a.ko -k k.key -c k.crt -o c.ko", 0)?;
    expect("the same bytes", desk.read("b.ko")? == desk.read("c.ko")?)?;
    let told = desk.must("a.ko --key-command ./answers -c other.crt -o d.ko", 2)?;
    expect(&told, told.contains("not the key of the certificate"))?;
    for (script, says) in [
        ("#!/bin/sh\necho 'access denied' >&2\nexit 3\n", "access denied"),
        ("#!/bin/sh\necho hello\n", "it did not answer"),
    ] {
        stand_in(&desk, "fails", script)?;
        let told = desk.must("a.ko --key-command ./fails -c k.crt -o d.ko", 2)?;
        expect(&told, told.contains(says))?;
    }
    expect("nothing is left", !desk.at("d.ko").exists())
}

/// The programs of `docs/signing/`, each against a stand-in for the service it calls.
fn examples() -> Result<(), Failed> {
    let desk = Desk::new()?;
    if !cfg!(unix) || !rsa(&desk, "k")? {
        return Ok(());
    }
    let Some(_) = tool("jq") else { return Ok(()) };
    desk.must("a.ko -k k.key -c k.crt -o right.ko", 0)?;
    let services = root().join("proving/stand-ins");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = format!("{}:{}", services.display(), path.display());
    let docs = root().join("docs/signing").display().to_string();
    let windows = format!("powershell.exe -NoProfile -File {docs}/windows-thumbprint.ps1 00AF");
    for program in [format!("{docs}/aws-kms"), windows] {
        let mut command = desk.command("a.ko -c k.crt -o b.ko")?;
        command.args(["--key-command", &program]);
        command.env("PATH", &path).env("KEY", desk.at("k.key"));
        command.env("KMS_KEY", "alias/modules").env("THUMBPRINT", "00AF");
        said(&ask(&mut command)?, 0)?;
        expect(&program, desk.read("b.ko")? == desk.read("right.ko")?)?;
        fs::remove_file(desk.at("b.ko"))?;
    }
    Ok(())
}

fn gone() -> Result<(), Failed> {
    let desk = Desk::new()?;
    if !cfg!(unix) || !rsa(&desk, "k")? {
        return Ok(());
    }
    for name in ["b.ko", "c.ko"] {
        fs::copy(desk.at("a.ko"), desk.at(name))?;
    }
    // It answers twice, and is pulled out then.
    let twice =
        "#!/bin/sh\necho . >> count\n[ $(wc -l < count) -le 2 ] || { echo gone >&2; exit 1; }\n";
    let script = ANSWERS.replace("KEY", "k.key").replace("#!/bin/sh\n", twice);
    stand_in(&desk, "answers", &script)?;
    let told = desk.must("a.ko b.ko c.ko --jobs 1 --key-command ./answers -c k.crt", 1)?;
    expect(&told, told.contains("2 of 3 signed, 1 failed") && told.contains("gone"))?;
    expect("the third is as it was", desk.read("c.ko")? == module()?)?;
    expect("the others are not", desk.read("a.ko")? != module()?)
}

fn judged() -> Result<(), Failed> {
    let desk = Desk::new()?;
    if !rsa(&desk, "k")? {
        return Ok(());
    }
    let host = Host { secure_boot: true, ..Host::default() };
    host.forge(&Module::default(), &desk.at("root"))?;
    let before = desk.read("a.ko")?;
    let told = desk.must("a.ko -k k.key -c k.crt --root root", 1)?;
    expect(&told, told.contains("refused  a.ko") && told.contains("to mend it"))?;
    expect("the old file", desk.read("a.ko")? == before)?;
    // A target that cannot be asked as it was meant to be lets nothing through.
    for wrong in ["--root root --assume db=k.crt", "--root nowhere"] {
        desk.must(&format!("a.ko -k k.key -c k.crt {wrong} -o c.ko"), 2)?;
        expect(wrong, !desk.at("c.ko").exists())?;
    }
    desk.must("a.ko -k k.key -c k.crt --root root --assume enroll=k.crt -o b.ko", 0)?;
    let told = desk.must("a.ko -k k.key -c k.crt --root root --force --json", 0)?;
    let receipt: Value = serde_json::from_str(told.trim())?;
    expect("it says so", receipt["files"][0]["fate"] == "forced")?;
    expect("and why", receipt["files"][0]["judged"][0]["outcome"] == "refused")?;
    expect("the new file", desk.read("a.ko")? == desk.read("b.ko")?)?;
    expect("and in the log", desk.read("sign.log")?.windows(6).any(|w| w == b"forced"))
}

fn many() -> Result<(), Failed> {
    let desk = Desk::new()?;
    if !rsa(&desk, "k")? {
        return Ok(());
    }
    let bytes = module()?;
    for n in 0..300 {
        let folder = desk.at("tree").join(format!("{}", n % 7));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(format!("{n}.ko")), &bytes)?;
    }
    fs::write(desk.at("tree/0/empty.ko"), "")?;
    fs::write(desk.at("tree/1/text.ko"), "not a module\n")?;
    fs::write(desk.at("tree/2/cut.ko"), &bytes[..bytes.len() - 100])?;
    fs::write(desk.at("tree/3/readme.txt"), "left alone")?;
    let told = desk.must("-r tree -k k.key -c k.crt", 1)?;
    expect(&told, told.contains("300 of 303 signed, 3 failed"))?;
    for name in ["tree/0/empty.ko", "tree/1/text.ko", "tree/2/cut.ko"] {
        expect(name, told.contains(&format!("failed   {name}: ")))?;
    }
    desk.must("a.ko -k k.key -c k.crt", 0)?;
    expect("signed as one is", desk.read("tree/6/6.ko")? == desk.read("a.ko")?)?;
    let told = desk.must("tree -k k.key -c k.crt", 2)?;
    expect(&told, told.contains("--recursive"))?;
    // Elsewhere, with the same shape.
    desk.must("-r tree -k k.key -c k.crt -o out", 1)?;
    expect("as below the tree", desk.read("out/6/6.ko")? == desk.read("a.ko")?)
}

fn full() -> Result<(), Failed> {
    let desk = Desk::new()?;
    if !Path::new("/dev/full").exists() || !rsa(&desk, "k")? {
        return Ok(());
    }
    let mut command = Command::new(program::path()?);
    command.args(["sign", "a.ko", "-k", "k.key", "-c", "k.crt", "--log", "/dev/full"]);
    let told = said(&ask(command.current_dir(desk.folder.path()))?, 2)?;
    expect(&told, told.contains("/dev/full: "))?;
    expect("the old file", desk.read("a.ko")? == module()?)?;
    // Where no file can be made.
    desk.must("a.ko -k k.key -c k.crt -o /proc/a.ko", 2)?;
    let left = fs::read_dir(desk.folder.path())?.flatten();
    let parts = left.filter(|e| e.file_name().to_string_lossy().ends_with(".part")).count();
    expect("nothing is left", parts == 0)
}

fn killed() -> Result<(), Failed> {
    let desk = Desk::new()?;
    if !cfg!(unix) || !rsa(&desk, "k")? {
        return Ok(());
    }
    stand_in(&desk, "sleeps", "#!/bin/sh\necho > started\nexec sleep 60\n")?;
    let mut command = desk.command("a.ko --key-command ./sleeps -c k.crt")?;
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    for _ in 0..500 {
        if desk.at("started").exists() {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill()?;
    child.wait()?;
    expect("it was in the middle", desk.at("started").exists())?;
    expect("the old file", desk.read("a.ko")? == module()?)
}

fn chain() -> Result<(), Failed> {
    let desk = Desk::new()?;
    if !rsa(&desk, "k")? {
        return Ok(());
    }
    for _ in 0..3 {
        desk.must("a.ko -k k.key -c k.crt", 0)?;
    }
    let log = String::from_utf8(desk.read("sign.log")?)?;
    let lines: Vec<&str> = log.lines().collect();
    expect("three lines", lines.len() == 3)?;
    for pair in lines.windows(2) {
        let before = loadworthy_core::crypt::digest::digest(
            loadworthy_core::crypt::digest::DigestAlgorithm::Sha256,
            pair[0].as_bytes(),
        );
        let after: Value = serde_json::from_str(pair[1])?;
        expect("each holds the digest of the one before", after["previous"] == before.to_string())?;
    }
    let last: Value = serde_json::from_str(lines[2])?;
    expect("the key is named, not told", last["key"] == "k.key")?;
    expect("no key in it", !log.contains("PRIVATE"))
}
