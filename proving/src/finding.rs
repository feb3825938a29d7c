//! A log and the findings that must come out of it.
//!
//! Blocks under one heading belong together: ```` ```log ```` (several are several texts) and
//! ```` ```finding ````, a line a finding: confidence, code, cause, and the subject where it has a
//! name; `none` where nothing must be found. The order is the order of the answer. ```` ```inf ````
//! is a package of Windows that is given beside the texts; with the word `catalog` behind it, the
//! program makes its catalog first, and nobody signs that. ```` ```consequence ```` is what the
//! findings must quote as missing because of them, ```` ```changed ```` what the answer must list as
//! changed before, a line each: its sort, what, and `suspect` where it is marked.

use crate::forge::host::Host;
use crate::forge::module::Module;
use crate::markdown::{Block, blocks};
use crate::program;
use serde_json::Value;

/// One example.
#[derive(Clone, Debug)]
pub struct Example {
    /// The file, and the heading where the file has several.
    pub name: String,
    /// The texts.
    pub logs: Vec<String>,
    /// What must be found.
    pub findings: Vec<String>,
    /// The lines that they must quote as what is missing because of them, where that is asked.
    pub consequences: Option<Vec<String>>,
    /// What must be listed as changed before, where that is asked.
    pub changes: Option<Vec<String>>,
    /// An INF that is given beside them, and whether its catalog is made.
    pub package: Option<(String, bool)>,
    /// A host whose files stand beside the log, and its module.
    pub host: Option<(String, String)>,
}

/// The examples of a document.
#[must_use]
pub fn examples(path: &str, document: &str) -> Vec<Example> {
    let blocks: Vec<Block> = blocks(document);
    let expected: Vec<&Block> = blocks.iter().filter(|b| b.info == "finding").collect();
    let several = expected.len() > 1;
    expected
        .iter()
        .map(|block| Example {
            name: match several {
                true => format!("{path}: {}", block.heading),
                false => path.to_owned(),
            },
            logs: blocks
                .iter()
                .filter(|b| b.info == "log" && b.heading == block.heading)
                .map(|b| b.text.clone())
                .collect(),
            package: part("inf", &blocks, block)
                .map(|text| (text, false))
                .or_else(|| Some((part("inf catalog", &blocks, block)?, true))),
            host: part("toml host", &blocks, block).zip(part("toml module", &blocks, block)),
            consequences: part("consequence", &blocks, block)
                .map(|text| text.lines().map(str::to_owned).collect()),
            changes: part("changed", &blocks, block)
                .map(|text| text.lines().map(str::to_owned).collect()),
            findings: block.text.lines().map(str::to_owned).filter(|l| l != "none").collect(),
        })
        .collect()
}

fn part(info: &str, blocks: &[Block], of: &Block) -> Option<String> {
    let found = blocks.iter().find(|b| b.info == info && b.heading == of.heading)?;
    Some(found.text.clone())
}

impl Example {
    /// Asks the program, and compares.
    ///
    /// # Errors
    /// With what was expected and what came out.
    pub fn run(&self) -> Result<(), String> {
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let mut arguments = vec!["diagnose".to_owned(), "--json".to_owned()];
        for (n, log) in self.logs.iter().enumerate() {
            let path = folder.path().join(format!("{n}.log"));
            std::fs::write(&path, log).map_err(|e| e.to_string())?;
            arguments.push(path.to_string_lossy().into_owned());
        }
        if let Some((inf, catalog)) = &self.package {
            let package = folder.path().join("package");
            let wrong = |e: std::io::Error| e.to_string();
            std::fs::create_dir(&package).map_err(wrong)?;
            std::fs::write(package.join("acme.inf"), inf).map_err(wrong)?;
            let path = package.to_string_lossy().into_owned();
            if *catalog {
                let made = program::run(&["catalog", "create", &path, "--os", "10_X64"], &package)?;
                if !made.status.success() {
                    return Err(String::from_utf8_lossy(&made.stderr).into_owned());
                }
            }
            arguments.push(path);
        }
        if let Some((host, module)) = &self.host {
            let host: Host = toml::from_str(host).map_err(|e| e.to_string())?;
            let module: Module = toml::from_str(module).map_err(|e| e.to_string())?;
            let root = folder.path().join("root");
            let forged = host.forge(&module, &root)?;
            arguments.push(forged.module.to_string_lossy().into_owned());
            arguments.extend(["--root".to_owned(), root.to_string_lossy().into_owned()]);
        }
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let answer = program::document(&words, folder.path())?;
        let got = found(&answer);
        let fits = got.len() == self.findings.len()
            && got.iter().zip(&self.findings).all(|(got, expected)| {
                got == expected || got.split(' ').take(3).eq(expected.split(' '))
            });
        if !fits {
            return Err(format!("expected {:#?}\ncame out {got:#?}", self.findings));
        }
        match &self.consequences {
            Some(wanted) if *wanted != missing(&answer) => {
                return Err(format!(
                    "missing: expected {wanted:#?}\ncame out {:#?}",
                    missing(&answer)
                ));
            }
            _ => {}
        }
        match &self.changes {
            Some(wanted) if *wanted != changed(&answer) => {
                Err(format!("changed: expected {wanted:#?}\ncame out {:#?}", changed(&answer)))
            }
            _ => Ok(()),
        }
    }
}

/// What the answer lists as changed before, a line each.
fn changed(answer: &Value) -> Vec<String> {
    let changes = answer["changes"].as_array().cloned().unwrap_or_default();
    let line = |c: &Value| {
        let told = format!("{} {}", c["kind"].as_str()?, c["what"].as_str()?);
        Some(if c["suspect"] == true { format!("{told} suspect") } else { told })
    };
    changes.iter().filter_map(line).collect()
}

/// The lines that the findings quote as what is missing because of them.
fn missing(answer: &Value) -> Vec<String> {
    let findings = answer["findings"].as_array().cloned().unwrap_or_default();
    let of = |finding: &Value| finding["consequences"].as_array().cloned().unwrap_or_default();
    let quoted = findings.iter().flat_map(of);
    quoted.map(|row| row["quote"].as_str().unwrap_or("-").trim().to_owned()).collect()
}

/// The findings of an answer, a line each.
#[must_use]
pub fn found(answer: &Value) -> Vec<String> {
    let findings = answer["findings"].as_array().cloned().unwrap_or_default();
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    findings
        .iter()
        .map(|f| {
            let parts = [&f["confidence"], &f["code"], &f["cause"]].map(word).join(" ");
            match f["subject"]["name"].as_str() {
                Some(name) => format!("{parts} {name}"),
                None => parts,
            }
        })
        .collect()
}
