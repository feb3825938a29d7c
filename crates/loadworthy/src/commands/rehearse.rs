//! `loadworthy rehearse`: the next boot in a virtual machine, foretold beside observed.

use crate::args;
use crate::exit;
use crate::request::{Surroundings, request};
use crate::trouble::{Trouble, written};
use loadworthy_assess::host::Host;
use loadworthy_assess::request::Subjects;
use loadworthy_rehearse::rehearsal::{self, Options, rehearse};
use loadworthy_report::json::rehearse as json;
use loadworthy_report::rehearsal as page;
use std::io::Write;
use std::time::Duration;

pub(crate) fn run(
    args: &args::Rehearse,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<u8, Trouble> {
    let subjects = match args.subjects.as_slice() {
        [] => Subjects::Used,
        named => Subjects::Named(named.to_vec()),
    };
    let request = request(&args.source, subjects, around).map_err(Trouble::Usage)?;
    let host = Host::open(&request.source)?.keeping(request.cache.as_deref())?;
    let options = Options {
        firmware: args.firmware.clone(),
        patience: args.patience.map(Duration::from_secs),
    };
    let rehearsed = rehearse(&host, &request, &options).map_err(|trouble| match trouble {
        rehearsal::Trouble::Assess(trouble) => Trouble::Assess(trouble),
        rehearsal::Trouble::Machine(sentence) => Trouble::Usage(sentence),
    })?;
    written(if args.output.is_json() {
        json::rehearse(&rehearsed, out)
    } else {
        page::write(&rehearsed, &around.style, out)
    })?;
    Ok(exit::of_rehearsal(&rehearsed))
}
