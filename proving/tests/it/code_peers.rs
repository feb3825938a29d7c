//! Other tools read signatures over code, and say the same; where they do not, `divergences.toml`
//! tells who is right and why.

use crate::skipped::{ask, tool, with_package};
use libtest_mimic::{Failed, Trial};
use loadworthy_formats::limits::Limits;
use loadworthy_proving::forge::der;
use loadworthy_proving::forge::driver::{self, ENTRY, HEADERS, Shape};
use loadworthy_proving::forge::key::Key;
use loadworthy_report::inspect;
use serde_json::Value;
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use toml::Table;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = PEERS
        .iter()
        .map(|peer| {
            let name = format!("peer {} says the same of signatures over code", peer.name);
            Trial::test(name, move || compare(peer))
        })
        .collect();
    trials.push(Trial::test("peer openssl verifies a message in octets", openssl));
    trials
}

/// What is compared: as many of these as a tool tells.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    /// The Authenticode digest (SHA-256) as the tool computes it.
    digest: Option<String>,
    /// How many signatures it sees.
    signatures: Option<usize>,
    /// Whether every signature it sees is over the image as it is.
    matches: Option<bool>,
}

struct Peer {
    name: &'static str,
    /// Whether it tells of nested signatures.
    nested: bool,
    ask: fn(&Path) -> Result<Option<Said>, String>,
}

const PEERS: &[Peer] = &[
    Peer { name: "osslsigncode", nested: true, ask: osslsigncode },
    Peer { name: "sbverify", nested: false, ask: sbverify },
    Peer { name: "lief", nested: false, ask: lief },
    Peer { name: "signify", nested: true, ask: signify },
];

/// Files with one thing about each.
fn cases() -> Result<Vec<(&'static str, Vec<u8>)>, Failed> {
    let plain = driver::unsigned();
    let key = Key::named("owner")?;
    let nested = driver::over_image(&plain, &Key::named("distribution")?, &Shape::default())?;
    let with = |shape: Shape| driver::over_image(&plain, &key, &shape);
    let message = with(Shape::default())?;
    let signed = |message: Vec<u8>| driver::attach(&plain, &[message]);
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = signed(message.clone());
        change(&mut bytes);
        bytes
    };
    Ok(vec![
        ("unsigned", plain.clone()),
        ("signed", signed(message.clone())),
        ("in-octets", signed(with(Shape { octets: true, ..Shape::default() })?)),
        ("pages-sha1", signed(with(Shape { pages: Some(1), ..Shape::default() })?)),
        ("pages-sha256", signed(with(Shape { pages: Some(2), ..Shape::default() })?)),
        ("nested", signed(with(Shape { nested: vec![nested.clone()], ..Shape::default() })?)),
        (
            "nested-twice",
            signed(with(Shape { nested: vec![nested.clone(), nested], ..Shape::default() })?),
        ),
        ("stamped", signed(with(Shape { stamp: Some("rfc3161"), ..Shape::default() })?)),
        ("stamped-of-old", signed(with(Shape { stamp: Some("pkcs9"), ..Shape::default() })?)),
        ("two-entries", driver::attach(&plain, &[message.clone(), message.clone()])),
        ("code-changed", changed(&|b| b[HEADERS + 9] ^= 1)),
        ("checksum-changed", changed(&|b| b[driver::CHECKSUM] ^= 1)),
        ("length-odd", {
            let odd = [plain.as_slice(), &[1; 5]].concat();
            let message = driver::over_image(&odd, &key, &Shape::default())?;
            let padded = [odd.as_slice(), &[0; 3]].concat();
            driver::attach(&padded, &[message])
        }),
        ("unsigned-odd", [plain.as_slice(), &[1; 5]].concat()),
        ("issuer-in-other-letters", {
            let mut other = Key::named("owner")?;
            other.subject = in_wide_letters(&other.subject);
            signed(driver::over_image(&plain, &other, &Shape::default())?)
        }),
        ("bytes-behind", changed(&|b| b.extend([0xcc; 64]))),
        ("hidden-bytes", signed([message.clone(), vec![0xcc; 64]].concat())),
        ("table-short", changed(&|b| b[ENTRY + 4] -= 8)),
    ])
}

/// The name with its last text as a `BMPString`, as Microsoft's kits write the issuer of test certificates.
fn in_wide_letters(name: &[u8]) -> Vec<u8> {
    let at = name.iter().rposition(|byte| *byte == 0x0c).unwrap_or_default();
    let text: Vec<u8> = name[at + 2..].iter().flat_map(|byte| [0, *byte]).collect();
    let parts = der::sequence(&[der::oid("2.5.4.3"), der::element(0x1e, &text)]);
    der::sequence(&[der::set(&[parts])])
}

/// Ours, in the same words.
fn ours(path: &Path, bytes: &[u8], nested: bool) -> Result<Said, Failed> {
    let entry = inspect::describe(path, bytes, &Limits::DEFAULT);
    let told = serde_json::to_value(&entry)?;
    let all = told["signatures"].as_array().cloned().unwrap_or_default();
    let seen: Vec<&Value> = all.iter().filter(|s| nested || s["nested_in"].is_null()).collect();
    Ok(Said {
        digest: told["pe"]["image_digests"]["sha256"].as_str().map(str::to_owned),
        signatures: Some(seen.len()),
        matches: Some(!seen.is_empty() && seen.iter().all(|s| s["digest_matches"] == true)),
    })
}

fn compare(peer: &Peer) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let known = divergences();
    let mut wrong = Vec::new();
    let mut met = Vec::new();
    let mut files = cases()?;
    // Real ones beside, where somebody names a folder of them.
    if let Some(more) = env::var_os("LOADWORTHY_CORPUS").map(PathBuf::from) {
        files.extend(real(&more.join("windows"))?.into_iter().map(|bytes| ("real", bytes)));
    }
    for (case, bytes) in files {
        let path = folder.path().join("case.sys");
        fs::write(&path, &bytes)?;
        let Some(theirs) = (peer.ask)(&path)? else { return Ok(()) };
        let ours = ours(&path, &bytes, peer.nested)?;
        let mut differs = Vec::new();
        if theirs.digest.is_some() && theirs.digest != ours.digest {
            differs.push(format!("digest ours {:?}, theirs {:?}", ours.digest, theirs.digest));
        }
        if theirs.signatures.is_some() && theirs.signatures != ours.signatures {
            differs
                .push(format!("count ours {:?}, theirs {:?}", ours.signatures, theirs.signatures));
        }
        if theirs.matches.is_some() && theirs.matches != ours.matches {
            differs.push(format!("matches ours {:?}, theirs {:?}", ours.matches, theirs.matches));
        }
        let name = format!("{}/{case}", peer.name);
        match (known.get(&name), differs.is_empty()) {
            (None, true) => {}
            (Some(_), false) => met.push(name),
            (None, false) => wrong.push(format!("{name}: {}", differs.join("; "))),
            (Some(_), true) => {
                wrong.push(format!("{name} agrees now; strike it from proving/divergences.toml"));
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// Signed drivers below a folder.
fn real(folder: &Path) -> Result<Vec<Vec<u8>>, Failed> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path)?.flatten().map(|entry| entry.path()));
        } else if path.extension().is_some_and(|e| e == "sys") {
            found.push(fs::read(&path)?);
        }
    }
    Ok(found)
}

/// Names of `[[peer]]` entries, each with its reason.
pub(crate) fn divergences() -> BTreeMap<String, String> {
    let table: Table = include_str!("../../divergences.toml").parse().unwrap_or_default();
    let rows = table.get("peer").and_then(|rows| rows.as_array()).cloned().unwrap_or_default();
    rows.iter()
        .filter_map(|row| {
            let word = |key: &str| Some(row.get(key)?.as_str()?.to_owned());
            Some((word("name")?, word("reason")?))
        })
        .collect()
}

fn osslsigncode(path: &Path) -> Result<Option<Said>, String> {
    let Some(tool) = tool("osslsigncode") else { return Ok(None) };
    // An empty list of roots and no network: only the digests are asked for.
    let mut command = Command::new(tool);
    command.args(["verify", "-CAfile", "/dev/null", "-TSA-CAfile", "/dev/null", "-in"]).arg(path);
    let said = ask(&mut command)?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let after = |label: &str| -> Vec<String> {
        let lines = text.lines().filter_map(|line| line.trim().strip_prefix(label));
        lines.filter_map(|rest| Some(rest.split(':').nth(1)?.trim().to_lowercase())).collect()
    };
    let (signed, now) = (after("Current message digest"), after("Calculated message digest"));
    Ok(Some(Said {
        digest: None,
        signatures: Some(signed.len()),
        matches: Some(!signed.is_empty() && signed == now),
    }))
}

fn sbverify(path: &Path) -> Result<Option<Said>, String> {
    let Some(tool) = tool("sbverify") else { return Ok(None) };
    let said = ask(Command::new(tool).arg("--list").arg(path))?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let count = text.lines().filter(|line| line.starts_with("signature ")).count();
    Ok(Some(Said { digest: None, signatures: Some(count), matches: None }))
}

/// What a Python package says; `None` where it is not installed.
fn python(package: &str, script: &str, path: &Path) -> Result<Option<Said>, String> {
    let Some(python) = with_package(package)? else { return Ok(None) };
    let said = ask(Command::new(&python).args(["-c", script]).arg(path))?;
    let value: Value = serde_json::from_slice(&said.stdout)
        .map_err(|e| format!("{package}: {e}: {}", String::from_utf8_lossy(&said.stderr)))?;
    Ok(Some(Said {
        digest: value["digest"].as_str().map(str::to_owned),
        signatures: value["signatures"].as_u64().map(|n| n as usize),
        matches: value["matches"].as_bool(),
    }))
}

fn lief(path: &Path) -> Result<Option<Said>, String> {
    let script = "import json, lief, sys\n\
        lief.logging.disable()\n\
        pe = lief.parse(sys.argv[1])\n\
        of = lambda by: bytes(pe.authentihash(by)).hex()\n\
        found = lambda s: 'CERT_NOT_FOUND' not in str(s.check())\n\
        held = [bytes(s.content_info.digest).hex() == of(s.digest_algorithm) and found(s) \
        for s in pe.signatures]\n\
        print(json.dumps({'digest': of(lief.PE.ALGORITHMS.SHA_256), \
        'signatures': len(held), 'matches': bool(held) and all(held)}))\n";
    python("lief", script, path)
}

/// Whether LIEF finds every signature over the image as it is.
pub(crate) fn lief_holds(path: &Path) -> Result<Option<bool>, String> {
    Ok(lief(path)?.and_then(|said| said.matches))
}

fn signify(path: &Path) -> Result<Option<Said>, String> {
    let script = "import json, sys\n\
        from signify.authenticode import AuthenticodeFile\n\
        pe = AuthenticodeFile.from_stream(open(sys.argv[1], 'rb'))\n\
        print(json.dumps({'signatures': len(list(pe.iter_signatures(include_nested=True)))}))\n";
    python("signify.authenticode", script, path)
}

/// A message whose content is in an OCTET STRING is plain CMS.
fn openssl() -> Result<(), Failed> {
    let Some(openssl) = tool("openssl") else { return Ok(()) };
    let plain = driver::unsigned();
    let shape = Shape { octets: true, ..Shape::default() };
    let message = driver::over_image(&plain, &Key::named("owner")?, &shape)?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("message");
    for at in [None, Some(message.len() / 10), Some(message.len() - 9)] {
        let mut bytes = message.clone();
        if let Some(at) = at {
            bytes[at] ^= 1;
        }
        fs::write(&path, &bytes)?;
        let theirs = ask(Command::new(&openssl)
            .args(["cms", "-verify", "-noverify", "-binary", "-inform", "DER", "-in"])
            .arg(&path)
            .arg("-out")
            .arg(folder.path().join("content")))?;
        let file = driver::attach(&plain, &[bytes]);
        let entry = inspect::describe(Path::new("a.sys"), &file, &Limits::DEFAULT);
        let found = entry.signatures.iter().flatten().next();
        let ours = found.is_some_and(|s| s.verifies == Some(true));
        if ours != theirs.status.success() {
            return Err(format!("{at:?}: ours {ours}, theirs {}", theirs.status.success()).into());
        }
    }
    Ok(())
}
