//! What `sign` makes is what the `sign-file` of every kernel makes that Debian's suites have.
//!
//! Opt-in: `LOADWORTHY_FETCH=all` fetches `linux-kbuild` and the libraries it needs by name from each suite
//! that can be reached. Elliptic curves sign differently each time, so there the message is made around
//! the number that `sign-file` got, and has to be the same.

use crate::signing::{Desk, expect, said};
use crate::skipped::{ask, heavy, told};
use libtest_mimic::{Failed, Trial};
use loadworthy_formats::authenticode::signature;
use loadworthy_formats::limits::Limits;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use xtask::suites::{SUITES, Suite, command};

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("sign: modules are those of every sign-file of Debian's suites", all)]
}

/// What `sign-file` is linked with, by the names of several suites.
const LIBRARIES: [&str; 6] = ["libc6", "libssl1.1", "libssl3", "libssl3t64", "zlib1g", "libzstd1"];

/// A key as openssl makes it, and the digests that are signed with it.
const KEYS: [(&str, &[&str]); 5] = [
    ("rsa2048", &["rsa:2048"]),
    ("rsa3072", &["rsa:3072"]),
    ("rsa4096", &["rsa:4096"]),
    ("p256", &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]),
    ("p384", &["ec", "-pkeyopt", "ec_paramgen_curve:P-384"]),
];

fn all() -> Result<(), Failed> {
    if !heavy() {
        told("sign-file of other suites (LOADWORTHY_FETCH=all)");
        return Ok(());
    }
    let desk = Desk::new()?;
    for (name, options) in KEYS {
        if !desk.key(name, options)? {
            return Ok(());
        }
    }
    let mut compared = Vec::new();
    for name in SUITES {
        let Some(suite) = opened(name) else { continue };
        let Some(package) = suite.names("linux-kbuild-")?.pop() else {
            told(&format!("linux-kbuild of {name}"));
            continue;
        };
        // Backports stand on the libraries of their release.
        let libraries = match name.strip_suffix("-backports") {
            Some(release) => Suite::open(release)?,
            None => suite.clone(),
        };
        let known = [libraries.names("lib")?, libraries.names("zlib1g")?].concat();
        let wanted = LIBRARIES.iter().filter(|wanted| known.iter().any(|known| known == *wanted));
        let folders =
            wanted.map(|library| libraries.unpacked(library)).collect::<Result<Vec<_>, _>>()?;
        let tool = suite.unpacked(&package)?;
        let tool = tool.join("usr/lib").join(&package).join("scripts/sign-file");
        same(&desk, &folders, &tool)
            .map_err(|e| format!("{package}: {}", e.message().unwrap_or_default()))?;
        compared.push(format!("{name} {package}"));
    }
    drop(writeln!(std::io::stdout(), "compared: {}", compared.join(", ")));
    expect("one suite was reached", !compared.is_empty())
}

/// The suite of this name; one that cannot be had is told as skipped.
pub(crate) fn opened(name: &str) -> Option<Suite> {
    Suite::open(name)
        .inspect_err(|problem| told(&format!("LOADWORTHY_FETCH: the suite {name} ({problem})")))
        .ok()
}

fn same(desk: &Desk, libraries: &[PathBuf], tool: &Path) -> Result<(), Failed> {
    for (key, _) in KEYS {
        for digest in ["sha256", "sha384", "sha512"] {
            for (theirs, ours) in [(&[][..], ""), (&["-k"], " --key-id")] {
                let (private, public) = (format!("{key}.key"), format!("{key}.crt"));
                let mut peer = command(tool, libraries)?;
                peer.args(theirs).args([digest, &private, &public, "a.ko", "theirs.ko"]);
                said(&ask(peer.current_dir(desk.folder.path()))?, 0)?;
                let (made, bare) = (desk.read("theirs.ko")?, desk.read("a.ko")?.len());
                let message = &made[bare..made.len() - 40];
                let way = if key.starts_with('p') {
                    let read =
                        signature::read(message, &Limits::DEFAULT).map_err(|e| e.to_string())?;
                    let signer = read.signers.first().ok_or("no signer")?;
                    fs::write(desk.at("number"), signer.signature)?;
                    "--signature number".to_owned()
                } else {
                    format!("-k {private}")
                };
                let words =
                    format!("a.ko -c {public} -o ours.ko --unjudged -d {digest} {way}{ours}");
                desk.must(&words, 0)?;
                let what = format!("{key} {digest}{ours}: the same bytes");
                expect(&what, desk.read("ours.ko")? == made)?;
            }
        }
    }
    Ok(())
}
