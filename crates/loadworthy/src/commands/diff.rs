//! `loadworthy diff A B`: what differs between two machines, and which verdicts that turns.

use crate::args;
use crate::exit;
use crate::request::{Surroundings, at};
use crate::trouble::{Trouble, written};
use loadworthy_assess::diff::{against_profile, diff};
use loadworthy_assess::request::{Request, Source, Subjects, Which};
use loadworthy_report::diff as report;
use std::io::Write;
use std::path::Path;

pub(crate) fn run(
    args: &args::Diff,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<u8, Trouble> {
    let (a, b) = (source(&args.a), source(&args.b));
    let request = Request {
        source: a.clone(),
        with: Vec::new(),
        kernel: Which::named(&args.kernel),
        subjects: if args.all { Subjects::All } else { Subjects::Used },
        assume: args.assume.clone(),
        manifest: None,
        at: at(args.at.as_deref(), around).map_err(Trouble::Usage)?,
        cache: None,
        knowledge: args.knowledge.clone(),
        jobs: args.jobs.map_or(around.processors, usize::from),
        short: false,
    };
    let compared = match (wanted(&args.a), wanted(&args.b)) {
        (Some(_), Some(_)) => {
            return Err(Trouble::Usage("a profile is held against a machine: name one".into()));
        }
        (Some(profile), None) => {
            let request = Request { source: b.clone(), ..request };
            against_profile(&request, (&b, args.b.clone()), profile)?
        }
        (None, Some(profile)) => against_profile(&request, (&a, args.a.clone()), profile)?,
        (None, None) => diff(&request, (&a, args.a.clone()), (&b, args.b.clone()))?,
    };
    written(if args.output.is_json() {
        report::json(&compared, out)
    } else {
        report::text(&compared, &around.style, out)
    })?;
    Ok(match args.exit_code {
        true if compared.differ() => exit::REFUSED,
        true if compared.is_open() => exit::UNKNOWN,
        _ => exit::LOADS,
    })
}

/// A profile: `profile` for that of the machine's own manifest, or a manifest by its file.
fn wanted(named: &str) -> Option<Option<&Path>> {
    let path = Path::new(named);
    match named {
        "profile" if !path.exists() => Some(None),
        _ if named.ends_with(".toml") => Some(Some(path)),
        _ => None,
    }
}

/// `live`, a folder, or a bundle.
fn source(named: &str) -> Source {
    let path = Path::new(named);
    match named {
        "live" if !path.exists() => Source::Live,
        _ if path.is_dir() => Source::Root(path.to_owned()),
        _ => Source::Bundle(path.to_owned()),
    }
}
