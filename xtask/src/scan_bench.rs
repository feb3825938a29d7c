//! D1: a long log in which nothing is to be found, scanned beside `ripgrep` with the same patterns.
//!
//! Both may use all processors; what is told is the median of the times on the wall, and the ratio.

use serde_json::Value;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use toml::Table;

use crate::kernels;
use crate::tree::{root, sources};

/// Bytes of the log.
const BYTES: u64 = 1 << 30;
/// At least so fast, in bytes a second; and at most so much slower than the peer.
const SPEED: f64 = 1e9;
const RATIO: f64 = 1.5;

/// Runs the benchmark; whether it reached its aims. Without `ripgrep` only the speed counts.
///
/// # Errors
/// When the log cannot be made, or something was found in it.
pub fn run(program: &Path, pairs: usize, say: &mut dyn FnMut(&str)) -> Result<bool, String> {
    let told = |e: std::io::Error| format!("D1: {e}");
    let log = kernels::home().with_file_name("bench-log");
    if fs::metadata(&log).map_or(0, |m| m.len()) < BYTES {
        make(&log).map_err(told)?;
    }
    let patterns = kernels::home().with_file_name("bench-patterns");
    fs::write(&patterns, expressions().join("\n")).map_err(told)?;
    let ripgrep = Command::new("rg").arg("--version").output().is_ok();
    let (mut ours, mut peers) = (Vec::new(), Vec::new());
    for _ in 0..pairs.max(1) {
        ours.push(timed(|| scan(program, &log))?);
        if ripgrep {
            peers.push(timed(|| search(&patterns, &log))?);
        }
    }
    let our = median(&mut ours);
    let speed = BYTES as f64 / our;
    say(&format!("D1 {:.2} GB/s on a log of {} MiB", speed / 1e9, BYTES >> 20));
    if !ripgrep {
        say("D1 skipped: rg not found");
        return Ok(speed >= SPEED);
    }
    let their = median(&mut peers);
    say(&format!("D1 ours {our:.3} s   rg {their:.3} s   ratio {:.2}", our / their));
    Ok(speed >= SPEED && our / their <= RATIO)
}

fn scan(program: &Path, log: &Path) -> Result<(), String> {
    let done = Command::new(program).args(["diagnose", "--json"]).arg(log).output();
    let done = done.map_err(|e| e.to_string())?;
    let answer: Value = serde_json::from_slice(&done.stdout).map_err(|e| e.to_string())?;
    match answer["findings"].as_array().map(Vec::len) {
        Some(0) => Ok(()),
        other => Err(format!("D1: {other:?} findings in a log of nothing")),
    }
}

fn search(patterns: &Path, log: &Path) -> Result<(), String> {
    let mut rg = Command::new("rg");
    rg.args(["--ignore-case", "--count", "--no-config", "--file"]).arg(patterns).arg(log);
    // 1: nothing was found; 2: it could not search.
    match rg.stdout(Stdio::null()).status().map_err(|e| e.to_string())?.code() {
        Some(0 | 1) => Ok(()),
        _ => Err("D1: rg failed".to_owned()),
    }
}

/// The expressions that long logs are searched for.
fn expressions() -> Vec<String> {
    let tables = sources(&root(), "crates/core/knowledge/diagnose", &[".toml"]);
    let mut found = Vec::new();
    for table in tables.iter().filter(|t| !t.path.ends_with("words.toml")) {
        let table: Table = table.text.parse().unwrap_or_default();
        let rows = table.get("pattern").and_then(toml::Value::as_array).cloned();
        for row in rows.unwrap_or_default().iter().filter(|r| r.get("kind").is_none()) {
            let text = row.get("match").and_then(toml::Value::as_str);
            found.extend(text.map(|text| nameless(text).replace("{codes}", &codes(row))));
        }
    }
    found
}

/// The numbers that stand for `{codes}`, as tools mostly write them.
fn codes(row: &toml::Value) -> String {
    let codes = row.get("codes").and_then(toml::Value::as_array).into_iter().flatten();
    let forms: Vec<_> = codes.filter_map(|code| Some(format!(r"\b{}\b", code.as_str()?))).collect();
    forms.join("|")
}

/// The expression without the names of its groups: all of them together have each name once only.
fn nameless(expression: &str) -> String {
    let mut parts = expression.split("(?P<");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |whole, part| {
        whole + "(?:" + part.split_once('>').map_or(part, |(_, rest)| rest)
    })
}

/// Lines as a web server, a database and a kernel write them, none of which says anything here.
fn make(path: &PathBuf) -> std::io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let (mut written, mut n) = (0_u64, 1_u64);
    while written < BYTES {
        n = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (id, ms) = (n >> 40, n >> 54);
        let line = match (n >> 33) % 4 {
            0 => format!(
                "Jan 21 03:14:02 web-3 nginx[812]: 10.0.0.{} \"GET /item/{id} HTTP/1.1\" 200 {ms} \"-\" \"curl/8\"\n",
                n >> 56
            ),
            1 => format!(
                "2026-01-21T03:14:02.{ms:03}Z db-1 postgres[9021]: LOG:  duration: {ms}.{ms} ms  statement: select * from t where id = {id}\n"
            ),
            2 => format!(
                "[{id:>8}.{ms:06}] usb 1-1: new high-speed USB device number {ms} using xhci_hcd\n"
            ),
            _ => format!(
                "Jan 21 03:14:02 app-2 worker[{ms}]: job {id} finished in {ms} ms, queue empty, module cache warm\n"
            ),
        };
        out.write_all(line.as_bytes())?;
        written += line.len() as u64;
    }
    out.flush()
}

fn timed(run: impl FnOnce() -> Result<(), String>) -> Result<f64, String> {
    let start = Instant::now();
    run()?;
    Ok(start.elapsed().as_secs_f64())
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::MAX)
}
