//! Every flag and every field of what signs is in the pages, and scripts are ones.

use crate::skipped::{ask, with_package};
use libtest_mimic::{Failed, Trial};
use loadworthy_proving::program;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use xtask::tree::root;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("documented: every flag of sign, key and dkms", flags),
        Trial::test("documented: every field of their documents", fields),
        Trial::test("peer tree-sitter reads the scripts of PowerShell", scripts),
    ]
}

const SIGNING: &str = "docs/signing.md";
const KEYS: &str = "docs/keys.md";

fn page(path: &str) -> Result<String, Failed> {
    Ok(fs::read_to_string(root().join(path))?)
}

fn flags() -> Result<(), Failed> {
    for (words, path) in [
        (&["sign"][..], SIGNING),
        (&["key", "list"], KEYS),
        (&["key", "enroll"], KEYS),
        (&["key", "new"], KEYS),
        (&["key", "rotate"], KEYS),
        (&["dkms", "status"], KEYS),
        (&["dkms", "setup"], KEYS),
        (&["dkms", "undo"], KEYS),
        (&["dkms", "sign"], KEYS),
    ] {
        let help = program::run(&[words, &["--help"]].concat(), &root())?;
        let help = String::from_utf8_lossy(&help.stdout).into_owned();
        let text = page(path)?;
        let options = help.lines().filter(|line| line.trim_start().starts_with('-'));
        let named = options.filter_map(|line| line.split([' ', ',']).find(|w| w.starts_with("--")));
        let mut count = 0;
        for flag in named {
            count += 1;
            if !text.contains(flag) {
                return Err(format!("{path} says nothing of {flag} of {}", words.join(" ")).into());
            }
        }
        if count == 0 {
            return Err(format!("{}: no flags", words.join(" ")).into());
        }
    }
    Ok(())
}

/// Every name of a property, wherever it stands in a schema.
fn properties<'v>(schema: &'v Value, found: &mut BTreeSet<&'v str>) {
    for (word, inner) in schema.as_object().into_iter().flatten() {
        match word.as_str() {
            "properties" => {
                for (name, inner) in inner.as_object().into_iter().flatten() {
                    found.insert(name);
                    properties(inner, found);
                }
            }
            // The proof's nodes are described where `check` is.
            "$defs" => {}
            _ => properties(inner, found),
        }
    }
    for inner in schema.as_array().into_iter().flatten() {
        properties(inner, found);
    }
}

fn fields() -> Result<(), Failed> {
    for (name, path) in [
        ("sign", SIGNING),
        ("key-list", KEYS),
        ("key-enroll", KEYS),
        ("key-new", KEYS),
        ("key-rotate", KEYS),
        ("dkms", KEYS),
        ("dkms-setup", KEYS),
        ("dkms-undo", KEYS),
    ] {
        let schema: Value = serde_json::from_str(&page(&format!("docs/schema/{name}.json"))?)?;
        let mut found = BTreeSet::new();
        properties(&schema, &mut found);
        let text = page(path)?;
        // What stands between backticks, word by word.
        let code: BTreeSet<&str> = text
            .split('`')
            .skip(1)
            .step_by(2)
            .flat_map(|code| code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'))
            .collect();
        if let Some(missing) = found.iter().find(|field| !code.contains(*field)) {
            return Err(format!("{path} says nothing of {missing} of {name}").into());
        }
    }
    Ok(())
}

/// Scripts for PowerShell have no errors of syntax; the same scripts without their last brace have.
fn scripts() -> Result<(), Failed> {
    let grammar = "import sys, tree_sitter, tree_sitter_powershell as grammar\n\
        language = tree_sitter.Language(grammar.language())\n\
        tree = tree_sitter.Parser(language).parse(open(sys.argv[1], 'rb').read())\n\
        print(tree.root_node.has_error)\n";
    let Some(python) = with_package("tree_sitter_powershell")? else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    for path in ["extras/loadworthy-windows-export.ps1", "docs/signing/windows-thumbprint.ps1"] {
        let whole = page(path)?;
        let (before, after) = whole.rsplit_once(['}', ')']).ok_or("nothing in brackets")?;
        for (text, expected) in [(&whole, "False"), (&format!("{before}{after}"), "True")] {
            let script = folder.path().join("script.ps1");
            fs::write(&script, text)?;
            let said = ask(Command::new(&python).args(["-c", grammar]).arg(&script))?;
            let found = String::from_utf8_lossy(&said.stdout).trim().to_owned();
            if found != expected {
                return Err(format!("{path}: errors: {found}, not {expected}").into());
            }
        }
    }
    Ok(())
}
