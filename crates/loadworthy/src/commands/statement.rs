//! `check --attest` and `check --against`: statements of what loads, made and verified.

use crate::args::{self, Cli, Command};
use crate::exit;
use crate::request::{Surroundings, at};
use crate::trouble::{Trouble, written};
use clap::Parser;
use loadworthy_assess::request::Trouble as Assess;
use loadworthy_assess::windows::{self, OnRequest, stated};
use loadworthy_core::answer::Answers;
use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_core::crypt::key::{KeyAlgorithm, Verified};
use loadworthy_core::stated::changes;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::statement::{self, IN_TOTO};
use loadworthy_report::json::stated as json;
use loadworthy_sign::certificate::Certificate;
use loadworthy_sign::signer::signed;
use loadworthy_trust::whole;
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::Path;

/// The digest that a key of this kind signs in an envelope, as verifiers of other makers expect it.
const fn by(algorithm: KeyAlgorithm) -> DigestAlgorithm {
    match algorithm {
        KeyAlgorithm::EcdsaP384 => DigestAlgorithm::Sha384,
        KeyAlgorithm::EcdsaP521 => DigestAlgorithm::Sha512,
        _ => DigestAlgorithm::Sha256,
    }
}

/// Writes a signed statement of `answers` to a file.
pub(super) fn attest(
    answers: &Answers,
    to: &Path,
    args: &args::Check,
    around: &Surroundings,
) -> Result<(), Trouble> {
    let own = &args.statement;
    let certificate = own.cert.as_deref().map(Certificate::open).transpose()?;
    let signer = super::sign::signer(certificate, &as_sign(own)?, around)?;
    let files = stated::files(&args.subjects)?;
    let mut on: Vec<String> = Vec::new();
    for platform in answers.answers.iter().filter_map(|a| a.on.as_deref()) {
        if !on.iter().any(|known| known == platform) {
            on.push(platform.to_owned());
        }
    }
    let payload = json::statement(answers, &files, &args.subjects, &on);
    let by = by(signer.certificate().algorithm());
    let over = digest(by, &statement::signed(IN_TOTO, &payload));
    let signature = signed(signer.as_ref(), by, &over)?;
    let pem = loadworthy_formats::x509::pem::written(signer.certificate().der());
    let whole = json::envelope(&payload, &signer.certificate().fingerprint(), &signature, &pem);
    whole::replace(to, &whole, 0o644).map_err(|e| Trouble::File(to.to_owned(), e))
}

/// The key as `sign` takes it: files, PKCS#12, tokens and whatever it learns later.
fn as_sign(own: &args::StatementOf) -> Result<args::Sign, Trouble> {
    let mut typed: Vec<OsString> = ["loadworthy", "sign", "-"].map(OsString::from).to_vec();
    let mut add = |name: &str, value: Option<OsString>| {
        typed.extend(value.into_iter().flat_map(|value| [OsString::from(name), value]));
    };
    add("--key", own.key.clone().map(OsString::from));
    add("--cert", own.cert.clone().map(OsString::from));
    add("--passphrase-file", own.passphrase_file.clone().map(OsString::from));
    add("--passphrase-env", own.passphrase_env.clone().map(OsString::from));
    match Cli::try_parse_from(typed).ok().and_then(|cli| cli.command) {
        Some(Command::Sign(sign)) => Ok(*sign),
        _ => Err(Trouble::Usage("--key: not a key as sign takes it".to_owned())),
    }
}

/// Verifies a statement, and tells what changed since.
pub(super) fn against(
    path: &Path,
    args: &args::Check,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<u8, Trouble> {
    let shown = path.display().to_string();
    let open = |problem: String| Trouble::Assess(Assess::Open { path: shown.clone(), problem });
    let bytes = fs::read(path).map_err(|e| open(e.to_string()))?;
    let envelope =
        statement::envelope(&bytes, &Limits::DEFAULT).map_err(|e| open(e.to_string()))?;
    let read = statement::statement(&envelope.payload).map_err(|e| open(e.to_string()))?;
    let given = args.statement.cert.as_deref().map(Certificate::open).transpose()?;
    let over = statement::signed(&envelope.payload_type, &envelope.payload);
    let is_by = |certificate: &Certificate, bytes: &[u8]| {
        let by = by(certificate.algorithm());
        let digest = digest(by, &over);
        matches!(certificate.public_key().verify(by, Some(&digest), bytes), Verified::Yes)
    };
    let (signer, signature) = match &given {
        Some(given) => {
            let good = envelope.signatures.iter().any(|s| is_by(given, &s.bytes));
            (given.subject(), if good { "good" } else { "bad" })
        }
        None => {
            let own = envelope.signatures.iter().find_map(|s| {
                let certificate =
                    Certificate::read(s.certificate.as_ref()?.as_bytes(), &shown).ok()?;
                is_by(&certificate, &s.bytes).then(|| certificate.subject())
            });
            let good = own.is_some();
            (own.unwrap_or_default(), if good { "not-asked" } else { "bad" })
        }
    };
    let right_type = envelope.payload_type == IN_TOTO;
    let signature = if right_type { signature } else { "bad" };
    let named = |own: &[String], stated: &[String]| match own {
        [] => stated.to_vec(),
        own => own.to_vec(),
    };
    let arguments = named(&args.subjects, &read.predicate.arguments);
    let request = OnRequest {
        on: named(&args.on, &read.predicate.on),
        subjects: arguments.clone(),
        assume: args.source.assume.clone(),
        at: at(args.source.at.as_deref(), around).map_err(Trouble::Usage)?,
        knowledge: args.source.knowledge.clone(),
    };
    let answers = windows::check(&request)?;
    let changes = changes(&read, &stated::files(&arguments)?, &answers);
    let looked = json::Looked {
        path: &shown,
        signer: &signer,
        signature,
        made: &read.predicate.at,
        changes: &changes,
    };
    written(match args.output.wanted() {
        args::CheckFormat::Json => json::v1(&looked, out),
        _ => json::text(&looked, &answers, out),
    })?;
    Ok(match looked.holds() {
        true => exit::code(&answers.answers, &args.fail_on),
        false => exit::REFUSED,
    })
}
