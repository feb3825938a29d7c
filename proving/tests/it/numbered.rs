//! The numbered cases of the decision procedure that are about bytes and words, and a count of all 147.
//!
//! `LOADWORTHY_PACKAGES` names a folder below which the packages lie that some cases were measured on
//! (`Adafruit_Windows_Drivers`); without it those cases are held on forged files alone.

use crate::skipped::{ask, told, tool};
use libtest_mimic::{Failed, Trial};
use loadworthy_collect::gather::windows::driver::digested;
use loadworthy_core::authenticode::Digests;
use loadworthy_core::checks::package::ranking::{Match, Offer, Signed, winner};
use loadworthy_core::codesigning::image;
use loadworthy_core::crypt::digest::{DigestAlgorithm, DigestSet, digest};
use loadworthy_core::crypt::key::{KeyAlgorithm, PublicKey, Verified};
use loadworthy_core::policy::windows::CUT_OFF;
use loadworthy_core::tables::Tables;
use loadworthy_formats::authenticode::signature;
use loadworthy_formats::calendar::days;
use loadworthy_formats::catalog::{list, write};
use loadworthy_formats::limits::Limits;
use loadworthy_formats::pe::header;
use loadworthy_formats::pvk;
use loadworthy_formats::text::hex;
use loadworthy_formats::x509::{certificate, key as spki};
use loadworthy_proving::forge::key::Key;
use loadworthy_proving::forge::{driver, keyfile};
use loadworthy_proving::program;
use serde_json::Value;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("numbered C01: a list that was read is written byte for byte", rebuilt),
        Trial::test(
            "numbered C02, C03, C04, C09, C10: the packages they were measured on",
            measured,
        ),
        Trial::test("numbered C15: messageDigest is over the list without its head", headless),
        Trial::test("numbered C16: bytes behind the certificate table", behind),
        Trial::test("numbered C18: a PVK key says RSA2 only when it is open", opened),
        Trial::test("numbered C25: the cut-off as FILETIME", cut_off),
        Trial::test("numbered C28: a real cross-certificate and the key it was made with", crossed),
        Trial::test("numbered C29: State bit by bit", state),
        Trial::test(
            "numbered C30: State absent, zero and without its key are three things",
            absent,
        ),
        Trial::test("numbered I44: AllSigningEqual lets the better match win", || ranked(true, 1)),
        Trial::test("numbered I45: without it certification wins", || ranked(false, 0)),
    ]
}

/// Every case of the decision procedure has a test that bears its number.
pub(crate) fn complete(names: Vec<String>) -> Trial {
    Trial::test("numbered: each of the 147 cases has its test", move || {
        let all = [('L', 72), ('I', 45), ('C', 30)];
        let numbers = all.iter().flat_map(|(letter, count)| {
            (1..=*count).map(move |number| format!("{letter}{number:02}"))
        });
        let bears = |number: &str| {
            let of = |name: &String| name.split([' ', ',', ':']).any(|word| word == number);
            names.iter().any(of)
        };
        let missing: Vec<String> = numbers.filter(|number| !bears(number)).collect();
        if missing.is_empty() { Ok(()) } else { Err(missing.join(", ").into()) }
    })
}

fn same<T: PartialEq + std::fmt::Debug>(found: &T, expected: &T) -> Result<(), Failed> {
    if found == expected { Ok(()) } else { Err(format!("{found:?}, not {expected:?}").into()) }
}

fn text<T>(result: Result<T, impl ToString>) -> Result<T, Failed> {
    result.map_err(|problem| problem.to_string().into())
}

fn both() -> DigestSet {
    DigestSet::of(DigestAlgorithm::Sha1).union(DigestSet::of(DigestAlgorithm::Sha256))
}

/// A catalog over a forged driver and a forged INF.
fn catalog() -> Result<Vec<u8>, Failed> {
    let list = driver::list(&driver::unsigned(), b"abc");
    text(driver::catalog(&list, &text(Key::named("owner"))?, false))
}

fn rebuilt() -> Result<(), Failed> {
    let mut all = vec![catalog()?];
    if let Some(folder) = env::var_os("LOADWORTHY_PACKAGES").map(PathBuf::from) {
        for path in below(&folder, |name| name.ends_with(".cat"))? {
            all.push(fs::read(path)?);
        }
    } else {
        told("LOADWORTHY_PACKAGES");
    }
    for bytes in all {
        let signed = text(signature::read(&bytes, &Limits::DEFAULT))?;
        let content = signed.content_whole.ok_or("no list")?;
        let read = text(list::read(content, &Limits::DEFAULT))?;
        same(&write::list(&read.value).as_deref(), &Some(content))?;
    }
    Ok(())
}

/// Files below a folder whose name, in lower case, is wanted.
fn below(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>, Failed> {
    let (mut found, mut waiting) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path)?.flatten().map(|entry| entry.path()));
        } else if path.file_name().is_some_and(|n| wanted(&n.to_string_lossy().to_lowercase())) {
            found.push(path);
        }
    }
    Ok(found)
}

fn measured() -> Result<(), Failed> {
    let Some(folder) = env::var_os("LOADWORTHY_PACKAGES").map(PathBuf::from) else {
        told("LOADWORTHY_PACKAGES");
        return Ok(());
    };
    let bytes = |end: &str| -> Result<Vec<u8>, Failed> {
        let (parent, name) = end.rsplit_once('/').unwrap_or(("", end));
        let found = below(&folder, |own| own == name)?;
        let path = found.iter().find(|p| p.parent().is_some_and(|p| p.ends_with(parent)));
        Ok(fs::read(path.ok_or_else(|| format!("no {end} there"))?)?)
    };
    let sha1 = |bytes: &[u8]| hex(digest(DigestAlgorithm::Sha1, bytes).as_bytes()).to_uppercase();
    let image = |bytes: &[u8]| -> Option<String> {
        let digests: Digests = digested(bytes, &Limits::DEFAULT).image?;
        Some(digests.get(&DigestAlgorithm::Sha1)?.to_string().to_uppercase())
    };
    let serial = bytes("Adafruit_usbser/adafruit_usbser.inf")?;
    let of_list = |bytes: &[u8]| -> Result<(Vec<String>, Vec<String>), Failed> {
        let signed = text(signature::read(bytes, &Limits::DEFAULT))?;
        let content = signed.content_whole.unwrap_or_default();
        let list = text(list::read(content, &Limits::DEFAULT))?.value;
        let tags = list.members.iter().filter_map(|m| m.tag_text()).collect();
        Ok((tags, list.hardware_ids().into_iter().map(str::to_owned).collect()))
    };
    let (tags, ids) = of_list(&bytes("Adafruit_usbser/adafruit_usbser.cat")?)?;
    same(&sha1(&serial).as_str(), &"A0DB58D168580E76DEB7B2ACFDA1FD7690804C56")?;
    same(&tags, &vec![sha1(&serial)])?;
    same(&(ids.len(), ids.first().map(String::as_str)), &(494, Some(r"usb\vid_239a&pid_0004")))?;
    let bus = bytes("FTDI_VCP_BUS/ftdibus.inf")?;
    let (tags, _) = of_list(&bytes("FTDI_VCP_BUS/ftdibus.cat")?)?;
    let lines = bus.split(|b| *b == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..]);
    same(&tags.contains(&sha1(&bus)), &false)?;
    same(&sha1(&lines).as_str(), &"40D5FB228C782C068A02C5D9CC4DBA356E6B047A")?;
    same(&tags.contains(&sha1(&lines)), &true)?;
    let library = image(&bytes("Arduino_Gemma/amd64/libusb0.sys")?);
    same(&library.as_deref(), &Some("28557E165583BB28B7CBC08BC8880633365A484E"))?;
    let gemma = bytes("Arduino_Gemma/arduino_gemma.cat")?;
    let signed = text(signature::read(&gemma, &Limits::DEFAULT))?;
    let list = text(list::read(signed.content_whole.unwrap_or_default(), &Limits::DEFAULT))?.value;
    let library = image(&bytes("Arduino_Gemma/x86/libusb0_x86.dll")?);
    let member = list.members.iter().find(|m| m.tag_text() == library);
    // `CopyFiles` names first what the file is called where it goes to.
    same(&member.and_then(|m| m.attribute("File")), &Some("libusb0.dll"))
}

fn headless() -> Result<(), Failed> {
    let bytes = catalog()?;
    let signed = text(signature::read(&bytes, &Limits::DEFAULT))?;
    let whole = signed.content_whole.ok_or("no list")?;
    let signer = signed.signers.first().ok_or("no signer")?;
    let by = DigestAlgorithm::from_oid(signer.digest_algorithm).ok_or("no digest")?;
    // A list of this size has a head of four bytes: tag, and its length in two bytes after one that says so.
    same(&whole.get(..2), &Some(&[0x30, 0x82][..]))?;
    let value = whole.get(4..).unwrap_or_default();
    same(&signer.message_digest, &Some(digest(by, value).as_bytes()))?;
    same(&(signer.message_digest == Some(digest(by, whole).as_bytes())), &false)
}

fn behind() -> Result<(), Failed> {
    let image = driver::unsigned();
    let key = text(Key::named("owner"))?;
    let message = text(driver::over_image(&image, &key, &driver::Shape::default()))?;
    let mut signed = driver::attach(&image, &[message]);
    let authorities = text(Tables::authorities())?;
    let look = |bytes: &[u8]| -> Result<(Option<bool>, Vec<String>), Failed> {
        let read = text(header::read(bytes, &Limits::DEFAULT))?.value;
        let told = image::read(&read, both(), &authorities, &Limits::DEFAULT);
        let odd = told.deviations.iter().map(ToString::to_string).collect();
        Ok((told.signatures.first().and_then(|s| s.verifies), odd))
    };
    same(&look(&signed)?, &(Some(true), Vec::new()))?;
    signed.extend([0; 8]);
    let (verifies, odd) = look(&signed)?;
    same(&verifies, &Some(false))?;
    let told = odd.iter().any(|o| o.contains("bytes behind the certificate table"));
    same(&told, &true)
}

fn opened() -> Result<(), Failed> {
    let file = keyfile::pvk();
    let open = text(pvk::read(&file))?.value;
    same(&open.bits, &Some(2048))?;
    same(&text(pvk::numbers(open.key))?.modulus.len(), &256)?;
    // What a wrong password makes of a key begins as anything.
    let wrong: Vec<u8> = open.key.iter().map(|b| b ^ 0x5a).collect();
    same(&pvk::numbers(&wrong).is_err(), &true)?;
    let Some(openssl) = tool("openssl") else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let made = |arguments: &[&str]| -> Result<(), Failed> {
        let done = ask(Command::new(&openssl).args(arguments).current_dir(folder.path()))?;
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        if done.status.success() { Ok(()) } else { Err(told.into()) }
    };
    made(&["genrsa", "-traditional", "-out", "key.pem", "2048"])?;
    let locked = ["rsa", "-in", "key.pem", "-outform", "PVK", "-pvk-none", "-out", "open.pvk"];
    made(&locked)?;
    let bytes = fs::read(folder.path().join("open.pvk"))?;
    let read = text(pvk::read(&bytes))?;
    same(&(read.deviations.len(), read.value.bits), &(0, Some(2048)))?;
    same(&text(pvk::numbers(read.value.key))?.primes[0].len(), &128)
}

fn cut_off() -> Result<(), Failed> {
    /// Tenths of microseconds from 1601 to 1970, and in a second.
    const EPOCH: i64 = 116_444_736_000_000_000;
    const SECOND: i64 = 10_000_000;
    same(&((0x01D0_C991_830F_4000 - EPOCH) / SECOND), &CUT_OFF)?;
    same(&days(2015, 7, 29).map(|day| day * 86_400), &Some(CUT_OFF))
}

/// GlobalSign Root CA as Microsoft cross-certified it, from a driver's signature.
const CROSS: &[u8] = include_bytes!("../../corpus/x509/globalsign-cross");

fn crossed() -> Result<(), Failed> {
    let read = text(certificate::read(CROSS))?.value;
    let thumbprint = hex(digest(DigestAlgorithm::Sha1, CROSS).as_bytes());
    same(&thumbprint.as_str(), &"cc1deebf6d55c2c9061ba16f10a0bfa6979a4a32")?;
    let authorities = text(Tables::authorities())?.named("Microsoft Code Verification Root");
    let known = authorities.iter().find(|a| a.well_known == Some(8)).ok_or("no such key")?;
    let info = spki::read(&known.key).ok_or("no key")?;
    let key = PublicKey::new(KeyAlgorithm::Rsa, info.key);
    let by = DigestAlgorithm::Sha1;
    let holds = key.verify(by, Some(&digest(by, read.signed)), read.signature);
    if matches!(holds, Verified::Yes) { Ok(()) } else { Err("it does not verify".into()) }
}

fn explained(what: &str) -> Result<Value, Failed> {
    let done = program::run(&["explain", what, "--json"], Path::new("."))?;
    let mut document: Value = serde_json::from_slice(&done.stdout)?;
    Ok(document["topics"][0].take())
}

fn state() -> Result<(), Failed> {
    let set = |what: &str| -> Result<Vec<String>, Failed> {
        let topic = explained(what)?;
        let bits = topic["bits"].as_array().cloned().unwrap_or_default();
        let set = bits.iter().filter(|bit| bit["set"] == true);
        Ok(set.filter_map(|bit| bit["name"].as_str().map(str::to_owned)).collect())
    };
    let default = [
        "WTPF_OFFLINEOK_IND",
        "WTPF_OFFLINEOK_COM",
        "WTPF_OFFLINEOKNBU_IND",
        "WTPF_OFFLINEOKNBU_COM",
        "WTPF_IGNOREREVOCATIONONTS",
    ]
    .map(str::to_owned)
    .to_vec();
    same(&set("State=0x23C00")?, &default)?;
    let mut unrevoked = default.clone();
    unrevoked.insert(0, "WTPF_IGNOREREVOKATION".to_owned());
    same(&set("State=0x23E00")?, &unrevoked)?;
    same(&set("State=0x40000")?, &vec!["WTPF_ALLOWONLYPERTRUST".to_owned()])
}

fn absent() -> Result<(), Failed> {
    let found: Vec<Value> = ["State=none", "State=0", "State=no-key"]
        .into_iter()
        .map(|what| explained(what).map(|mut topic| topic["found"].take()))
        .collect::<Result<_, _>>()?;
    let three = found.iter().all(|one| found.iter().filter(|other| *other == one).count() == 1);
    if three { Ok(()) } else { Err(format!("{found:?}").into()) }
}

/// A certified package that matches a compatible id, and a vendor's that matches the hardware id.
fn ranked(all_signing_equal: bool, wins: usize) -> Result<(), Failed> {
    let portal = Offer {
        signed: Signed::Microsoft,
        feature: 0xFF,
        matches: Match::Compatible,
        position: 0,
        version: (18_000, [1, 0, 0, 0]),
    };
    let vendor = Offer { signed: Signed::Publisher, matches: Match::Hardware, ..portal };
    same(&winner(&[portal, vendor], all_signing_equal), &Some(wins))
}
