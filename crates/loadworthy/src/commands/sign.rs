//! `loadworthy sign`: modules, EFI images and code of Windows, judged before they are released.

use crate::args::{self, Digest, Format};
use crate::exit;
use crate::request::{Surroundings, at, bundles, request};
use crate::trouble::{Trouble, written};
use loadworthy_assess::clock::{seconds, stamp};
use loadworthy_assess::on_linux;
use loadworthy_assess::request::{Request, Subjects};
use loadworthy_core::crypt::digest::DigestAlgorithm;
use loadworthy_core::signed::{Fate, Receipt};
use loadworthy_report::{json, signed};
use loadworthy_sign::act;
use loadworthy_sign::authenticode::Manner;
use loadworthy_sign::certificate::Certificate;
use loadworthy_sign::elsewhere::{self, Made};
use loadworthy_sign::error::SignError;
use loadworthy_sign::ledger::Ledger;
use loadworthy_sign::modules::Naming;
use loadworthy_sign::order::{Order, With};
use loadworthy_sign::secret::Secret;
use loadworthy_sign::signer::Signer;
use loadworthy_sign::signers::command::CommandSigner;
use loadworthy_sign::signers::file::FileSigner;
use loadworthy_sign::signers::token::TokenSigner;
use loadworthy_sign::tree;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

mod windows;

/// The variable that the kernel's own build takes a passphrase from (`scripts/sign-file.c`).
const KERNEL_BUILD: &str = "KBUILD_SIGN_PIN";

/// The log of root.
const LOG: &str = "/var/lib/loadworthy/sign.log";

pub(crate) fn run(
    args: &args::Sign,
    around: &Surroundings,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<u8, Trouble> {
    let digest = algorithm(args.digest);
    let manner = windows::manner(args)?;
    if let Some(to) = &args.to_sign {
        return to_sign(only(args)?, digest, &manner, to, out);
    }
    let certificate = args.cert.as_deref().map(Certificate::open).transpose()?;
    let made = match (&args.signature, &certificate) {
        (None, _) => None,
        (Some(_), None) => {
            return Err(Trouble::Usage("--signature needs the certificate: --cert".to_owned()));
        }
        (Some(path), Some(certificate)) => {
            only(args)?;
            let signature = fs::read(path).map_err(|e| SignError::file(path, &e))?;
            Some(Made { certificate: certificate.clone(), signature })
        }
    };
    let time = at(args.source.at.as_deref(), around).map_err(Trouble::Usage)?;
    let notes = match &certificate {
        Some(given) => validity(given, &time),
        None => Vec::new(),
    };
    let signs = !(args.windows.strip || args.windows.timestamp_only);
    let signer = match made {
        None if signs => Some(signer(certificate, args, around)?),
        _ => None,
    };
    let with = match (&made, &signer, &manner.stamps) {
        (Some(made), ..) => With::Made(made),
        (None, Some(signer), _) => With::Signer(signer.as_ref()),
        (None, None, Some(stamps)) if args.windows.timestamp_only => With::Stamps(stamps),
        (None, None, _) => With::Nothing,
    };
    let order = Order {
        with,
        digest,
        naming: if args.key_id { Naming::KeyId } else { Naming::IssuerSerial },
        tasks: tree::tasks(&args.files, args.recursive, args.output.as_deref())?,
        targets: if signs { targets(args, around)? } else { Vec::new() },
        on: windows::on(args, around)?,
        manner: manner.clone(),
        now: i64::try_from((around.clock)()).unwrap_or(i64::MAX),
        force: args.force,
        at: time,
        jobs: args.source.jobs.map_or(around.processors, usize::from),
    };
    let ledger = ledger(args.log.as_deref(), around, err);
    let mut receipt = act::sign(&order, ledger.as_ref(), &|_, _| {})?;
    receipt.notes.extend(notes);
    written(if args.json || args.format == Format::Json {
        json::sign::v1(&receipt, out)
    } else {
        signed::receipt(&receipt, args.verbose, &around.style, out)
    })?;
    Ok(code(&receipt))
}

const fn algorithm(digest: Digest) -> DigestAlgorithm {
    match digest {
        Digest::Sha1 => DigestAlgorithm::Sha1,
        Digest::Sha256 => DigestAlgorithm::Sha256,
        Digest::Sha384 => DigestAlgorithm::Sha384,
        Digest::Sha512 => DigestAlgorithm::Sha512,
    }
}

/// 0: all is done. 1: some are not, or were signed and refused. 2: nothing could be done.
fn code(receipt: &Receipt) -> u8 {
    let failed = |f: &Fate| matches!(f, Fate::Failed { .. });
    let mut fates = receipt.files.iter().map(|file| &file.fate);
    match () {
        () if fates.clone().all(Fate::is_done) => exit::LOADS,
        () if fates.all(failed) => exit::FAILED,
        () => exit::REFUSED,
    }
}

/// The one file that is meant where only one can be.
fn only(args: &args::Sign) -> Result<&Path, Trouble> {
    match args.files.as_slice() {
        [one] => Ok(one),
        _ => Err(Trouble::Usage("a signature made elsewhere is for one file".to_owned())),
    }
}

fn to_sign(
    file: &Path,
    by: DigestAlgorithm,
    manner: &Manner,
    to: &Path,
    out: &mut dyn Write,
) -> Result<u8, Trouble> {
    let digest = elsewhere::to_sign(file, by, manner)?;
    if to == Path::new("-") {
        written(writeln!(out, "{digest}"))?;
    } else {
        fs::write(to, digest.as_bytes()).map_err(|e| Trouble::File(to.to_owned(), e))?;
        written(writeln!(out, "{}: the {} digest to sign, {digest}", to.display(), by.name()))?;
    }
    Ok(exit::LOADS)
}

fn no_key() -> Trouble {
    Trouble::Usage("no key: give --key or --key-command".to_owned())
}

pub(super) fn signer(
    certificate: Option<Certificate>,
    args: &args::Sign,
    around: &Surroundings,
) -> Result<Box<dyn Signer>, Trouble> {
    let ask = |named: &str| asked(named, args, around);
    if let Some(line) = &args.key_command {
        let hint = || Trouble::Usage("--key-command needs the certificate: --cert".to_owned());
        return Ok(Box::new(CommandSigner::new(line, certificate.ok_or_else(hint)?)?));
    }
    let key = args.key.as_deref().ok_or_else(no_key)?;
    Ok(if key.starts_with("pkcs11:") {
        Box::new(TokenSigner::open(key, certificate, &ask)?)
    } else {
        Box::new(FileSigner::open(Path::new(key), certificate, &ask)?)
    })
}

/// What is to be told of a certificate that is not valid then.
fn validity(certificate: &Certificate, at: &str) -> Vec<String> {
    let Ok(parts) = certificate.parts() else { return Vec::new() };
    let now = seconds(at).and_then(|at| i64::try_from(at).ok()).unwrap_or_default();
    let day = |seconds: i64| stamp(u64::try_from(seconds).unwrap_or(0));
    let who = "Linux, shim and most firmware do not look at that; Windows and auditors do";
    let mut notes = Vec::new();
    if let Some(end) = parts.not_after.filter(|end| *end < now) {
        notes.push(format!("the certificate has expired ({}): {who}", day(end)));
    }
    if let Some(start) = parts.not_before.filter(|start| *start > now) {
        notes.push(format!("the certificate is not valid before {}: {who}", day(start)));
    }
    notes
}

/// The passphrase or PIN of a key.
fn asked(named: &str, args: &args::Sign, around: &Surroundings) -> io::Result<Option<Secret>> {
    let variable = |name: &str| (around.variable)(name).map(Secret::new);
    if let Some(path) = &args.passphrase_file {
        let told = |e: io::Error| io::Error::new(e.kind(), format!("{}: {e}", path.display()));
        return fs::read(path).map(|bytes| Some(Secret::line(bytes))).map_err(told);
    }
    if let Some(name) = &args.passphrase_env {
        let missing = || io::Error::other(format!("the variable {name} is not set"));
        return variable(name).map(Some).ok_or_else(missing);
    }
    if let Some(given) = variable(KERNEL_BUILD) {
        return Ok(Some(given));
    }
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Ok(None);
    }
    let said = rpassword::prompt_password(format!("Passphrase or PIN of {named}: "))?;
    Ok(Some(Secret::new(said.into_bytes())))
}

/// The machines that have to accept what is signed.
fn targets(args: &args::Sign, around: &Surroundings) -> Result<Vec<(String, Request)>, Trouble> {
    if args.unjudged {
        return Ok(Vec::new());
    }
    let one = |source: &args::Source| {
        request(source, Subjects::Named(Vec::new()), around).map_err(Trouble::Usage)
    };
    let platforms = platforms(args, around)?;
    let machine = args.source.root.is_some() || args.source.policy.is_some();
    if !platforms.is_empty() && !machine && args.source.bundle.is_empty() {
        return Ok(platforms);
    }
    if args.source.bundle.is_empty() {
        let root = args.source.root.as_ref().or(args.source.policy.as_ref());
        let name = root.map_or_else(|| "this host".to_owned(), |root| root.display().to_string());
        return Ok([vec![(name, one(&args.source)?)], platforms].concat());
    }
    let mut all = Vec::new();
    for bundle in bundles(&args.source.bundle).map_err(Trouble::Usage)? {
        let name = bundle.display().to_string();
        all.push((name, one(&args::Source { bundle: vec![bundle], ..args.source.clone() })?));
    }
    all.extend(platforms);
    Ok(all)
}

/// The platforms that are only named.
fn platforms(args: &args::Sign, around: &Surroundings) -> Result<Vec<(String, Request)>, Trouble> {
    let none = args::Source { root: None, bundle: Vec::new(), policy: None, ..args.source.clone() };
    let plain = request(&none, Subjects::Named(Vec::new()), around).map_err(Trouble::Usage)?;
    let mut all = Vec::new();
    for on in &args.on {
        // Others are platforms of Windows, and asked about its code.
        if let Some(named) = on_linux::named(on)? {
            all.push((on.clone(), on_linux::asking(&named, &plain)));
        }
    }
    Ok(all)
}

/// The log: the one that was named, else where this user may write one.
pub(super) fn ledger(
    named: Option<&Path>,
    around: &Surroundings,
    err: &mut dyn Write,
) -> Option<Ledger> {
    let ledger = |path: PathBuf| Ledger { path, who: around.user.clone() };
    if let Some(path) = named {
        return Some(ledger(path.to_owned()));
    }
    let own = around.state.as_ref().map(|state| state.join("loadworthy/sign.log"));
    let found = [Some(PathBuf::from(LOG)), own].into_iter().flatten().find(|path| {
        let folder = path.parent().map(fs::create_dir_all);
        folder.is_some_and(|made| made.is_ok())
            && fs::File::options().append(true).create(true).open(path).is_ok()
    });
    if found.is_none() {
        let _ = writeln!(err, "loadworthy: sign: no log is kept: none can be written; see --log");
    }
    found.map(ledger)
}
