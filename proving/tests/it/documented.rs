//! Every flag and every field of what signs is in the pages.

use libtest_mimic::{Failed, Trial};
use loadworthy_proving::program;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use xtask::tree::root;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("documented: every flag of sign, key and dkms", flags),
        Trial::test("documented: every field of their documents", fields),
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
