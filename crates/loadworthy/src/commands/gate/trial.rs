//! `loadworthy gate trial`: a kernel is started once, and stays if the machine is well.

use crate::args::gate::Trial as Args;
use crate::exit;
use crate::request::{Surroundings, at};
use crate::trouble::{Trouble, written};
use loadworthy_gate::inputs::Inputs;
use loadworthy_gate::ledger::{Entry, Event, Ledger};
use loadworthy_gate::look::{Looked, Question};
use loadworthy_gate::places;
use loadworthy_gate::trial::{self, Trial};
use loadworthy_gate::words;
use serde::Serialize;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

#[derive(Serialize)]
struct Told<'a> {
    schema: &'static str,
    armed: bool,
    kernel: Option<&'a str>,
    instead: Option<&'a str>,
    why: Option<&'a str>,
}

pub(super) fn run(args: &Args, around: &Surroundings, out: &mut dyn Write) -> Result<u8, Trouble> {
    let ground = super::ground(args.root.as_deref())?;
    let at = at(args.at.as_deref(), around).map_err(Trouble::Usage)?;
    let _lock = super::locked(&ground)?;
    if args.clear {
        let cleared = trial::clear(&ground).map_err(Trouble::Usage)?;
        return tell(args, cleared.as_ref(), None, out).map(|()| exit::LOADS);
    }
    let question = Question::plain(args.root.clone(), at.clone(), around.processors);
    let looked = Looked::open(&question, &Arc::new(Inputs::default()))?;
    let kernel = args.kernel.clone().or_else(|| looked.installed.first().cloned());
    let kernel = kernel.ok_or_else(|| Trouble::Usage("no kernel is installed".to_owned()))?;
    if !looked.installed.contains(&kernel) {
        let there = looked.installed.join(", ");
        return Err(Trouble::Usage(format!("{kernel} is not installed; there are {there}")));
    }
    let worth = looked.worth(&kernel)?;
    let armed = match worth.is_good() {
        true => trial::arm(&ground, &looked, &kernel, &at),
        false => Err(format!("kernel {kernel} is not loadworthy: {}", words::why(&worth))),
    };
    match armed {
        Ok(trial) => {
            let entry = Entry { kernel: Some(kernel), ..Entry::new(Event::TrialArmed) };
            let ledger = |error| Trouble::File(Path::new("/").join(places::LEDGER), error);
            Ledger::of(&ground).append(&ground, entry, &at).map_err(ledger)?;
            tell(args, Some(&trial), None, out).map(|()| exit::LOADS)
        }
        Err(why) => tell(args, None, Some(&why), out).map(|()| exit::REFUSED),
    }
}

fn tell(
    args: &Args,
    trial: Option<&Trial>,
    why: Option<&str>,
    out: &mut dyn Write,
) -> Result<(), Trouble> {
    let told = Told {
        schema: "loadworthy/gate-trial/v1",
        armed: trial.is_some() && !args.clear,
        kernel: trial.map(|trial| trial.kernel.as_str()),
        instead: trial.map(|trial| trial.instead.as_str()),
        why,
    };
    if super::is_json(&args.output) {
        return written(super::told::json(&told, out));
    }
    written(match (trial, why) {
        (None, Some(why)) => {
            out.write_all(words::paragraph(&format!("loadworthy: no trial: {why}")).as_bytes())
        }
        (None, None) => writeln!(out, "cleared  there was no trial"),
        (Some(trial), _) if args.clear => writeln!(out, "cleared  the trial of {}", trial.kernel),
        (Some(trial), _) => writeln!(
            out,
            "armed  the next boot starts {}, every other one {}, until it was seen to be well",
            trial.kernel, trial.instead
        ),
    })
}
