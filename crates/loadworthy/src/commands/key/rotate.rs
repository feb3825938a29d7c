//! `loadworthy key rotate`: from one key to another, without a gap.

use super::list::machines;
use crate::args;
use crate::exit;
use crate::request::{Surroundings, request};
use crate::trouble::{Trouble, written};
use loadworthy_assess::assumptions::{bytes, certificate_der};
use loadworthy_assess::request::{Request, Source, Subjects};
use loadworthy_assess::verifiable;
use loadworthy_core::keys::described::Described;
use loadworthy_core::keys::rotation::{Step, plan};
use loadworthy_report::json::rotation as json;
use loadworthy_report::rotation as page;
use std::io::Write;
use std::path::Path;

pub(crate) fn run(
    args: &args::KeyRotate,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<u8, Trouble> {
    let (old, new) = (described(&args.from)?, described(&args.to)?);
    let list = args::KeyList {
        source: args.source.clone(),
        all: args.all,
        exit_code: false,
        output: args::Output { format: args::Format::Text, json: false },
        proof: None,
    };
    let (keys, sources) = machines(&list, around)?;
    let mut verifiable = Vec::new();
    for source in &sources {
        verifiable.push(verified(&alone(args, around, source)?, &new)?);
    }
    let plan = plan(&keys.at, &keys.hosts, &old, &new, &verifiable);
    written(if args.output.is_json() {
        json::v1(&plan, out)
    } else {
        page::text(&plan, &around.style, out)
    })?;
    let any = |step: Step| plan.machines.iter().any(|machine| machine.step == step);
    Ok(match () {
        () if any(Step::Impossible) => exit::REFUSED,
        () if any(Step::Unknown) => exit::UNKNOWN,
        () => exit::LOADS,
    })
}

/// A request about one machine of several.
fn alone(
    args: &args::KeyRotate,
    around: &Surroundings,
    source: &Source,
) -> Result<Request, Trouble> {
    let none = args::Source { bundle: Vec::new(), ..args.source.clone() };
    let request = request(&none, Subjects::Used, around).map_err(Trouble::Usage)?;
    Ok(Request { source: source.clone(), ..request })
}

fn verified(request: &Request, new: &Described) -> Result<Option<bool>, Trouble> {
    let Some(algorithm) = new.kernel_algorithm() else { return Ok(Some(false)) };
    let all = verifiable::by_kernel(request, algorithm)?;
    let any = |is: Option<bool>| all.iter().any(|(_, has)| *has == is);
    Ok(match () {
        () if any(Some(false)) => Some(false),
        () if any(None) => None,
        () => Some(true),
    })
}

fn described(path: &Path) -> Result<Described, Trouble> {
    let named = path.display().to_string();
    let told = |problem: String| Trouble::Usage(format!("{named}: {problem}"));
    let der = bytes(&named).and_then(|bytes| certificate_der(&bytes)).map_err(told)?;
    Described::of(&der).map_err(|e| told(e.to_string()))
}
