//! `loadworthy dkms`: modules that the machine builds for itself.

use crate::args;
use crate::exit;
use crate::request::{Surroundings, request};
use crate::trouble::{Trouble, written};
use loadworthy_assess::builds;
use loadworthy_assess::request::Subjects;
use loadworthy_core::keys::builds::{Builds, Worth};
use loadworthy_report::builds as page;
use loadworthy_report::json::builds as json;
use loadworthy_report::json::changed as changes;
use loadworthy_trust::dkms;
use std::io::Write;
use std::path::{Path, PathBuf};

#[cfg(feature = "sign")]
mod sign;

pub(crate) fn run(
    args: &args::Dkms,
    around: &Surroundings,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<u8, Trouble> {
    #[cfg(not(feature = "sign"))]
    let _ = err;
    match args {
        args::Dkms::Status(args) => {
            let request = request(&args.source, Subjects::Used, around).map_err(Trouble::Usage)?;
            let found = builds::builds(&request, &|_, _| {})?;
            written(if args.output.is_json() {
                json::v1(&found, out)
            } else {
                page::text(&found, &around.style, out)
            })?;
            Ok(code(&found))
        }
        args::Dkms::Undo(args) => {
            let changed = dkms::undo(&root(args.root.as_deref())).map_err(Trouble::Usage)?;
            if args.output.is_json() {
                written(changes::undone(&changed, out))?;
            } else {
                told("taken out of", &changed, out)?;
            }
            Ok(exit::LOADS)
        }
        #[cfg(feature = "sign")]
        args::Dkms::Setup(args) => sign::set_up(args, out),
        #[cfg(feature = "sign")]
        args::Dkms::Sign(args) => sign::sign(args, around, out, err),
    }
}

fn root(given: Option<&Path>) -> PathBuf {
    given.map_or_else(|| PathBuf::from("/"), Path::to_owned)
}

fn told(what: &str, files: &[String], out: &mut dyn Write) -> Result<(), Trouble> {
    if files.is_empty() {
        return written(writeln!(out, "nothing to do"));
    }
    files.iter().try_for_each(|file| written(writeln!(out, "{what}  /{file}")))
}

fn code(found: &Builds) -> u8 {
    let any = |is: fn(Worth) -> bool| found.built.iter().any(|built| is(built.worth));
    match () {
        () if any(Worth::is_trouble) => exit::REFUSED,
        () if found.built.is_empty() || any(|worth| worth == Worth::Unknown) => exit::UNKNOWN,
        () => exit::LOADS,
    }
}
