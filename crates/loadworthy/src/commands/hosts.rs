//! `loadworthy check` of several bundles: hosts and drivers in one table.

use super::told::{depth, proofs};
use crate::args::{self, CheckFormat};
use crate::exit;
use crate::request::{Surroundings, request, subjects};
use crate::trouble::{Trouble, written};
use loadworthy_assess::check;
use loadworthy_assess::request::{Request, Source};
use loadworthy_core::answer::Answers;
use loadworthy_report::hosts::{self, One};
use loadworthy_report::tree::Depth;
use std::io::Write;
use std::path::{Path, PathBuf};

pub(super) fn run(
    args: &args::Check,
    bundles: &[PathBuf],
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<u8, Trouble> {
    let format = args.output.wanted();
    match format {
        CheckFormat::Text | CheckFormat::Json | CheckFormat::Html | CheckFormat::Markdown => {}
        _ => {
            let hint = "--format text, json, html or markdown for several bundles, or one bundle at a time";
            return Err(Trouble::Usage(hint.to_owned()));
        }
    }
    let mut codes = Vec::new();
    let mut all = Vec::new();
    for bundle in bundles {
        let alone = args::Source { bundle: vec![bundle.clone()], ..args.source.clone() };
        let mut request = request(&alone, subjects(args), around).map_err(Trouble::Usage)?;
        // A folder of bundles was looked through already.
        if let Source::Root(path) = &request.source {
            request.source = Source::Bundle(path.clone());
        }
        let answers: Answers = check::check(&request, &|_, _| {})?;
        // What an update would break is what loads without it.
        let broken = match request.assume.is_empty() {
            true => None,
            false => {
                let now = Request { assume: Vec::new(), ..request.clone() };
                Some(hosts::broken(&check::check(&now, &|_, _| {})?, &answers))
            }
        };
        codes.push(exit::code(&answers.answers, &args.fail_on));
        all.push(One { name: name(bundle), answers, broken });
    }
    hosts::odd_ones_first(&mut all);
    written(match format {
        CheckFormat::Json => hosts::json(&all, proofs(args), out),
        CheckFormat::Html => hosts::html(&all, out),
        CheckFormat::Markdown => hosts::markdown(&all, out),
        _ => {
            let full = depth(args.proof) == Depth::Full || args.verbose;
            hosts::text(&all, full, &around.style, out)
        }
    })?;
    let any = |code: u8| codes.contains(&code);
    Ok(match () {
        () if any(exit::REFUSED) => exit::REFUSED,
        () if any(exit::UNKNOWN) => exit::UNKNOWN,
        () => exit::LOADS,
    })
}

/// A host is called like its bundle, without the ending.
fn name(bundle: &Path) -> String {
    let stem = bundle.file_stem().or_else(|| bundle.file_name()).unwrap_or_default();
    stem.to_string_lossy().into_owned()
}
