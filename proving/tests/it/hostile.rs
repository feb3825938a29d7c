//! Bad input ends in a verdict or in one clear line: no panic, no hang, no more than 256 MiB, and
//! never a wrong `loads`.

use libtest_mimic::{Failed, Trial};
use loadworthy_proving::forge::der;
use loadworthy_proving::forge::host::{Forged, Host};
use loadworthy_proving::forge::key::Key;
use loadworthy_proving::forge::module::Module;
use loadworthy_proving::forge::signature::MARKER;
use loadworthy_proving::program;
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Nothing may take longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a case spoils the host: it gets the root and what was forged, and returns the file to ask
/// about; none asks about the whole tree.
type Spoil = fn(&Path, &Forged) -> Result<Option<PathBuf>, Failed>;

const CASES: [(&str, Spoil); 14] = [
    ("a bomb in zstd", |_, forged| bomb(forged, "zst")),
    ("a bomb in xz", |_, forged| bomb(forged, "xz")),
    ("a signature longer than its file", |_, forged| {
        let block = [&[0, 0, 2, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], MARKER].concat();
        changed(forged, |bytes| bytes.extend(block))
    }),
    ("2^32 sections", |_, forged| {
        changed(forged, |bytes| {
            bytes[60..62].copy_from_slice(&[0, 0]);
            let at = usize::try_from(u64::from_le_bytes(bytes[40..48].try_into().expect("eight")))
                .expect("an offset");
            bytes[at + 32..at + 40].copy_from_slice(&(1_u64 << 32).to_le_bytes());
        })
    }),
    ("a section behind the end", |_, forged| {
        changed(forged, |bytes| bytes[40..48].copy_from_slice(&(u64::MAX - 8).to_le_bytes()))
    }),
    ("cut off in the middle", |_, forged| changed(forged, |bytes| bytes.truncate(bytes.len() / 2))),
    ("10,000 certificates in a signature", |_, forged| {
        let certificate = Key::named("stranger")?.certificate;
        signed_with(forged, &der::element(0xa0, &certificate.repeat(10_000)))
    }),
    ("a signature nested 100,000 deep", |_, forged| {
        let mut nested = Vec::new();
        for _ in 0..100_000 {
            nested.extend([0x30, 0x80]);
        }
        with_message(forged, &nested)
    }),
    ("a folder in the place of a file", |root, _| Ok(Some(root.join("boot")))),
    ("a FIFO in the place of a module", |_, forged| {
        fs::remove_file(&forged.module)?;
        Command::new("mkfifo").arg(&forged.module).status()?;
        Ok(Some(forged.module.clone()))
    }),
    ("an endless device", |_, _| Ok(Some("/dev/zero".into()))),
    ("a FIFO in the tree", |_, forged| {
        fs::remove_file(&forged.module)?;
        Command::new("mkfifo").arg(&forged.module).status()?;
        Ok(None)
    }),
    ("links in a circle", |_, forged| {
        fs::remove_file(&forged.module)?;
        symlink("demo.ko", &forged.module)?;
        let folder = forged.module.parent().ok_or("no folder")?;
        symlink("../demo", folder.join("again"))?;
        Ok(None)
    }),
    ("a link out of the root", |root, forged| {
        // A configuration that would allow everything, outside; the link is followed inside only.
        let outside = root.parent().ok_or("no parent")?.join("outside");
        fs::write(&outside, "# CONFIG_MODULE_SIG is not set\n")?;
        let config = root.join(format!("boot/config-{}", forged.release));
        fs::remove_file(&config)?;
        symlink(&outside, &config)?;
        fs::remove_file(&forged.module)?;
        fs::write(&forged.module, b"no module")?;
        Ok(Some(forged.module.clone()))
    }),
];

pub(crate) fn trials() -> Vec<Trial> {
    CASES
        .iter()
        .map(|(name, spoil)| Trial::test(format!("hostile: {name}"), move || run(*spoil)))
        .collect()
}

fn run(spoil: Spoil) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let root = folder.path().join("root");
    let forged = Host::default().forge(&Module::default(), &root)?;
    let file = spoil(&root, &forged)?;
    // Data of one process is what it writes to: reserved and never touched does not count.
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -d 262144; exec \"$@\"", "sh"])
        .arg(program::path()?)
        .args(["check", "--json", "--root"])
        .arg(&root);
    match &file {
        Some(file) => command.arg(file),
        None => command.arg("--all"),
    };
    let (exit, out, err) = patiently(&mut command)?;
    if err.contains("panicked") || !(0..=3).contains(&exit) {
        return Err(format!("exit code {exit}: {err}").into());
    }
    if exit == 2 {
        let lines = err.trim().lines().count();
        return match lines {
            1 => Ok(()),
            _ => Err(format!("{lines} lines in place of one: {err}").into()),
        };
    }
    let document: Value = serde_json::from_str(&out).map_err(|e| format!("{e}: {out}"))?;
    let verdicts = document["verdicts"].as_array().cloned().unwrap_or_default();
    let wrong = verdicts.iter().find(|v| {
        let outcome = v["outcome"].as_str().unwrap_or_default();
        let spoilt = file.is_some() || v["subject"]["name"] == "demo";
        spoilt && outcome.starts_with("loads")
    });
    match wrong {
        None => Ok(()),
        Some(verdict) => Err(format!("a wrong verdict: {verdict}").into()),
    }
}

/// Exit code (256 for a signal), output and complaints of a command that must end in time.
fn patiently(command: &mut Command) -> Result<(i32, String, String), Failed> {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut out = child.stdout.take().ok_or("no output")?;
    let mut err = child.stderr.take().ok_or("no complaints")?;
    let read = |pipe: &mut dyn Read| {
        let mut text = Vec::new();
        pipe.read_to_end(&mut text).map(|_| String::from_utf8_lossy(&text).into_owned())
    };
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || read(&mut out));
        let started = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if started.elapsed() > PATIENCE {
                child.kill()?;
                child.wait()?;
                return Err("no answer in time".into());
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let err = read(&mut err)?;
        let out = reader.join().map_err(|_| "the output was lost")??;
        Ok((status.code().unwrap_or(256), out, err))
    })
}

fn changed(forged: &Forged, change: impl FnOnce(&mut Vec<u8>)) -> Result<Option<PathBuf>, Failed> {
    let mut bytes = fs::read(&forged.module)?;
    change(&mut bytes);
    fs::write(&forged.module, bytes)?;
    Ok(Some(forged.module.clone()))
}

/// The module with another signature message in the place of its own.
fn with_message(forged: &Forged, message: &[u8]) -> Result<Option<PathBuf>, Failed> {
    changed(forged, |bytes| {
        let end = bytes.len() - MARKER.len() - 12;
        let length: [u8; 4] = bytes[end + 8..end + 12].try_into().expect("four");
        bytes.truncate(end - usize::try_from(u32::from_be_bytes(length)).expect("a length"));
        bytes.extend(message);
        bytes.extend([0, 0, 2, 0, 0, 0, 0, 0]);
        bytes.extend(u32::try_from(message.len()).expect("a length").to_be_bytes());
        bytes.extend(MARKER);
    })
}

/// The module with a message that carries `certificates` and no signer.
fn signed_with(forged: &Forged, certificates: &[u8]) -> Result<Option<PathBuf>, Failed> {
    let data = der::sequence(&[
        der::integer(&[1]),
        der::set(&[der::sequence(&[der::oid("2.16.840.1.101.3.4.2.1")])]),
        der::sequence(&[der::oid("1.2.840.113549.1.7.1")]),
        certificates.to_vec(),
        der::set(&[]),
    ]);
    let message = der::sequence(&[der::oid("1.2.840.113549.1.7.2"), der::element(0xa0, &data)]);
    with_message(forged, &message)
}

/// The module, compressed, with a gigabyte of nothing behind it.
fn bomb(forged: &Forged, ending: &str) -> Result<Option<PathBuf>, Failed> {
    let bytes = fs::read(&forged.module)?;
    fs::remove_file(&forged.module)?;
    let path = forged.module.with_extension(format!("ko.{ending}"));
    let nothing = vec![0_u8; 1 << 20];
    let fill = |packer: &mut dyn Write| -> std::io::Result<()> {
        packer.write_all(&bytes)?;
        (0..1024).try_for_each(|_| packer.write_all(&nothing))
    };
    let file = fs::File::create(&path)?;
    match ending {
        "zst" => {
            let mut packer = zstd::stream::write::Encoder::new(file, 1)?;
            fill(&mut packer)?;
            packer.finish()?;
        }
        _ => {
            let mut packer = liblzma::write::XzEncoder::new(file, 0);
            fill(&mut packer)?;
            packer.finish()?;
        }
    }
    Ok(Some(path))
}
