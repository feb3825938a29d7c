//! `loadworthy check`: will it load, and why?

use crate::args::{self, CheckFormat, Proof};
use crate::example::Example;
use crate::exit;
use crate::request::{Surroundings, request, seconds, subjects};
use crate::trouble::{Trouble, written};
use indicatif::{ProgressBar, ProgressStyle};
use loadworthy_assess::check;
use loadworthy_assess::host::Host;
use loadworthy_assess::request::{Request, Trouble as Assess, Which};
use loadworthy_core::answer::{self, Answered, Answers};
use loadworthy_core::proof::{Question, Standing, Why, gap, text};
use loadworthy_core::verdict::Verdict;
use loadworthy_report::json::v1::{self, Proofs};
use loadworthy_report::nagios::{self, State};
use loadworthy_report::terminal::{self, Options};
use loadworthy_report::tree::Depth;
use loadworthy_report::{github, html, junit, markdown, prometheus, sarif};
use std::io::Write;

/// So many modules take long enough to show how far it is.
const LONG: usize = 100;

pub(crate) fn run(
    args: &args::Check,
    around: &Surroundings,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<u8, Trouble> {
    if args.matrix || !args.on.is_empty() {
        return super::check_on::run(args, around, out);
    }
    let request = request(&args.source, subjects(args), around).map_err(Trouble::Usage)?;
    let mut answers = match answered(&request, args.example, around.watched) {
        Err(Assess::NoKernel { there, .. })
            if there.is_empty() && !matches!(request.kernel, Which::Release(_)) =>
        {
            let hint = "give --root DIR or --kernel VERSION for another machine";
            let _ = writeln!(err, "loadworthy: check: no kernel is installed here: {hint}");
            nothing(&request)
        }
        other => other?,
    };
    if args.strict_knowledge {
        answers.answers.iter_mut().for_each(only_known);
    }
    let mut code = exit::code(&answers.answers, &args.fail_on);
    written(match args.output.wanted() {
        CheckFormat::Json => v1::check(&answers, proofs(args), out),
        CheckFormat::Text => {
            let options = Options {
                style: around.style,
                proof: depth(args.proof),
                verbose: args.verbose,
                quiet: args.quiet,
            };
            terminal::check(&answers, &options, out)
        }
        CheckFormat::Sarif => sarif::check(&answers, out),
        CheckFormat::Junit => junit::check(&answers, out),
        CheckFormat::Html => html::check(&answers, out),
        CheckFormat::Markdown => markdown::check(&answers, out),
        CheckFormat::Prometheus => prometheus::check(&answers, seconds(&answers.at), out),
        CheckFormat::Github => github::check(&answers, out),
        CheckFormat::Nagios => {
            let state = State::of(&answers, code == exit::REFUSED);
            code = state as u8;
            nagios::check(&answers, state, out)
        }
    })?;
    // The program ends here; a whole tree's proofs are not taken apart one by one for that.
    std::mem::forget(answers);
    Ok(code)
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

/// How much of a proof is meant.
pub(crate) fn depth(proof: Option<Proof>) -> Depth {
    match proof {
        Some(Proof::Full) => Depth::Full,
        Some(Proof::None) => Depth::None,
        Some(Proof::Short) | None => Depth::Short,
    }
}

fn answered(request: &Request, example: bool, watched: bool) -> Result<Answers, Assess> {
    let bar = ProgressBar::hidden();
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} modules");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let progress = |done: usize, all: usize| {
        if watched && all >= LONG {
            if bar.length() != Some(all as u64) {
                bar.set_length(all as u64);
                bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
            }
            bar.set_position(done as u64);
        }
    };
    let answers = if example {
        Host::over(Box::new(Example)).and_then(|host| check::check_on(&host, request, &progress))
    } else {
        check::check(request, &progress)
    };
    bar.finish_and_clear();
    answers
}

/// The answers about a machine without a kernel.
fn nothing(request: &Request) -> Answers {
    let source = request.source.origin();
    Answers {
        at: request.at.clone(),
        host: answer::Host {
            source,
            platform: answer::Platform::Linux,
            kernel: None,
            secure_boot: None,
            lockdown: None,
            started_by: None,
        },
        answers: Vec::new(),
        notes: Vec::new(),
    }
}

/// `--strict-knowledge`: what rests on rows older than the kernel is not known.
fn only_known(answered: &mut Answered) {
    let judgement = &mut answered.judgement;
    if judgement.standing == Standing::Extrapolated {
        let why = Why::NoRow(text("this release, under --strict-knowledge"));
        judgement.verdict = Verdict::Unknown(gap(Question::KernelBehaviour, why));
    }
}
