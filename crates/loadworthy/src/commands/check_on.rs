//! `loadworthy check --on` and `--matrix`: drivers and packages against named platforms.

use crate::args::{self, CheckFormat};
use crate::exit;
use crate::request::{Surroundings, request};
use crate::trouble::{Trouble, written};
use loadworthy_assess::request::{Request, Subjects};
use loadworthy_assess::windows::{self, OnRequest};
use loadworthy_assess::{knowledge, on_linux};
use loadworthy_core::answer::Answers;
use loadworthy_report::platforms;
use std::io::Write;

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
    let mut add = |answers: Answers| match &mut all {
        Some(all) => {
            all.answers.extend(answers.answers);
            all.notes.extend(answers.notes);
            all.findings.extend(answers.findings);
        }
        None => all = Some(answers),
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
        add(on_linux::check(on, &request)?);
    }
    if linux.is_empty() || !windows.is_empty() {
        let asked = asked(args, windows, around)?;
        add(match &args.source.root {
            Some(root) => windows::check_volume(&asked, root)?,
            None => windows::check(&asked)?,
        });
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
