//! Keys in tokens: a TPM 2.0 through its PKCS#11 module, and a token that is taken out in the middle.

use crate::signing::{Desk, expect, module, said};
use crate::skipped::{ask, told, tool};
use libtest_mimic::{Failed, Trial};
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("sign: a key in a TPM 2.0", tpm),
        Trial::test("sign: a token that is taken out in the middle", taken_out),
    ]
}

/// Where distributions put PKCS#11 modules.
const FOLDERS: [&str; 6] = [
    "/usr/lib/softhsm",
    "/usr/lib/x86_64-linux-gnu/softhsm",
    "/usr/lib/x86_64-linux-gnu/pkcs11",
    "/usr/lib/aarch64-linux-gnu/pkcs11",
    "/usr/lib64/pkcs11",
    "/usr/lib/pkcs11",
];

fn pkcs11_module(file: &str) -> Option<PathBuf> {
    let found = FOLDERS.iter().map(|folder| Path::new(folder).join(file)).find(|p| p.is_file());
    if found.is_none() {
        told(file);
    }
    found
}

/// A TPM that is a program; it ends with the test.
struct Tpm(Child);

impl Drop for Tpm {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Two ports that nobody had a moment ago.
fn ports() -> Result<(u16, u16), Failed> {
    for _ in 0..100 {
        let first = TcpListener::bind("127.0.0.1:0")?;
        let port = first.local_addr()?.port();
        if let Some(next) = port.checked_add(1)
            && TcpListener::bind(("127.0.0.1", next)).is_ok()
        {
            return Ok((port, next));
        }
    }
    Err("no two ports".into())
}

fn tpm() -> Result<(), Failed> {
    let desk = Desk::new()?;
    let Some(module) = pkcs11_module("libtpm2_pkcs11.so") else { return Ok(()) };
    let (Some(swtpm), Some(pkcs11), Some(openssl)) =
        (tool("swtpm"), tool("pkcs11-tool"), tool("openssl"))
    else {
        return Ok(());
    };
    for folder in ["state", "store"] {
        fs::create_dir(desk.at(folder))?;
    }
    let (port, control) = ports()?;
    let running = Command::new(swtpm)
        .args(["socket", "--tpm2", "--flags", "not-need-init,startup-clear"])
        .arg("--tpmstate")
        .arg(format!("dir={}", desk.at("state").display()))
        .args(["--server", &format!("type=tcp,port={port}")])
        .args(["--ctrl", &format!("type=tcp,port={control}")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let running = Tpm(running);
    let begun = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", control)).is_err() {
        expect("the TPM starts", begun.elapsed() < Duration::from_secs(30))?;
        std::thread::sleep(Duration::from_millis(50));
    }
    let set = |command: &mut Command| {
        command.env("TPM2_PKCS11_STORE", desk.at("store"));
        command.env("TPM2_PKCS11_TCTI", format!("swtpm:port={port}"));
        command.env("TSS2_LOG", "all+NONE").current_dir(desk.folder.path());
    };
    let does = |words: &str| -> Result<(), Failed> {
        let mut command = Command::new(&pkcs11);
        command.arg("--module").arg(&module).args(words.split(' '));
        set(&mut command);
        said(&ask(&mut command)?, 0).map(drop)
    };
    does("--init-token --slot-index 0 --so-pin 12345678 --label keys")?;
    does("--init-pin --token-label keys --so-pin 12345678 --pin 1234")?;
    desk.key("ca", &["rsa:2048"])?;
    for (name, kind) in [("rsa", "rsa:2048"), ("ec", "EC:prime256v1")] {
        let to = "--token-label keys --login --pin 1234";
        does(&format!("{to} --keypairgen --key-type {kind} --label {name}"))?;
        does(&format!("{to} --read-object --type pubkey --label {name} -o {name}.pub"))?;
        // A certificate about the key in the TPM, by somebody else.
        for words in [
            format!("pkey -pubin -inform DER -in {name}.pub -out {name}.pem"),
            format!("req -new -key ca.key -subj /CN={name} -out {name}.csr"),
            format!(
                "x509 -req -in {name}.csr -signkey ca.key -force_pubkey {name}.pem -out {name}.crt"
            ),
        ] {
            let made = Command::new(&openssl)
                .args(words.split(' '))
                .current_dir(desk.folder.path())
                .output()?;
            said(&made, 0)?;
        }
    }
    let uri =
        |name: &str| format!("pkcs11:token=keys;object={name}?module-path={}", module.display());
    let signs = |words: &str, pin: &str, code: i32| -> Result<String, Failed> {
        let mut command = desk.command(words)?;
        set(command.env("PIN", pin).arg("--unjudged"));
        said(&ask(&mut command)?, code)
    };
    for name in ["rsa", "ec"] {
        let words =
            format!("a.ko -k {} -c {name}.crt --passphrase-env PIN -o {name}.ko", uri(name));
        signs(&words, "1234", 0)?;
        let (signed, bare) = (desk.read(&format!("{name}.ko"))?, desk.read("a.ko")?.len());
        fs::write(desk.at("p7s"), &signed[bare..signed.len() - 40])?;
        let done = Command::new(&openssl)
            .args("cms -verify -binary -inform DER -in p7s -content a.ko -noverify".split(' '))
            .args(["-nointern", "-out", "out", "-certfile", &format!("{name}.crt")])
            .current_dir(desk.folder.path())
            .output()?;
        said(&done, 0)?;
    }
    let words = format!("a.ko -k {} --passphrase-env PIN -o b.ko", uri("rsa"));
    let text = signs(&format!("{words} -c rsa.crt"), "4321", 2)?;
    expect(&text, text.contains("the passphrase does not open it") && !text.contains("4321"))?;
    let text = signs(&format!("{words} -c ca.crt"), "1234", 2)?;
    expect(&text, text.contains("not the key of the certificate"))?;
    drop(running);
    let text = signs(&format!("{words} -c rsa.crt"), "1234", 2)?;
    expect(&text, text.contains("pkcs11:token=keys"))?;
    expect("nothing is left", !desk.at("b.ko").exists())
}

/// `SoftHSM` keeps a token in a folder; the folder goes once the first file is signed.
fn taken_out() -> Result<(), Failed> {
    let desk = Desk::new()?;
    let Some(library) = pkcs11_module("libsofthsm2.so") else { return Ok(()) };
    let Some(softhsm) = tool("softhsm2-util") else { return Ok(()) };
    fs::create_dir(desk.at("tokens"))?;
    let conf = format!("directories.tokendir = {}\n", desk.at("tokens").display());
    fs::write(desk.at("conf"), conf)?;
    if !desk.key("k", &["rsa:4096"])? {
        return Ok(());
    }
    for words in [
        "--init-token --free --label keys --pin 1234 --so-pin 12345678",
        "--import k.key --token keys --label k --id 01 --pin 1234",
    ] {
        let mut command = Command::new(&softhsm);
        command.args(words.split(' ')).env("SOFTHSM2_CONF", desk.at("conf"));
        said(&ask(command.current_dir(desk.folder.path()))?, 0)?;
    }
    fs::create_dir(desk.at("tree"))?;
    let old = module()?;
    let count = 600;
    for n in 0..count {
        fs::write(desk.at("tree").join(format!("{n:03}.ko")), &old)?;
    }
    let key = format!("pkcs11:token=keys;object=k?module-path={}", library.display());
    let mut command = desk
        .command(&format!("-r tree -k {key} -c k.crt --passphrase-env PIN --jobs 1 --unjudged"))?;
    command.env("SOFTHSM2_CONF", desk.at("conf")).env("PIN", "1234");
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let begun = Instant::now();
    let parts = || -> Result<bool, Failed> {
        let all = fs::read_dir(desk.at("tree"))?;
        Ok(all.flatten().any(|e| e.file_name().to_string_lossy().ends_with(".part")))
    };
    while !parts()? && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(1));
    }
    fs::rename(desk.at("tokens"), desk.at("taken"))?;
    let text = said(&child.wait_with_output()?, 1)?;
    let mut signed = 0;
    for n in 0..count {
        let is = desk.read(&format!("tree/{n:03}.ko"))?;
        expect("old or signed", is == old || is.starts_with(&old))?;
        signed += usize::from(is != old);
    }
    expect(&format!("some: {signed}"), signed > 0 && signed < count)?;
    let line = format!("{signed} of {count} signed, {} failed", count - signed);
    expect(&text, text.contains(&line))?;
    expect(&text, text.contains("the token"))
}
