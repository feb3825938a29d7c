//! `loadworthy key new`: a key with the certificate that module signing asks for.

use crate::args;
use crate::args::KeyKind;
use crate::exit;
use crate::request::{Surroundings, bundles, request};
use crate::trouble::{Trouble, written};
use loadworthy_assess::request::{Request, Source, Subjects, Which};
use loadworthy_assess::verifiable;
use loadworthy_core::keys::described::Described;
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
    let kind = match args.kind {
        KeyKind::Rsa2048 => Kind::Rsa2048,
        KeyKind::Rsa3072 => Kind::Rsa3072,
        KeyKind::Rsa4096 => Kind::Rsa4096,
        KeyKind::EcdsaP256 => Kind::EcdsaP256,
        KeyKind::EcdsaP384 => Kind::EcdsaP384,
    };
    let mut refused = false;
    for (name, request) in targets(args, around)? {
        for (kernel, has) in verifiable::by_kernel(&request, kind.kernel_algorithm())? {
            let algorithm = kind.kernel_algorithm();
            match has {
                Some(true) => {}
                Some(false) => {
                    refused = true;
                    written(writeln!(
                        out,
                        "refused  {name}: {kernel} does not verify {algorithm} signatures (LW4107)"
                    ))?;
                }
                None => {
                    let _ = writeln!(
                        err,
                        "loadworthy: key: {name}: whether {kernel} verifies {algorithm} \
                         signatures was not seen"
                    );
                }
            }
        }
    }
    if refused {
        written(writeln!(
            out,
            "  no key was made; RSA is verified by every kernel: --kind rsa-3072"
        ))?;
        return Ok(exit::REFUSED);
    }
    let passphrase = passphrase(args, around)?;
    let begins = i64::try_from(around.now).unwrap_or_default();
    let wish = Wish { name: args.name.clone(), kind, images: args.images, begins, days: args.days };
    let pair = Pair::make(&wish)?;
    pair.write(&args.key, &args.cert, passphrase.as_ref())?;
    let made = Described::of(&pair.certificate)
        .map_err(|e| Trouble::Usage(format!("{}: {e}", args.cert.display())))?;
    let lock = if passphrase.is_some() { "locked" } else { "not locked" };
    let (key, cert) = (args.key.display(), args.cert.display());
    let for_ = if args.images { "modules and boot images" } else { "modules alone" };
    written(
        writeln!(out, "made  {}  {}, for {for_}", around.style.plain(&made.name), made.algorithm)
            .and_then(|()| writeln!(out, "  key     {key} ({lock}; only its owner may read it)"))
            .and_then(|()| writeln!(out, "  cert    {cert}"))
            .and_then(|()| writeln!(out, "  sha256  {}", made.sha256))
            .and_then(|()| writeln!(out, "  next    loadworthy key enroll {cert} --firmware")),
    )?;
    Ok(exit::LOADS)
}

/// The machines whose every kernel must verify what the key signs.
fn targets(args: &args::KeyNew, around: &Surroundings) -> Result<Vec<(String, Request)>, Trouble> {
    let mut found = Vec::new();
    for target in &args.targets {
        let sources = match target.as_str() {
            "this" => vec![("this machine".to_owned(), Source::Live)],
            path if is_root(Path::new(path)) => vec![(path.to_owned(), Source::Root(path.into()))],
            path => bundles(&[path.into()])
                .map_err(Trouble::Usage)?
                .into_iter()
                .map(|bundle| (bundle.display().to_string(), Source::Bundle(bundle)))
                .collect(),
        };
        for (name, source) in sources {
            let plain = request(&args::Source::default(), Subjects::Used, around);
            let plain = plain.map_err(Trouble::Usage)?;
            found.push((name, Request { source, kernel: Which::All, ..plain }));
        }
    }
    Ok(found)
}

/// A folder that holds a system, and not bundles.
fn is_root(path: &Path) -> bool {
    ["boot", "lib", "usr", "etc"].iter().any(|folder| path.join(folder).is_dir())
}

fn passphrase(args: &args::KeyNew, around: &Surroundings) -> Result<Option<Secret>, Trouble> {
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
