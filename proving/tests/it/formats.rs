//! Every shape of a report is what its readers expect, whatever the names in it.

use crate::skipped::tool;
use libtest_mimic::{Failed, Trial};
use loadworthy_proving::forge::host::Host;
use loadworthy_proving::forge::module::Module;
use loadworthy_proving::program;
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("format sarif has what code scanning needs", sarif),
        Trial::test("format junit is sound XML", junit),
        Trial::test("format html is one page that needs nothing else", html),
        Trial::test("format html, in a browser, holds only what we wrote (chromium)", browser),
        Trial::test("format markdown keeps rows", markdown),
        Trial::test("format prometheus passes promtool", prometheus),
        Trial::test("format nagios is one line with the codes of plug-ins", nagios),
        Trial::test("format github is annotations", github),
    ]
}

/// A name that means something in every format.
const NAME: &str =
    "x<script>alert(1)<img src=x onerror=alert(2)>|::error::%0A,'\"&]]>\u{1b}[31m`*_";

/// What the program says of a root with an unsigned module of that name, under Secure Boot.
fn said(format: &str, more: &[&str]) -> Result<Output, String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let root = folder.path().join("root");
    let module = Module { signed_by: "none".to_owned(), ..Module::default() };
    let forged = Host::default().forge(&module, &root)?;
    let hostile = forged.module.with_file_name(format!("{NAME}\n.ko"));
    fs::copy(&forged.module, hostile).map_err(|e| e.to_string())?;
    ask(format, more, folder.path())
}

fn ask(format: &str, more: &[&str], at: &Path) -> Result<Output, String> {
    let arguments = ["check", "--root", "root", "--at", "2026-11-21", "--format", format];
    let more = if more.is_empty() { ["--all"].as_slice() } else { more };
    program::run(&[&arguments, more].concat(), at)
}

fn text(output: &Output) -> Result<String, Failed> {
    let text = String::from_utf8(output.stdout.clone())?;
    match text.is_empty() || text.contains('\u{1b}') {
        true => Err(format!("{text:?} {}", String::from_utf8_lossy(&output.stderr)).into()),
        false => Ok(text),
    }
}

fn holds(is: bool, what: &str, text: &str) -> Result<(), Failed> {
    let beginning: String = text.chars().take(1500).collect();
    if is { Ok(()) } else { Err(format!("{what}:\n{beginning}").into()) }
}

fn sarif() -> Result<(), Failed> {
    let output = said("sarif", &[])?;
    let text = text(&output)?;
    let log: Value = serde_json::from_str(&text)?;
    let results = log["runs"][0]["results"].as_array().cloned().unwrap_or_default();
    holds(output.status.code() == Some(1) && results.len() == 2, "two are refused", &text)?;
    for result in results {
        let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        let uri = uri.as_str().unwrap_or_default();
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/%".contains(&b);
        holds(uri.starts_with("lib/modules/") && uri.bytes().all(plain), "a reference", uri)?;
        holds(result["level"] == "error" && result["ruleId"] == "LW1003", "a rule", &text)?;
    }
    Ok(())
}

fn junit() -> Result<(), Failed> {
    let text = text(&said("junit", &[])?)?;
    holds(text.matches("<failure type=\"LW1003\"").count() == 2, "two failures", &text)?;
    holds(!text.contains("<script") && !text.contains("<img"), "escaped", &text)?;
    let Some(tool) = tool("xmllint") else { return Ok(()) };
    let read = fed(Command::new(tool).args(["--noout", "-"]), &text)?;
    holds(read.status.success(), "XML", &String::from_utf8_lossy(&read.stderr))
}

/// What a tool says to a text on its standard input.
fn fed(command: &mut Command, text: &str) -> Result<Output, Failed> {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = piped.spawn()?;
    if let Some(mut input) = running.stdin.take() {
        input.write_all(text.as_bytes())?;
    }
    Ok(running.wait_with_output()?)
}

fn html() -> Result<(), Failed> {
    let text = text(&said("html", &[])?)?;
    for never in ["<script", "<img", "<link", "<iframe", "src=\"", "href=\"", "url(", "@import"] {
        holds(!text.contains(never), never, &text)?;
    }
    let namespace = "http://www.w3.org/2000/svg";
    holds(!text.replace(namespace, "").contains("http://"), "no network", &text)?;
    for wanted in ["<details>", "prefers-color-scheme: dark", "LW1003", "Secure Boot on"] {
        holds(text.contains(wanted), wanted, &text)?;
    }
    let pictures: Vec<&str> =
        text.split("<svg ").skip(1).filter_map(|rest| rest.split('>').next()).collect();
    let told = |tag: &&str| tag.contains("role=\"img\"") && tag.contains("aria-label=\"");
    holds(!pictures.is_empty() && pictures.iter().all(told), "pictures say what they show", &text)
}

/// The page as a browser takes it: elements that are ours, the proof that opens, nothing asked of
/// the network, no script run.
fn browser() -> Result<(), Failed> {
    let Some(tool) = tool("chromium") else { return Ok(()) };
    let page = text(&said("html", &[])?)?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("page.html");
    fs::write(&path, &page)?;
    let done = Command::new(tool)
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        .args(["--enable-logging=stderr", "--virtual-time-budget=2000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", path.display()))
        .output()?;
    let dom = String::from_utf8_lossy(&done.stdout).into_owned();
    let rows = dom.matches("<td class=\"refused\">refused</td>").count();
    holds(done.status.success() && rows == 2, "two rows", &dom)?;
    // A browser writes the tree it built: what came out of names as an element would stand here.
    for never in ["<script", "<img"] {
        holds(!dom.contains(never), never, &dom)?;
    }
    for wanted in ["<details><summary>proof</summary><pre>", "</svg>", "</footer>"] {
        holds(dom.contains(wanted), wanted, &dom)?;
    }
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    holds(!told.contains("CONSOLE") && !told.contains("Refused to"), "nothing to complain", &told)
}

fn markdown() -> Result<(), Failed> {
    let text = text(&said("markdown", &[])?)?;
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
    holds(rows.iter().filter(|row| row.starts_with("| refused |")).count() == 2, "rows", &text)?;
    for row in rows {
        let bars = row.replace("\\|", "").matches('|').count();
        holds(bars == 6, "five cells", row)?;
    }
    holds(!text.contains("<script") && !text.contains("<img"), "escaped", &text)
}

fn prometheus() -> Result<(), Failed> {
    let output = said("prometheus", &[])?;
    let text = text(&output)?;
    for line in text.lines() {
        let metric = line.strip_prefix("# HELP ").or_else(|| line.strip_prefix("# TYPE "));
        holds(metric.unwrap_or(line).starts_with("loadworthy_"), "a metric", line)?;
    }
    let time = "loadworthy_judged_timestamp_seconds 1795219200";
    holds(text.contains(time) && text.contains("outcome=\"refused\"} 2"), "values", &text)?;
    let Some(tool) = tool("promtool") else { return Ok(()) };
    let read = fed(Command::new(tool).args(["check", "metrics"]), &text)?;
    let told = [read.stdout, read.stderr].concat();
    holds(read.status.success() && told.is_empty(), "promtool", &String::from_utf8_lossy(&told))
}

fn nagios() -> Result<(), Failed> {
    let one = |output: Output, code: i32, begins: &str| {
        let line = text(&output)?;
        let bars = line.matches('|').count();
        holds(output.status.code() == Some(code), "the code", &line)?;
        holds(line.lines().count() == 1 && bars == 1 && line.starts_with(begins), begins, &line)
    };
    one(said("nagios", &[])?, 2, "LOADWORTHY CRITICAL - 2 of 4 refused")?;
    one(said("nagios", &["md4"])?, 0, "LOADWORTHY OK - 1 of 1 load")?;
    one(said("nagios", &["not_there", "--assume", "secure-boot=off"])?, 2, "LOADWORTHY CRITICAL")?;
    one(said("nagios", &["demo", "--assume", "secure-boot=off"])?, 0, "LOADWORTHY OK")?;
    let taint = ["demo", "--assume", "secure-boot=off", "--fail-on", "taint"];
    one(said("nagios", &taint)?, 1, "LOADWORTHY WARNING")?;
    let failed = ask("nagios", &[], tempfile::tempdir()?.path())?;
    let line = text(&failed)?;
    let unknown = line.starts_with("LOADWORTHY UNKNOWN - root: ");
    holds(failed.status.code() == Some(3) && unknown, "our own failure", &line)
}

fn github() -> Result<(), Failed> {
    let output = said("github", &[])?;
    let text = text(&output)?;
    let lines: Vec<&str> = text.lines().collect();
    let (last, commands) = lines.split_last().ok_or("nothing")?;
    holds(*last == "loadworthy: 4 judged, 2 to look at" && commands.len() == 2, "lines", &text)?;
    for command in commands {
        let rest = command.strip_prefix("::error file=").ok_or("no error")?;
        let (properties, _) = rest.split_once("::").ok_or("no message")?;
        let fields: Vec<&str> = properties.split(',').collect();
        holds(fields.len() == 2 && !properties.contains(':'), "two properties", properties)?;
    }
    Ok(())
}
