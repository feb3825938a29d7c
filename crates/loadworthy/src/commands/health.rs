//! `loadworthy check --health`: is everything really up that the manifest names?

use crate::args::{Check, CheckFormat};
use crate::exit;
use crate::request::{Surroundings, request};
use crate::trouble::{Trouble, written};
use loadworthy_assess::health::{Asked, examine};
use loadworthy_assess::request::Subjects;
use loadworthy_core::health::State;
use loadworthy_report::health::{self, Told};
use std::io::Write;

pub(crate) fn run(args: &Check, around: &Surroundings, out: &mut dyn Write) -> Result<u8, Trouble> {
    let source = &args.source;
    if source.policy.is_some() || !source.with.is_empty() || !source.assume.is_empty() {
        let said = "--health tells what is: --policy, --with and --assume change nothing of that";
        return Err(Trouble::Usage(said.to_owned()));
    }
    let request = request(source, Subjects::Used, around).map_err(Trouble::Usage)?;
    let examined = examine(&Asked {
        source: request.source,
        manifest: request.manifest,
        since: args.since.clone(),
        at: request.at,
    })?;
    let told = Told {
        at: &examined.at,
        source: examined.source,
        kernel: examined.kernel.as_deref(),
        manifest: &examined.manifest,
        since: examined.since.as_ref().map(|since| (since.path.as_str(), since.kernel.as_deref())),
        checks: &examined.checks,
    };
    match args.output.wanted() {
        CheckFormat::Json => written(health::json(&told, out))?,
        CheckFormat::Nagios => return health::nagios(&told, out).map_err(Trouble::Write),
        CheckFormat::Text => written(health::text(&told, args.verbose, &around.style, out))?,
        _ => {
            let said = "--health is told with --format text, json or nagios";
            return Err(Trouble::Usage(said.to_owned()));
        }
    }
    let fails = |on| args.fail_on.contains(&on);
    Ok(match examined.worst() {
        Some(State::Down | State::Worse) => exit::REFUSED,
        Some(State::Unknown) if fails(crate::args::FailOn::Unknown) => exit::REFUSED,
        None | Some(State::Unknown) => exit::UNKNOWN,
        Some(State::Up | State::Changed) => exit::LOADS,
    })
}
