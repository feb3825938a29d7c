//! A rehearsal of a small host's next boot: what must come of it is known beforehand.

use crate::forge::firmware::{digests, sha256};
use crate::oracles::live::cases;
use crate::oracles::live::packages::{self, home};
use crate::oracles::live::policies::Policy;
use crate::oracles::live::predicted;
use crate::oracles::roots::put;
use loadworthy_assess::host::Host;
use loadworthy_assess::request::{Request, Source, Subjects, Which};
use loadworthy_core::rehearsed::Rehearsed;
use loadworthy_formats::authenticode::coverage;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::pe::header;
use loadworthy_rehearse::rehearsal::{Options, Trouble, rehearse};
use std::fs;
use std::path::Path;
use std::process::Command;
use xtask::kernels::{output, signed};

/// Rehearses twice: a host with one module that loads, by a signature whose algorithm the kernel must
/// fetch first, and one that nobody signed, which must come out as foretold; and the same host where an
/// update of dbx denies its shim, which must not start.
///
/// # Errors
/// When the machine cannot be made.
pub fn run(say: &mut dyn FnMut(&str)) -> Result<bool, String> {
    let kernel = signed("6.1", say)?;
    let firmware = packages::firmware(say)?;
    let root = home().join("rehearsed");
    drop(fs::remove_dir_all(&root));
    predicted::kernel(&kernel, &root)?;
    let read = |path: &Path| fs::read(path).map_err(|e| format!("{}: {e}", path.display()));
    let shim = read(&firmware.shim)?;
    put(&root, "usr/lib/shim/shimx64.efi.signed", &shim)?;
    let grub = "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed";
    put(&root, grub, &read(&firmware.grub)?)?;
    let cases = cases::all(&kernel)?;
    for (case, name) in
        [("crc_owner_sha512", "lib/crc-itu-t"), ("dummy_unsigned", "drivers/net/dummy")]
    {
        let case = cases.iter().find(|c| c.name == case).ok_or(format!("no case {case}"))?;
        put(&root, &format!("lib/modules/{}/kernel/{name}.ko", kernel.release), &case.bytes)?;
    }
    output(Command::new("/sbin/depmod").arg("-b").arg(&root).arg(&kernel.release))?;
    let drawn = Policy::named("sb-on-mok")?.draw(&read(&firmware.variables)?, &shim, &[], &[])?;
    predicted::policy(&drawn, &root)?;
    let one = |assume: Vec<(String, String)>| -> Result<Rehearsed, String> {
        let request = Request {
            source: Source::Root(root.clone()),
            kernel: Which::Release(kernel.release.clone()),
            subjects: Subjects::Named(vec!["crc-itu-t".to_owned(), "dummy".to_owned()]),
            assume,
            with: Vec::new(),
            manifest: None,
            at: "2026-11-01T00:00:00Z".to_owned(),
            cache: None,
            knowledge: Vec::new(),
            jobs: 2,
            short: false,
        };
        let host = Host::open(&request.source).map_err(|e| e.to_string())?;
        let firmware = firmware.code.parent().map(Path::to_owned);
        rehearse(&host, &request, &Options { firmware, patience: None }).map_err(|e| match e {
            Trouble::Assess(e) => e.to_string(),
            Trouble::Machine(e) => e,
        })
    };
    let first = one(Vec::new())?;
    let errno = |name: &str| {
        let module = first.modules.iter().find(|m| &*m.name == name);
        module.and_then(|m| m.observed.as_ref()).map(|o| o.errno.as_deref().unwrap_or("loads"))
    };
    let (loads, refused) = (errno("crc_itu_t"), errno("dummy"));
    say(&format!("rehearsed: crc_itu_t {loads:?}, dummy {refused:?}, agrees {}", first.agrees()));
    let good = first.agrees() && loads == Some("loads") && refused == Some("EKEYREJECTED");
    let update = home().join("denies-shim.esl");
    let image = header::read(&shim, &Limits::DEFAULT).map_err(|e| format!("shim: {e}"))?;
    let covered = coverage::of(&image.value).value;
    let covered: Vec<&[u8]> = covered.pieces(&shim).collect();
    fs::write(&update, digests(&[sha256(&covered.concat())])).map_err(|e| e.to_string())?;
    let second = one(vec![("dbx".to_owned(), update.display().to_string())])?;
    let machine = &second.machine;
    say(&format!("with shim in dbx: started {}, {:?}", machine.started, machine.console.last()));
    Ok(good && !machine.started)
}
