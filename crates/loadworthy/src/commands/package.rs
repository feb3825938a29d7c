//! `loadworthy package`: to the hardware portal, and back.

use crate::args::package::{Compare, Package, Prepare};
use crate::exit;
use crate::request::{Surroundings, at};
use crate::trouble::{Trouble, written};
use loadworthy_assess::submission;
use loadworthy_assess::windows::OnRequest;
use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_report::json::submitted as json;
use loadworthy_report::submitted as text;
use loadworthy_trust::whole;
use std::io::Write;

pub(crate) fn run(
    args: &Package,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<u8, Trouble> {
    match args {
        Package::Prepare(args) => prepare(args, around, out),
        Package::Compare(args) => compare(args, around, out),
    }
}

fn prepare(args: &Prepare, around: &Surroundings, out: &mut dyn Write) -> Result<u8, Trouble> {
    let made = submission::prepare(&args.folder)?;
    let stopped = made.is_stopped();
    let path = args.cab.display().to_string();
    let sha256 = digest(DigestAlgorithm::Sha256, &made.cabinet).to_string();
    let to = (!stopped || args.force).then_some((path.as_str(), sha256.as_str()));
    if to.is_some() {
        whole::replace(&args.cab, &made.cabinet, 0o644)
            .map_err(|e| Trouble::File(args.cab.clone(), e))?;
    }
    written(match args.output.is_json() {
        true => json::prepared(&made, to, out),
        false => text::prepared(&made, to, args.verbose, &around.style, out),
    })?;
    Ok(if stopped { exit::REFUSED } else { exit::LOADS })
}

fn compare(args: &Compare, around: &Surroundings, out: &mut dyn Write) -> Result<u8, Trouble> {
    let on = OnRequest {
        on: args.on.clone(),
        subjects: Vec::new(),
        assume: Vec::new(),
        at: at(args.at.as_deref(), around).map_err(Trouble::Usage)?,
        knowledge: Vec::new(),
    };
    let compared = submission::compare(&args.submitted, &args.returned, &on)?;
    written(match args.output.is_json() {
        true => json::compared(&compared, out),
        false => text::compared(&compared, &around.style, out),
    })?;
    let judged = compared.answers.as_ref().map_or(exit::LOADS, |a| exit::code(&a.answers, &[]));
    Ok(if compared.is_as_sent() { judged } else { exit::REFUSED })
}
