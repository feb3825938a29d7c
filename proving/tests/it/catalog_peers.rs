//! Other tools read catalogs, and say the same of members and of what is covered; where they do not,
//! `divergences.toml` tells who is right and why.

use crate::code_peers::divergences;
use crate::skipped::{ask, tool, with_package};
use libtest_mimic::{Failed, Trial};
use loadworthy_formats::limits::Limits;
use loadworthy_proving::forge::driver::{self, HEADERS};
use loadworthy_proving::forge::key::Key;
use loadworthy_report::inspect;
use serde_json::Value;
use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("peer osslsigncode says the same of what catalogs cover", || {
            compare("osslsigncode-catalog", &covered_by_osslsigncode)
        }),
        Trial::test("peer signify says the same of what catalogs list", || {
            compare("signify-catalog", &listed_by_signify)
        }),
    ]
}

/// What is compared: as many of these as a tool tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Said {
    /// Whether the image has a digest that the catalog lists.
    covered: Option<bool>,
    /// The tags of the members, in hexadecimal digits.
    tags: Option<BTreeSet<String>>,
    /// The digests that members hold.
    digests: Option<BTreeSet<String>>,
    /// The list's identifier.
    list: Option<String>,
}

type Ask<'a> = &'a dyn Fn(&Path, Option<&Path>) -> Result<Option<Said>, String>;

/// A catalog and an image, each with one thing about it.
struct Case {
    name: String,
    catalog: Vec<u8>,
    image: Option<Vec<u8>>,
}

fn cases() -> Result<Vec<Case>, Failed> {
    let key = Key::named("owner")?;
    let plain = driver::unsigned();
    let catalog = driver::catalog(&driver::list(&plain, b"[Version]\r\n"), &key, false)?;
    let twice = driver::catalog(&driver::list(&plain, b"[Version]\r\n"), &key, true)?;
    let (mut changed, mut checksum) = (plain.clone(), plain.clone());
    changed[HEADERS + 9] ^= 1;
    checksum[driver::CHECKSUM] ^= 1;
    let odd = [plain.as_slice(), &[1; 5]].concat();
    let of_odd = driver::catalog(&driver::list(&odd, b"[Version]\r\n"), &key, false)?;
    let case = |name: &str, catalog: &Vec<u8>, image: Vec<u8>| Case {
        name: name.to_owned(),
        catalog: catalog.clone(),
        image: Some(image),
    };
    Ok(vec![
        case("listed", &catalog, plain.clone()),
        case("signed-twice", &twice, plain.clone()),
        case("code-changed", &catalog, changed),
        case("checksum-changed", &catalog, checksum),
        case("not-listed", &of_odd, plain),
        case("length-odd", &of_odd, odd),
    ])
}

/// Real catalogs, each with each image that lies beside it.
fn real(folder: &Path) -> Result<Vec<Case>, Failed> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        let inside: Vec<PathBuf> = fs::read_dir(&path)?.flatten().map(|e| e.path()).collect();
        let with = |ending: &'static str| {
            inside.iter().filter(move |p| p.extension().is_some_and(|e| e == ending))
        };
        for catalog in with("cat") {
            let mut add = |image: Option<Vec<u8>>| -> Result<(), Failed> {
                found.push(Case { name: "real".to_owned(), catalog: fs::read(catalog)?, image });
                Ok(())
            };
            add(None)?;
            for image in with("sys") {
                add(Some(fs::read(image)?))?;
            }
        }
        waiting.extend(inside.into_iter().filter(|p| p.is_dir()));
    }
    Ok(found)
}

fn compare(peer: &str, tool: Ask<'_>) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let known = divergences();
    let mut all = cases()?;
    if let Some(more) = env::var_os("LOADWORTHY_CORPUS").map(PathBuf::from) {
        all.extend(real(&more.join("windows"))?);
    }
    let mut wrong = Vec::new();
    for case in all {
        let (catalog, image) = (folder.path().join("a.cat"), folder.path().join("a.sys"));
        fs::write(&catalog, &case.catalog)?;
        if let Some(bytes) = &case.image {
            fs::write(&image, bytes)?;
        }
        let beside = case.image.is_some().then_some(image.as_path());
        let Some(theirs) = tool(&catalog, beside)? else { return Ok(()) };
        let ours = ours(&catalog, &case)?;
        // What the tool does not tell is taken from us.
        let theirs = Said {
            covered: theirs.covered.or(ours.covered),
            tags: theirs.tags.or_else(|| ours.tags.clone()),
            digests: theirs.digests.or_else(|| ours.digests.clone()),
            list: theirs.list.or_else(|| ours.list.clone()),
        };
        let name = format!("{peer}/{}", case.name);
        match (known.get(&name), ours != theirs) {
            (None, true) => wrong.push(format!("{name}: ours {ours:?}, theirs {theirs:?}")),
            (Some(_), false) => {
                wrong.push(format!("{name} agrees now; strike it from proving/divergences.toml"));
            }
            (None, false) | (Some(_), true) => {}
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// Ours, in the same words.
fn ours(path: &Path, case: &Case) -> Result<Said, Failed> {
    let told = |path: &Path, bytes: &[u8]| {
        serde_json::to_value(inspect::describe(path, bytes, &Limits::DEFAULT))
    };
    let catalog = told(path, &case.catalog)?;
    let members = catalog["catalog"]["members"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_lowercase);
    let digests: BTreeSet<String> = members.iter().filter_map(|m| text(&m["digest"])).collect();
    let tags: BTreeSet<String> = members.iter().filter_map(|m| text(&m["tag"])).collect();
    let covered = match &case.image {
        None => None,
        Some(bytes) => {
            let image = told(Path::new("a.sys"), bytes)?;
            let all = image["pe"]["image_digests"].as_object().cloned().unwrap_or_default();
            Some(all.values().filter_map(text).any(|digest| digests.contains(&digest)))
        }
    };
    Ok(Said {
        covered,
        tags: Some(tags),
        digests: Some(digests),
        list: text(&catalog["catalog"]["list_id"]),
    })
}

fn covered_by_osslsigncode(catalog: &Path, image: Option<&Path>) -> Result<Option<Said>, String> {
    let Some(tool) = tool("osslsigncode") else { return Ok(None) };
    let Some(image) = image else { return Ok(Some(Said::default())) };
    let mut command = Command::new(tool);
    command.args(["verify", "-CAfile", "/dev/null", "-TSA-CAfile", "/dev/null", "-catalog"]);
    let said = ask(command.arg(catalog).arg("-in").arg(image))?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let after = |label: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(label))?;
        Some(line.split(':').nth(1)?.trim().to_owned())
    };
    let (listed, now) = (after("Current message digest"), after("Calculated message digest"));
    Ok(Some(Said { covered: Some(listed.is_some() && listed == now), ..Said::default() }))
}

fn listed_by_signify(catalog: &Path, _: Option<&Path>) -> Result<Option<Said>, String> {
    let script = "import json, sys\n\
        from signify.authenticode.trust_list import CertificateTrustList\n\
        ctl = CertificateTrustList.from_envelope(open(sys.argv[1], 'rb').read())\n\
        def tag(b):\n\
        \x20   return b.decode('utf-16-le').rstrip('\\0').lower() if len(b) > 32 else b.hex()\n\
        digests = [s.indirect_data.digest.hex() for s in ctl.subjects if s.indirect_data]\n\
        print(json.dumps({'tags': [tag(bytes(s.identifier)) for s in ctl.subjects], \
        'digests': digests, 'list': ctl.list_identifier.hex()}))\n";
    let package = "signify.authenticode.trust_list";
    let Some(python) = with_package(package)? else { return Ok(None) };
    let said = ask(Command::new(&python).args(["-c", script]).arg(catalog))?;
    let value: Value = serde_json::from_slice(&said.stdout)
        .map_err(|e| format!("{package}: {e}: {}", String::from_utf8_lossy(&said.stderr)))?;
    let all = |key: &str| {
        let list = value[key].as_array()?;
        Some(list.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect())
    };
    Ok(Some(Said {
        covered: None,
        tags: all("tags"),
        digests: all("digests"),
        list: value["list"].as_str().map(str::to_owned),
    }))
}
