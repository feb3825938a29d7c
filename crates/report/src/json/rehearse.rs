//! `rehearse --json`, version 1.

use crate::json::document::{KnownHost, Tool, document};
use loadworthy_core::rehearsed::{OnTrial, Outcome, Rehearsed, Seen};
use serde::Serialize;
use std::io::{self, Write};

#[derive(Debug, Serialize)]
struct RehearseDto<'a> {
    schema: &'static str,
    tool: Tool,
    at: &'a str,
    host: KnownHost<'a>,
    agrees: bool,
    machine: MachineDto<'a>,
    modules: Vec<ModuleDto<'a>>,
}

#[derive(Debug, Serialize)]
struct MachineDto<'a> {
    firmware: &'a str,
    accelerator: &'static str,
    seconds: u64,
    loaders: &'a [String],
    started: bool,
    console: &'a [String],
    seen: Vec<SeenDto<'a>>,
    left_out: &'a [String],
    waiting: &'a [String],
}

#[derive(Debug, Serialize)]
struct SeenDto<'a> {
    item: &'a str,
    said: &'a str,
    same: Option<bool>,
}

#[derive(Debug, Serialize)]
struct ModuleDto<'a> {
    name: &'a str,
    path: &'a str,
    required_by: &'a [String],
    foretold: OutcomeDto<'a>,
    observed: Option<OutcomeDto<'a>>,
    own_start: bool,
    lines_differ: &'a [String],
    agrees: Option<bool>,
}

#[derive(Debug, Serialize)]
struct OutcomeDto<'a> {
    outcome: &'static str,
    errno: Option<&'a str>,
    taint: Vec<String>,
    log: &'a [String],
}

impl<'a> From<&'a Outcome> for OutcomeDto<'a> {
    fn from(outcome: &'a Outcome) -> Self {
        Self {
            outcome: outcome.word,
            errno: outcome.errno.as_deref(),
            taint: outcome.taint.chars().map(String::from).collect(),
            log: &outcome.log,
        }
    }
}

impl<'a> From<&'a OnTrial> for ModuleDto<'a> {
    fn from(module: &'a OnTrial) -> Self {
        Self {
            name: &module.name,
            path: &module.path,
            required_by: &module.required_by,
            foretold: OutcomeDto::from(&module.foretold),
            observed: module.observed.as_ref().map(OutcomeDto::from),
            own_start: module.own_start,
            lines_differ: &module.lines_differ,
            agrees: module.agrees,
        }
    }
}

impl<'a> From<&'a Seen> for SeenDto<'a> {
    fn from(seen: &'a Seen) -> Self {
        Self { item: &seen.item, said: &seen.said, same: seen.same }
    }
}

/// Writes `loadworthy/rehearse/v1`.
///
/// # Errors
/// When `out` does not take it.
pub fn rehearse(rehearsed: &Rehearsed, out: &mut dyn Write) -> io::Result<()> {
    let machine = &rehearsed.machine;
    document(
        &RehearseDto {
            schema: "loadworthy/rehearse/v1",
            tool: Tool::this(),
            at: &rehearsed.at,
            host: KnownHost::from(&rehearsed.host),
            agrees: rehearsed.agrees(),
            machine: MachineDto {
                firmware: &machine.firmware,
                accelerator: machine.accelerator,
                seconds: machine.seconds,
                loaders: &machine.loaders,
                started: machine.started,
                console: &machine.console,
                seen: machine.seen.iter().map(SeenDto::from).collect(),
                left_out: &machine.left_out,
                waiting: &machine.waiting,
            },
            modules: rehearsed.modules.iter().map(ModuleDto::from).collect(),
        },
        out,
    )
}
