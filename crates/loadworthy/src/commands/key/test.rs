//! `loadworthy key new --test`: a key for test machines with Windows, and how far it reaches.

use super::new::{kind, passphrase};
use crate::args;
use crate::exit;
use crate::request::Surroundings;
use crate::trouble::{Trouble, written};
use loadworthy_assess::clock::stamp;
use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_core::keys::described::Described;
use loadworthy_report::json::made as json;
use loadworthy_report::made::{self as page, Made, Pair as Written};
use loadworthy_sign::certificate::Certificate;
use loadworthy_sign::pair::{Kind, Pair, Wish};
use loadworthy_sign::reach;
use loadworthy_sign::secret::Secret;
use loadworthy_sign::signers::file::FileSigner;
use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

const TEST_MACHINE: &str = include_str!("scripts/test-machine.cmd");
const ENTERPRISE: &str = include_str!("scripts/enterprise.cmd");

pub(crate) fn run(
    args: &args::KeyNew,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<u8, Trouble> {
    let kind = kind(args.kind);
    if matches!(kind, Kind::EcdsaP256 | Kind::EcdsaP384) {
        let said = "--test: kernels of Windows know RSA alone for drivers: --kind rsa-3072";
        return Err(Trouble::Usage(said.to_owned()));
    }
    let word = passphrase(args, around)?;
    let begins = i64::try_from(around.now).unwrap_or_default();
    let wish = Wish {
        name: args.name.clone(),
        kind,
        images: true,
        stamps: false,
        begins,
        days: args.days,
    };
    let pair = Pair::make(&wish)?;
    pair.write(&args.key, &args.cert, word.as_ref())?;
    let files = exported(args, &pair, word.as_ref()).inspect_err(|_| {
        // All of it, or nothing.
        let _ = (fs::remove_file(&args.key), fs::remove_file(&args.cert));
    })?;
    let certificate = Described::of(&pair.certificate)
        .map_err(|e| Trouble::Usage(format!("{}: {e}", args.cert.display())))?;
    let ask = |_: &str| Ok(word.as_ref().map(|word| Secret::new(word.bytes().to_vec())));
    let signer = FileSigner::open(&args.key, Some(Certificate::open(&args.cert)?), &ask)?;
    let by = if args.legacy { DigestAlgorithm::Sha1 } else { DigestAlgorithm::Sha256 };
    let folder = tempfile::tempdir().map_err(|e| Trouble::File(std::env::temp_dir(), e))?;
    let at = stamp(around.now);
    let reach = reach::of(&signer, by, &at, folder.path())?;
    let made = Made {
        at,
        algorithm: kind.kernel_algorithm(),
        kernels: Vec::new(),
        pair: Some(Written {
            certificate,
            key: args.key.display().to_string(),
            cert: args.cert.display().to_string(),
            also: files.iter().map(|path| path.display().to_string()).collect(),
            locked: word.is_some(),
        }),
        reach: Some(reach),
    };
    written(if args.output.is_json() {
        json::v1(&made, out)
    } else {
        page::text(&made, &around.style, out)
    })?;
    Ok(exit::LOADS)
}

/// Everything beside the certificate.
fn exported(
    args: &args::KeyNew,
    pair: &Pair,
    word: Option<&Secret>,
) -> Result<Vec<PathBuf>, Trouble> {
    let mut files = pair.export(&args.cert, word, args.legacy)?;
    match scripts(args, pair) {
        Ok(more) => files.extend(more),
        Err(problem) => {
            for path in &files {
                let _ = fs::remove_file(path);
            }
            return Err(problem);
        }
    }
    Ok(files)
}

/// Both scripts, beside the certificate.
fn scripts(args: &args::KeyNew, pair: &Pair) -> Result<Vec<PathBuf>, Trouble> {
    let name = args.cert.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let stem = args.cert.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let sha1 = digest(DigestAlgorithm::Sha1, &pair.certificate).to_string();
    let mut paths = Vec::new();
    for (what, text) in [("test-machine", TEST_MACHINE), ("enterprise", ENTERPRISE)] {
        // A percent sign begins a variable there.
        let text = text
            .replace("@CERT@", &name.replace('%', "%%"))
            .replace("@SHA1@", &sha1)
            .replace("FILE-", &format!("{}-", stem.replace('%', "%%")))
            .replace('\n', "\r\n");
        let path = args.cert.with_file_name(format!("{stem}-{what}.cmd"));
        let mut file = File::create_new(&path).map_err(|e| Trouble::File(path.clone(), e))?;
        file.write_all(text.as_bytes()).map_err(|e| Trouble::File(path.clone(), e))?;
        paths.push(path);
    }
    Ok(paths)
}
