//! What stands in the way of signing: many files and bad ones among them, disks that are full or not
//! writable, a kill at any time, keys and certificates that do not fit. Each has its line.

use crate::signing::{Desk, expect, module, rsa, said};
use crate::skipped::{ask, told, tool};
use libtest_mimic::{Failed, Trial};
use loadworthy_proving::forge::host::Host;
use loadworthy_proving::forge::key;
use loadworthy_proving::forge::module::Module;
use loadworthy_proving::program;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::Duration;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("sign: ten thousand files, three bad ones, in little memory", ten_thousand),
        Trial::test("sign: killed at any time, every file is the old or the new one", killed),
        Trial::test("sign: a disk that is full", full),
        Trial::test("sign: a file system that cannot be written", read_only),
        Trial::test("sign: keys of a wrong kind", kinds),
        Trial::test("sign: a certificate that has ended, or not begun", ended),
        Trial::test("sign: a module that is signed twice", twice),
        Trial::test("sign: judged by bundles and by platforms that are only named", targets),
    ]
}

const FILES: usize = 10_000;
/// Bytes of memory that so many files may take more than a hundred. Their content is more than twice that.
const MORE: u64 = 24 << 20;

fn ten_thousand() -> Result<(), Failed> {
    let desk = Desk::new()?;
    if !rsa(&desk, "k")? {
        return Ok(());
    }
    let bytes = module()?;
    // Behind the last section, where the kernel and `sign-file` pass it by.
    let padded = [&bytes[..], &vec![b' '; 8192_usize.saturating_sub(bytes.len())]].concat();
    expect("more than they may take", (padded.len() * FILES) as u64 > 2 * MORE)?;
    for (tree, count) in [("few", 100), ("tree", FILES - 3)] {
        for n in 0..count {
            let folder = desk.at(tree).join(format!("{}", n % 50));
            fs::create_dir_all(&folder)?;
            fs::write(folder.join(format!("{n}.ko")), &padded)?;
        }
    }
    let bad = ["tree/0/empty.ko", "tree/1/text.ko", "tree/2/cut.ko"];
    fs::write(desk.at(bad[0]), "")?;
    fs::write(desk.at(bad[1]), "not a module\n")?;
    fs::write(desk.at(bad[2]), &bytes[..bytes.len() - 100])?;
    let (few, _) = peak(&desk, "-r few -k k.key -c k.crt --unjudged", 0)?;
    let (most, said) = peak(&desk, "-r tree -k k.key -c k.crt --unjudged", 1)?;
    expect(&said, said.contains("9997 of 10000 signed, 3 failed"))?;
    expect("only what is bad is named", said.matches("failed  ").count() == 3)?;
    for name in bad {
        expect(name, said.contains(&format!("failed   {name}: ")))?;
    }
    expect("signed as one is", desk.read("tree/7/7.ko")? == desk.read("few/7/7.ko")?)?;
    expect(&format!("{few} and {most} bytes"), most < few + MORE)
}

/// Signs; the most memory it was seen with, and what it said.
fn peak(desk: &Desk, words: &str, code: i32) -> Result<(u64, String), Failed> {
    let mut command = desk.command(words)?;
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    while child.try_wait()?.is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let now = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        most = most.max(now.unwrap_or(0) << 10);
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok((most, said(&child.wait_with_output()?, code)?))
}

fn killed() -> Result<(), Failed> {
    let desk = Desk::new()?;
    if !rsa(&desk, "k")? {
        return Ok(());
    }
    let old = module()?;
    desk.must("a.ko -k k.key -c k.crt -o new.ko --unjudged", 0)?;
    let new = desk.read("new.ko")?;
    let (mut cut, mut through) = (0, 0);
    for round in 0..14_u64 {
        for n in 0..200 {
            let folder = desk.at("tree");
            fs::create_dir_all(&folder)?;
            fs::write(folder.join(format!("{n}.ko")), &old)?;
        }
        let mut command = desk.command("-r tree -k k.key -c k.crt --unjudged")?;
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        // From before its first file to after its last.
        std::thread::sleep(Duration::from_millis(round * round * 3));
        child.kill()?;
        child.wait()?;
        let mut signed = 0;
        for n in 0..200 {
            let is = desk.read(&format!("tree/{n}.ko"))?;
            expect("the old or the new one, whole", is == old || is == new)?;
            signed += usize::from(is == new);
        }
        cut += usize::from(signed < 200);
        through += usize::from(signed == 200);
        fs::remove_dir_all(desk.at("tree"))?;
    }
    expect(&format!("{cut} were cut short, {through} went through"), cut > 0)
}

/// A small file system below the desk, in a name space of its own, where `script` runs.
fn small(desk: &Desk, size: &str, script: &str) -> Result<Option<std::process::Output>, Failed> {
    let Some(unshare) = tool("unshare") else { return Ok(None) };
    fs::create_dir_all(desk.at("disk"))?;
    let script = format!(
        "mount -t tmpfs -o size={size} none disk || exit 99\ncp a.ko disk/a.ko || exit 98\n{script}"
    );
    let done = ask(Command::new(unshare)
        .args(["-rm", "sh", "-c", &script])
        .env("PROGRAM", program::path()?)
        .current_dir(desk.folder.path()))?;
    // 99: not mounted; 1 and nothing else: name spaces are not for everybody here.
    if matches!(done.status.code(), Some(99)) || done.stderr.starts_with(b"unshare:") {
        told("name spaces of one's own, for a small disk");
        return Ok(None);
    }
    Ok(Some(done))
}

const SIGN: &str = "\"$PROGRAM\" sign disk/a.ko -k k.key -c k.crt --unjudged --log log";

fn full() -> Result<(), Failed> {
    let desk = Desk::new()?;
    if !rsa(&desk, "k")? {
        return Ok(());
    }
    // Everything that is left is filled; then what a second copy would take is given back, less a page.
    let script = format!(
        "dd if=/dev/zero of=disk/filling bs=4k status=none 2>/dev/null\n\
         {SIGN}; echo \"code $?\"\ncmp a.ko disk/a.ko && echo whole\nls -A disk"
    );
    let Some(done) = small(&desk, "64k", &script)? else { return Ok(()) };
    let text = said(&done, 0)?;
    expect(&text, text.contains("code 2") && text.contains("No space left on device"))?;
    expect(&text, text.contains("failed   disk/a.ko") && text.contains("whole\n"))?;
    expect(&text, !text.contains(".part"))?;
    // Room for some of many: those are signed, the others named and as they were.
    let script = "for n in $(seq 100 159); do cp a.ko disk/$n.ko || exit 97; done\n\
         dd if=/dev/zero of=disk/filling bs=4k status=none 2>/dev/null\n\
         truncate -s -160k disk/filling\n\
         \"$PROGRAM\" sign -r disk -k k.key -c k.crt --unjudged --log log; echo \"code $?\"\n\
         for n in $(seq 100 159); do cmp -s a.ko disk/$n.ko && echo old; done\nls -A disk";
    let Some(done) = small(&desk, "4m", script)? else { return Ok(()) };
    let text = said(&done, 0)?;
    let old = text.lines().filter(|line| *line == "old").count();
    let failed = text.matches("No space left on device").count();
    expect(&text, text.contains("code 1") && old > 0 && old < 60)?;
    // The module beside them may be either.
    expect(&text, failed == old || failed == old + 1)?;
    expect(&text, !text.contains(".part"))
}

fn read_only() -> Result<(), Failed> {
    let desk = Desk::new()?;
    if !rsa(&desk, "k")? {
        return Ok(());
    }
    let script = format!(
        "mount -o remount,ro disk || exit 99\n{SIGN}; echo \"code $?\"\n\
         cmp a.ko disk/a.ko && echo whole"
    );
    let Some(done) = small(&desk, "64k", &script)? else { return Ok(()) };
    let text = said(&done, 0)?;
    expect(&text, text.contains("code 2") && text.contains("Read-only file system"))?;
    expect(&text, text.contains("failed   disk/a.ko") && text.contains("whole\n"))
}

fn kinds() -> Result<(), Failed> {
    let desk = Desk::new()?;
    let before = desk.read("a.ko")?;
    if !rsa(&desk, "k")? || !desk.key("ed", &["ed25519"])? {
        return Ok(());
    }
    fs::copy(desk.at("k.crt"), desk.at("shut.crt"))?;
    fs::set_permissions(desk.at("shut.crt"), fs::Permissions::from_mode(0o600))?;
    for (words, line) in [
        ("-k ed.key -c ed.crt", "no platform verifies keys of the algorithm 1.3.101.112"),
        ("-k ed.key -c k.crt", "ed.key: not a key that goes with a certificate for rsa"),
        ("-k shut.crt -c k.crt", "shut.crt: no private key in it"),
        ("-k k.crt -c k.crt", "k.crt: everybody may read this private key: chmod 600 k.crt"),
        ("-k none.key -c k.crt", "none.key: No such file"),
        ("-k k.key", "no certificate in it: give one with --cert"),
        ("-k pkcs11:token=none?module-path=/none.so -c k.crt", "cannot be loaded"),
    ] {
        let text = desk.must(&format!("a.ko --unjudged {words}"), 2)?;
        expect(&format!("{words}: {text}"), text.contains(line))?;
    }
    desk.key("long", &["ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"])?;
    let text = desk.must("a.ko --unjudged -k long.key -c long.crt", 2)?;
    expect(&text, text.contains("no platform verifies keys on the curve 1.3.132.0.10"))?;
    expect("the old file", desk.read("a.ko")? == before)
}

fn owner(desk: &Desk) -> Result<(), Failed> {
    fs::write(desk.at("owner.key"), include_bytes!("../../keys/owner.pk8"))?;
    fs::set_permissions(desk.at("owner.key"), fs::Permissions::from_mode(0o600))?;
    Ok(fs::write(desk.at("owner.der"), key::certificate("owner")?)?)
}

fn ended() -> Result<(), Failed> {
    let desk = Desk::new()?;
    if !rsa(&desk, "k")? {
        return Ok(());
    }
    let who = "Linux, shim and most firmware do not look at that; Windows and auditors do";
    // 2100 and 1980.
    for (now, line) in
        [("4102444800", "the certificate has expired ("), ("315532800", "is not valid before ")]
    {
        let mut command = desk.command("a.ko -k k.key -c k.crt -o b.ko --unjudged --json")?;
        let text = said(&ask(command.env("SOURCE_DATE_EPOCH", now))?, 0)?;
        let receipt: serde_json::Value = serde_json::from_str(text.trim())?;
        let note = receipt["notes"][0].as_str().unwrap_or_default().to_owned();
        expect(&text, note.contains(line) && note.ends_with(who))?;
    }
    let text = desk.must("a.ko -k k.key -c k.crt -o b.ko --unjudged --at 2100-01-01", 0)?;
    expect(&text, text.contains("note: the certificate has expired"))?;
    let text = desk.must("a.ko -k k.key -c k.crt -o b.ko --unjudged", 0)?;
    expect("nothing is said of one that holds", !text.contains("note:"))
}

fn twice() -> Result<(), Failed> {
    let desk = Desk::new()?;
    if !rsa(&desk, "k")? {
        return Ok(());
    }
    desk.must("a.ko -k k.key -c k.crt -o once.ko --unjudged", 0)?;
    let (once, bare) = (desk.read("once.ko")?, module()?.len());
    fs::write(desk.at("twice.ko"), [&once[..], &once[bare..]].concat())?;
    let text = desk.must("twice.ko -k k.key -c k.crt --unjudged", 0)?;
    expect(&text, text.contains("twice.ko (2 old signatures replaced)"))?;
    expect("one signature is left", desk.read("twice.ko")? == once)
}

fn targets() -> Result<(), Failed> {
    let desk = Desk::new()?;
    owner(&desk)?;
    let before = desk.read("a.ko")?;
    let host = |toml: &str, name: &str| -> Result<(), Failed> {
        let host: Host = toml::from_str(toml)?;
        host.forge(&Module::default(), &desk.at(name))?;
        let bundle = format!("{name}.lwb");
        let done = program::run(&["collect", "-o", &bundle, "--root", name], desk.folder.path())?;
        said(&done, 0).map(drop)
    };
    host("secure_boot = true\nenrolled = [\"owner\"]", "takes")?;
    host("secure_boot = true", "refuses")?;
    let sign = "a.ko -k owner.key -c owner.der";
    // One that does not take it is enough.
    let text = desk.must(&format!("{sign} --bundle takes.lwb --bundle refuses.lwb"), 1)?;
    expect(&text, text.contains("refuses.lwb refuses it: LW"))?;
    expect(&text, text.contains("judged on takes.lwb"))?;
    expect("the old file", desk.read("a.ko")? == before)?;
    let text = desk.must(&format!("{sign} --bundle takes.lwb -o b.ko"), 0)?;
    expect(&text, text.contains("judged on takes.lwb"))?;
    let text = desk.must(&format!("{sign} --root refuses"), 1)?;
    expect(&text, text.contains("refuses refuses it") && text.contains("to mend it"))?;
    let text = desk.must("b.ko -k owner.key -c owner.der --root refuses", 1)?;
    expect(&text, !text.contains("replaced"))?;
    // A platform that is only named, whose kernel cannot verify such a key, and one where that cannot be
    // told: the certificates of its image are not known.
    if !desk.key("ec", &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"])? {
        return Ok(());
    }
    let elliptic = "a.ko -k ec.key -c ec.crt --on debian-11,enroll=ec.crt";
    let text = desk.must(elliptic, 1)?;
    expect(&text, text.contains("debian-11,enroll=ec.crt refuses it: LW1005"))?;
    expect("the old file", desk.read("a.ko")? == before)?;
    let forced = desk.must(&format!("{elliptic} --force --json -o c.ko"), 0)?;
    let receipt: serde_json::Value = serde_json::from_str(forced.trim())?;
    expect(&forced, receipt["files"][0]["fate"] == "forced")?;
    expect(&forced, receipt["targets"][0]["name"] == "debian-11,enroll=ec.crt")?;
    let text = desk.must(&format!("{sign} --on debian-12 -o c.ko"), 0)?;
    expect(&text, text.contains("debian-12: it cannot be told whether it loads: which keys"))?;
    let off = "--on debian-12,secure-boot=off --on debian-13,enroll=owner.der";
    let text = desk.must(&format!("{sign} {off} --root takes -o d.ko"), 0)?;
    expect(&text, text.contains("judged on takes") && text.contains("judged on debian-12,secure"))?;
    expect("as for the bundle", desk.read("d.ko")? == desk.read("b.ko")?)?;
    for (on, line) in
        [("debian-21", "is no platform; did you mean"), ("debian-12,x=y", "is no key of debian-12")]
    {
        let text = desk.must(&format!("{sign} --on {on}"), 2)?;
        expect(&text, text.contains(line))?;
    }
    // A key for platforms that are only named.
    let make = |kind: &str, on: &str| -> Result<std::process::Output, Failed> {
        let (key, cert) = (format!("{kind}-{on}.pem"), format!("{kind}-{on}.der"));
        let words = ["key", "new", "--name", "N", "--kind", kind, "--for", on];
        let files = ["--key", &key, "--cert", &cert];
        let done = program::run(&[&words[..], &files].concat(), desk.folder.path())?;
        expect("made or not", desk.at(&key).exists() == done.status.success())?;
        Ok(done)
    };
    for (kind, on, code, line) in [
        ("ecdsa-p256", "debian-12", 1, "debian-12: 6.1"),
        ("ecdsa-p256", "debian-11", 1, "does not verify"),
        ("ecdsa-p384", "debian-13", 0, "made  N"),
        ("rsa-2048", "debian-12", 0, "made  N"),
        ("rsa-2048", "debian-21", 2, "--for debian-21: no such file, and"),
        ("rsa-2048", "windows-11-24h2", 2, "no platform of Linux"),
    ] {
        let text = said(&make(kind, on)?, code)?;
        expect(&format!("{kind} {on}: {text}"), text.contains(line))?;
    }
    Ok(())
}
