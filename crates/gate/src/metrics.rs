//! Metrics for the textfile collector of `node_exporter`, and the line for monitoring plug-ins.
//!
//! Source: prometheus.io, exposition formats; node_exporter, README, *Textfile Collector* (files are
//! put there by one rename). Labels are bounded: kernels that are installed, four outcomes.

use std::fmt::Write as _;

use loadworthy_assess::clock::seconds;

use crate::document::Document;
use crate::ground::Ground;
use crate::places::{METRICS, TEXTFILES};

/// The metrics of a verdict.
#[must_use]
pub fn text(document: &Document) -> String {
    let mut out = String::new();
    let mut metric = |name: &str, help: &str, values: &[(String, u64)]| {
        if values.is_empty() {
            return;
        }
        let _ = writeln!(out, "# HELP loadworthy_gate_{name} {help}");
        // Prometheus, metric types: what only grows is a counter, and ends so.
        let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
        let _ = writeln!(out, "# TYPE loadworthy_gate_{name} {kind}");
        for (labels, value) in values {
            let _ = writeln!(out, "loadworthy_gate_{name}{labels} {value}");
        }
    };
    let plain = |value: u64| vec![(String::new(), value)];
    let on = |on: bool| plain(u64::from(on));
    let mut verdicts = Vec::new();
    for kernel in &document.kernels {
        for outcome in ["loads", "loads-tainted", "unknown", "refused"] {
            let named = format!(
                "{{kernel=\"{}\",next=\"{}\",outcome=\"{outcome}\"}}",
                safe(&kernel.worth.kernel),
                kernel.next
            );
            verdicts.push((named, u64::from(kernel.worth.outcome.name() == outcome)));
        }
    }
    metric("verdict", "1 for the outcome of each kernel that was judged.", &verdicts);
    let enforce = ["off", "report", "gate", "transaction"]
        .map(|mode| (format!("{{enforce=\"{mode}\"}}"), u64::from(document.enforce == mode)));
    metric("enforce", "1 for how far the gate goes.", &enforce);
    metric(
        "reboot_blocked",
        "Whether a reboot would not bring the machine back.",
        &on(document.blocked),
    );
    metric(
        "pending",
        "Whether a build or an enrolment under way will decide.",
        &on(document.pending.is_some()),
    );
    let days: Vec<(String, u64)> = document
        .kernels
        .iter()
        .filter_map(|k| Some((format!("{{kernel=\"{}\"}}", safe(&k.worth.kernel)), k.held_days?)))
        .collect();
    metric("held_back_days", "Whole days that a kernel has been held back.", &days);
    metric("override_open", "Whether somebody opened the gate.", &on(document.opened.is_some()));
    let until = document.opened.as_ref().and_then(|o| seconds(&o.until));
    if let Some(until) = until {
        metric("override_until_timestamp_seconds", "When the override ends.", &plain(until));
    }
    metric("ledger_entries", "Entries of the ledger.", &plain(document.ledger.entries));
    metric("ledger_sound", "Whether the chain of the ledger holds.", &on(document.ledger.sound));
    if let Some(head) = &document.ledger.head {
        let named = vec![(format!("{{sha256=\"{}\"}}", safe(head)), 1)];
        metric("ledger_head", "1, with the digest of the last line of the ledger.", &named);
    }
    metric(
        "predictions_total",
        "Predictions that were compared with a boot.",
        &plain(document.predictions.made),
    );
    metric(
        "predictions_wrong_total",
        "Those of them that were wrong.",
        &plain(document.predictions.wrong),
    );
    let findings: Vec<(String, u64)> =
        document.findings.iter().map(|f| (format!("{{code=\"{}\"}}", safe(&f.code)), 1)).collect();
    metric("finding", "1 for each code that the gate tells.", &findings);
    if let Some(at) = seconds(&document.at) {
        metric("judged_timestamp_seconds", "As of when was judged.", &plain(at));
    }
    out
}

/// Puts the metrics where a collector looks for them, in each such folder that is there.
///
/// # Errors
/// A sentence for the first that cannot be written.
pub fn write(ground: &Ground, document: &Document) -> Result<(), String> {
    let text = text(document);
    for folder in TEXTFILES.iter().filter(|folder| ground.is_folder(folder)) {
        let path = format!("{folder}/{METRICS}");
        ground.write(&path, text.as_bytes(), 0o644).map_err(|e| format!("/{path}: {e}"))?;
    }
    Ok(())
}

fn safe(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .collect::<String>()
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
}
