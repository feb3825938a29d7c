//! Statements: written as in-toto Statement v1 in a DSSE envelope, and told when they are verified.

use crate::gist;
use crate::json::document::{Tool, document};
use base64ct::{Base64, Encoding};
use loadworthy_core::answer::Answers;
use loadworthy_core::stated::{Change, Stated};
use loadworthy_core::tables::Tables;
use loadworthy_core::verdict::Verdict;
use loadworthy_formats::statement::{IN_TOTO, LOADS, STATEMENT};
use loadworthy_formats::text::hex;
use serde::Serialize;
use serde_json::json;
use std::io::{self, Write};

/// The statement about these files, as the bytes that are signed: the same answers give the same bytes.
#[must_use]
pub fn statement(
    answers: &Answers,
    files: &[Stated],
    arguments: &[String],
    on: &[String],
) -> Vec<u8> {
    let subject: Vec<_> = files
        .iter()
        .map(|f| json!({ "name": f.name, "digest": { "sha256": hex(&f.sha256) } }))
        .collect();
    let verdicts: Vec<_> = answers
        .answers
        .iter()
        .map(|a| {
            let code = match &a.judgement.verdict {
                Verdict::Refused(code) => Some(code.id),
                _ => None,
            };
            json!({
                "name": &*a.subject.name,
                "path": a.subject.path.as_deref(),
                "sha256": a.subject.sha256.as_ref().map(|d| hex(d)),
                "on": a.on.as_deref(),
                "phase": a.phase.name(),
                "outcome": a.judgement.verdict.name(),
                "code": code,
            })
        })
        .collect();
    let whole = json!({
        "_type": STATEMENT,
        "subject": subject,
        "predicateType": LOADS,
        "predicate": {
            "tool": env!("CARGO_PKG_VERSION"),
            "knowledge": Tables::KNOWLEDGE,
            "at": answers.at,
            "arguments": arguments,
            "on": on,
            "verdicts": verdicts,
        },
    });
    whole.to_string().into_bytes()
}

/// The envelope around a statement. `key` is how the key is called, `certificate` its certificate (PEM).
#[must_use]
pub fn envelope(payload: &[u8], key: &str, signature: &[u8], certificate: &str) -> Vec<u8> {
    let whole = json!({
        "payloadType": IN_TOTO,
        "payload": Base64::encode_string(payload),
        "signatures": [{
            "keyid": key,
            "sig": Base64::encode_string(signature),
            "cert": certificate,
        }],
    });
    let mut bytes = whole.to_string().into_bytes();
    bytes.push(b'\n');
    bytes
}

/// A statement that was looked at.
#[derive(Debug)]
pub struct Looked<'a> {
    /// The statement.
    pub path: &'a str,
    /// Whom the certificate of its signature names.
    pub signer: &'a str,
    /// Whether the signature is right, and by the certificate that was given: `good`, `bad`, `not-asked`.
    pub signature: &'static str,
    /// As of when it was made.
    pub made: &'a str,
    /// What changed since.
    pub changes: &'a [Change],
}

#[derive(Debug, Serialize)]
struct StatementDto<'a> {
    schema: &'static str,
    tool: Tool,
    statement: &'a str,
    signer: &'a str,
    signature: &'static str,
    made_at: &'a str,
    holds: bool,
    changes: Vec<ChangeDto<'a>>,
}

#[derive(Debug, Serialize)]
struct ChangeDto<'a> {
    what: &'static str,
    name: &'a str,
    on: Option<&'a str>,
    was: Option<&'a str>,
    now: Option<&'a str>,
}

impl Looked<'_> {
    /// Whether the statement holds: its signature is right, and nothing that counts has changed.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.signature != "bad" && !self.changes.iter().any(Change::counts)
    }
}

/// Writes `loadworthy/statement/v1`.
///
/// # Errors
/// When `out` does not take it.
pub fn v1(looked: &Looked<'_>, out: &mut dyn Write) -> io::Result<()> {
    let changes = looked.changes.iter().map(|c| ChangeDto {
        what: c.what,
        name: &c.name,
        on: c.on.as_deref(),
        was: c.was.as_deref(),
        now: c.now.as_deref(),
    });
    let value = StatementDto {
        schema: "loadworthy/statement/v1",
        tool: Tool::this(),
        statement: looked.path,
        signer: looked.signer,
        signature: looked.signature,
        made_at: looked.made,
        holds: looked.holds(),
        changes: changes.collect(),
    };
    document(&value, out)
}

/// The same for people, with how many verdicts of each sort there are now.
///
/// # Errors
/// When `out` does not take it.
pub fn text(looked: &Looked<'_>, answers: &Answers, out: &mut dyn Write) -> io::Result<()> {
    let plain = gist::plain;
    let said = if looked.holds() { "holds" } else { "does not hold" };
    writeln!(out, "{} {said}, made {}", plain(looked.path), plain(looked.made))?;
    let signature = match looked.signature {
        "good" => "right, and by the certificate that was given",
        "not-asked" => "right; --cert names whose it has to be",
        _ => "not right: not by that certificate over these bytes",
    };
    writeln!(out, "  signature of {}: {signature}", plain(looked.signer))?;
    for c in looked.changes {
        let on = c.on.as_deref().map(|on| format!(" on {on}")).unwrap_or_default();
        let (was, now) = (c.was.as_deref().unwrap_or("-"), c.now.as_deref().unwrap_or("-"));
        writeln!(out, "  {:<9} {}{on}: {} -> {}", c.what, plain(&c.name), plain(was), plain(now))?;
    }
    let counts = gist::counts(answers).into_iter().filter(|(_, n)| *n > 0);
    let counts: Vec<_> = counts.map(|(outcome, n)| format!("{n} {outcome}")).collect();
    writeln!(out, "  judged now: {}", counts.join(", "))
}
