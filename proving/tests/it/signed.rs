//! Signatures of Windows hold over what they cover and over nothing else, whatever the file is like.

use crate::signing::expect;
use crate::skipped::told;
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use libtest_mimic::{Failed, Trial};
use loadworthy_collect::gather::windows::driver::digested;
use loadworthy_core::codesigning::image::{self, Signed};
use loadworthy_core::codesigning::signature::{Broken, Signature};
use loadworthy_core::codesigning::{catalog, timestamp};
use loadworthy_core::crypt::digest::{Digest, DigestAlgorithm, DigestSet};
use loadworthy_core::tables::Tables;
use loadworthy_core::tables::authorities::Authorities;
use loadworthy_formats::authenticode::extent;
use loadworthy_formats::der::element::Elements;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::pe::attribute_certificates;
use loadworthy_formats::pe::header;
use loadworthy_formats::text::hex;
use loadworthy_proving::forge::der;
use loadworthy_proving::forge::driver::{self, CHECKSUM, ENTRY, HEADERS, Shape, TEXT};
use loadworthy_proving::forge::key::Key;
use loadworthy_report::inspect;
use std::env;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("signed: every shape of a message holds", shapes),
        Trial::test("signed: every byte that is covered counts", every_byte),
        Trial::test("signed: a large image is digested like a small one", large),
        Trial::test("signed: every byte of a catalog's list counts", every_byte_of_a_list),
        Trial::test("signed: a page that was changed is named", pages),
        Trial::test("signed: a stamp over something else does not verify", stamps),
        Trial::test("signed: what nothing covers never runs", uncovered),
        Trial::test("signed: hostile tables and messages end", hostile),
        Trial::test("signed: bytes of real drivers count", real),
    ]
}

/// The signatures of a file; none where it is no image.
fn read(bytes: &[u8], authorities: &Authorities) -> Option<Signed> {
    let image = header::read(bytes, &Limits::DEFAULT).ok()?.value;
    Some(image::read(&image, DigestSet::default(), authorities, &Limits::DEFAULT))
}

fn all(bytes: &[u8]) -> Result<Vec<Signature>, Failed> {
    let authorities = Tables::authorities().map_err(|e| e.to_string())?;
    Ok(read(bytes, &authorities).map(|signed| signed.signatures).unwrap_or_default())
}

fn holds(bytes: &[u8], authorities: &Authorities) -> bool {
    read(bytes, authorities)
        .is_some_and(|signed| signed.signatures.iter().any(|s| s.verifies == Some(true)))
}

fn forged(shape: &Shape) -> Result<Vec<u8>, Failed> {
    let plain = driver::unsigned();
    let message = driver::over_image(&plain, &Key::named("owner")?, shape)?;
    Ok(driver::attach(&plain, &[message]))
}

fn shapes() -> Result<(), Failed> {
    let plain = driver::unsigned();
    let key = Key::named("owner")?;
    let nested = driver::over_image(&plain, &Key::named("distribution")?, &Shape::default())?;
    for (what, shape, count) in [
        ("plain", Shape::default(), 1),
        ("in octets", Shape { octets: true, ..Shape::default() }, 1),
        ("with the padding PSS", Shape { pss: true, ..Shape::default() }, 1),
        ("with pages of SHA-1", Shape { pages: Some(1), ..Shape::default() }, 1),
        ("with pages of SHA-256", Shape { pages: Some(2), ..Shape::default() }, 1),
        ("nested", Shape { nested: vec![nested.clone()], ..Shape::default() }, 2),
        (
            "nested twice",
            Shape { nested: vec![nested.clone(), nested.clone()], ..Shape::default() },
            3,
        ),
        ("stamped", Shape { stamp: Some("rfc3161"), ..Shape::default() }, 1),
        ("stamped of old", Shape { stamp: Some("pkcs9"), ..Shape::default() }, 1),
    ] {
        let message = driver::over_image(&plain, &key, &shape)?;
        let found = all(&driver::attach(&plain, &[message.clone(), message]))?;
        expect(what, found.len() == 2 * count)?;
        for (n, one) in found.iter().enumerate() {
            expect(&format!("{what}: {n} holds"), one.verifies == Some(true))?;
            expect(&format!("{what}: {n} stands where it should"), one.index == n)?;
            expect(&format!("{what}: {n} in its entry"), one.table_entry == n / count)?;
            let holder = (n % count > 0).then_some(n / count * count);
            expect(&format!("{what}: {n} in its holder"), one.nested_in == holder)?;
        }
        if shape.stamp.is_some() {
            let stamp = found[0].timestamps.first().ok_or("no stamp")?;
            // `date -u -d '2020-01-02 03:04:05' +%s`
            expect("the time", stamp.time == Some(1_577_934_245))?;
            expect("the stamp holds", stamp.verifies == Some(true))?;
            expect("a stamp of nobody known proves nothing", !stamp.proves_time())?;
        }
    }
    Ok(())
}

/// Bytes of the first entry behind its message: what fills it up.
fn filling(bytes: &[u8]) -> Vec<Range<usize>> {
    let Ok(read) = header::read(bytes, &Limits::DEFAULT) else { return Vec::new() };
    let entries = attribute_certificates::read(&read.value, &Limits::DEFAULT).value;
    let of = |entry: &attribute_certificates::Entry<'_>| {
        let message = Elements::new(entry.content).next_element().ok()?;
        let at = entry.at + 8;
        Some(at + message.whole.len()..at + entry.content.len())
    };
    entries.iter().filter_map(of).collect()
}

/// Digests that are made side by side are those of one after the other.
fn large() -> Result<(), Failed> {
    let mut image = driver::unsigned();
    image.extend((0_u32..2 << 20).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()));
    let entry = inspect::describe(Path::new("large.sys"), &image, &Limits::DEFAULT);
    let told = entry.pe.as_ref().ok_or("no image")?;
    for (said, by) in [
        (&told.image_digests.sha1, &SHA1_FOR_LEGACY_USE_ONLY),
        (&told.image_digests.sha256, &SHA256),
    ] {
        expect("the image", *said == hex(&driver::image_digest(&image, by)))?;
    }
    expect("the file", entry.sha256 == Some(hex(digest(&SHA256, &image).as_ref())))?;
    // The same for who judges, of a small one too.
    for image in [driver::unsigned(), image] {
        let made = digested(&image, &Limits::DEFAULT);
        let of_image = made.image.ok_or("no image")?;
        for (algorithm, by) in
            [(DigestAlgorithm::Sha1, &SHA1_FOR_LEGACY_USE_ONLY), (DigestAlgorithm::Sha256, &SHA256)]
        {
            let is =
                |made: Option<&Digest>, wanted: &[u8]| made.is_some_and(|m| m.as_bytes() == wanted);
            let wanted = driver::image_digest(&image, by);
            expect("the image, judged", is(of_image.get(&algorithm), wanted.as_ref()))?;
            let wanted = digest(by, &image);
            expect("the file, judged", is(made.flat.get(&algorithm), wanted.as_ref()))?;
        }
    }
    Ok(())
}

fn every_byte() -> Result<(), Failed> {
    let authorities = Tables::authorities().map_err(|e| e.to_string())?;
    let mut bytes = forged(&Shape { pages: Some(2), ..Shape::default() })?;
    let table = driver::unsigned().len();
    let left_out = filling(&bytes);
    for at in 0..table {
        bytes[at] ^= 1;
        let checksum = (CHECKSUM..CHECKSUM + 4).contains(&at);
        let entry = (ENTRY..ENTRY + 8).contains(&at);
        // The entry says where the table is: turned, nothing is found or nothing fits.
        let expected = checksum;
        if holds(&bytes, &authorities) != expected {
            return Err(format!("byte {at:#x} (entry: {entry})").into());
        }
        bytes[at] ^= 1;
    }
    for at in left_out.into_iter().flatten() {
        bytes[at] ^= 1;
        expect("what fills an entry up is not covered", holds(&bytes, &authorities))?;
        bytes[at] ^= 1;
    }
    expect("as it was", holds(&bytes, &authorities))
}

fn every_byte_of_a_list() -> Result<(), Failed> {
    let authorities = Tables::authorities().map_err(|e| e.to_string())?;
    let list = driver::list(&driver::unsigned(), b"; an INF");
    let mut bytes = driver::catalog(&list, &Key::named("owner")?, true)?;
    let holds = |bytes: &[u8]| {
        catalog::read(bytes, &authorities, &Limits::DEFAULT)
            .map(|c| c.signatures.iter().map(|s| (s.is_detached, s.verifies)).collect::<Vec<_>>())
    };
    expect("both hold", holds(&bytes) == Ok(vec![(false, Some(true)), (true, Some(true))]))?;
    let at = bytes.windows(list.len()).position(|w| w == list).ok_or("no list")?;
    for at in at..at + list.len() {
        bytes[at] ^= 1;
        if let Ok(found) = holds(&bytes)
            && found.iter().any(|(_, verifies)| *verifies == Some(true))
        {
            return Err(format!("byte {at:#x}: {found:?}").into());
        }
        bytes[at] ^= 1;
    }
    // Which files it covers.
    let catalog =
        catalog::read(&bytes, &authorities, &Limits::DEFAULT).map_err(|e| e.to_string())?;
    expect("sorted", catalog.is_sorted && catalog.certificates_are_sorted)?;
    expect("hardware", catalog.hardware_ids.iter().map(|id| &**id).eq(["root\\demo"]))?;
    expect("systems", catalog.systems.iter().map(|id| &**id).eq(["_v100_X64"]))
}

fn pages() -> Result<(), Failed> {
    let authorities = Tables::authorities().map_err(|e| e.to_string())?;
    for version in [1, 2] {
        let mut bytes = forged(&Shape { pages: Some(version), ..Shape::default() })?;
        let differ = |bytes: &[u8]| -> Vec<(u32, Option<String>)> {
            let signed = read(bytes, &authorities);
            let pages = signed.iter().flat_map(|signed| &signed.pages);
            let all = pages.flat_map(|(_, pages)| &pages.differ);
            all.map(|d| (d.at, d.section.as_ref().map(ToString::to_string))).collect()
        };
        expect("nothing differs", differ(&bytes).is_empty())?;
        for (at, page, section) in [
            (0x10, 0, None),
            (HEADERS, HEADERS, Some(".text")),
            (HEADERS + TEXT - 1, HEADERS + 4096, Some(".text")),
            (HEADERS + TEXT, HEADERS + TEXT, Some(".data")),
        ] {
            bytes[at] ^= 1;
            let expected = vec![(page as u32, section.map(str::to_owned))];
            if differ(&bytes) != expected {
                return Err(format!("{at:#x}: {:?}", differ(&bytes)).into());
            }
            bytes[at] ^= 1;
        }
    }
    Ok(())
}

fn stamps() -> Result<(), Failed> {
    for kind in ["pkcs9", "rfc3161"] {
        let bytes = forged(&Shape { stamp: Some(kind), ..Shape::default() })?;
        let digest = [0x04, 0x20];
        // Every digest behind the image: imprint and messageDigest of the stamp are among them.
        let behind = driver::unsigned().len();
        let mut refused = 0;
        for at in (behind..bytes.len() - 34).filter(|at| bytes[*at..].starts_with(&digest)) {
            let mut changed = bytes.clone();
            changed[at + 5] ^= 1;
            let found = all(&changed)?;
            let one = found.first().ok_or("no signature")?;
            let stamp: &timestamp::Timestamp = one.timestamps.first().ok_or("no stamp")?;
            let both = one.verifies == Some(true) && stamp.verifies == Some(true);
            expect(&format!("{kind}: a digest at {at:#x} was turned"), !both)?;
            refused += usize::from(stamp.verifies == Some(false));
        }
        expect("digests of the stamp were turned", refused > 0)?;
    }
    Ok(())
}

/// How a file is spoilt.
type Spoil = Box<dyn Fn(&mut Vec<u8>)>;

/// Files that carry bytes which a loader might map, and which the digest would leave out if the table
/// were taken at its word.
fn uncovered() -> Result<(), Failed> {
    let authorities = Tables::authorities().map_err(|e| e.to_string())?;
    let plain = driver::unsigned();
    let good = forged(&Shape::default())?;
    let table = plain.len();
    let cases: [(&str, Spoil); 9] = [
        ("bytes behind the table", Box::new(|b| b.extend([0xcc; 64]))),
        ("zeros behind the table", Box::new(|b| b.extend([0; 8]))),
        (
            "the last section reaches into the table",
            Box::new(|b| {
                b[0x188 + 40 + 16..0x188 + 40 + 20].copy_from_slice(&0x400_u32.to_le_bytes());
            }),
        ),
        (
            "a section lies in the table",
            Box::new(move |b| {
                let at = (table as u32 + 0x100).to_le_bytes();
                b[0x188 + 40 + 20..0x188 + 40 + 24].copy_from_slice(&at);
            }),
        ),
        (
            "the headers reach into the table",
            Box::new(move |b| {
                let size = (table as u32 + 16).to_le_bytes();
                b[0x98 + 60..0x98 + 64].copy_from_slice(&size);
            }),
        ),
        (
            "the table begins in a section",
            Box::new(|b| {
                let at = (HEADERS as u32 + 8).to_le_bytes();
                b[ENTRY..ENTRY + 4].copy_from_slice(&at);
            }),
        ),
        ("the table is larger than the file", Box::new(|b| b[ENTRY + 6] = 1)),
        ("the table is eight bytes short", Box::new(|b| b[ENTRY + 4] -= 8)),
        ("the code", Box::new(|b| b[HEADERS + 100] ^= 0x80)),
    ];
    expect("as it is", holds(&good, &authorities))?;
    for (what, spoil) in &cases {
        let mut bytes = good.clone();
        spoil(&mut bytes);
        expect(what, !holds(&bytes, &authorities))?;
    }
    // The digest of the table itself put into a new signature does not help: the table is covered.
    let mut overlap = plain.clone();
    overlap[0x188 + 40 + 16..0x188 + 40 + 20].copy_from_slice(&0x400_u32.to_le_bytes());
    let message = driver::over_image(&overlap, &Key::named("owner")?, &Shape::default())?;
    let bytes = driver::attach(&overlap, &[message]);
    expect("a section over the table, signed so", !holds(&bytes, &authorities))?;
    // Bytes hidden behind a message in its entry do not run; they are told.
    let message = driver::over_image(&plain, &Key::named("owner")?, &Shape::default())?;
    let hiding = driver::attach(&plain, &[[message, vec![0xcc; 64]].concat()]);
    let signed = read(&hiding, &authorities).ok_or("no image")?;
    expect("hidden bytes are counted", signed.hidden >= 64)?;
    expect("and nothing else", signed.signatures.iter().all(|s| s.verifies == Some(true)))
}

/// Nothing may take longer.
const PATIENCE: Duration = Duration::from_secs(20);

fn hostile() -> Result<(), Failed> {
    let authorities = Tables::authorities().map_err(|e| e.to_string())?;
    let plain = driver::unsigned();
    let key = Key::named("owner")?;
    let good = driver::over_image(&plain, &key, &Shape::default())?;
    let raw = |table: &[u8]| {
        let mut bytes = plain.clone();
        let place = [plain.len() as u32, table.len() as u32].map(u32::to_le_bytes);
        bytes[ENTRY..ENTRY + 8].copy_from_slice(place.as_flattened());
        bytes.extend(table);
        bytes
    };
    let mut deep = good.clone();
    for _ in 0..60 {
        let shape = Shape { nested: vec![deep], ..Shape::default() };
        deep = driver::over_image(&plain, &key, &shape)?;
    }
    let wide = Shape { nested: vec![good.clone(); 2000], ..Shape::default() };
    let wide = driver::over_image(&plain, &key, &wide)?;
    let crowd = {
        // The same certificate ten thousand times: each a candidate for the issuer of each.
        let at = good.windows(key.certificate.len()).position(|w| w == key.certificate);
        let at = at.ok_or("no certificate")?;
        let rest = &good[at + key.certificate.len()..];
        let set = der::element(0xa0, &key.certificate.repeat(10_000));
        let parts = Elements::new(&good).next_element().map_err(|e| e.to_string())?.inside();
        let mut data = parts;
        data.next_element().map_err(|e| e.to_string())?;
        let explicit = data.next_element().map_err(|e| e.to_string())?;
        let mut inside = explicit.inside().next_element().map_err(|e| e.to_string())?.inside();
        let mut body = Vec::new();
        for _ in 0..3 {
            body.extend(inside.next_element().map_err(|e| e.to_string())?.whole);
        }
        body.extend(set);
        body.extend(rest);
        let data = der::element(0xa0, &der::element(0x30, &body));
        der::sequence(&[der::oid("1.2.840.113549.1.7.2"), data])
    };
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("an entry of no length", raw(&[0; 64])),
        ("an entry of seven bytes", raw(&[7, 0, 0, 0, 0, 2, 2, 0])),
        ("an entry of 4 GiB", raw(&[0xff, 0xff, 0xff, 0xff, 0, 2, 2, 0])),
        ("100,000 empty entries", raw(&[8, 0, 0, 0, 0, 2, 2, 0].repeat(100_000))),
        ("another type of entry", raw(&[&[16, 0, 0, 0, 0, 2, 1, 0][..], &[0; 8]].concat())),
        ("nested sixty deep", driver::attach(&plain, &[deep])),
        ("two thousand nested", driver::attach(&plain, &[wide])),
        ("ten thousand certificates", driver::attach(&plain, &[crowd])),
        ("a table of indefinite lengths", raw(&[0x30, 0x80].repeat(100_000))),
    ];
    for (what, bytes) in cases {
        let begun = Instant::now();
        let signed = read(&bytes, &authorities).ok_or("no image")?;
        for one in &signed.signatures {
            expect(what, one.digest_matches == Some(true))?;
            expect(what, one.verifies == Some(true) || one.broken == Some(Broken::SignerMissing))?;
        }
        expect(&format!("{what}: in time"), begun.elapsed() < PATIENCE)?;
    }
    Ok(())
}

/// Positions that are tried in each file.
const TRIED: usize = 120;

/// Every driver below `LOADWORTHY_CORPUS`: bytes at random, and every one of the headers.
fn real() -> Result<(), Failed> {
    let Some(folder) = env::var_os("LOADWORTHY_CORPUS").map(PathBuf::from) else {
        told("LOADWORTHY_CORPUS");
        return Ok(());
    };
    let authorities = Tables::authorities().map_err(|e| e.to_string())?;
    let mut waiting = vec![folder.join("windows")];
    let mut tried = 0;
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path)?.flatten().map(|entry| entry.path()));
            continue;
        }
        let bytes = fs::read(&path)?;
        if !holds(&bytes, &authorities) {
            continue;
        }
        let image = header::read(&bytes, &Limits::DEFAULT).map_err(|e| e.to_string())?.value;
        let covered = extent::of(&image).value.ranges;
        let checksum = image.checksum_at;
        let table = image.certificate_table().map_or(0, |(at, _)| at as usize);
        let mut state = bytes.len();
        let mut draw = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % table
        };
        let headers = (0..0x200).step_by(3);
        for at in headers.chain((0..TRIED).map(|_| draw())) {
            let mut changed = bytes.clone();
            changed[at] ^= 0x10;
            let counts = covered.iter().any(|range| range.contains(&at));
            if counts && holds(&changed, &authorities) {
                return Err(format!("{}: {at:#x} does not count", path.display()).into());
            }
            tried += 1;
        }
        let free = (checksum..checksum + 4).chain(filling(&bytes).into_iter().flatten());
        for at in free {
            let mut changed = bytes.clone();
            changed[at] ^= 0x10;
            if !holds(&changed, &authorities) {
                return Err(format!("{}: {at:#x} counts", path.display()).into());
            }
        }
    }
    expect("files were tried", tried > 0)
}
