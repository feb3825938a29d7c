//! Files in hand: whose code was running, files of a package that are packed, and what is tried about
//! what is odd in a package.

use crate::skipped::told;
use libtest_mimic::{Failed, Trial};
use loadworthy_formats::limits::Limits;
use loadworthy_formats::registry::{hive, log};
use loadworthy_proving::forge::driver::{self, Shape};
use loadworthy_proving::forge::key::Key;
use loadworthy_proving::program;
use serde_json::Value;
use std::env;
use std::fs;
use std::path::Path;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("in hand: the debugger's list tells whose code was running", debugger),
        Trial::test("in hand: driverquery names packages, whose catalogs name who signed", served),
        Trial::test(
            "in hand: what an INF copies out of cabinets is held against the catalog",
            packed,
        ),
        Trial::test("in hand: the State of an account is read from its export", state),
        Trial::test("in hand: what is odd in a package is tried and judged again", odd),
        Trial::test("in hand: a folder of many drivers is judged in order", many),
        Trial::test("in hand: a log of setup beside the package it is about", beside),
        Trial::test("in hand: a hive and its logs are what Windows makes of them", hives),
    ]
}

fn same(found: &Value, expected: &Value) -> Result<(), Failed> {
    if found == expected { Ok(()) } else { Err(format!("{found}, not {expected}").into()) }
}

/// Folders below `LOADWORTHY_HIVES`: a hive that was not written completely, its logs beside it, and as
/// `RecoveredHive…` what Windows made of them (yarp's `hives_for_tests`).
fn hives() -> Result<(), Failed> {
    let Some(all) = env::var_os("LOADWORTHY_HIVES") else {
        told("LOADWORTHY_HIVES");
        return Ok(());
    };
    let mut compared = 0;
    for folder in fs::read_dir(all)? {
        let (mut hive, mut logs, mut made) = (None, Vec::new(), None);
        for entry in fs::read_dir(folder?.path())? {
            let entry = entry?;
            let (name, bytes) = (entry.file_name(), fs::read(entry.path())?);
            match name.to_string_lossy() {
                name if name.starts_with("Recovered") => made = Some(bytes),
                name if name.contains(".LOG") => logs.push(bytes),
                _ => hive = Some(bytes),
            }
        }
        let (Some(hive), Some(made)) = (hive, made) else { continue };
        let logs: Vec<&[u8]> = logs.iter().map(Vec::as_slice).collect();
        let ours = log::recovered(&hive, &logs).ok_or("nothing put in")?;
        if all_keys(&ours)? != all_keys(&made)? || all_keys(&ours)? == all_keys(&hive)? {
            return Err("other keys or values than Windows has".into());
        }
        compared += 1;
    }
    if compared == 0 { Err("no hives".into()) } else { Ok(()) }
}

/// Every key of a hive by its depth and name, with its values.
fn all_keys(bytes: &[u8]) -> Result<Vec<String>, Failed> {
    let read = hive::read(bytes, &Limits::DEFAULT)?.value;
    let mut waiting: Vec<_> = read.root().map(|key| (0, key)).into_iter().collect();
    let mut all = Vec::new();
    while let Some((depth, key)) = waiting.pop() {
        all.push(format!("{depth} {} {:?}", key.name(), key.values().collect::<Vec<_>>()));
        waiting.extend(key.children().map(|child| (depth + 1, child)));
    }
    Ok(all)
}

/// The section that Windows 10 writes where it knows no root of a catalog's signer (Microsoft, *SetupAPI text
/// logs*).
const REFUSED: &str = "[Device Install Log]\r\n     OS Version = 10.0.19045\r\n\r\n\
    >>>  [SetupCopyOEMInf - C:\\demo\\demo.inf]\r\n\
    >>>  Section start 2026/11/20 10:00:00.000\r\n\
    \x20    sto: {Setup Import Driver Package: C:\\demo\\demo.inf} 10:00:00.010\r\n\
    \x20    sig:      {_VERIFY_FILE_SIGNATURE} 10:00:00.020\r\n\
    \x20    sig:           Key      = demo.inf\r\n\
    \x20    sig:           FilePath = C:\\demo\\demo.inf\r\n\
    \x20    sig:           Catalog  = C:\\demo\\demo.cat\r\n\
    !    sig:           Verifying file against specific (valid) catalog failed! (0x800b0109)\r\n\
    !    sig:           Error 0x800b0109: A certificate chain processed, but terminated in a root \
    certificate which is not trusted by the trust provider.\r\n\
    \x20    sig:      {_VERIFY_FILE_SIGNATURE exit(0x800b0109)} 10:00:00.030\r\n\
    !!!  sto:      Failed to verify the signature of the driver package. Error = 0xE0000247\r\n\
    \x20    sto: {Setup Import Driver Package - exit (0xe0000247)} 10:00:00.040\r\n\
    <<<  Section end 2026/11/20 10:00:00.050\r\n\
    <<<  [Exit status: FAILURE(0xe0000247)]\r\n";

/// The package that the log is about, signed by a certificate of our own, proves what the log says; a package
/// of that name that is refused for something else does not.
fn beside() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let image = driver::unsigned();
    package(folder.path(), "3", &image)?;
    fs::write(folder.path().join("demo.sys"), &image)?;
    fs::write(folder.path().join("setupapi.dev.log"), REFUSED)?;
    let inf = fs::read(folder.path().join("demo.inf"))?;
    for (text, confidence) in
        [(inf.clone(), "proven"), ([&inf[..], b"; mine\r\n"].concat(), "likely")]
    {
        fs::write(folder.path().join("demo.inf"), text)?;
        let asked = ["diagnose", "--json", "setupapi.dev.log", "demo.inf"];
        let found = &program::document(&asked, folder.path())?["findings"][0];
        same(&found["cause"], &"test-certificate-untrusted".into())?;
        same(&found["confidence"], &confidence.into()).map_err(|e| format!("{e:?}: {found}"))?;
    }
    Ok(())
}

/// More drivers than are read at a time, on two platforms: platform by platform, in the order of names.
fn many() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    fs::create_dir(folder.path().join("hand"))?;
    let names: Vec<String> = (0..600).map(|n| format!("{n:03}.sys")).collect();
    for name in &names {
        fs::write(folder.path().join("hand").join(name), driver::unsigned())?;
    }
    let on = ["--on", "windows-7", "--on", "windows-11-24h2"];
    let arguments = [&["check", "hand", "--json"], on.as_slice()].concat();
    let told = program::document(&arguments, folder.path())?;
    let verdicts = told["verdicts"].as_array().ok_or("no verdicts")?;
    let found: Vec<(&str, &str)> = verdicts
        .iter()
        .filter_map(|v| Some((v["on"].as_str()?, v["subject"]["name"].as_str()?)))
        .collect();
    let expected = ["windows-7", "windows-11-24h2"];
    let expected = expected.iter().flat_map(|on| names.iter().map(|name| (*on, name.as_str())));
    if found != expected.collect::<Vec<_>>() {
        return Err("not in order".into());
    }
    same(&told["summary"]["refused"], &1200.into())?;
    // Every number of a node that a verdict names is one of the table.
    let known = told["proof"].as_array().map_or(0, Vec::len) as u64;
    let walks = verdicts.iter().filter_map(|v| v["walk"].as_array()).flatten();
    let walked: Vec<u64> = walks.filter_map(Value::as_u64).collect();
    if walked.len() < 1200 || walked.iter().any(|n| *n == 0 || *n > known) {
        return Err("nodes that are not there".into());
    }
    let plain =
        program::document(&[arguments.as_slice(), &["--proof", "none"]].concat(), folder.path())?;
    same(&plain["proof"], &Value::Array(Vec::new()))?;
    // The text tells the first refusals in full, the others in a line.
    let done = program::run(&[&["check", "hand"], on.as_slice()].concat(), folder.path())?;
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let lines = |with: &str| text.lines().filter(|line| line.contains(with)).count();
    let found = (text.lines().next(), lines("refused  "), lines("Windows will say"));
    if found != (Some("1200 verdicts: none loads, 1200 refused"), 1200, 20) {
        return Err(format!("{found:?}").into());
    }
    Ok(())
}

/// `TimeDateStamp`, `SizeOfImage` and `CheckSum`, by the layout of the PE specification.
fn marks(image: &[u8]) -> [u32; 3] {
    let at = |offset: usize| {
        let bytes = image.get(offset..offset + 4).and_then(|b| b.try_into().ok());
        u32::from_le_bytes(bytes.unwrap_or_default())
    };
    let headers = at(0x3c) as usize;
    [at(headers + 8), at(headers + 24 + 56), at(headers + 24 + 64)]
}

fn debugger() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let mut plain = driver::unsigned();
    let at = u32::from_le_bytes(plain[0x3c..0x40].try_into()?) as usize + 8;
    plain[at..at + 4].copy_from_slice(&0x4fce_6a36_u32.to_le_bytes());
    let key = Key::named("owner")?;
    let message = driver::over_image(&plain, &key, &Shape::default())?;
    let signed = driver::attach(&plain, &[message]);
    let mut other = plain.clone();
    other[at] ^= 1;
    fs::create_dir_all(folder.path().join("hand/old"))?;
    fs::write(folder.path().join("hand/demo.sys"), &signed)?;
    fs::write(folder.path().join("hand/old/demo.sys"), &other)?;
    fs::write(folder.path().join("hand/renamed.sys"), &plain)?;
    let [stamp, size, sum] = marks(&plain);
    let (start, end) = (0x0f2f_1000_u32, 0x0f2f_1000 + size);
    let text = format!(
        "1: kd> lmvm demo\n\
         start             end                 module name\n\
         fffff880`{start:08x} fffff880`{end:08x}   demo     (deferred)\n\
         \x20   Image path: \\SystemRoot\\System32\\drivers\\demo.sys\n\
         \x20   Image name: demo.sys\n\
         \x20   Timestamp:        Tue Jun  5 15:21:42 2012 ({stamp:08X})\n\
         \x20   CheckSum:         {sum:08X}\n\
         \x20   ImageSize:        {size:08X}\n"
    );
    fs::write(folder.path().join("lm.txt"), text)?;
    let told = program::document(&["diagnose", "--json", "lm.txt", "hand"], folder.path())?;
    let files = &told["ran"][0]["files"];
    let of = |path: &str| {
        let mut all = files.as_array().into_iter().flatten();
        all.find(|file| file["path"] == path).cloned().unwrap_or_default()
    };
    same(&of("hand/demo.sys")["same"], &"same".into())?;
    same(&of("hand/renamed.sys")["same"], &"same".into())?;
    same(&of("hand/old/demo.sys")["same"], &"other".into())?;
    same(&of("hand/old/demo.sys")["differs"], &vec!["time stamp"].into())?;
    same(&of("hand/demo.sys")["signatures"][0]["class"], &"test".into())?;
    same(&of("hand/demo.sys")["signatures"][0]["holds"], &true.into())?;
    same(&of("hand/renamed.sys")["signatures"], &Value::Array(Vec::new()))?;
    // What ran is not told as refused.
    same(&told["findings"], &Value::Array(Vec::new()))
}

const INF: &str = "[Version]\r\n\
    Signature = \"$WINDOWS NT$\"\r\n\
    Class = Sample\r\n\
    ClassGuid = {78A1C341-4539-11d3-B88D-00C04FAD5171}\r\n\
    Provider = %Acme%\r\n\
    CatalogFile = demo.cat\r\n\
    DriverVer = 01/02/2020,1.0.0.0\r\n\
    [DestinationDirs]\r\n\
    DefaultDestDir = 13\r\n\
    [SourceDisksNames]\r\n\
    1 = \"disk\",demo.cab\r\n\
    [SourceDisksFiles]\r\n\
    demo.sys = 1\r\n\
    [Manufacturer]\r\n\
    %Acme% = Models,NTamd64\r\n\
    [Models.NTamd64]\r\n\
    \"Acme NIC\" = Install,root\\demo\r\n\
    [Install]\r\n\
    CopyFiles = Files\r\n\
    [Files]\r\n\
    demo.sys\r\n\
    [Install.Services]\r\n\
    AddService = demo,2,Service\r\n\
    [Service]\r\n\
    ServiceType = 1\r\n\
    StartType = START\r\n\
    ErrorControl = 1\r\n\
    ServiceBinary = %13%\\demo.sys\r\n\
    [Strings]\r\n\
    Acme = \"Acme\"\r\n";

/// A package at `folder`; without its driver.
fn package(folder: &Path, start: &str, driver: &[u8]) -> Result<(), Failed> {
    let inf = INF.replace("START", start);
    let list = driver::list(driver, inf.as_bytes());
    fs::create_dir_all(folder)?;
    fs::write(folder.join("demo.cat"), driver::catalog(&list, &Key::named("owner")?, false)?)?;
    fs::write(folder.join("demo.inf"), inf)?;
    Ok(())
}

fn served() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let image = driver::unsigned();
    package(&folder.path().join("hand"), "3", &image)?;
    fs::write(folder.path().join("hand/demo.sys"), &image)?;
    let rows = "\"DeviceName\",\"InfName\",\"IsSigned\",\"Manufacturer\"\r\n\
        \"Acme NIC\",\"oem7.inf\",\"TRUE\",\"Acme\"\r\n\
        \"Keyboard\",\"keyboard.inf\",\"TRUE\",\"Microsoft\"\r\n";
    fs::write(folder.path().join("si.csv"), rows)?;
    let told = program::document(&["diagnose", "--json", "si.csv", "hand"], folder.path())?;
    let ran = &told["ran"];
    same(&ran[0]["device"], &"Acme NIC".into())?;
    same(&ran[0]["files"][0]["path"], &"hand/demo.inf".into())?;
    same(&ran[0]["files"][0]["same"], &"likely".into())?;
    same(&ran[0]["files"][1]["path"], &"hand/demo.sys".into())?;
    same(&ran[0]["files"][1]["signatures"][0]["place"], &"hand/demo.cat".into())?;
    same(&ran[1]["files"], &Value::Array(Vec::new()))
}

/// The older form of `compress`, with literals only.
fn compressed(bytes: &[u8]) -> Vec<u8> {
    let size = u32::try_from(bytes.len()).unwrap_or_default();
    let mut out = b"SZDD\x88\xf0\x27\x33As".to_vec();
    out.extend(size.to_le_bytes());
    for eight in bytes.chunks(8) {
        out.push(0xff);
        out.extend(eight);
    }
    out
}

/// A cabinet with one file, stored (`[MS-CAB]`).
fn cabinet(name: &str, bytes: &[u8]) -> Vec<u8> {
    let entry = 16 + name.len() + 1;
    let data = 36 + 8 + entry;
    let blocks: Vec<&[u8]> = bytes.chunks(0x8000).collect();
    let size = data + bytes.len() + 8 * blocks.len();
    let four = |n: usize| u32::try_from(n).unwrap_or_default().to_le_bytes();
    let two = |n: usize| u16::try_from(n).unwrap_or_default().to_le_bytes();
    let mut out = b"MSCF\0\0\0\0".to_vec();
    out.extend([four(size), four(0), four(36 + 8), four(0)].concat());
    out.extend([3, 1]);
    out.extend([two(1), two(1), two(0), two(0), two(0)].concat());
    out.extend([&four(data)[..], &two(blocks.len()), &two(0)].concat());
    out.extend([&four(bytes.len())[..], &four(0), &two(0), &two(0), &two(0), &two(0x20)].concat());
    out.extend(name.as_bytes());
    out.push(0);
    for block in blocks {
        out.extend([&four(0)[..], &two(block.len()), &two(block.len()), block].concat());
    }
    out
}

fn packed() -> Result<(), Failed> {
    let image = driver::unsigned();
    let mut other = image.clone();
    if let Some(last) = other.last_mut() {
        *last ^= 1;
    }
    let on = "windows-10-22h2,secure-boot=off,test-signing=on";
    for (name, bytes, outcome) in [
        ("demo.sys", image.clone(), "loads"),
        ("demo.sy_", compressed(&image), "loads"),
        ("demo.sy_", cabinet("demo.sys", &image), "loads"),
        ("demo.cab", cabinet("demo.sys", &image), "loads"),
        ("demo.cab", cabinet("demo.sys", &other), "refused"),
        ("demo.sy_", compressed(&other), "refused"),
    ] {
        let folder = tempfile::tempdir()?;
        package(folder.path(), "3", &image)?;
        fs::write(folder.path().join(name), bytes)?;
        let told = program::document(&["check", "--json", "--on", on, "demo.inf"], folder.path())?;
        let verdicts = told["verdicts"].as_array().cloned().unwrap_or_default();
        let loading = verdicts.iter().find(|v| v["phase"] == "load").cloned().unwrap_or_default();
        same(&loading["outcome"], &outcome.into()).map_err(|e| format!("{name}: {e:?} {told}"))?;
        // Nothing of the package is out of reach.
        let open = verdicts.iter().any(|v| v["outcome"] == "unknown");
        if open {
            return Err(format!("{name}: something is open: {told}").into());
        }
    }
    Ok(())
}

fn state() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let image = driver::unsigned();
    package(folder.path(), "3", &image)?;
    fs::write(folder.path().join("demo.sys"), &image)?;
    let certificate = Key::named("owner")?.certificate;
    fs::write(folder.path().join("owner.cer"), certificate)?;
    let below =
        r"Software\Microsoft\Windows\CurrentVersion\WinTrust\Trust Providers\Software Publishing";
    let export = |services: &str, user: &str| {
        format!(
            "Windows Registry Editor Version 5.00\r\n\r\n\
             [HKEY_USERS\\.DEFAULT\\{below}]\r\n{services}\r\n\
             [HKEY_CURRENT_USER\\{below}]\r\n{user}\r\n"
        )
    };
    // WTPF_ALLOWONLYPERTRUST refuses who trusts no publisher; it counts for the account it is of.
    let (closed, open) = ("\"State\"=dword:00040000\r\n", "\"State\"=dword:00023c00\r\n");
    for (text, account, code) in [
        (export(closed, open), "system", "LW2044".into()),
        (export(open, closed), "administrator", "LW2044".into()),
    ] {
        fs::write(folder.path().join("state.reg"), text)?;
        let on = format!("windows-7,account={account}");
        let assume = ["--assume", "state=state.reg", "--assume", "trusted-root=owner.cer"];
        let check = [&["check", "--json", "--on", &on, "demo.inf"][..], &assume].concat();
        let told = program::document(&check, folder.path())?;
        same(&told["verdicts"][0]["code"], &code).map_err(|e| format!("{account}: {e:?}"))?;
    }
    Ok(())
}

fn odd() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let image = driver::unsigned();
    package(folder.path(), "0", &image)?;
    fs::write(folder.path().join("demo.sys"), &image)?;
    fs::write(folder.path().join("extra.dll"), b"MZ")?;
    let told = program::document(
        &["check", "--json", "--at", "2019-12-01", "--on", "windows-8.1", "demo.inf"],
        folder.path(),
    )?;
    let notes = told["notes"].as_array().cloned().unwrap_or_default();
    let tried = |code: &str| -> Vec<(String, String)> {
        let of = notes.iter().filter(|note| note["code"] == code);
        let all = of.flat_map(|note| note["remedies"].as_array().cloned().unwrap_or_default());
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        all.map(|r| (word(&r["does"]), word(&r["judged"]))).collect()
    };
    let word = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    // The certificate is nobody's: what is odd is mended, and the refusal stands.
    for (code, expected) in [
        ("LW2050", vec![word("leave-out", "refused")]),
        ("LW2052", vec![word("date-today", "refused")]),
        ("LW2053", vec![word("sign-by-portal", "loads"), word("start-later", "refused")]),
    ] {
        if tried(code) != expected {
            return Err(format!("{code}: {:?}", tried(code)).into());
        }
    }
    Ok(())
}
