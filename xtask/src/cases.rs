//! Field cases scored: what `diagnose` answers to the words of real reports.
//!
//! A file of cases has one JSON object a line: `id`, `platform`, `log`, `cause`, `family`, `paths`,
//! `ambiguous`, `not_signature`. The right cause is a point, the right family half of one; an open
//! case is right unless something is called proven, or a signature is blamed where none is at fault.

use crate::program::build;
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Points of one kind of case.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Points {
    got: f64,
    of: f64,
}

/// Scores the cases of `file` for `platforms`; whether the aims are met: 0.80 of the points of
/// settled cases, 0.90 of traps and open ones, and nothing wrong proven.
///
/// # Errors
/// When the program cannot be built or the file cannot be read.
pub fn run(file: &Path, platforms: &[&str], say: &mut dyn FnMut(&str)) -> Result<bool, String> {
    let program = build()?;
    let wrong = |e: std::io::Error| format!("{}: {e}", file.display());
    let text = std::fs::read_to_string(file).map_err(wrong)?;
    let (mut settled, mut open, mut proven) = (Points::default(), Points::default(), 0);
    for line in text.lines().filter(|l| !l.trim().is_empty()) {
        let case: Value = serde_json::from_str(line).map_err(|e| e.to_string())?;
        if !platforms.iter().any(|p| case["platform"] == *p) {
            continue;
        }
        let answer = ask(&program, case["log"].as_str().unwrap_or_default())?;
        let findings = answer["findings"].as_array().cloned().unwrap_or_default();
        let certain = findings.iter().any(|f| f["confidence"] == "proven");
        let first = findings.first().cloned().unwrap_or_default();
        let blamed = first["signature"] == true && case["not_signature"] == true;
        let points = match () {
            () if certain && (case["ambiguous"] == true || first["cause"] != case["cause"]) => {
                proven += 1;
                0.0
            }
            () if blamed => 0.0,
            () if case["ambiguous"] == true || first["cause"] == case["cause"] => 1.0,
            () if first["family"] == case["family"] && !first.is_null() => 0.5,
            () => 0.0,
        };
        if case["ambiguous"] == true || case["not_signature"] == true {
            open = Points { got: open.got + points, of: open.of + 1.0 };
        }
        if case["ambiguous"] != true {
            settled = Points { got: settled.got + points, of: settled.of + 1.0 };
        }
        if points < 1.0 {
            let word = |value: &Value| value.as_str().unwrap_or("nothing").to_owned();
            let (id, is, said) = (word(&case["id"]), word(&case["cause"]), word(&first["cause"]));
            say(&format!("{id}: {points} is {is}, said {said}"));
        }
    }
    say(&format!("settled {} of {}", settled.got, settled.of));
    say(&format!("traps and open {} of {}, wrong proven {proven}", open.got, open.of));
    let reached = settled.got >= 0.8 * settled.of && open.got >= 0.9 * open.of;
    Ok(reached && proven == 0)
}

fn ask(program: &Path, log: &str) -> Result<Value, String> {
    let mut child = Command::new(program)
        .args(["diagnose", "--json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| e.to_string())?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(log.as_bytes()).map_err(|e| e.to_string())?;
    }
    let done = child.wait_with_output().map_err(|e| e.to_string())?;
    serde_json::from_slice(&done.stdout).map_err(|e| e.to_string())
}
