//! Other tools read what we read, and say the same.

use crate::journals;
use crate::skipped::{ask, tool};
use libtest_mimic::{Failed, Trial};
use loadworthy_formats::compress::{self, Compression};
use loadworthy_formats::elf::survey::survey;
use loadworthy_formats::evidence::journal::{self, Record};
use loadworthy_formats::evidence::journal_file;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::x509::certificate;
use loadworthy_proving::forge::image::Image;
use loadworthy_proving::forge::kernel::Kernel;
use loadworthy_proving::forge::key::Key;
use loadworthy_proving::forge::module::Module;
use loadworthy_proving::forge::signature::{Form, message};
use loadworthy_proving::program;
use loadworthy_report::inspect;
use std::fs;
use std::process::Command;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("peer modinfo reads the same modinfo", modinfo),
        Trial::test("peer modinfo says what inspect --brief says", brief),
        Trial::test("peer depmod says what inspect --needs says", depmod),
        Trial::test("peer lzop packs what we unpack", lzop),
        Trial::test("peer journalctl reads the same entries", journal),
        Trial::test("peer readelf sees the same undefined symbols", readelf),
        Trial::test("peer openssl reads the same certificate", openssl_x509),
        Trial::test("peer openssl verifies a forged signature", openssl_verify),
        Trial::test("peer sbverify says the same of a forged image", sbverify),
    ]
}

fn module() -> Result<Vec<u8>, String> {
    let module = Module {
        needs: vec!["printk".to_owned(), "_printk".to_owned()],
        staging: true,
        depends: vec!["demo_core".to_owned()],
        ..Module::default()
    };
    module.forge(&Kernel::new("6.12", &[])?)
}

/// Three modules: one needs the second, which needs the third.
fn depmod() -> Result<(), Failed> {
    let Some(tool) = tool("depmod") else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let tree = folder.path().join("lib/modules/6.12.0/kernel");
    fs::create_dir_all(&tree)?;
    let word = |text: &str| vec![text.to_owned()];
    let mut paths = Vec::new();
    for (name, needs, exports) in [
        ("upper", word("of_middle"), Vec::new()),
        ("middle", word("of_lower"), word("of_middle")),
        ("lower", Vec::new(), word("of_lower")),
    ] {
        let module = Module { name: name.to_owned(), needs, exports, ..Module::default() };
        let path = tree.join(format!("{name}.ko"));
        fs::write(&path, module.forge(&Kernel::new("6.12", &[])?)?)?;
        paths.push(path.display().to_string());
    }
    let asked = ask(Command::new(tool).args(["-n", "-b"]).arg(folder.path()).arg("6.12.0"))?;
    let theirs = String::from_utf8(asked.stdout)?;
    let mut theirs: Vec<&str> = theirs.lines().take_while(|line| !line.starts_with('#')).collect();
    let arguments: Vec<&str> =
        ["inspect", "--needs"].into_iter().chain(paths.iter().map(String::as_str)).collect();
    let ours = String::from_utf8(program::run(&arguments, folder.path())?.stdout)?;
    let ours = ours.replace(&format!("{}/", tree.parent().unwrap_or(&tree).display()), "");
    let mut ours: Vec<&str> = ours.lines().collect();
    theirs.sort_unstable();
    ours.sort_unstable();
    if ours == theirs { Ok(()) } else { Err(format!("{ours:?} is not {theirs:?}").into()) }
}

/// A payload of several blocks, some of which are stored as they are, in every strength.
fn lzop() -> Result<(), Failed> {
    let Some(tool) = tool("lzop") else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("payload");
    // Half of it repeats itself, half of it does not at all.
    let mut state = 1_u32;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    let content: Vec<u8> =
        module()?.into_iter().cycle().take(700_000).chain(noise.take(700_000)).collect();
    fs::write(&path, &content)?;
    for options in [&["-1"][..], &["-3"], &["-9"], &["--crc32"], &["-3", "-F"]] {
        let packed = ask(Command::new(&tool).args(options).arg("-c").arg(&path))?.stdout;
        let mut out = Vec::new();
        let done = compress::unpack(&packed, Compression::Lzo, 2 << 20, &Limits::DEFAULT, &mut out)
            .map_err(|e| format!("{options:?}: {e}"))?;
        if done.consumed != packed.len() || out != content {
            return Err(format!("{options:?}: other bytes than were packed").into());
        }
    }
    Ok(())
}

fn modinfo() -> Result<(), Failed> {
    let Some(tool) = tool("modinfo") else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("demo.ko");
    let bytes = module()?;
    fs::write(&path, &bytes)?;
    let ours = survey(&bytes, &Limits::DEFAULT).value;
    let ours = ours.modinfo().ok_or("no .modinfo")?;
    for field in ["license", "depends", "vermagic", "name", "intree", "staging"] {
        let theirs = ask(Command::new(&tool).args(["-F", field]).arg(&path))?;
        let theirs = String::from_utf8_lossy(&theirs.stdout).trim_end_matches('\n').to_owned();
        let ours = ours.text(field).unwrap_or_default();
        if ours != theirs {
            return Err(format!("{field}: ours {ours:?}, theirs {theirs:?}").into());
        }
    }
    Ok(())
}

/// The program's own way, plain and compressed.
fn brief() -> Result<(), Failed> {
    let Some(tool) = tool("modinfo") else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let (plain, packed) = (folder.path().join("demo.ko"), folder.path().join("demo.ko.zst"));
    fs::write(&plain, module()?)?;
    fs::write(&packed, zstd::bulk::compress(&module()?, 3)?)?;
    let said = program::run(&["inspect", "--brief", "demo.ko", "demo.ko.zst"], folder.path())?;
    let ours = String::from_utf8_lossy(&said.stdout).into_owned();
    for field in ["license", "depends", "vermagic", "name", "intree", "staging"] {
        let theirs = ask(Command::new(&tool).args(["-F", field]).arg(&plain))?;
        let theirs = String::from_utf8_lossy(&theirs.stdout).trim_end_matches('\n').to_owned();
        let line = format!("{field}: {theirs}");
        if ours.lines().filter(|l| **l == line).count() != 2 {
            return Err(format!("{line:?} is not twice in {ours}").into());
        }
    }
    Ok(())
}

fn readelf() -> Result<(), Failed> {
    let Some(tool) = tool("readelf") else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("demo.ko");
    let bytes = module()?;
    fs::write(&path, &bytes)?;
    let said = ask(Command::new(&tool).args(["--syms", "--wide"]).arg(&path))?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let mut theirs: Vec<&str> = said
        .lines()
        .map(|l| l.split_whitespace().collect::<Vec<_>>())
        .filter(|w| w.get(6) == Some(&"UND"))
        .filter_map(|w| w.get(7).copied())
        .collect();
    theirs.sort_unstable();
    let ours = survey(&bytes, &Limits::DEFAULT).value;
    let mut ours: Vec<String> =
        ours.undefined().map(|u| String::from_utf8_lossy(u.name).into_owned()).collect();
    ours.sort();
    match ours == theirs && !ours.is_empty() {
        true => Ok(()),
        false => Err(format!("ours {ours:?}, theirs {theirs:?}").into()),
    }
}

fn openssl_x509() -> Result<(), Failed> {
    let Some(tool) = tool("openssl") else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    for name in ["distribution", "owner", "stranger"] {
        let key = Key::named(name)?;
        let path = folder.path().join(name);
        fs::write(&path, &key.certificate)?;
        let said = ask(Command::new(&tool)
            .args(["x509", "-inform", "DER", "-noout", "-serial", "-in"])
            .arg(&path))?;
        let theirs = String::from_utf8_lossy(&said.stdout).trim().to_lowercase();
        let read = certificate::read(&key.certificate).map_err(|e| e.to_string())?;
        let ours: String = read.value.serial.iter().map(|b| format!("{b:02x}")).collect();
        if theirs != format!("serial={ours}") {
            return Err(format!("{name}: ours {ours}, theirs {theirs}").into());
        }
    }
    Ok(())
}

fn openssl_verify() -> Result<(), Failed> {
    let Some(tool) = tool("openssl") else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    let key = Key::named("owner")?;
    fs::write(at("certificate"), &key.certificate)?;
    fs::write(at("content"), b"some bytes")?;
    let pem = ask(Command::new(&tool)
        .args(["x509", "-inform", "DER", "-in"])
        .arg(at("certificate"))
        .arg("-out")
        .arg(at("pem")))?;
    for (form, digest) in
        [(Form::Detached, "sha256"), (Form::Detached, "sha512"), (Form::SignedAttributes, "sha256")]
    {
        fs::write(at("message"), message(b"some bytes", &key, digest, form)?)?;
        let said = ask(Command::new(&tool)
            .args(["cms", "-verify", "-binary", "-noverify", "-inform", "DER", "-in"])
            .arg(at("message"))
            .arg("-content")
            .arg(at("content"))
            .arg("-certfile")
            .arg(at("pem"))
            .args(["-out", "/dev/null"]))?;
        if !said.status.success() {
            let words = String::from_utf8_lossy(&said.stderr).into_owned();
            let pem = String::from_utf8_lossy(&pem.stderr).into_owned();
            return Err(format!("{form:?} with {digest}: {pem}{words}").into());
        }
    }
    Ok(())
}

/// Whether an image is signed by a key, by sbverify and by the field `verifies` of `inspect`.
fn sbverify() -> Result<(), Failed> {
    let (Some(sbverify), Some(openssl)) = (tool("sbverify"), tool("openssl")) else {
        return Ok(());
    };
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    fs::write(at("certificate"), Key::named("owner")?.certificate)?;
    ask(Command::new(&openssl)
        .args(["x509", "-inform", "DER", "-in"])
        .arg(at("certificate"))
        .arg("-out")
        .arg(at("pem")))?;
    for (changed, generations) in [(false, vec![]), (true, vec![]), (false, vec!["grub,5".into()])]
    {
        let image = Image { changed, sbat: generations, ..Image::default() };
        let file = image.forge(folder.path(), folder.path())?;
        let theirs = ask(Command::new(&sbverify).arg("--cert").arg(at("pem")).arg(&file))?;
        let read = inspect::describe(&file, &fs::read(&file)?, &Limits::DEFAULT);
        let ours = read.signatures.iter().flatten().next().and_then(|s| s.verifies);
        if ours != Some(theirs.status.success()) {
            let said = String::from_utf8_lossy(&theirs.stderr).into_owned();
            return Err(format!("changed {changed}: ours {ours:?}, theirs {said}").into());
        }
    }
    Ok(())
}

/// Entries in the form that `systemd-journal-remote` takes: short ones, one that is compressed, one
/// of several lines, one that is no UTF-8.
fn entries() -> Vec<u8> {
    let long = "Loading of unsigned module is rejected; ".repeat(60);
    let texts: [&[u8]; 5] = [
        b"Linux version 6.12.0",
        b"modprobe: ERROR: could not insert 'lpfc': Key was rejected by service",
        long.as_bytes(),
        b"two\nlines",
        b"caf\xe9",
    ];
    let mut all = Vec::new();
    for (n, text) in texts.iter().cycle().take(400).enumerate() {
        let time = 1_768_961_642_000_000_u64 + n as u64;
        all.extend(format!("__REALTIME_TIMESTAMP={time}\n__MONOTONIC_TIMESTAMP={n}\n").bytes());
        all.extend(b"_BOOT_ID=0123456789abcdef0123456789abcdef\n_HOSTNAME=san-7\n");
        all.extend(format!("SYSLOG_IDENTIFIER=kernel\nN={n}\nMESSAGE\n").bytes());
        all.extend((text.len() as u64).to_le_bytes());
        all.extend([text, b"\n\n".as_slice()].concat());
    }
    all
}

fn journal() -> Result<(), Failed> {
    let Some(reader) = tool("journalctl") else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let files = journals::written(&entries(), folder.path())?;
    for file in files.into_iter().flatten() {
        let mut told = Command::new(&reader);
        told.arg("--file").arg(&file).args(["-o", "json", "--all", "--no-pager"]);
        let told = String::from_utf8(ask(&mut told)?.stdout)?;
        let theirs: Vec<Record> = told.lines().filter_map(journal::read).collect();
        let mut ours = Vec::new();
        let mut keep = |_: u64, record: &Record| ours.push(record.clone());
        let got = journal_file::read(&fs::read(&file)?, &Limits::DEFAULT, &mut keep)
            .map_err(|e| e.to_string())?;
        assert_eq!((got.value.entries, got.value.left_off, got.deviations.len()), (400, 0, 0));
        assert_eq!((theirs.len(), &ours), (400, &theirs), "{}", file.display());
    }
    Ok(())
}
