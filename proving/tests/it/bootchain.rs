//! Every recorded answer of firmware, shim and GRUB about an image is ours too.

use crate::skipped;
use libtest_mimic::{Failed, Trial};
use loadworthy_collect::gather::boot_image;
use loadworthy_collect::gather::looking::Looking;
use loadworthy_collect::views::root::Root;
use loadworthy_core::answer::Kind;
use loadworthy_core::authenticode::Digests;
use loadworthy_core::checks::firmware::{self, BootCase};
use loadworthy_core::crypt::digest::{Digest, DigestAlgorithm};
use loadworthy_core::fact::Source;
use loadworthy_core::facts::boot_image::{BootImage, BootImageFacts, Part, Shim};
use loadworthy_core::policy::firmware::BootPolicy;
use loadworthy_core::proof::{Origin, Stage, text};
use loadworthy_core::tables::Tables;
use loadworthy_core::verdict::Judgement;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::uefi::sbat;
use loadworthy_proving::program;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

const RECORDED: &[u8] = include_bytes!("../../recorded/bootchain/answers.json.xz");
/// The images of a boot, in the order in which they are started.
const BOOT: [&str; 3] = ["shim", "grub", "kernel"];

pub(crate) fn trials() -> Vec<Trial> {
    let recorded = match recorded() {
        Ok(recorded) => Arc::new(recorded),
        Err(problem) => return vec![Trial::test("bootchain", move || Err(problem.into()))],
    };
    let mut trials = Vec::new();
    for case in list(&recorded["cases"]) {
        let (case, recorded) = (case.clone(), recorded.clone());
        let name = format!("bootchain recorded {}", word(&case["case"]));
        trials.push(Trial::test(name, move || replay(&recorded, &case)));
    }
    trials.push(Trial::test("bootchain with the images themselves", move || fetched(&recorded)));
    trials
}

fn recorded() -> Result<Value, String> {
    let mut bytes = Vec::new();
    loadworthy_formats::compress::unpack(
        RECORDED,
        loadworthy_formats::compress::sniff(RECORDED).ok_or("not packed")?,
        4 << 20,
        &Limits::DEFAULT,
        &mut bytes,
    )
    .map_err(|e| e.to_string())?;
    serde_json::from_slice(&bytes).map_err(|e| e.to_string())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn unhex(value: &Value) -> Vec<u8> {
    let digits: Vec<u8> =
        word(value).chars().filter_map(|c| c.to_digit(16)).map(|d| d as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// The images of a case up to the one that was refused, with what was answered about each.
fn asked(case: &Value) -> Vec<(&'static str, Value)> {
    let mut asked = Vec::new();
    for image in BOOT {
        if case["refused"] == image {
            asked.push((image, case.clone()));
            break;
        }
        asked.push((image, json!({"by": null, "status": null, "messages": []})));
    }
    asked
}

fn key<'c>(case: &'c Value, image: &'c str) -> &'c str {
    if image == "kernel" { word(&case["kernel"]) } else { image }
}

/// A root that holds the machine's store and nothing else.
fn root(recorded: &Value, case: &Value, at: &Path) -> Result<(), String> {
    let store = at.join("sys/firmware/efi/efivars");
    fs::create_dir_all(&store).map_err(|e| e.to_string())?;
    let variables = recorded["variables"][word(&case["variables"])].as_object();
    for (name, bytes) in variables.ok_or("no variables")? {
        fs::write(store.join(name), unhex(bytes)).map_err(|e| e.to_string())?;
    }
    Ok(())
}

fn replay(recorded: &Value, case: &Value) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    root(recorded, case, folder.path())?;
    let view = Root::open(folder.path())?;
    let machine = boot_image::gather(&Looking::new(&view, &Limits::DEFAULT));
    let tables = Tables::built_in().map_err(|e| e.to_string())?;
    for (image, answer) in asked(case) {
        let held = Arc::new(image_of(&recorded["images"][key(case, image)])?);
        let source = Source::read(held, Origin::Argument, text(image));
        let policy = if image == "shim" {
            let own = source.fact(|i| (i.clone(), String::new()));
            BootPolicy::with_shim(&machine, &own, &tables)
        } else {
            BootPolicy::of(&machine, &tables)
        };
        let facts = BootImageFacts {
            name: text(image),
            path: text(image),
            sha256: None,
            there: source.fact(|_| (true, String::new())),
            sought_by: Stage::Grub,
            image: source,
        };
        let judgement = firmware::judge(&BootCase::new(&facts, &policy));
        same(image, &said(&judgement), &answer)?;
    }
    Ok(())
}

/// The digests that are recorded of an image.
const BY: [DigestAlgorithm; 4] = [
    DigestAlgorithm::Sha1,
    DigestAlgorithm::Sha256,
    DigestAlgorithm::Sha384,
    DigestAlgorithm::Sha512,
];

/// What is recorded of an image, in the shape that rules ask about.
fn image_of(recorded: &Value) -> Result<BootImage, String> {
    let digest = |by: DigestAlgorithm| Digest::from_bytes(&unhex(&recorded["digests"][by.name()]));
    let level = |name: &str| recorded[name].as_str().map(Arc::from);
    Ok(BootImage {
        part: match word(&recorded["part"]) {
            "shim" => Part::Shim,
            "second-stage" => Part::SecondStage,
            "kernel" => Part::Kernel,
            other => return Err(format!("part {other:?}")),
        },
        sound: true,
        digests: Arc::new(Digests::from_iter(
            BY.into_iter().filter_map(|by| Some((by, digest(by)?))),
        )),
        signatures: list(&recorded["signatures"]).iter().map(|s| unhex(s).into()).collect(),
        sbat: recorded["sbat"]
            .as_str()
            .map(|text| sbat::read(text.as_bytes(), &Limits::DEFAULT).value),
        nx_compatible: recorded["nx"] == true,
        shim: recorded.get("automatic").map(|_| Shim {
            automatic: level("automatic"),
            latest: level("latest"),
            ..Shim::default()
        }),
    })
}

fn said(judgement: &Judgement) -> Value {
    let (by, status) = judgement.says.stopped.map_or((None, None), |(by, s)| (Some(by), s));
    let lines: Vec<&str> = judgement.says.lines.iter().map(|l| l.text.as_str()).collect();
    json!({
        "outcome": judgement.verdict.name(), "code": Value::Null,
        "host_says": {"by": by.map(|by| by.name()), "status": status, "log": lines},
    })
}

/// Whether a verdict is the recorded answer.
fn same(image: &str, verdict: &Value, answer: &Value) -> Result<(), String> {
    let says = &verdict["host_says"];
    let outcome = if answer["by"].is_null() { "loads" } else { "refused" };
    let ours = json!([verdict["outcome"], says["by"], says["status"], says["log"]]);
    let theirs = json!([outcome, answer["by"], answer["status"], answer["messages"]]);
    if ours == theirs { Ok(()) } else { Err(format!("{image}: ours {ours}, recorded {theirs}")) }
}

/// The same from the files, through every reader and the program.
fn fetched(recorded: &Value) -> Result<(), Failed> {
    if std::env::var_os("LOADWORTHY_FETCH").is_none() {
        skipped::told("packages of the boot chain (LOADWORTHY_FETCH=1)");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let mut packaged: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
    for image in BOOT {
        match package(&recorded["packages"][image], folder.path())? {
            Some(bytes) => drop(packaged.insert(image, bytes)),
            None => {
                skipped::told(word(&recorded["packages"][image]["package"]));
                return Ok(());
            }
        }
    }
    for (n, case) in list(&recorded["cases"]).iter().enumerate() {
        let machine = folder.path().join(format!("root-{n}"));
        root(recorded, case, &machine)?;
        for (image, answer) in asked(case) {
            let of = &recorded["images"][key(case, image)];
            let bytes = edited(packaged.get(image).ok_or("no image")?, &of["edits"]);
            let file = folder.path().join(format!("{image}.efi"));
            fs::write(&file, &bytes)?;
            seen(&file, of)?;
            let root = machine.to_string_lossy();
            let arguments = ["check", "--json", "--root", &root, &file.to_string_lossy()];
            let document = program::document(&arguments, folder.path())?;
            let verdict = &document["verdicts"][0];
            if verdict["subject"]["kind"] != Kind::BootImage.name() {
                return Err(format!("{image}: {verdict}").into());
            }
            same(image, verdict, &answer)
                .map_err(|problem| format!("{}: {problem}", word(&case["case"])))?;
        }
    }
    Ok(())
}

/// The file of a package in exactly the recorded version.
fn package(named: &Value, folder: &Path) -> Result<Option<Vec<u8>>, String> {
    let (Some(apt), Some(dpkg)) = (skipped::tool("apt-get"), skipped::tool("dpkg-deb")) else {
        return Ok(None);
    };
    let wanted = format!("{}={}", word(&named["package"]), word(&named["version"]));
    let mut download = Command::new(apt);
    skipped::ask(download.args(["-q", "download", &wanted]).current_dir(folder))?;
    let unpacked = folder.join("unpacked");
    let archive: Option<PathBuf> = fs::read_dir(folder)
        .map_err(|e| e.to_string())?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.to_string_lossy().contains(&format!("/{}_", word(&named["package"]))));
    let Some(archive) = archive else { return Ok(None) };
    skipped::ask(Command::new(dpkg).arg("-x").arg(archive).arg(&unpacked))?;
    let file = unpacked.join(word(&named["file"]).trim_start_matches('/'));
    Ok(fs::read(file).ok())
}

/// An image made from the packaged one.
fn edited(packaged: &[u8], edits: &Value) -> Vec<u8> {
    let mut bytes = packaged.to_vec();
    for edit in list(edits) {
        let number = |name: &str| edit[name].as_u64().unwrap_or_default() as usize;
        match word(&edit["op"]) {
            "truncate" => bytes.truncate(number("size")),
            "write" => {
                let put = unhex(&edit["hex"]);
                bytes[number("at")..][..put.len()].copy_from_slice(&put);
            }
            _ => bytes.extend(unhex(&edit["hex"])),
        }
    }
    bytes
}

/// What our readers see of a file is what was recorded of it.
fn seen(file: &Path, recorded: &Value) -> Result<(), String> {
    let ours = boot_image::gather_argument(file, "image", &Limits::DEFAULT);
    let theirs = image_of(recorded)?;
    let held = ours.image.fact(|image| {
        let same = image.part == theirs.part
            && image.sound
            && BY.iter().all(|by| image.digests.digest(*by) == theirs.digests.digest(*by))
            && image.signatures == theirs.signatures
            && image.nx_compatible == theirs.nx_compatible
            && image.sbat.as_ref().map(Vec::len) == theirs.sbat.as_ref().map(Vec::len);
        (same, String::new())
    });
    static RULE: loadworthy_core::proof::Rule =
        loadworthy_core::proof::Rule { name: "test/seen", source: "this test" };
    match loadworthy_core::fact::step::Step::of(&RULE).consult(&held) {
        Ok(true) => Ok(()),
        other => Err(format!("{}: read otherwise than recorded ({other:?})", file.display())),
    }
}
