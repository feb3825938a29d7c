//! Keys, passphrases and PINs are nowhere but where they were put: not in what is printed, also with
//! `--verbose`, `--json` and on failure, not in logs, bundles, core dumps of what is told, or files that
//! are left behind.

use crate::signing::{Desk, expect};
use crate::skipped::ask;
use libtest_mimic::{Failed, Trial};
use loadworthy_proving::forge::host::Host;
use loadworthy_proving::forge::module::Module;
use loadworthy_proving::program;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use xtask::tree::root;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("secrets: nothing that is printed or kept holds one", nowhere),
        Trial::test("secrets: without the feature there is no code that signs", no_code),
    ]
}

const PASSPHRASE: &str = "correct-horse-battery";
const WRONG: &str = "staple-wrong-7321";

/// The numbers of an RSA key that nobody else knows: pieces of each, as bytes and in the spellings that
/// programs print them in.
fn traces(key: &[u8]) -> Vec<Vec<u8>> {
    // Behind the first third of PKCS#8 stand the private exponent and the primes.
    let pieces = [key.len() / 2, key.len() * 2 / 3, key.len() - 80];
    let mut traces = Vec::new();
    for at in pieces {
        let piece = &key[at..at + 24];
        let lower: String = piece.iter().map(|b| format!("{b:02x}")).collect();
        let colons: Vec<String> = piece.iter().map(|b| format!("{b:02x}")).collect();
        let numbers: Vec<String> = piece.iter().map(ToString::to_string).collect();
        traces.push(piece.to_vec());
        traces.push(lower.to_uppercase().into_bytes());
        traces.push(lower.into_bytes());
        traces.push(colons.join(":").into_bytes());
        // As Rust's `Debug` shows bytes.
        traces.push(numbers.join(", ").into_bytes());
    }
    traces
}

fn clean(what: &str, bytes: &[u8], traces: &[Vec<u8>]) -> Result<(), Failed> {
    for trace in traces {
        if bytes.windows(trace.len()).any(|w| w == trace) {
            return Err(format!("{what} holds {:?}", String::from_utf8_lossy(trace)).into());
        }
    }
    Ok(())
}

/// Everything below a folder but the files that hold the secrets themselves.
fn files(folder: &Path, own: &[PathBuf], found: &mut Vec<PathBuf>) -> Result<(), Failed> {
    for entry in fs::read_dir(folder)?.flatten() {
        let path = entry.path();
        match entry.file_type()? {
            kind if kind.is_dir() => files(&path, own, found)?,
            kind if kind.is_file() && !own.contains(&path) => found.push(path),
            _ => {}
        }
    }
    Ok(())
}

fn nowhere() -> Result<(), Failed> {
    let desk = Desk::new()?;
    let host = Host { secure_boot: true, ..Host::default() };
    host.forge(&Module { signed_by: "none".into(), ..Module::default() }, &desk.at("root"))?;
    fs::write(desk.at("pass"), format!("{PASSPHRASE}\n"))?;
    fs::write(desk.at("wrong"), format!("{WRONG}\n"))?;
    // Where DKMS keeps its own key, too.
    let run = |words: &str| -> Result<Vec<u8>, Failed> {
        let mut command = Command::new(program::path()?);
        command.args(words.split(' ')).current_dir(desk.folder.path());
        command.env("PASS", PASSPHRASE).env("BAD", WRONG).env("KBUILD_SIGN_PIN", PASSPHRASE);
        command.env("RUST_BACKTRACE", "full").env("RUST_LOG", "trace");
        let done = ask(&mut command)?;
        Ok([done.stdout, done.stderr].concat())
    };
    let mut said = Vec::new();
    for json in ["", " --json"] {
        let n = usize::from(!json.is_empty());
        for words in [
            format!("key new --name N --kind rsa-2048 --key open{n}.pem --cert open{n}.der"),
            format!(
                "key new --name N --kind rsa-2048 --key shut{n}.pem --cert shut{n}.der \
                 --passphrase-file pass"
            ),
        ] {
            said.push(run(&format!("{words}{json}"))?);
        }
    }
    let open = fs::read(desk.at("open0.pem"))?;
    let text = String::from_utf8_lossy(&open).into_owned();
    let body: String = text.lines().filter(|line| !line.starts_with("---")).collect();
    let der = decoded(&body).ok_or("no PKCS#8 in it")?;
    let mut traces = traces(&der);
    // Lines of the file as they stand there.
    traces.extend(
        text.lines().filter(|line| line.len() == 64).skip(8).map(|l| l.as_bytes().to_vec()),
    );
    let secrets = [PASSPHRASE, WRONG].map(|secret| secret.as_bytes().to_vec());
    let dkms = desk.at("root/var/lib/dkms");
    fs::create_dir_all(&dkms)?;
    fs::copy(desk.at("open0.pem"), dkms.join("mok.key"))?;
    fs::set_permissions(dkms.join("mok.key"), fs::Permissions::from_mode(0o600))?;
    fs::copy(desk.at("open0.der"), dkms.join("mok.pub"))?;
    fs::create_dir_all(desk.at("root/etc/dkms"))?;
    fs::write(desk.at("root/etc/dkms/framework.conf"), "# mok_signing_key=\n")?;
    let enroll = "--root root --assume enroll=open0.der";
    for words in [
        format!("sign a.ko -k open0.pem -c open0.der {enroll} --log log -o b.ko --verbose"),
        format!("sign a.ko -k open0.pem -c open0.der {enroll} --log log -o b.ko --json"),
        "sign a.ko -k open0.pem -c open0.der --root root --log log -o b.ko --force".to_owned(),
        "sign a.ko -k shut0.pem -c shut0.der --passphrase-file pass --unjudged --log log -o c.ko"
            .to_owned(),
        "sign a.ko -k shut0.pem -c shut0.der --passphrase-env PASS --unjudged --log log -o c.ko"
            .to_owned(),
        "sign a.ko -k shut0.pem -c shut0.der --unjudged --log log -o c.ko --json".to_owned(),
        "sign a.ko -k shut0.pem -c shut0.der --passphrase-file wrong --unjudged --log log"
            .to_owned(),
        "sign a.ko -k shut0.pem -c shut0.der --passphrase-env BAD --unjudged --log log --json"
            .to_owned(),
        "sign a.ko -k open0.pem -c shut0.der --unjudged --log log --verbose".to_owned(),
        "sign open0.pem -k open0.pem -c open0.der --unjudged --log log --verbose".to_owned(),
        format!("sign a.ko -k pkcs11:token=t?pin-value={WRONG}&module-path=/n -c open0.der"),
        format!("dkms setup --root root --cert open0.der --key pkcs11:token=t?pin-value={WRONG}"),
        "inspect open0.pem shut0.pem".to_owned(),
        "inspect open0.pem --json".to_owned(),
        "key list --root root --all --proof full".to_owned(),
        "key list --root root --all --json".to_owned(),
        "key enroll open0.pem --root root".to_owned(),
        "key enroll open0.der --root root --firmware --password-file pass --json".to_owned(),
        "dkms setup --key open0.pem --cert open0.der --passphrase-file pass --root root".to_owned(),
        "dkms status --root root --json".to_owned(),
        "dkms sign --key open0.pem --cert open0.der --root root --log log".to_owned(),
        "dkms undo --root root --json".to_owned(),
        "collect -o host.lwb --root root --full".to_owned(),
        "collect -o small.lwb --root root --json".to_owned(),
        "policy --root root --json".to_owned(),
        "diagnose --root root --json".to_owned(),
    ] {
        let done = run(&words)?;
        for (set, kind) in [(&traces[..], "the key"), (&secrets, "a passphrase")] {
            clean(&format!("{kind}: what `{words}` prints"), &done, set)?;
        }
        said.push(done);
    }
    for bytes in &said {
        clean("what was printed", bytes, &traces)?;
        clean("what was printed", bytes, &secrets)?;
        expect("no PEM key", !bytes.windows(11).any(|w| w == b"PRIVATE KEY"))?;
    }
    let own = ["open0.pem", "root/var/lib/dkms/mok.key", "pass", "wrong"].map(|name| desk.at(name));
    let mut kept = Vec::new();
    files(desk.folder.path(), &own, &mut kept)?;
    expect("bundles and logs are among them", kept.len() > 10)?;
    for path in kept {
        let bytes = fs::read(&path)?;
        clean(&path.display().to_string(), &bytes, &traces)?;
        clean(&path.display().to_string(), &bytes, &secrets)?;
    }
    // Bundles are packed: what is inside is asked for by the program that reads them.
    let listed = run("inspect host.lwb --json")?;
    expect("the key's file is not in the bundle", !listed.windows(7).any(|w| w == b"mok.key"))
}

/// Base64, as PEM has it.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| {
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
            .iter()
            .position(|d| *d == c)
    };
    let digits: Option<Vec<usize>> = text.trim_end_matches('=').bytes().map(digit).collect();
    let mut bytes = Vec::new();
    for four in digits?.chunks(4) {
        let number = four.iter().fold(0, |sum, digit| sum << 6 | digit) << (6 * (4 - four.len()));
        let three = [number >> 16, number >> 8, number].map(|byte| (byte & 0xff) as u8);
        bytes.extend(&three[..four.len() - 1]);
    }
    Some(bytes)
}

fn no_code() -> Result<(), Failed> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args("tree --offline --package loadworthy --edges normal --prefix none".split(' '));
    cargo.current_dir(root());
    let with = ask(&mut cargo)?;
    let without = ask(cargo.arg("--no-default-features"))?;
    expect("cargo tree", with.status.success() && without.status.success())?;
    let has = |output: &[u8], name: &str| {
        String::from_utf8_lossy(output).lines().any(|line| line.split(' ').next() == Some(name))
    };
    for name in ["loadworthy-sign", "cryptoki"] {
        expect(name, has(&with.stdout, name))?;
        expect(name, !has(&without.stdout, name))?;
    }
    Ok(())
}
