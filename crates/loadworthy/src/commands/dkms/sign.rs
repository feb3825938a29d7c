//! `loadworthy dkms setup` and `sign`: what needs a key.

use super::{root, told};
use crate::args;
use crate::commands::sign::ledger;
use crate::exit;
use crate::request::{Surroundings, at, request};
use crate::trouble::{Trouble, written};
use loadworthy_assess::builds;
use loadworthy_assess::host::Host;
use loadworthy_assess::request::{Request, Source, Subjects, Which};
use loadworthy_core::crypt::digest::DigestAlgorithm;
use loadworthy_core::keys::builds::{Built, Form, Worth};
use loadworthy_core::signed::Receipt;
use loadworthy_report::json::changed;
use loadworthy_report::{json, signed};
use loadworthy_sign::act;
use loadworthy_sign::authenticode::Manner;
use loadworthy_sign::certificate::Certificate;
use loadworthy_sign::modules::Naming;
use loadworthy_sign::order::{Order, Task, With};
use loadworthy_sign::secret::Secret;
use loadworthy_sign::signer::Signer;
use loadworthy_sign::signers::file::FileSigner;
use loadworthy_sign::signers::token::TokenSigner;
use loadworthy_trust::dkms::{self, With as Script};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

pub(super) fn set_up(args: &args::DkmsSetup, out: &mut dyn Write) -> Result<u8, Trouble> {
    let root = root(args.root.as_deref());
    let source = args.root.clone().map_or(Source::Live, Source::Root);
    let setup = builds::setup(&Host::open(&source)?);
    let Some(form) = setup.form else {
        let problem =
            format!("{}: there is no DKMS", root.join("etc/dkms/framework.conf").display());
        return Err(Trouble::Usage(problem));
    };
    let token = args.key.starts_with("pkcs11:");
    if token && form == Form::SignTool {
        return Err(Trouble::Usage("DKMS 2 signs with keys in files only".to_owned()));
    }
    if args.key.contains("pin-value=") {
        let hint = "pin-value= would be for everybody to read; use pin-source=FILE";
        return Err(Trouble::Usage(hint.to_owned()));
    }
    // DKMS makes a new pair where one of the two is missing, and every enrolment is lost.
    Certificate::open(&args.cert)?;
    if !token {
        let key = Path::new(&args.key);
        std::fs::metadata(key).map_err(|e| Trouble::File(key.to_owned(), e))?;
    }
    let absolute =
        |path: &Path| std::path::absolute(path).map_err(|e| Trouble::File(path.to_owned(), e));
    let key = if token {
        args.key.clone()
    } else {
        absolute(Path::new(&args.key))?.display().to_string()
    };
    let with = Script {
        program: std::env::current_exe().map_err(|e| Trouble::File("loadworthy".into(), e))?,
        key,
        certificate: absolute(&args.cert)?,
        passphrase: args.passphrase_file.as_deref().map(absolute).transpose()?,
        old: form == Form::SignTool,
    };
    let files = dkms::set_up(&root, &with).map_err(Trouble::Usage)?;
    if args.output.is_json() {
        written(changed::set_up(form, &files, out))?;
    } else {
        told("wrote", &files, out)?;
    }
    Ok(exit::LOADS)
}

pub(super) fn sign(
    args: &args::DkmsSign,
    around: &Surroundings,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<u8, Trouble> {
    let source = args::Source {
        root: args.root.clone(),
        assume: args.assume.clone(),
        ..args::Source::default()
    };
    let plain = request(&source, Subjects::Used, around).map_err(Trouble::Usage)?;
    let found = builds::builds(&plain, &|_, _| {})?;
    let mut by_kernel: BTreeMap<Arc<str>, Vec<&Built>> = BTreeMap::new();
    for built in found.built.iter().filter(|built| wanted(built, args.all)) {
        by_kernel.entry(built.kernel.clone()).or_default().push(built);
    }
    if by_kernel.is_empty() {
        written(writeln!(out, "nothing to sign: everything that was built is trusted"))?;
        return Ok(exit::LOADS);
    }
    let certificate = Certificate::open(&args.cert)?;
    let ask = |_: &str| match &args.passphrase_file {
        Some(path) => std::fs::read(path).map(|bytes| Some(Secret::line(bytes))),
        None => Ok(None),
    };
    let signer: Box<dyn Signer> = if args.key.starts_with("pkcs11:") {
        Box::new(TokenSigner::open(&args.key, Some(certificate), &ask)?)
    } else {
        Box::new(FileSigner::open(Path::new(&args.key), Some(certificate), &ask)?)
    };
    let root = root(args.root.as_deref());
    let ledger = ledger(args.log.as_deref(), around, err);
    let mut worst = exit::LOADS;
    for (kernel, built) in by_kernel {
        let mut files: Vec<&Arc<str>> =
            built.iter().flat_map(|built| built.path.iter().chain(&built.kept)).collect();
        files.sort();
        files.dedup();
        let tasks = files.iter().map(|path| Task { from: root.join(&***path), to: None });
        let target = Request {
            kernel: Which::Release(kernel.to_string()),
            subjects: Subjects::Named(Vec::new()),
            ..plain.clone()
        };
        let order = Order {
            with: With::Signer(signer.as_ref()),
            digest: DigestAlgorithm::Sha256,
            naming: Naming::IssuerSerial,
            tasks: tasks.collect(),
            targets: vec![(kernel.to_string(), target)],
            on: None,
            manner: Manner::default(),
            now: i64::try_from(around.now).unwrap_or_default(),
            force: false,
            at: at(None, around).map_err(Trouble::Usage)?,
            jobs: around.processors,
        };
        let receipt = act::sign(&order, ledger.as_ref(), &|_, _| {})?;
        written(if args.output.is_json() {
            json::sign::v1(&receipt, out)
        } else {
            signed::receipt(&receipt, false, &around.style, out)
        })?;
        worst = worst.max(code(&receipt));
    }
    Ok(worst)
}

/// Whether a module is to be signed again.
fn wanted(built: &Built, all: bool) -> bool {
    match built.worth {
        Worth::Unsigned | Worth::KeyNotEnrolled => true,
        Worth::KernelGone | Worth::NotBuilt => false,
        Worth::Trusted | Worth::Broken | Worth::NotInstalled | Worth::Unknown => all,
    }
}

fn code(receipt: &Receipt) -> u8 {
    let whole = receipt.files.iter().all(|file| file.fate.is_done());
    if whole { exit::LOADS } else { exit::REFUSED }
}
