//! Every reader ends on every seed, on every seed cut short, and on every seed with a bit turned.

use crate::updating;
use libtest_mimic::Trial;
use loadworthy_proving::forge::host::Host;
use loadworthy_proving::forge::kernel::{Kernel, further_types};
use loadworthy_proving::forge::key::Key;
use loadworthy_proving::forge::module::Module;
use loadworthy_proving::forge::signature::{Form, message};
use loadworthy_proving::forge::{driver, firmware, keyfile};
use loadworthy_proving::readers;
use std::fs;
use std::path::PathBuf;
use xtask::tree::root;

/// How many altered forms of each seed are tried.
const ALTERED: usize = 400;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = readers::all()
        .map(|(name, read)| Trial::test(format!("corpus {name}"), move || replay(name, *read)))
        .collect();
    trials.push(Trial::test("corpus seeds are as forged", seeds));
    trials.push(Trial::test("corpus, readers and fuzz targets are the same formats", folders));
    trials
}

fn folder() -> PathBuf {
    root().join("proving/corpus")
}

fn files(format: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder().join(format)).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|e| e.path()).filter(|p| p.is_file()).collect();
    files.sort();
    files
}

fn replay(format: &str, read: fn(&[u8])) -> Result<(), libtest_mimic::Failed> {
    let files = files(format);
    if files.is_empty() {
        return Err(format!("no seed in proving/corpus/{format}").into());
    }
    for file in files {
        let seed = fs::read(&file)?;
        read(&seed);
        // The same numbers in every run: a failure can be looked at again.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut draw = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state >> 33).unwrap_or(0) % below.max(1)
        };
        for _ in 0..ALTERED {
            let mut bytes = seed.clone();
            if draw(4) == 0 {
                bytes.truncate(draw(seed.len()));
            }
            for _ in 0..=draw(3) {
                let at = draw(bytes.len());
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= [1, 0x80, 0xff, 0x20][draw(4)];
                }
            }
            read(&bytes);
        }
    }
    Ok(())
}

/// A folder without a reader would never be replayed, a reader without a target never fuzzed.
fn folders() -> Result<(), libtest_mimic::Failed> {
    for entry in fs::read_dir(folder())?.flatten().filter(|e| e.path().is_dir()) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !readers::all().any(|(reader, _)| *reader == name) {
            return Err(format!("proving/corpus/{name} has no reader").into());
        }
    }
    let targets = fs::read_to_string(root().join("fuzz/Cargo.toml"))?;
    for (name, _) in readers::all() {
        let path = format!("fuzz_targets/{name}.rs");
        if !root().join("fuzz").join(&path).is_file() || !targets.contains(&path) {
            return Err(format!("no fuzz target {name}").into());
        }
    }
    Ok(())
}

/// The seeds that the forge makes are what it makes now.
fn seeds() -> Result<(), libtest_mimic::Failed> {
    let mut stale = Vec::new();
    for (format, bytes) in forged()? {
        let path = folder().join(format).join("forged");
        if fs::read(&path).is_ok_and(|old| old == bytes) {
            continue;
        }
        if updating() {
            fs::create_dir_all(folder().join(format))?;
            fs::write(&path, bytes)?;
        } else {
            stale.push(format!("proving/corpus/{format}/forged"));
        }
    }
    match stale.is_empty() {
        true => Ok(()),
        false => Err(format!("stale; LOADWORTHY_UPDATE=1 renews: {}", stale.join(" ")).into()),
    }
}

fn forged() -> Result<Vec<(&'static str, Vec<u8>)>, String> {
    let kernel = Kernel::new("6.12", &[])?;
    let key = Key::named("owner")?;
    let module = Module {
        needs: vec!["printk".to_owned()],
        exports: vec!["demo_function".to_owned()],
        signed_by: "owner".to_owned(),
        ..Module::default()
    };
    let file = module.forge(&kernel)?;
    let list = firmware::certificate(&key.certificate);
    let at = tempfile::tempdir().map_err(|e| e.to_string())?;
    let host = Host {
        builtin: vec!["demo_built_in".to_owned()],
        ask: "running".to_owned(),
        ..Host::default()
    };
    let module = Module { depends: vec!["demo_core".to_owned()], ..module };
    let forged = host.forge(&module, at.path())?;
    let text = |path: &str| {
        let path = path.replace("VER", &forged.release);
        fs::read(at.path().join(&path)).map_err(|e| format!("{path}: {e}"))
    };
    // An update of a variable: time, the length of the certificate, its kind, then a signature.
    let signature = message(&list, &key, "sha256", Form::Detached)?;
    let mut update = vec![0xe8, 0x07, 1, 2, 3, 4, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    update.extend((24 + signature.len() as u32).to_le_bytes());
    update.extend([0x00, 0x02, 0xf1, 0x0e]);
    update.extend(firmware::guid("4aafd29d-68df-49ee-8aa9-347d375665a7"));
    update.extend([signature, list.clone()].concat());
    let image = driver::unsigned();
    let nested = vec![driver::over_image(&image, &key, &driver::Shape::default())?];
    let shape = driver::Shape { pages: Some(2), nested, ..driver::Shape::default() };
    Ok(vec![
        ("authenticode", driver::over_image(&image, &key, &shape)?),
        ("catalog", driver::list(&image, b"; an INF")),
        ("pkcs12", keyfile::pkcs12(&key.certificate)),
        ("pvk", keyfile::pvk()),
        ("timestamp", driver::stamp_info(b"a signature")),
        ("pe", pe(&message(b"content", &key, "sha256", Form::SignedAttributes)?)),
        ("cmdline", text("proc/cmdline")?),
        ("cms", message(b"content", &key, "sha256", Form::SignedAttributes)?),
        ("compress", zstd::bulk::compress(&file, 3).map_err(|e| e.to_string())?),
        ("cpio", cpio(&[("demo.ko", &file), ("TRAILER!!!", b"")])),
        ("elf", file.clone()),
        ("ima_policy", b"appraise func=MODULE_CHECK appraise_type=imasig|modsig\n".to_vec()),
        ("btf", further_types(0)),
        ("kernel_image", kernel.image()),
        ("kconfig", text("boot/config-VER")?),
        ("lockdown", b"none [integrity] confidentiality\n".to_vec()),
        ("modprobe_d", b"# a line\\\n goes on\ninstall a /bin/false\nblacklist b\nsoftdep c pre: d\n".to_vec()),
        ("modsig", file),
        ("modules_alias", b"alias pci:v*d*sv*sd*bc01sc06i01* ahci\nalias crypto-md4 md4\n".to_vec()),
        ("modules_builtin", text("lib/modules/VER/modules.builtin")?),
        ("modules_builtin_modinfo", text("lib/modules/VER/modules.builtin.modinfo")?),
        ("modules_dep", text("lib/modules/VER/modules.dep")?),
        ("modules_softdep", b"softdep b pre: a post: c\n".to_vec()),
        ("modules_symbols", text("lib/modules/VER/modules.symbols")?),
        ("proc_keys", b"0a1b2c3d I------     1 perm 1f030000     0     0 asymmetri Key: abcd: X509.rsa 0123abcd []\n".to_vec()),
        ("proc_modules", b"demo 16384 1 other, Live 0x0000000000000000 (OE)\n".to_vec()),
        ("proc_version", text("proc/version")?),
        ("sbat", b"sbat,1,SBAT Version,sbat,1,https://example.org\nshim,4,UEFI shim,shim,1,https://example.org\n".to_vec()),
        ("symvers", b"0x12345678\tprintk\tvmlinux\tEXPORT_SYMBOL\t\n0x9\tx\ta/b\tEXPORT_SYMBOL_GPL\tNS\n".to_vec()),
        ("taint", b"12288\n".to_vec()),
        ("uefi_authenticated", update),
        ("uefi_signature_list", list.clone()),
        ("uefi_variable", firmware::variable(true, &list)),
        ("x509", key.certificate.clone()),
        ("x509_parts", key.certificate),
    ])
}

/// A newc archive (`Documentation/driver-api/early-userspace/buffer-format.rst`).
fn cpio(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, data) in files {
        out.extend(b"070701");
        let (size, length) = (data.len(), name.len() + 1);
        for field in [1, 0o100_644, 0, 0, 1, 0, size, 0, 0, 0, 0, length, 0] {
            out.extend(format!("{field:08x}").bytes());
        }
        out.extend(name.bytes().chain([0]));
        out.resize(out.len().next_multiple_of(4), 0);
        out.extend(*data);
        out.resize(out.len().next_multiple_of(4), 0);
    }
    out
}

/// A PE32+ image with one section and one attribute certificate (Microsoft PE specification).
fn pe(message: &[u8]) -> Vec<u8> {
    let mut out = vec![0_u8; 0x400];
    let mut put = |at: usize, bytes: &[u8]| out[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"MZ");
    put(0x3c, &0x40_u32.to_le_bytes());
    // COFF header: machine, one section, the size of the optional header.
    put(0x40, b"PE\0\0\x64\x86\x01\0");
    put(0x54, &[240, 0, 0x2e, 0x02]);
    // Optional header: magic, size of the headers, sixteen directories, of which the fifth is here.
    put(0x58, &[0x0b, 0x02]);
    put(0x58 + 60, &0x200_u32.to_le_bytes());
    put(0x58 + 108, &16_u32.to_le_bytes());
    let length = 8 + message.len().next_multiple_of(8);
    put(0x58 + 144, &0x400_u32.to_le_bytes());
    put(0x58 + 148, &(length as u32).to_le_bytes());
    put(0x148, b".text\0\0\0");
    for (n, word) in [0x200_u32, 0x1000, 0x200, 0x200].iter().enumerate() {
        put(0x150 + 4 * n, &word.to_le_bytes());
    }
    // WIN_CERTIFICATE: length, revision, PKCS#7.
    out.extend((8 + message.len() as u32).to_le_bytes());
    out.extend([0, 2, 2, 0]);
    out.extend(message);
    out.resize(out.len().next_multiple_of(8), 0);
    out
}
