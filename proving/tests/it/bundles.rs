//! A bundle gives the verdicts of the root it was recorded from, to the byte.

use libtest_mimic::Trial;
use loadworthy_proving::forge::host::Host;
use loadworthy_proving::forge::module::Module;
use loadworthy_proving::program;
use loadworthy_proving::scenario::{Scenario, scenarios};
use std::fs;
use std::path::Path;
use xtask::tree::{root, sources};

pub(crate) fn trials() -> Vec<Trial> {
    let root = root();
    let mut pages = sources(&root, "crates/core/codes", &[".md"]);
    pages.extend(sources(&root, "proving/scenarios", &[".md"]));
    pages.retain(|p| !p.path.ends_with("README.md"));
    let mut trials: Vec<Trial> = pages
        .into_iter()
        .flat_map(|page| scenarios(&page.path, &page.text).unwrap_or_default())
        .map(|scenario| {
            Trial::test(format!("bundle of {}", scenario.name), move || Ok(same(&scenario)?))
        })
        .collect();
    trials.push(Trial::test("a bundle never holds a private key", || Ok(no_private_keys()?)));
    trials.push(Trial::test("a damaged bundle is told with its place", || Ok(damaged()?)));
    trials.push(Trial::test("a redacted bundle names no machine", || Ok(redacted()?)));
    trials
}

const AT: &str = "2026-11-21";

/// What the program says, with its exit code; a bundle calls itself `root` here.
fn said(arguments: &[&str], at: &Path) -> Result<(String, Option<i32>), String> {
    let said = program::run(arguments, at)?;
    let text = String::from_utf8_lossy(&said.stdout);
    let text = text.replace(r#""host":{"source":"bundle""#, r#""host":{"source":"root""#);
    Ok((text, said.status.code()))
}

fn collected(root: &str, more: &[&str], at: &Path) -> Result<Vec<u8>, String> {
    let arguments = ["collect", "-o", "host.lwb", "--root", root, "--at", AT];
    let said = program::run(&[&arguments, more].concat(), at)?;
    if said.status.code() != Some(0) {
        return Err(String::from_utf8_lossy(&said.stderr).into_owned());
    }
    fs::read(at.join("host.lwb")).map_err(|e| e.to_string())
}

fn same(scenario: &Scenario) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let forged = scenario.host.forge(&scenario.module, &folder.path().join("root"))?;
    let first = collected("root", &[], folder.path())?;
    if first != collected("root", &["--jobs", "1"], folder.path())? {
        return Err("recorded twice, the bundle differs".to_owned());
    }
    let file = forged.module.to_string_lossy().into_owned();
    let asked: &[&[&str]] = &[
        &["check", "--json"],
        &["check", "--json", "--all", "--proof", "full"],
        &["check", "--json", "--all", "--kernel", "running"],
        &["check", "--json", &forged.name, "not_there"],
        &["check", "--json", "--assume", "secure-boot=on", &file],
        &["check", "--all", "--proof", "full"],
        &["policy", "--json"],
    ];
    for question in asked {
        let question = [question, ["--at", AT].as_slice()].concat();
        let here = said(&[&question, ["--root", "root"].as_slice()].concat(), folder.path())?;
        let there =
            said(&[&question, ["--bundle", "host.lwb"].as_slice()].concat(), folder.path())?;
        if here != there {
            let at = here.0.bytes().zip(there.0.bytes()).take_while(|(a, b)| a == b).count();
            let near =
                |text: &str| text.chars().skip(at.saturating_sub(80)).take(160).collect::<String>();
            return Err(format!("{question:?}: {}\n{}", near(&here.0), near(&there.0)));
        }
    }
    Ok(())
}

/// A root with a module, as the scenarios have it.
fn forged(at: &Path) -> Result<(), String> {
    let host: Host = toml::from_str(
        "cmdline = \"root=UUID=0a1b2c3d-0000-1111-2222-334455667788 systemd.hostname=db7\"",
    )
    .map_err(|e| e.to_string())?;
    host.forge(&Module::default(), at).map(|_| ())
}

/// Everything that a bundle holds, unpacked.
fn unpacked(bundle: &[u8]) -> Result<Vec<u8>, String> {
    use loadworthy_formats::bundle::container::HEAD;
    use loadworthy_formats::compress::{self, Compression};
    use loadworthy_formats::limits::Limits;
    let mut out = Vec::new();
    let limits = Limits::default();
    compress::unpack(&bundle[HEAD.len()..], Compression::Zstd, 1 << 30, &limits, &mut out)
        .map_err(|e| e.to_string())?;
    Ok(out)
}

fn holds(bundle: &[u8], text: &str) -> Result<bool, String> {
    Ok(unpacked(bundle)?.windows(text.len()).any(|w| w == text.as_bytes()))
}

fn no_private_keys() -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let root = folder.path().join("root");
    forged(&root)?;
    const SECRET: &str = "-----BEGIN PRIVATE KEY----- of the machine's owner";
    let release = fs::read_dir(root.join("lib/modules")).map_err(|e| e.to_string())?;
    let release = release.flatten().next().ok_or("no tree")?.file_name();
    let tree = format!("lib/modules/{}", release.to_string_lossy());
    for path in [
        "var/lib/dkms/mok.key",
        "var/lib/dkms/mok.pub.priv",
        "var/lib/shim-signed/mok/MOK.priv",
        "var/lib/shim-signed/mok/MOK.pem",
        "etc/pki/akmods/private/private_key.priv",
        "etc/modprobe.d/own.key",
        "boot/config-1.key",
        "boot/vmlinuz-1.pem",
        "etc/shadow",
        &format!("{tree}/signing_key.pem"),
        &format!("{tree}/kernel/signing.ko.key"),
        &format!("{tree}/build/certs/signing_key.pem"),
    ] {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&root)).map_err(|e| e.to_string())?;
        fs::write(path, SECRET).map_err(|e| e.to_string())?;
    }
    for more in [[].as_slice(), &["--full"], &["--redact"]] {
        if holds(&collected("root", more, folder.path())?, SECRET)? {
            return Err(format!("a private key is in the bundle ({more:?})"));
        }
    }
    Ok(())
}

fn redacted() -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    forged(&folder.path().join("root"))?;
    let plain = collected("root", &[], folder.path())?;
    let (here, _) = said(&["policy", "--json", "--root", "root", "--at", AT], folder.path())?;
    let redacted = collected("root", &["--redact"], folder.path())?;
    for name in ["0a1b2c3d-0000-1111-2222-334455667788", "hostname=db7"] {
        if !holds(&plain, name)? || holds(&redacted, name)? {
            return Err(format!("{name} is not where it belongs"));
        }
    }
    let (there, _) =
        said(&["policy", "--json", "--bundle", "host.lwb", "--at", AT], folder.path())?;
    let demands = |text: &str| text.split("\"proof\":").next().map(str::to_owned);
    match demands(&here) == demands(&there) {
        true => Ok(()),
        false => Err(format!("{here}\n{there}")),
    }
}

fn damaged() -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    forged(&folder.path().join("root"))?;
    let whole = collected("root", &[], folder.path())?;
    let mut flipped = whole.clone();
    flipped[60] ^= 1;
    let cases: [(&str, Vec<u8>, &str); 5] = [
        ("cut", whole[..whole.len() - 1].to_vec(), "host.lwb: bundle tail at 0x"),
        ("empty", Vec::new(), "host.lwb: not a bundle"),
        ("other", b"loadworthy bundle 9\nrest".to_vec(), "host.lwb: a bundle of another version"),
        ("flipped", flipped, "host.lwb: bundle frame at 0x14: damaged"),
        ("doubled", [whole.as_slice(), &whole].concat(), "host.lwb: bundle tail at 0x"),
    ];
    for (name, bytes, wants) in cases {
        fs::write(folder.path().join("host.lwb"), bytes).map_err(|e| e.to_string())?;
        let arguments = ["check", "--all", "--json", "--bundle", "host.lwb"];
        let said = program::run(&arguments, folder.path())?;
        let told = String::from_utf8_lossy(&said.stderr).into_owned();
        if said.status.code() != Some(2) || !told.contains(wants) || !said.stdout.is_empty() {
            return Err(format!("{name}: {told}"));
        }
    }
    Ok(())
}
