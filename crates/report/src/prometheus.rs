//! Metrics in the text format of Prometheus, for the textfile collector of `node_exporter`.
//!
//! Source: prometheus.io, exposition formats: one HELP and TYPE a metric, `\`, `"` and newlines
//! escaped in label values, each set of labels once. Labels are bounded: so many troubles are named.

use crate::gist::{self, Gist, Weight};
use loadworthy_core::answer::Answers;
use loadworthy_core::tables::Tables;
use std::collections::BTreeSet;
use std::io::{self, Write};

/// So many troubles are named.
const NAMED: usize = 100;

/// Writes the metrics; `at` is the time as of which was judged, in seconds since 1970.
///
/// # Errors
/// When `out` does not take it.
pub fn check(answers: &Answers, at: Option<u64>, out: &mut dyn Write) -> io::Result<()> {
    let mut metric = |name: &str, help: &str, values: &[(String, u64)]| -> io::Result<()> {
        if values.is_empty() {
            return Ok(());
        }
        writeln!(out, "# HELP loadworthy_{name} {help}")?;
        writeln!(out, "# TYPE loadworthy_{name} gauge")?;
        let mut told = BTreeSet::new();
        for (labels, value) in values.iter().filter(|(labels, _)| told.insert(labels.clone())) {
            writeln!(out, "loadworthy_{name}{labels} {value}")?;
        }
        Ok(())
    };
    let plain = |value: u64| vec![(String::new(), value)];
    let version = [("version", env!("CARGO_PKG_VERSION")), ("knowledge", Tables::KNOWLEDGE)];
    metric(
        "build_info",
        "Version of the program and date of its tables.",
        &[(labels(&version), 1)],
    )?;
    let kernel = answers.host.kernel.as_deref().unwrap_or_default();
    let counts = gist::counts(answers)
        .map(|(outcome, n)| (labels(&[("kernel", kernel), ("outcome", outcome)]), n as u64));
    metric("verdicts", "Verdicts by outcome.", &counts)?;
    let gists: Vec<Gist> = answers.answers.iter().map(|a| Gist::of(a, answers)).collect();
    let fails = gists.iter().filter(|gist| gist.weight == Weight::Fails).count();
    metric("failing", "Refusals that count: not optional, not accepted.", &plain(fails as u64))?;
    let troubles: Vec<(String, u64)> = gists
        .iter()
        .filter(|gist| matches!(gist.weight, Weight::Fails | Weight::Open))
        .take(NAMED)
        .map(|gist| {
            let on = gist.on.as_deref().unwrap_or_default();
            let named = [
                ("name", gist.name.as_str()),
                ("outcome", gist.outcome),
                ("code", gist.id()),
                ("on", on),
                ("phase", gist.phase),
            ];
            (labels(&named), 1)
        })
        .collect();
    metric("trouble", "What is refused or cannot be told, at most 100 of them.", &troubles)?;
    if let Some(on) = answers.host.secure_boot {
        metric(
            "secure_boot",
            "Whether Secure Boot is on, as the kernel will see it.",
            &plain(u64::from(on)),
        )?;
    }
    let level = answers.host.lockdown.map(|level| match level {
        "none" => 0,
        "integrity" => 1,
        _ => 2,
    });
    if let Some(level) = level {
        let help = "Lockdown of the kernel: 0 none, 1 integrity, 2 confidentiality.";
        metric("lockdown_level", help, &plain(level))?;
    }
    if let Some(at) = at {
        metric("judged_timestamp_seconds", "As of when was judged.", &plain(at))?;
    }
    Ok(())
}

fn labels(of: &[(&str, &str)]) -> String {
    let each: Vec<String> =
        of.iter().map(|(name, value)| format!("{name}=\"{}\"", safe(value))).collect();
    format!("{{{}}}", each.join(","))
}

fn safe(value: &str) -> String {
    gist::plain(value).replace('\\', "\\\\").replace('"', "\\\"")
}
