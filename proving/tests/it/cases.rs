//! Cases about bytes: what makers of catalogs write, and policies as Windows loads them.
//!
//! The vectors are of the decision procedure that the scenarios in `windows/` follow; whoever has real
//! policies names a folder with `LOADWORTHY_POLICIES`: `NAME.p7b` or `.cip` beside `NAME.xml`.

use crate::skipped::told;
use libtest_mimic::{Failed, Trial};
use loadworthy_assess::catalogs::{self, Order};
use loadworthy_collect::gather::windows::driver::digested;
use loadworthy_collect::gather::windows::policy;
use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_core::package::signability::Today;
use loadworthy_formats::authenticode::signature::{self, Indirect};
use loadworthy_formats::authenticode::write::{Link, flat_data};
use loadworthy_formats::catalog::list::{self, List, VERSION_1, VERSION_2};
use loadworthy_formats::catalog::member::{FLAT_TYPE, Member, NameValue};
use loadworthy_formats::catalog::write;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::text::hex;
use loadworthy_proving::forge::driver;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::{env, fs};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("cases C05: an image is digested as if filled up to eight bytes", filled),
        Trial::test("cases C06, C14, C26: a catalog of version 1, byte for byte", version_1),
        Trial::test("cases C27: a catalog of version 2, byte for byte", version_2),
        Trial::test("cases C07, C08: systems and what they add to OSAttr", systems),
        Trial::test("cases C17: digests of pages end with the end of the data", pages),
        Trial::test("cases: policies as Windows loads them say what their XML says", policies),
    ]
}

fn same<T: PartialEq + std::fmt::Debug>(found: &T, expected: &T) -> Result<(), Failed> {
    if found == expected { Ok(()) } else { Err(format!("{found:?}, not {expected:?}").into()) }
}

fn filled() -> Result<(), Failed> {
    let mut image = driver::unsigned();
    image.resize(image.len().next_multiple_of(8) + 5, 0xa5);
    let mut whole = image.clone();
    whole.extend([0; 3]);
    let of = |bytes: &[u8]| digested(bytes, &Limits::DEFAULT).image;
    let (short, long) = (of(&image), of(&whole));
    match short.is_some() && short == long {
        true => Ok(()),
        false => Err(format!("{short:?} and {long:?}").into()),
    }
}

/// `szOID_OIWSEC_sha1`, `id-sha256`.
const SHA_1: &[u8] = &[0x2b, 0x0e, 3, 2, 26];
const SHA_256: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
const PLAIN: u32 = 0x1001_0001;

/// The catalog of the vectors: one file `abc`, made 2026-01-01, identifier of zeros.
fn vector(version: u8) -> Result<Vec<u8>, Failed> {
    let by = if version == 1 { DigestAlgorithm::Sha1 } else { DigestAlgorithm::Sha256 };
    let of_file = digest(by, b"abc");
    let tag = match version {
        1 => write::text(&hex(of_file.as_bytes()).to_uppercase()),
        _ => of_file.as_bytes().to_vec(),
    };
    let data = flat_data(Link::Obsolete);
    let pair = |name: &str, value: &str| NameValue {
        name: name.to_owned(),
        flags: PLAIN,
        value: value.to_owned(),
    };
    let member = Member {
        tag: &tag,
        indirect: Some(Indirect {
            data: &data,
            digest_algorithm: if version == 1 { SHA_1 } else { SHA_256 },
            digest: of_file.as_bytes(),
        }),
        subject_type: (version == 1).then(|| FLAT_TYPE.to_owned()),
        marker: (version == 2).then_some(2),
        attributes: vec![pair("File", "a.inf"), pair("OSAttr", "2:10.0")],
        other_attributes: 0,
    };
    let list = List {
        usages: write::usages(),
        identifier: Some(&[0; 16]),
        sequence: None,
        this_update: Some(1_767_225_600),
        next_update: None,
        subject_algorithm: if version == 1 { VERSION_1 } else { VERSION_2 },
        members: vec![member],
        attributes: vec![pair("OS", "_v100_X64_22H2"), pair("HWID1", "root\\toy")],
    };
    write::unsigned(&list).ok_or_else(|| "cannot be written".into())
}

fn version_1() -> Result<(), Failed> {
    let bytes = vector(1)?;
    same(&bytes.len(), &635)?;
    let sum = hex(digest(DigestAlgorithm::Sha256, &bytes).as_bytes());
    same(&sum.as_str(), &"48be64881084caf072b6f1b514e302818daa309e62f50c07e2370eac92b5b7c2")?;
    let signed = signature::read(&bytes, &Limits::DEFAULT).map_err(|e| e.to_string())?;
    let content = signed.content_whole.unwrap_or_default();
    let read = list::read(content, &Limits::DEFAULT).map_err(|e| e.to_string())?.value;
    same(&read.members.first().map(|m| m.tag.len()), &Some(82))?;
    // No digest algorithms, no signers.
    same(&bytes.ends_with(&[0x31, 0]), &true)
}

fn version_2() -> Result<(), Failed> {
    let bytes = vector(2)?;
    same(&bytes.len(), &518)?;
    let sum = hex(digest(DigestAlgorithm::Sha256, &bytes).as_bytes());
    same(&sum.as_str(), &"abacefd3a7b190725318ef672b5de88ac609fa17180649d20e423c5734353ee4")
}

const INF: &str = "[Version]\nSignature=\"$Windows NT$\"\nCatalogFile=d.cat\nDriverVer=06/01/2020\n\
    [Manufacturer]\nM=Models,NTamd64\n[Models.NTamd64]\nD=I,a\n[SourceDisksNames]\n1=d\n\
    [SourceDisksFiles]\nd.sys=1\n[DestinationDirs]\nDefaultDestDir=12\n[I]\nCopyFiles=@d.sys\n";

fn made(systems: &[&str], page_hashes: bool) -> Result<Vec<u8>, Failed> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("d.inf"), INF)?;
    fs::write(folder.path().join("d.sys"), driver::unsigned())?;
    let created = catalogs::create(&Order {
        subject: folder.path().to_owned(),
        systems: systems.iter().map(|s| (*s).to_owned()).collect(),
        version: page_hashes.then_some(2),
        identifier: None,
        time: 1_767_225_600,
        today: Today { latest: (2026, 1, 1), here: None, told: "2026-01-01".to_owned() },
        page_hashes,
        link: Link::Empty,
        attributes: Vec::new(),
    });
    let created = created.map_err(|e| e.to_string())?;
    Ok(created.catalogs.first().ok_or("no catalog")?.bytes.clone())
}

fn of_list<T>(bytes: &[u8], ask: impl Fn(&List<'_>) -> T) -> Result<T, Failed> {
    let signed = signature::read(bytes, &Limits::DEFAULT).map_err(|e| e.to_string())?;
    let content = signed.content_whole.unwrap_or_default();
    Ok(ask(&list::read(content, &Limits::DEFAULT).map_err(|e| e.to_string())?.value))
}

fn systems() -> Result<(), Failed> {
    for (asked, token, attribute) in [
        ("XP_X64", "XPX64", "2:5.1,2:5.2"),
        ("7_X64", "7X64", "2:6.1"),
        ("10_X64", "_v100_X64", "2:10.0"),
    ] {
        let found = of_list(&made(&[asked], false)?, |list| {
            let member = list.members.first();
            let own = member.and_then(|m| m.attribute("OSAttr")).map(str::to_owned);
            (list.systems().join(","), own)
        })?;
        same(&found, &(token.to_owned(), Some(attribute.to_owned())))?;
    }
    Ok(())
}

fn pages() -> Result<(), Failed> {
    let image = driver::unsigned();
    let rows: Vec<(u32, Vec<u8>)> = of_list(&made(&["10_X64"], true)?, |list| {
        let hashed = list.members.iter().find_map(Member::page_hashes);
        let rows = |h: loadworthy_formats::authenticode::indirect::PageHashes<'_>| {
            h.rows().map(|(at, sum)| (at, sum.to_vec())).collect()
        };
        hashed.map(rows).unwrap_or_default()
    })?;
    let (first, last) = (rows.first().ok_or("no rows")?, rows.last().ok_or("no rows")?);
    same(&first.0, &0)?;
    same(&last.1, &vec![0; 32])?;
    same(&usize::try_from(last.0)?, &image.len())
}

/// What a policy says to the kernel, without the names that binary ones do not keep.
fn said(bytes: &[u8]) -> Result<(bool, BTreeSet<String>, Option<usize>), Failed> {
    let read = policy::read(bytes).map_err(|e| e.to_string())?;
    let rules = read.policy.denies.iter().map(|d| format!("{:?} {}", d.what, d.certain));
    Ok((read.policy.audit, rules.collect(), read.policy.allows.map(|all| all.len())))
}

fn policies() -> Result<(), Failed> {
    let Some(folder) = env::var_os("LOADWORTHY_POLICIES").map(PathBuf::from) else {
        told("LOADWORTHY_POLICIES");
        return Ok(());
    };
    let mut held = 0;
    for entry in fs::read_dir(folder)?.flatten() {
        let (binary, written) = (entry.path(), entry.path().with_extension("xml"));
        let of_windows = binary.extension().is_some_and(|e| e == "p7b" || e == "cip");
        if !of_windows || !written.exists() {
            continue;
        }
        let (ours, theirs) = (said(&fs::read(&binary)?)?, said(&fs::read(&written)?)?);
        let differ: Vec<_> = ours.1.symmetric_difference(&theirs.1).take(4).collect();
        if !differ.is_empty() || ours.0 != theirs.0 || ours.2 != theirs.2 {
            let counts = (ours.1.len(), theirs.1.len(), ours.2, theirs.2);
            return Err(format!("{}: {counts:?} {differ:#?}", binary.display()).into());
        }
        held += 1;
    }
    if held == 0 { Err("no pair of policies there".into()) } else { Ok(()) }
}
