//! One line for Nagios, Icinga and Sensu, with performance data behind the bar.
//!
//! Source: Monitoring Plugins Development Guidelines, plug-in output and return codes.

use crate::gist::{self, Gist, Weight};
use loadworthy_core::answer::Answers;
use std::io::{self, Write};

/// The four states, with their return codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Everything loads.
    Ok = 0,
    /// What `--fail-on` names.
    Warning = 1,
    /// Something is refused.
    Critical = 2,
    /// Something cannot be told, or our own work failed.
    Unknown = 3,
}

impl State {
    /// The state of these answers; `fails`: whether `--fail-on` names something in them.
    #[must_use]
    pub fn of(answers: &Answers, fails: bool) -> Self {
        let any =
            |weight: Weight| answers.answers.iter().any(|a| Gist::of(a, answers).weight == weight);
        match () {
            () if any(Weight::Fails) => Self::Critical,
            () if answers.answers.is_empty() || any(Weight::Open) => Self::Unknown,
            () if fails => Self::Warning,
            () => Self::Ok,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// So many are named.
const NAMED: usize = 5;

/// Writes the line.
///
/// # Errors
/// When `out` does not take it.
pub fn check(answers: &Answers, state: State, out: &mut dyn Write) -> io::Result<()> {
    let gists: Vec<Gist> = answers.answers.iter().map(|a| Gist::of(a, answers)).collect();
    let all = gists.len();
    let troubled: Vec<&Gist> = match state {
        State::Critical => gists.iter().filter(|g| g.weight == Weight::Fails).collect(),
        State::Unknown => gists.iter().filter(|g| g.weight == Weight::Open).collect(),
        State::Warning => gists.iter().filter(|g| g.weight != Weight::Fine).collect(),
        State::Ok => Vec::new(),
    };
    let what = match state {
        State::Ok => format!("{all} of {all} load"),
        State::Unknown if all == 0 => "nothing to judge".to_owned(),
        State::Critical => format!("{} of {all} refused", troubled.len()),
        State::Unknown => format!("{} of {all} cannot be told", troubled.len()),
        State::Warning => format!("{} of {all} marked or not confirmed", troubled.len()),
    };
    let mut line = format!("LOADWORTHY {} - {what}", state.name());
    if let Some(kernel) = &answers.host.kernel {
        line.push_str(&format!(" on {}", safe(kernel)));
    }
    let named: Vec<String> = troubled
        .iter()
        .take(NAMED)
        .map(|gist| format!("{} ({})", safe(&gist.name), gist.id()))
        .collect();
    if !named.is_empty() {
        line.push_str(&format!(": {}", named.join(", ")));
    }
    if troubled.len() > NAMED {
        line.push_str(&format!(" and {} more", troubled.len() - NAMED));
    }
    let data: Vec<String> = gist::counts(answers)
        .map(|(outcome, n)| {
            let critical = if outcome == "refused" { "0" } else { "" };
            format!("'{outcome}'={n};;{critical};0;{all}")
        })
        .into();
    writeln!(out, "{line} | {}", data.join(" "))
}

/// Our own failure, in the form that monitoring understands.
///
/// # Errors
/// When `out` does not take it.
pub fn failed(why: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "LOADWORTHY UNKNOWN - {}", safe(why))
}

/// Text without the bar that begins the performance data.
fn safe(text: &str) -> String {
    gist::plain(text).replace('|', "/")
}
