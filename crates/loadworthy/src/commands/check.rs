//! `loadworthy check`: will it load, and why?

use crate::args;
use crate::example::Example;
use crate::request::{Surroundings, bundles, request, subjects};
use crate::trouble::Trouble;
use indicatif::{ProgressBar, ProgressStyle};
use loadworthy_assess::check;
use loadworthy_assess::host::Host;
use loadworthy_assess::request::{Request, Trouble as Assess, Which};
use loadworthy_core::answer::{self, Answered, Answers};
use loadworthy_core::proof::{Question, Standing, Why, gap, text};
use loadworthy_core::verdict::Verdict;
use std::io::Write;

/// So many modules take long enough to show how far it is.
const LONG: usize = 100;

pub(crate) fn run(
    args: &args::Check,
    around: &Surroundings,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<u8, Trouble> {
    if args.health {
        return super::health::run(args, around, out);
    }
    #[cfg(feature = "sign")]
    if let Some(path) = &args.statement.against {
        return super::statement::against(path, args, around, out);
    }
    #[cfg(feature = "sign")]
    if args.statement.attest.is_some() {
        return super::check_on::run(args, around, out);
    }
    if args.matrix || !args.on.is_empty() {
        return super::check_on::run(args, around, out);
    }
    let bundles = bundles(&args.source.bundle).map_err(Trouble::Usage)?;
    if bundles.len() > 1 {
        return super::hosts::run(args, &bundles, around, out);
    }
    let request = Request {
        short: args.all && super::told::is_short(args),
        ..request(&args.source, subjects(args), around).map_err(Trouble::Usage)?
    };
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
    let code = super::told::tell(&answers, args, around, out)?;
    // The program ends here; a whole tree's proofs are not taken apart one by one for that.
    std::mem::forget(answers);
    Ok(code)
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
            kernels: Vec::new(),
            secure_boot: None,
            lockdown: None,
            started_by: None,
            node_of: None,
        },
        answers: Vec::new(),
        notes: Vec::new(),
        findings: Vec::new(),
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
