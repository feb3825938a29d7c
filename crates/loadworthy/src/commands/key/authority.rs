//! `loadworthy key timestamp-authority`: for tests and labs.

use crate::args;
use crate::exit;
use crate::request::Surroundings;
use crate::trouble::{Trouble, written};
use loadworthy_sign::authority::Authority;
use loadworthy_sign::certificate::Certificate;
use loadworthy_sign::secret::Secret;
use loadworthy_sign::signer::Signer;
use loadworthy_sign::signers::file::FileSigner;
use std::io::Write;
use std::net::TcpListener;

pub(crate) fn run(
    args: &args::TimestampAuthority,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<u8, Trouble> {
    let certificate = args.cert.as_deref().map(Certificate::open).transpose()?;
    let ask = |_: &str| match &args.passphrase_file {
        Some(path) => std::fs::read(path).map(|bytes| Some(Secret::line(bytes))),
        None => Ok(None),
    };
    let signer = FileSigner::open(&args.key, certificate, &ask)?;
    let told = |e: std::io::Error| Trouble::Usage(format!("{}: {e}", args.listen));
    let listener = TcpListener::bind(&args.listen).map_err(told)?;
    let place = listener.local_addr().map_err(told)?;
    let name = signer.certificate().subject();
    written(
        writeln!(out, "listening  http://{place}/  as {}", around.style.plain(&name))
            .and_then(|()| out.flush()),
    )?;
    let authority = Authority { signer: &signer, fault: args.fault, skew: args.skew };
    let now = || i64::try_from((around.clock)()).unwrap_or(i64::MAX);
    authority.serve(&listener, args.answers, &now).map_err(told)?;
    Ok(exit::LOADS)
}
