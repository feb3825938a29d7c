//! Answers of `check` in the shape that was asked for, and the exit code that goes with it.

use crate::args::{self, CheckFormat, Proof};
use crate::exit;
use crate::request::Surroundings;
use crate::trouble::{Trouble, written};
use loadworthy_assess::clock::seconds;
use loadworthy_core::answer::Answers;
use loadworthy_report::json::v1::{self, Proofs};
use loadworthy_report::nagios::{self, State};
use loadworthy_report::terminal::{self, Options};
use loadworthy_report::tree::Depth;
use loadworthy_report::{github, html, junit, markdown, prometheus, sarif};
use std::io::Write;

/// Writes `answers`.
///
/// # Errors
/// When `out` does not take them.
pub(super) fn tell(
    answers: &Answers,
    args: &args::Check,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<u8, Trouble> {
    let mut code = match exit::inside(answers, &args.fail_on) {
        true => exit::REFUSED,
        false => exit::code(&answers.answers, &args.fail_on),
    };
    written(match args.output.wanted() {
        CheckFormat::Json => v1::check(answers, proofs(args), out),
        CheckFormat::Text if args.matrix => terminal::matrix(answers, &around.style, out),
        CheckFormat::Text => terminal::check(answers, &options(args, around), out),
        CheckFormat::Sarif => sarif::check(answers, out),
        CheckFormat::Junit => junit::check(answers, out),
        CheckFormat::Html if args.matrix => html::matrix(answers, out),
        CheckFormat::Html => html::check(answers, out),
        CheckFormat::Markdown => markdown::check(answers, out),
        CheckFormat::Prometheus => prometheus::check(answers, seconds(&answers.at), out),
        CheckFormat::Github => github::check(answers, out),
        CheckFormat::Nagios => {
            let state = State::of(answers, code == exit::REFUSED);
            code = state as u8;
            nagios::check(answers, state, out)
        }
    })?;
    Ok(code)
}

/// How the text looks.
pub(super) fn options(args: &args::Check, around: &Surroundings) -> Options {
    Options {
        style: around.style,
        proof: depth(args.proof),
        verbose: args.verbose,
        quiet: args.quiet,
    }
}

/// Whose proofs a JSON document holds: of a whole tree, unless all are asked for, only those of
/// modules that do not simply load.
pub(super) fn proofs(args: &args::Check) -> Proofs {
    match args.proof {
        Some(Proof::Full) => Proofs::All,
        Some(Proof::None) => Proofs::None,
        Some(Proof::Short) | None if args.all => Proofs::OfTrouble,
        Some(Proof::Short) | None => Proofs::All,
    }
}

/// Whether of a whole tree nothing is shown of how what simply loads got past each check.
pub(super) fn is_short(args: &args::Check) -> bool {
    let shown = matches!(args.output.wanted(), CheckFormat::Html | CheckFormat::Markdown);
    !shown && args.proof != Some(Proof::Full)
}

/// How much of a proof is meant.
pub(crate) fn depth(proof: Option<Proof>) -> Depth {
    match proof {
        Some(Proof::Full) => Depth::Full,
        Some(Proof::None) => Depth::None,
        Some(Proof::Short) | None => Depth::Short,
    }
}
