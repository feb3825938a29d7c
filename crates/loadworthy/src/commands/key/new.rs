//! `loadworthy key new`: a key with the certificate that module signing asks for.

use crate::args;
use crate::args::KeyKind;
use crate::exit;
use crate::request::{Surroundings, bundles, request};
use crate::trouble::{Trouble, written};
use loadworthy_assess::clock::stamp;
use loadworthy_assess::on_linux;
use loadworthy_assess::request::{Request, Source, Subjects, Trouble as Assess, Which};
use loadworthy_assess::verifiable;
use loadworthy_core::keys::described::Described;
use loadworthy_core::platform::Named;
use loadworthy_report::json::made as json;
use loadworthy_report::made::{self as page, Kernel, Made, Pair as Written};
use loadworthy_sign::pair::{Kind, Pair, Wish};
use loadworthy_sign::secret::Secret;
use std::io::Write;
use std::path::Path;

pub(crate) fn run(
    args: &args::KeyNew,
    around: &Surroundings,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<u8, Trouble> {
    let kind = kind(args.kind);
    let algorithm = kind.kernel_algorithm();
    let mut made =
        Made { at: stamp(around.now), algorithm, kernels: Vec::new(), pair: None, reach: None };
    for (target, request) in targets(args, around)? {
        for (release, verifies) in verifiable::by_kernel(&request, algorithm)? {
            if verifies.is_none() {
                let _ = writeln!(
                    err,
                    "loadworthy: key: {target}: whether {release} verifies {algorithm} \
                     signatures was not seen"
                );
            }
            let (target, release) = (target.clone(), release.to_string());
            made.kernels.push(Kernel { target, release, verifies });
        }
    }
    if made.kernels.iter().all(|kernel| kernel.verifies != Some(false)) {
        made.pair = Some(pair(args, around, kind)?);
    }
    written(if args.output.is_json() {
        json::v1(&made, out)
    } else {
        page::text(&made, &around.style, out)
    })?;
    Ok(if made.pair.is_some() { exit::LOADS } else { exit::REFUSED })
}

/// The kind that the argument names.
pub(super) const fn kind(named: KeyKind) -> Kind {
    match named {
        KeyKind::Rsa2048 => Kind::Rsa2048,
        KeyKind::Rsa3072 => Kind::Rsa3072,
        KeyKind::Rsa4096 => Kind::Rsa4096,
        KeyKind::EcdsaP256 => Kind::EcdsaP256,
        KeyKind::EcdsaP384 => Kind::EcdsaP384,
    }
}

/// Makes the key and writes it.
fn pair(args: &args::KeyNew, around: &Surroundings, kind: Kind) -> Result<Written, Trouble> {
    let passphrase = passphrase(args, around)?;
    let begins = i64::try_from(around.now).unwrap_or_default();
    let wish = Wish {
        name: args.name.clone(),
        kind,
        images: args.images,
        stamps: args.timestamps,
        begins,
        days: args.days,
    };
    let pair = Pair::make(&wish)?;
    pair.write(&args.key, &args.cert, passphrase.as_ref())?;
    let certificate = Described::of(&pair.certificate)
        .map_err(|e| Trouble::Usage(format!("{}: {e}", args.cert.display())))?;
    Ok(Written {
        certificate,
        key: args.key.display().to_string(),
        cert: args.cert.display().to_string(),
        also: Vec::new(),
        locked: passphrase.is_some(),
    })
}

/// The machines whose every kernel must verify what the key signs.
fn targets(args: &args::KeyNew, around: &Surroundings) -> Result<Vec<(String, Request)>, Trouble> {
    let plain = request(&args::Source::default(), Subjects::Used, around);
    let plain = plain.map_err(Trouble::Usage)?;
    let mut found = Vec::new();
    for target in &args.targets {
        let sources = match target.as_str() {
            "this" => vec![("this machine".to_owned(), Source::Live)],
            path if is_root(Path::new(path)) => vec![(path.to_owned(), Source::Root(path.into()))],
            path if Path::new(path).exists() => bundles(&[path.into()])
                .map_err(Trouble::Usage)?
                .into_iter()
                .map(|bundle| (bundle.display().to_string(), Source::Bundle(bundle)))
                .collect(),
            name => {
                let platform = platform(name)?;
                found.push((name.to_owned(), on_linux::asking(&platform, &plain)));
                continue;
            }
        };
        let every =
            |(name, source)| (name, Request { source, kernel: Which::All, ..plain.clone() });
        found.extend(sources.into_iter().map(every));
    }
    Ok(found)
}

/// The platform of that name.
fn platform(name: &str) -> Result<Named, Trouble> {
    let told = |problem: &str| Trouble::Usage(format!("--for {name}: no such file, and {problem}"));
    match on_linux::named(name) {
        Ok(Some(named)) => Ok(named),
        Ok(None) => Err(told("no platform of Linux")),
        Err(Assess::Profile { problem, .. }) => Err(told(&problem)),
        Err(other) => Err(other.into()),
    }
}

/// A folder that holds a system, and not bundles.
fn is_root(path: &Path) -> bool {
    ["boot", "lib", "usr", "etc"].iter().any(|folder| path.join(folder).is_dir())
}

pub(super) fn passphrase(
    args: &args::KeyNew,
    around: &Surroundings,
) -> Result<Option<Secret>, Trouble> {
    let secret = if let Some(path) = &args.passphrase_file {
        Secret::line(std::fs::read(path).map_err(|e| Trouble::File(path.clone(), e))?)
    } else if let Some(name) = &args.passphrase_env {
        let missing = || Trouble::Usage(format!("the variable {name} is not set"));
        Secret::new((around.variable)(name).ok_or_else(missing)?)
    } else {
        return Ok(None);
    };
    if secret.bytes().is_empty() {
        return Err(Trouble::Usage("the passphrase is empty".to_owned()));
    }
    Ok(Some(secret))
}
