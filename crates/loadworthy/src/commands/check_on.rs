//! `loadworthy check --on` and `--matrix`: Windows drivers and packages against named platforms.

use crate::args::{self, CheckFormat};
use crate::exit;
use crate::request::{Surroundings, request};
use crate::trouble::{Trouble, written};
use loadworthy_assess::request::Subjects;
use loadworthy_assess::windows::{self, OnRequest};
use loadworthy_report::platforms;
use std::io::Write;

pub(super) fn run(
    args: &args::Check,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<u8, Trouble> {
    if args.on.iter().any(|on| on == "list") {
        let tables = windows::tables(&args.knowledge)?;
        written(if args.output.wanted() == CheckFormat::Json {
            platforms::json(&tables, out)
        } else {
            platforms::text(&tables, &around.style, out)
        })?;
        return Ok(exit::LOADS);
    }
    let asked = asked(args, around)?;
    let answers = windows::check(&asked)?;
    super::told::tell(&answers, args, around, out)
}

fn asked(args: &args::Check, around: &Surroundings) -> Result<OnRequest, Trouble> {
    if args.subjects.is_empty() {
        let hint = "name drivers (.sys) or packages (.inf, a folder, .cab, .msi)";
        return Err(Trouble::Usage(format!("nothing to judge on that platform: {hint}")));
    }
    let subjects = Subjects::Named(args.subjects.clone());
    let request = request(&args.source, subjects, around).map_err(Trouble::Usage)?;
    let knowledge = args.knowledge.clone();
    let on = if args.on.is_empty() { windows::platforms(&knowledge)? } else { args.on.clone() };
    let subjects = args.subjects.clone();
    Ok(OnRequest { on, subjects, assume: request.assume, at: request.at, knowledge })
}
