//! `package … --json`, version 1.

use crate::json::document::{Tool, document};
use crate::json::v1::FindingDto;
use loadworthy_core::submitted::{Became, Compared, Prepared};
use loadworthy_core::verdict::Verdict;
use serde::Serialize;
use std::io::{self, Write};

#[derive(Debug, Serialize)]
struct PreparedDto<'a> {
    schema: &'static str,
    tool: Tool,
    did: &'static str,
    ready: bool,
    path: Option<&'a str>,
    sha256: Option<&'a str>,
    folders: Vec<FolderDto<'a>>,
    findings: Vec<FindingDto<'a>>,
}

#[derive(Debug, Serialize)]
struct FolderDto<'a> {
    name: &'a str,
    infs: &'a [String],
    architectures: &'a [&'static str],
    files: Vec<FileDto<'a>>,
}

#[derive(Debug, Serialize)]
struct FileDto<'a> {
    path: &'a str,
    size: usize,
}

/// Writes what was made ready. `to` is where the cabinet was written, and its SHA-256.
///
/// # Errors
/// When `out` does not take it.
pub fn prepared(made: &Prepared, to: Option<(&str, &str)>, out: &mut dyn Write) -> io::Result<()> {
    let folders = made.folders.iter().map(|folder| FolderDto {
        name: &folder.name,
        infs: &folder.infs,
        architectures: &folder.architectures,
        files: folder.files.iter().map(|(path, size)| FileDto { path, size: *size }).collect(),
    });
    let value = PreparedDto {
        schema: "loadworthy/package/v1",
        tool: Tool::this(),
        did: "prepare",
        ready: !made.is_stopped(),
        path: to.map(|(path, _)| path),
        sha256: to.map(|(_, digest)| digest),
        folders: folders.collect(),
        findings: made.findings.iter().map(FindingDto::from).collect(),
    };
    document(&value, out)
}

#[derive(Debug, Serialize)]
struct ComparedDto<'a> {
    schema: &'static str,
    tool: Tool,
    did: &'static str,
    as_sent: bool,
    files: Vec<ReturnedDto<'a>>,
    verdicts: Vec<VerdictDto<'a>>,
}

#[derive(Debug, Serialize)]
struct ReturnedDto<'a> {
    sent: Option<&'a str>,
    returned: Option<&'a str>,
    became: &'static str,
    signers: &'a [String],
    change: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct VerdictDto<'a> {
    name: &'a str,
    on: Option<&'a str>,
    phase: &'static str,
    outcome: &'static str,
    code: Option<&'static str>,
}

/// Writes what came back beside what was sent.
///
/// # Errors
/// When `out` does not take it.
pub fn compared(compared: &Compared, out: &mut dyn Write) -> io::Result<()> {
    let files = compared.files.iter().map(|file| ReturnedDto {
        sent: file.sent.as_deref(),
        returned: file.came.as_deref(),
        became: file.became.name(),
        signers: match &file.became {
            Became::Signed(by) | Became::Catalog(by) => by,
            _ => &[],
        },
        change: match &file.became {
            Became::Changed(change) => change.as_deref(),
            _ => None,
        },
    });
    let answers = compared.answers.iter().flat_map(|all| &all.answers);
    let verdicts = answers.map(|a| VerdictDto {
        name: &a.subject.name,
        on: a.on.as_deref(),
        phase: a.phase.name(),
        outcome: a.judgement.verdict.name(),
        code: match &a.judgement.verdict {
            Verdict::Refused(code) => Some(code.id),
            _ => None,
        },
    });
    let value = ComparedDto {
        schema: "loadworthy/package/v1",
        tool: Tool::this(),
        did: "compare",
        as_sent: compared.is_as_sent(),
        files: files.collect(),
        verdicts: verdicts.collect(),
    };
    document(&value, out)
}
