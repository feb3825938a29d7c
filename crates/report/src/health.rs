//! What is up and what is not: for people, for monitoring, and as `loadworthy/check-health/v1`.

use crate::json::document::{AcceptedDto, Tool, document};
use crate::nagios::State as Code;
use crate::style::{Style, Tone};
use crate::words;
use loadworthy_core::code::Code as Why;
use loadworthy_core::health::{Check, State};
use loadworthy_core::proof::Origin;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// So many are named in one line.
const NAMED: usize = 5;

/// What was examined, as every form of telling needs it.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// As of when.
    pub at: &'a str,
    /// Where it was looked at.
    pub source: Origin,
    /// The kernel that runs.
    pub kernel: Option<&'a str>,
    /// The files of the manifest.
    pub manifest: &'a [String],
    /// What it was compared with: file or folder, and the kernel that ran then.
    pub since: Option<(&'a str, Option<&'a str>)>,
    /// Each check.
    pub checks: &'a [Check],
}

impl Told<'_> {
    fn count(&self, state: State) -> usize {
        self.checks.iter().filter(|check| check.state == state).count()
    }

    /// `7 up, 1 down`: states that there are none of are left out, except the first.
    fn summary(&self) -> String {
        let said = State::ALL.iter().filter(|s| **s == State::Up || self.count(**s) > 0);
        let said: Vec<String> =
            said.map(|state| format!("{} {}", self.count(*state), state.name())).collect();
        said.join(", ")
    }

    /// The worst of what counts.
    fn worst(&self) -> Option<State> {
        self.checks.iter().filter(|check| check.counts()).map(|check| check.state).max()
    }
}

/// Writes it for people; what is up is named only where `all` is wanted.
///
/// # Errors
/// When `out` does not take it.
pub fn text(told: &Told<'_>, all: bool, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let kernel = told.kernel.map(|kernel| format!("kernel {}: ", style.plain(kernel)));
    let since = told.since.map(|(path, kernel)| {
        let ran = kernel.map(|kernel| format!(", kernel {kernel}")).unwrap_or_default();
        style.plain(&format!(" (compared with {path}{ran})"))
    });
    let head =
        format!("{}{}{}", kernel.unwrap_or_default(), told.summary(), since.unwrap_or_default());
    writeln!(out, "{}", style.paint(Tone::Strong, &head))?;
    if told.checks.is_empty() {
        return writeln!(
            out,
            "nothing was checked: no manifest names what must be up here, and nothing earlier was given (--since)"
        );
    }
    let mut shown: Vec<&Check> =
        told.checks.iter().filter(|c| all || c.state != State::Up).collect();
    shown.sort_by_key(|check| std::cmp::Reverse(check.state));
    for check in shown {
        let tone = match check.state {
            State::Up => Tone::Good,
            State::Changed => Tone::Quiet,
            State::Unknown | State::Worse => Tone::Mind,
            State::Down => Tone::Bad,
        };
        let word = format!("{:<7}", check.state.name());
        let code = check.code.map(|code| format!("  {}", code.id)).unwrap_or_default();
        let said = style.plain(&check.said);
        writeln!(
            out,
            "{}  {} {}{code}  {said}",
            style.paint(tone, &word),
            check.sort.name(),
            style.plain(&check.name)
        )?;
        if let Some(before) = check.before.as_ref().filter(|before| **before != check.said) {
            writeln!(out, "         before: {}", style.plain(before))?;
        }
        if check.optional {
            writeln!(out, "         optional: decides nothing")?;
        }
        if let Some(accepted) = &check.accepted {
            let line = format!(
                "accepted by {} until {}: {}",
                accepted.owner, accepted.until, accepted.reason
            );
            writeln!(out, "         {}", style.plain(&line))?;
        }
    }
    Ok(())
}

/// Writes one line for a monitoring system, and says its return code: WARNING for what works less well,
/// CRITICAL for what does not.
///
/// # Errors
/// When `out` does not take it.
pub fn nagios(told: &Told<'_>, out: &mut dyn Write) -> io::Result<u8> {
    let (code, word) = match told.worst() {
        None | Some(State::Unknown) => (Code::Unknown, "UNKNOWN"),
        Some(State::Up | State::Changed) => (Code::Ok, "OK"),
        Some(State::Worse) => (Code::Warning, "WARNING"),
        Some(State::Down) => (Code::Critical, "CRITICAL"),
    };
    let bad: Vec<String> = told
        .checks
        .iter()
        .filter(|check| check.counts() && Some(check.state) == told.worst())
        .filter(|check| check.state > State::Changed)
        .take(NAMED)
        .map(|check| format!("{} {} ({})", check.sort.name(), check.name, check.said))
        .collect();
    let mut line = format!("LOADWORTHY {word} - {}", told.summary());
    if told.checks.is_empty() {
        line = format!("LOADWORTHY {word} - nothing to check");
    }
    if !bad.is_empty() {
        line.push_str(&format!(": {}", bad.join(", ")));
    }
    let plain: String =
        line.chars().map(|c| if c.is_control() || c == '|' { '/' } else { c }).collect();
    let counts = State::ALL.map(|state| format!("{}={}", state.name(), told.count(state)));
    writeln!(out, "{plain} | {}", counts.join(" "))?;
    Ok(code as u8)
}

#[derive(Debug, Serialize)]
struct HealthDto<'a> {
    schema: &'static str,
    tool: Tool,
    at: &'a str,
    host: HostDto<'a>,
    manifest: &'a [String],
    since: Option<SinceDto<'a>>,
    summary: BTreeMap<&'static str, usize>,
    checks: Vec<CheckDto<'a>>,
}

#[derive(Debug, Serialize)]
struct HostDto<'a> {
    source: &'static str,
    kernel: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct SinceDto<'a> {
    path: &'a str,
    kernel: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct CheckDto<'a> {
    kind: &'static str,
    name: &'a str,
    state: &'static str,
    code: Option<&'static str>,
    title: Option<&'static str>,
    said: &'a str,
    before: Option<&'a str>,
    required_by: &'static str,
    optional: bool,
    accepted: Option<AcceptedDto<'a>>,
}

/// Writes `loadworthy/check-health/v1`.
///
/// # Errors
/// When `out` does not take it.
pub fn json(told: &Told<'_>, out: &mut dyn Write) -> io::Result<()> {
    let checks = told.checks.iter().map(|check| CheckDto {
        kind: check.sort.name(),
        name: &check.name,
        state: check.state.name(),
        code: check.code.map(|code| code.id),
        title: check.code.map(Why::title),
        said: &check.said,
        before: check.before.as_deref(),
        required_by: check.required_by,
        optional: check.optional,
        accepted: check.accepted.as_ref().map(AcceptedDto::from),
    });
    let value = HealthDto {
        schema: "loadworthy/check-health/v1",
        tool: Tool::this(),
        at: told.at,
        host: HostDto { source: words::origin(told.source), kernel: told.kernel },
        manifest: told.manifest,
        since: told.since.map(|(path, kernel)| SinceDto { path, kernel }),
        summary: State::ALL.map(|state| (state.name(), told.count(state))).into(),
        checks: checks.collect(),
    };
    document(&value, out)
}
