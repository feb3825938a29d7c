//! SARIF 2.1.0, for code scanning: one result a verdict that does not simply load.
//!
//! Sources: OASIS SARIF 2.1.0 (sections in the comments); GitHub shows a result only where it has a location.

use crate::finding;
use crate::gist::{Gist, Weight};
use loadworthy_core::answer::{Answers, Finding};
use loadworthy_core::code::Code;
use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use serde_json::{Value, json};
use std::io::{self, Write};

/// Writes the log.
///
/// # Errors
/// When `out` does not take it.
pub fn check(answers: &Answers, out: &mut dyn Write) -> io::Result<()> {
    let mut rules: Vec<&'static Code> = Vec::new();
    let mut results = Vec::new();
    for a in &answers.answers {
        let gist = Gist::of(a, answers);
        let Some(code) = gist.code else { continue };
        let index = rules.iter().position(|rule| rule.id == code.id).unwrap_or_else(|| {
            rules.push(code);
            rules.len() - 1
        });
        results.push(result(&gist, code, index));
    }
    for found in &answers.findings {
        let index = rules.iter().position(|rule| rule.id == found.code.id).unwrap_or_else(|| {
            rules.push(found.code);
            rules.len() - 1
        });
        results.push(inside(found, index));
    }
    let driver = json!({
        "name": "loadworthy",
        "version": env!("CARGO_PKG_VERSION"),
        "rules": rules.iter().map(|code| rule(code)).collect::<Vec<_>>(),
    });
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": driver },
            "invocations": [{ "executionSuccessful": true, "endTimeUtc": answers.at }],
            "columnKind": "utf16CodeUnits",
            "results": results,
        }],
    });
    serde_json::to_writer(&mut *out, &log).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

/// 3.49: what a code means.
fn rule(code: &Code) -> Value {
    // The example at the end of a page is for our own tests.
    let page = code.text().split("\n## Example").next().unwrap_or_default().trim();
    json!({
        "id": code.id,
        "name": code.name,
        "shortDescription": { "text": code.title() },
        "help": { "text": page, "markdown": page },
        "properties": { "tags": [code.bucket().name()] },
    })
}

/// 3.27: one verdict.
fn result(gist: &Gist, code: &Code, index: usize) -> Value {
    let level = match gist.weight {
        Weight::Fails => "error",
        Weight::Open => "warning",
        Weight::Told | Weight::Fine => "note",
    };
    let of = [&gist.name, gist.phase, gist.on.as_deref().unwrap_or_default(), code.id].join("\0");
    let place = gist.path.as_deref().unwrap_or(&gist.name);
    json!({
        "ruleId": code.id,
        "ruleIndex": index,
        "level": level,
        "message": { "text": gist.sentences() },
        "locations": [{
            "physicalLocation": { "artifactLocation": { "uri": uri(place) } },
            "logicalLocations": [{ "name": gist.name, "kind": "module" }],
        }],
        "partialFingerprints": {
            "subjectAndCode/v1": digest(DigestAlgorithm::Sha256, of.as_bytes()).to_string(),
        },
        "properties": { "outcome": gist.outcome },
    })
}

/// 3.27: a line of a file.
fn inside(found: &Finding, index: usize) -> Value {
    let number = found.number.as_ref().map(|(tool, number)| format!("{tool} {number}"));
    let of = [found.code.id, number.as_deref().unwrap_or_default(), &found.path, &found.said];
    let mut place = json!({ "artifactLocation": { "uri": uri(&found.path) } });
    if let Some((line, column)) = found.at {
        place["region"] = json!({ "startLine": line, "startColumn": column });
    }
    let help = found.help.as_deref().map(|help| format!(". {help}")).unwrap_or_default();
    json!({
        "ruleId": found.code.id,
        "ruleIndex": index,
        "level": found.level.name(),
        "message": { "text": format!("{}{help}", finding::sentence(found)) },
        "locations": [{ "physicalLocation": place }],
        "partialFingerprints": {
            "fileAndLine/v1": digest(DigestAlgorithm::Sha256, of.join("\0").as_bytes()).to_string(),
        },
        "properties": { "number": number },
    })
}

/// A path as a reference: relative where it is (RFC 3986, 4.2 and 2.1).
fn uri(path: &str) -> String {
    let mut out = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn every_verdict_that_does_not_load_is_a_result_with_a_place_and_a_rule() {
        let answers = sample::answers(vec![
            sample::refused("a"),
            sample::tainted("b"),
            sample::unknown("c"),
            sample::loads("d"),
            sample::refused("e"),
        ]);
        let mut out = Vec::new();
        check(&answers, &mut out).unwrap();
        let log: Value = serde_json::from_slice(&out).unwrap();
        let run = &log["runs"][0];
        let levels: Vec<&str> = run["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["level"].as_str().unwrap())
            .collect();
        assert_eq!(levels, ["error", "note", "warning", "error"]);
        assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), 3);
        assert_eq!(run["results"][0]["ruleIndex"], run["results"][3]["ruleIndex"]);
        assert_ne!(
            run["results"][0]["partialFingerprints"],
            run["results"][3]["partialFingerprints"]
        );
        for result in run["results"].as_array().unwrap() {
            let index = result["ruleIndex"].as_u64().unwrap() as usize;
            assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        }
    }

    #[test]
    fn a_path_is_a_valid_reference() {
        assert_eq!(uri("lib/a b.ko"), "lib/a%20b.ko");
        assert_eq!(uri("/tmp/x.ko"), "file:///tmp/x.ko");
        assert_eq!(uri("a:b<é>.ko"), "a%3Ab%3C%C3%A9%3E.ko");
    }
}
