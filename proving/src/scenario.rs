//! A scenario: prose with a host, a module and the verdict that must come out.
//!
//! The form is described in `proving/scenarios/README.md`.

use crate::forge::host::Host;
use crate::forge::image::Image;
use crate::forge::module::Module;
use crate::forge::windows;
use crate::markdown::{Block, blocks};
use crate::program;
use loadworthy_assess::windows::{dated, findings};
use loadworthy_core::checks::package::{self, PackageCase};
use loadworthy_core::checks::windows::{self as load, DriverCase};
use loadworthy_core::package::contents::{Contents, File};
use loadworthy_core::package::lint::lint;
use loadworthy_core::policy::windows::WindowsPolicy;
use loadworthy_core::tables::Tables;
use loadworthy_core::verdict::{Judgement, Verdict};
use loadworthy_formats::limits::Limits;
use loadworthy_report::words;
use serde_json::Value;
use std::path::Path;

/// One scenario.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file, and the heading where the file has several.
    pub name: String,
    /// The host.
    pub host: Host,
    /// The module.
    pub module: Module,
    /// The image that boots, where the scenario is about one.
    pub image: Option<Image>,
    /// The Windows system, and what is judged on it, where the scenario is about one.
    pub windows: Option<(windows::System, OnWindows)>,
    /// The text of an INF, where the scenario is about its lines.
    pub inf: Option<String>,
    /// The verdict that must come out.
    pub verdict: String,
}

/// What is judged on Windows.
#[derive(Clone, Debug)]
pub enum OnWindows {
    /// A driver, for loading.
    Driver(windows::Driver),
    /// A package, for installing.
    Package(windows::Package),
}

/// The scenarios of a document. Blocks under one heading belong together.
///
/// # Errors
/// When a block is not what the README says.
pub fn scenarios(path: &str, document: &str) -> Result<Vec<Scenario>, String> {
    let blocks: Vec<Block> = blocks(document);
    let verdicts: Vec<&Block> = blocks.iter().filter(|b| b.info == "verdict").collect();
    let several = verdicts.len() > 1;
    let mut found = Vec::new();
    for verdict in verdicts {
        let part = |info: &str| {
            let mut of = blocks.iter().filter(|b| b.info == info && b.heading == verdict.heading);
            of.next().map_or("", |b| b.text.as_str())
        };
        let told = |e: toml::de::Error| format!("{path}:{}: {}", verdict.line, e.message());
        found.push(Scenario {
            name: match several {
                true => format!("{path}: {}", verdict.heading),
                false => path.to_owned(),
            },
            host: toml::from_str(part("toml host")).map_err(told)?,
            module: toml::from_str(part("toml module")).map_err(told)?,
            image: match part("toml image") {
                "" => None,
                image => Some(toml::from_str(image).map_err(told)?),
            },
            windows: match (part("toml windows"), part("toml package")) {
                ("", _) => None,
                (system, "") => {
                    let driver = toml::from_str(part("toml driver")).map_err(told)?;
                    let system = toml::from_str(system).map_err(told)?;
                    Some((system, OnWindows::Driver(driver)))
                }
                (system, package) => {
                    let package = toml::from_str(package).map_err(told)?;
                    let system = toml::from_str(system).map_err(told)?;
                    Some((system, OnWindows::Package(package)))
                }
            },
            inf: Some(part("inf")).filter(|inf| !inf.is_empty()).map(str::to_owned),
            verdict: verdict.text.trim().to_owned(),
        });
    }
    Ok(found)
}

impl Scenario {
    /// Forges the host, asks the program, and compares.
    ///
    /// # Errors
    /// With what was expected and what came out.
    pub fn run(&self) -> Result<(), String> {
        if let Some((system, subject)) = &self.windows {
            return self.on_windows(system, subject);
        }
        if let Some(inf) = &self.inf {
            return self.lines(inf);
        }
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let root = folder.path().join("root");
        let forged = self.host.forge(&self.module, &root)?;
        let root_text = root.to_string_lossy().into_owned();
        let file = match &self.image {
            Some(image) => image.forge(&root, folder.path())?,
            None => forged.module,
        };
        let file = file.to_string_lossy().into_owned();
        let packages = forged.packages.iter().map(|path| path.to_string_lossy().into_owned());
        let packages: Vec<String> = packages.collect();
        if self.host.ask == "keys" {
            return self.listed(&["key", "list", "--json", "--root", &root_text], folder.path());
        }
        if self.host.ask == "nodes" {
            return self.nodes(&root_text, folder.path());
        }
        let mut arguments = vec!["check", "--json", "--root", &root_text];
        match self.host.ask.as_str() {
            "file" => arguments.push(&file),
            "running" => arguments.extend(["--kernel", "running", &file]),
            "name" => arguments.push(&forged.name),
            "needed" | "needed-now" | "preflight" => {}
            "package" => arguments.extend(packages.iter().map(String::as_str)),
            "used" => {
                arguments.extend(packages.iter().flat_map(|path| ["--with", path.as_str()]));
            }
            other => match other.strip_prefix("of:") {
                Some(thing) => arguments.push(thing),
                None => return Err(format!("ask = {other:?}")),
            },
        }
        let said = program::run(&arguments, folder.path())?;
        let document: Value = serde_json::from_slice(&said.stdout).map_err(|e| {
            format!("no document ({e}): {}", String::from_utf8_lossy(&said.stderr).trim())
        })?;
        if self.host.ask == "name" {
            told_alike(&root_text, folder.path())?;
        }
        self.compare(&document, said.status.code())
    }

    /// Asks about three hosts that are alike, and compares what is told of them.
    fn nodes(&self, root: &str, folder: &Path) -> Result<(), String> {
        let fleet = folder.join("fleet");
        std::fs::create_dir(&fleet).map_err(|e| e.to_string())?;
        for name in ["a", "b", "c"] {
            let bundle = fleet.join(name).with_extension("lwb").to_string_lossy().into_owned();
            program::run(&["collect", "--root", root, "-o", &bundle], folder)?;
        }
        let fleet = fleet.to_string_lossy().into_owned();
        self.listed(&["check", "--json", "--bundle", &fleet], folder)
    }

    /// Compares the codes that are told with those of the verdict, whose first word is that of what
    /// was asked.
    fn listed(&self, arguments: &[&str], folder: &Path) -> Result<(), String> {
        let said = program::run(arguments, folder)?;
        let document: Value = serde_json::from_slice(&said.stdout).map_err(|e| {
            format!("no document ({e}): {}", String::from_utf8_lossy(&said.stderr).trim())
        })?;
        let told = all_codes(&document);
        let mut wants = self.verdict.split_whitespace();
        match wants.next() == Some(&*self.host.ask)
            && wants.all(|code| told.iter().any(|c| c == code))
        {
            true => Ok(()),
            false => Err(format!("expected `{}`, told is {}", self.verdict, told.join(" "))),
        }
    }

    /// Reads an INF, and compares what is told of its lines.
    fn lines(&self, inf: &str) -> Result<(), String> {
        let (table, limits) = (Tables::inf_lints().map_err(|e| e.to_string())?, Limits::DEFAULT);
        let file = File { path: "demo.inf", bytes: inf.as_bytes() };
        let found = lint(&Contents::of(&[file], &limits), 0, &table, &limits);
        let told: Vec<String> = found
            .iter()
            .flat_map(|line| [line.level.of_inf().id.to_owned(), line.number.to_string()])
            .collect();
        let mut wants = self.verdict.split_whitespace();
        match wants.next() == Some("lint") && wants.all(|w| told.iter().any(|t| t == w)) {
            true => Ok(()),
            false => Err(format!("expected `{}`, told is {}", self.verdict, told.join(" "))),
        }
    }

    /// Judges the facts of a Windows scenario.
    fn on_windows(&self, system: &windows::System, subject: &OnWindows) -> Result<(), String> {
        let tables = Tables::built_in().map_err(|e| e.to_string())?;
        let profile = system.facts(&tables)?;
        let policy = WindowsPolicy::of(&profile.facts);
        let judgement = match subject {
            OnWindows::Driver(driver) => {
                load::judge(&DriverCase::new(&driver.facts(&profile)?, &policy))
            }
            OnWindows::Package(package) => {
                package::judge(&PackageCase::new(&package.facts()?, &policy))
            }
        };
        let mut said = told(&judgement);
        if let OnWindows::Package(package) = subject
            && let Some(oddity) = package.oddity()?
        {
            let note = findings::note(&"demo.inf".into(), &oddity, profile.facts.at);
            said.extend(note.map(|note| note.code.id.to_owned()));
        }
        let notes = dated::notes(std::slice::from_ref(&profile), &tables);
        said.extend(notes.iter().map(|note| note.code.id.to_owned()));
        let mut wants = self.verdict.split_whitespace();
        let begins = wants.next() == said.first().map(String::as_str);
        let missing: Vec<&str> = wants.filter(|w| !said.iter().any(|s| s == w)).collect();
        match begins && missing.is_empty() {
            true => Ok(()),
            false => Err(format!("expected `{}`, got `{}`", self.verdict, said.join(" "))),
        }
    }

    fn compare(&self, document: &Value, exit: Option<i32>) -> Result<(), String> {
        let name = self.image.as_ref().map_or(self.module.name.as_str(), |_| "demo.efi");
        let name = if self.host.initramfs.is_some() { "initramfs" } else { name };
        let verdict = document["verdicts"]
            .as_array()
            .and_then(|all| {
                // A preflight is about many things: the one that is refused so, else the module.
                let code = self.verdict.split_whitespace().nth(1).unwrap_or_default();
                let refused = |v: &&Value| self.host.ask == "preflight" && v["code"] == code;
                let named =
                    |v: &&Value| v["subject"]["name"] == name || v["subject"]["kind"] == name;
                all.iter().find(refused).or_else(|| all.iter().find(named))
            })
            .ok_or("no verdict about the subject")?;
        let outcome = verdict["outcome"].as_str().unwrap_or_default();
        let (first, further) = self.verdict.split_once('\n').unwrap_or((&self.verdict, ""));
        let mut wants = first.split_whitespace();
        let wanted = wants.next().unwrap_or_default();
        let code = wants.next();
        let rest: Vec<&str> = wants.collect();
        let mut wrong = Vec::new();
        if outcome != wanted {
            wrong.push(format!("outcome {outcome}"));
        }
        let told = all_codes(document);
        let own = verdict["code"].as_str().unwrap_or_default();
        match code {
            // The code of a refusal is the verdict's own; that of a mark or an advice is told.
            Some(code) if wanted == "refused" && own != code => wrong.push(format!("code {own:?}")),
            Some(code) if !told.contains(&code.to_owned()) => {
                wrong.push(format!("{code} is not told, only {}", told.join(" ")));
            }
            _ => {}
        }
        for also in further.lines().filter_map(|line| line.strip_prefix("and ")) {
            if !told.contains(&also.to_owned()) {
                wrong.push(format!("{also} is not told, only {}", told.join(" ")));
            }
        }
        let subject = &verdict["subject"];
        for (word, field) in [("loses ", "loses"), ("asked by ", "required_by")] {
            for wanted in further.lines().filter_map(|line| line.strip_prefix(word)) {
                let has = subject[field]
                    .as_array()
                    .is_some_and(|all| all.iter().any(|one| one == wanted));
                if !has {
                    wrong.push(format!("{field} {}", subject[field]));
                }
            }
        }
        for class in further.lines().filter_map(|line| line.strip_prefix("for ")) {
            let is = subject["class"].as_str().unwrap_or("null");
            let blocks = if subject["blocks"] == true { ", blocks" } else { "" };
            if format!("{is}{blocks}") != class {
                wrong.push(format!("for {is}{blocks}"));
            }
        }
        let says = &verdict["host_says"];
        let said = match wanted {
            "refused" if verdict["subject"]["kind"] == "boot-image" => {
                let word = |field: &str| says[field].as_str().unwrap_or_default().to_owned();
                word("by") + &word("status")
            }
            "refused" => verdict["host_says"]["errno"].as_str().unwrap_or_default().to_owned(),
            "loads-tainted" => verdict["host_says"]["taint"]
                .as_array()
                .map(|letters| letters.iter().filter_map(Value::as_str).collect())
                .unwrap_or_default(),
            _ => String::new(),
        };
        if said != rest.join("") {
            wrong.push(format!("the host says {said:?}"));
        }
        let own = further.lines().find_map(|line| line.strip_prefix("exit ")?.parse().ok());
        let exits = own.unwrap_or(match wanted {
            "refused" => 1,
            "unknown" => 3,
            _ => 0,
        });
        if exit != Some(exits) {
            wrong.push(format!("exit code {exit:?}"));
        }
        match wrong.is_empty() {
            true => Ok(()),
            false => Err(format!("expected `{}`, got {}", self.verdict, wrong.join(", "))),
        }
    }
}

/// A judgement about Windows as the words of a verdict block.
fn told(judgement: &Judgement) -> Vec<String> {
    let mut said = vec![judgement.verdict.name().to_owned()];
    match &judgement.verdict {
        Verdict::Refused(code) => said.push(code.id.to_owned()),
        Verdict::Unknown(gaps) => {
            said.extend(gaps.iter().map(|g| words::question(g.question).0.to_owned()));
        }
        Verdict::Loads => {}
        Verdict::LoadsTainted => said.extend(judgement.reasons.iter().map(|r| r.code.id.into())),
    }
    if let Some(says) = &judgement.says.windows {
        said.extend(says.status.map(|s| s.to_string()));
        said.extend(says.hresult.map(|h| h.to_string()));
        said.extend(says.inner.map(|h| h.to_string()));
        said.extend(says.problem.map(|p| format!("code{p}")));
        said.extend(says.events.iter().map(u16::to_string));
        let prompt = says.prompt.map_or("silent", |p| p.name());
        said.push(prompt.to_owned());
    }
    said
}

/// That a whole tree is judged alike whether or not it is told how what loads did so.
fn told_alike(root: &str, folder: &Path) -> Result<(), String> {
    let verdicts = |more: &[&str]| {
        let said =
            program::run(&[&["check", "--all", "--json", "--root", root], more].concat(), folder)?;
        let mut document: Value =
            serde_json::from_slice(&said.stdout).map_err(|e| e.to_string())?;
        let verdicts = document["verdicts"].as_array_mut().map(std::mem::take).unwrap_or_default();
        Ok::<_, String>(verdicts.into_iter().map(unproven).collect::<Vec<_>>())
    };
    let (short, full) = (verdicts(&[])?, verdicts(&["--proof", "full"])?);
    match !full.is_empty() && short == full {
        true => Ok(()),
        false => Err(format!("told shortly: {short:?}\nin full: {full:?}")),
    }
}

/// A verdict without the numbers of its proofs.
fn unproven(mut verdict: Value) -> Value {
    verdict["walk"] = Value::Null;
    for reason in verdict["reasons"].as_array_mut().into_iter().flatten() {
        reason["because"] = Value::Null;
    }
    verdict
}

/// Every code that a document tells, in the order of their numbers.
fn all_codes(document: &Value) -> Vec<String> {
    fn walk(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("code").and_then(Value::as_str).map(str::to_owned));
                fields.values().for_each(|v| walk(v, found));
            }
            Value::Array(items) => items.iter().for_each(|v| walk(v, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(document, &mut found);
    found.sort();
    found.dedup();
    found
}
