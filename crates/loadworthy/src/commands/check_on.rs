//! `loadworthy check --on` and `--matrix`: drivers and packages against named platforms.

use crate::args::{self, CheckFormat};
use crate::exit::{self, Tally};
use crate::request::{Surroundings, request};
use crate::trouble::{Trouble, written};
use loadworthy_assess::request::{Request, Subjects};
use loadworthy_assess::windows::{self, OnRequest};
use loadworthy_assess::{knowledge, on_linux};
use loadworthy_core::answer::{Answered, Answers};
use loadworthy_core::verdict::Verdict;
use loadworthy_report::json::v1::streamed::Streamed;
use loadworthy_report::{platforms, terminal};
use std::io::Write;
use std::path::Path;

pub(super) fn run(
    args: &args::Check,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<u8, Trouble> {
    if args.on.iter().any(|on| on == "list") {
        let tables = windows::tables(&args.source.knowledge)?;
        let linux = knowledge::platforms(&args.source.knowledge)?;
        written(if args.output.wanted() == CheckFormat::Json {
            platforms::json(&tables, &linux, out)
        } else {
            platforms::text(&tables, &linux, &around.style, out)
        })?;
        return Ok(exit::LOADS);
    }
    let mut linux = Vec::new();
    let mut windows = Vec::new();
    for on in &args.on {
        match on_linux::named_with(on, &args.source.knowledge)? {
            Some(named) => linux.push(named),
            None => windows.push(on.clone()),
        }
    }
    let mut all: Option<Answers> = None;
    let add = |all: &mut Option<Answers>, answers: Answers| match all {
        Some(all) => {
            all.answers.extend(answers.answers);
            all.notes.extend(answers.notes);
            all.findings.extend(answers.findings);
        }
        None => *all = Some(answers),
    };
    let named = Subjects::Named(args.subjects.clone());
    if !linux.is_empty() && args.source.root.is_some() {
        return Err(Trouble::Usage("--root with --on: a mounted volume of Windows".to_owned()));
    }
    for on in &linux {
        something(args, "a module (.ko) or a kernel image")?;
        let request = Request {
            knowledge: args.source.knowledge.clone(),
            ..request(&args.source, named.clone(), around).map_err(Trouble::Usage)?
        };
        add(&mut all, on_linux::check(on, &request)?);
    }
    if linux.is_empty() || !windows.is_empty() {
        let asked = asked(args, windows, around)?;
        let root = args.source.root.as_deref();
        if all.is_none() && args.output.wanted() == CheckFormat::Json && !is_stated(args) {
            return streamed(args, &asked, root, out);
        }
        let keeps_all = args.matrix || args.output.wanted() != CheckFormat::Text;
        let mut kept = Kept { answers: Vec::new(), in_full: terminal::IN_FULL, keeps_all };
        let rest = windows::check_each(&asked, root, &mut |answered| kept.add(answered))?;
        add(&mut all, Answers { answers: kept.answers, ..rest });
    }
    match all {
        Some(answers) => {
            #[cfg(feature = "sign")]
            if let Some(to) = &args.statement.attest {
                super::statement::attest(&answers, to, args, around)?;
            }
            super::told::tell(&answers, args, around, out)
        }
        None => Ok(exit::UNKNOWN),
    }
}

/// Whether a statement is made of the answers.
#[cfg(feature = "sign")]
fn is_stated(args: &args::Check) -> bool {
    args.statement.attest.is_some()
}

#[cfg(not(feature = "sign"))]
const fn is_stated(_: &args::Check) -> bool {
    false
}

/// Writes a document whose verdicts nobody keeps.
fn streamed(
    args: &args::Check,
    asked: &OnRequest,
    root: Option<&Path>,
    out: &mut dyn Write,
) -> Result<u8, Trouble> {
    let (mut document, mut tally) = (Streamed::new(super::told::proofs(args)), Tally::default());
    let mut added = Ok(());
    let rest = windows::check_each(asked, root, &mut |answered| {
        tally.add(&answered);
        if added.is_ok() {
            added = document.add(&answered);
        }
    })?;
    written(added.and_then(|()| document.finish(&rest, out)))?;
    match exit::inside(&rest, &args.fail_on) {
        true => Ok(exit::REFUSED),
        false => Ok(tally.code(&args.fail_on)),
    }
}

/// Verdicts of which the text tells the first ones and the first refusals in full, and a line of each
/// other one.
struct Kept {
    answers: Vec<Answered>,
    in_full: usize,
    keeps_all: bool,
}

impl Kept {
    fn add(&mut self, mut answered: Answered) {
        let refused = matches!(answered.judgement.verdict, Verdict::Refused(_));
        let early = self.answers.len() < terminal::IN_FULL;
        if !(self.keeps_all || early || (refused && self.in_full > 0)) {
            answered.forget_proofs();
        }
        self.in_full = self.in_full.saturating_sub(usize::from(refused));
        self.answers.push(answered);
    }
}

fn something(args: &args::Check, hint: &str) -> Result<(), Trouble> {
    if args.subjects.is_empty() {
        return Err(Trouble::Usage(format!("nothing to judge on that platform: name {hint}")));
    }
    Ok(())
}

fn asked(
    args: &args::Check,
    named: Vec<String>,
    around: &Surroundings,
) -> Result<OnRequest, Trouble> {
    if args.source.root.is_none() {
        something(args, "drivers (.sys) or packages (.inf, a folder, .cab, .msi)")?;
    }
    let subjects = Subjects::Named(args.subjects.clone());
    let request = request(&args.source, subjects, around).map_err(Trouble::Usage)?;
    let knowledge = args.source.knowledge.clone();
    let on = if named.is_empty() { windows::platforms(&knowledge)? } else { named };
    let subjects = args.subjects.clone();
    Ok(OnRequest { on, subjects, assume: request.assume, at: request.at, knowledge })
}
