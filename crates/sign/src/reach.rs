//! How far a key of one's own reaches: a small driver package is signed with it, and every version of Windows
//! is asked.

use std::fs;
use std::path::Path;

use loadworthy_assess::catalogs::{self, Order as Cataloguing};
use loadworthy_assess::windows::{OnRequest, check, platforms};
use loadworthy_core::answer::{Answered, Phase};
use loadworthy_core::crypt::digest::DigestAlgorithm;
use loadworthy_core::package::signability::Today;
use loadworthy_core::signed::{Reach, Says};
use loadworthy_core::verdict::Verdict;
use loadworthy_formats::authenticode::write::Link;
use loadworthy_formats::calendar::Civil;
use loadworthy_formats::limits::Limits;

use crate::authenticode::{Code, Manner};
use crate::error::SignError;
use crate::signer::Signer;

const INF: &str = "[Version]\nSignature=\"$Windows NT$\"\nClass=System\n\
    ClassGuid={4d36e97d-e325-11ce-bfc1-08002be10318}\nProvider=%P%\nCatalogFile=demo.cat\n\
    DriverVer=01/02/2024,1.0.0.0\nPnpLockdown=1\n[DestinationDirs]\nDefaultDestDir=12\n\
    [SourceDisksNames]\n1=%P%\n[SourceDisksFiles]\ndemo.sys=1\n\
    [Manufacturer]\n%P%=M,NTamd64\n[M.NTamd64]\n%P%=I,ROOT\\DEMO\n[I.NT]\nCopyFiles=F\n\
    [F]\ndemo.sys\n[I.NT.Services]\nAddService=demo,2,S\n[S]\nServiceType=1\nStartType=3\n\
    ErrorControl=1\nServiceBinary=%12%\\demo.sys\n[Strings]\nP=\"Demo\"\n";

/// Asks every version of Windows. `folder` is empty, and may be thrown away afterwards; `at` is the time, as
/// `2026-11-21T00:00:00Z`.
///
/// # Errors
/// When the key does not sign, or the folder cannot be written.
pub fn of(
    signer: &dyn Signer,
    by: DigestAlgorithm,
    at: &str,
    folder: &Path,
) -> Result<Vec<Reach>, SignError> {
    let wrong = |e: &dyn std::fmt::Display| SignError::Input(e.to_string());
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).map_err(|e| SignError::file(&path, &e))
    };
    let signed = |bytes: &[u8]| {
        let code = Code::read(bytes, &Limits::DEFAULT)?.ok_or_else(|| wrong(&"no code"))?;
        Ok::<_, SignError>(code.signed(signer, by, &Manner::default(), 0)?.bytes)
    };
    write("demo.inf", INF.as_bytes())?;
    write("demo.sys", &signed(&driver())?)?;
    let now = Civil::read(at).unwrap_or(Civil { year: 2026, month: 1, day: 1, time: (0, 0, 0) });
    let part = |n: i64| u8::try_from(n).unwrap_or(1);
    let latest = (u16::try_from(now.year).unwrap_or(2026), part(now.month), part(now.day));
    let created = catalogs::create(&Cataloguing {
        subject: folder.join("demo.inf"),
        systems: ["7_X64", "10_X64"].map(str::to_owned).to_vec(),
        version: Some(1),
        identifier: None,
        time: now.seconds().unwrap_or_default(),
        today: Today { latest, here: None, told: at.to_owned() },
        page_hashes: false,
        link: Link::Obsolete,
        attributes: Vec::new(),
    });
    let created = created.map_err(|e| wrong(&e))?;
    let made = created.catalogs.first().ok_or_else(|| wrong(&"no catalog"))?;
    write("demo.cat", &signed(&made.bytes)?)?;
    write("demo.cer", signer.certificate().der())?;

    let all = platforms(&[]).map_err(|e| wrong(&e))?;
    let certificate = folder.join("demo.cer").display().to_string();
    let trust =
        ["trusted-root", "trusted-publisher"].map(|key| (key.to_owned(), certificate.clone()));
    let ask = |more: &str, trust: &[(String, String)]| {
        let request = OnRequest {
            on: all.iter().map(|name| format!("{name}{more}")).collect(),
            subjects: vec![folder.join("demo.inf").display().to_string()],
            assume: trust.to_vec(),
            at: at.to_owned(),
            knowledge: Vec::new(),
        };
        check(&request).map(|answers| answers.answers).map_err(|e| wrong(&e))
    };
    let plain = ask("", &[])?;
    let trusted = ask("", &trust)?;
    let without = ask(",secure-boot=off", &trust)?;
    let test = ask(",secure-boot=off,test-signing=on", &trust)?;
    let said = |answers: &[Answered], name: &str, phase: Phase| {
        let is_it = |a: &&Answered| {
            let on = a.on.as_deref().unwrap_or_default();
            a.phase == phase && on.split(',').next() == Some(name)
        };
        answers.iter().find(is_it).map(says)
    };
    Ok(all
        .iter()
        .map(|name| Reach {
            platform: name.clone(),
            install: said(&plain, name, Phase::Install),
            trusted: said(&trusted, name, Phase::Install),
            load: said(&trusted, name, Phase::Load),
            without: said(&without, name, Phase::Load),
            test: said(&test, name, Phase::Load),
        })
        .collect())
}

fn says(answered: &Answered) -> Says {
    let verdict = &answered.judgement.verdict;
    let code = match verdict {
        Verdict::Refused(code) => Some(code.id),
        Verdict::Loads | Verdict::LoadsTainted | Verdict::Unknown(_) => None,
    };
    Says { outcome: verdict.name(), code }
}

/// A driver for x64 that does nothing: headers, and one page of code.
fn driver() -> Vec<u8> {
    const OPTIONAL: usize = 0x98;
    let mut image = vec![0; 0x400];
    let mut put = |at: usize, bytes: &[u8]| image[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"MZ");
    put(0x3c, &[0x80]);
    put(0x80, b"PE\0\0\x64\x86\x01\0");
    put(0x94, &[240, 0, 0x22, 0]);
    put(OPTIONAL, &[0x0b, 2]);
    // Size of code, entry, base of code; image base; alignment in memory and in the file.
    put(OPTIONAL + 4, &0x200_u32.to_le_bytes());
    put(OPTIONAL + 16, &0x1000_u32.to_le_bytes());
    put(OPTIONAL + 20, &0x1000_u32.to_le_bytes());
    put(OPTIONAL + 24, &0x1_4000_0000_u64.to_le_bytes());
    put(OPTIONAL + 32, &0x1000_u32.to_le_bytes());
    put(OPTIONAL + 36, &0x200_u32.to_le_bytes());
    put(OPTIONAL + 40, &[6, 0, 0, 0, 0, 0, 0, 0, 6]);
    put(OPTIONAL + 56, &0x2000_u32.to_le_bytes());
    put(OPTIONAL + 60, &0x200_u32.to_le_bytes());
    // Native; relocatable, never executed as data.
    put(OPTIONAL + 68, &[1, 0, 0x40, 1]);
    put(OPTIONAL + 108, &[16]);
    let row = OPTIONAL + 240;
    put(row, b".text\0\0\0");
    put(row + 8, [0x200_u32, 0x1000, 0x200, 0x200].map(u32::to_le_bytes).as_flattened());
    put(row + 36, &[0x20, 0, 0, 0x60]);
    // xor eax, eax; ret
    put(0x200, &[0x31, 0xc0, 0xc3]);
    image
}
