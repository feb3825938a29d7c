//! `sign --json`, version 1.

use crate::json::document::{Tool, document};
use crate::signed::Fates;
use crate::words::remedies;
use loadworthy_core::answer::Tried;
use loadworthy_core::signed::{Fate, Judged, Receipt, Signed, Target};
use loadworthy_core::verdict::Verdict;
use serde::Serialize;
use std::io::{self, Write};

#[derive(Serialize)]
struct SignDto<'a> {
    schema: &'static str,
    tool: Tool,
    at: &'a str,
    key: Option<KeyDto<'a>>,
    digest: Option<&'static str>,
    log: Option<&'a str>,
    summary: SummaryDto,
    targets: Vec<TargetDto<'a>>,
    notes: &'a [String],
    files: Vec<FileDto<'a>>,
}

#[derive(Serialize)]
struct KeyDto<'a> {
    named: &'a str,
    subject: &'a str,
    certificate: &'a str,
}

#[derive(Serialize)]
struct SummaryDto {
    signed: usize,
    forced: usize,
    refused: usize,
    failed: usize,
    stamped: usize,
    stripped: usize,
    unchanged: usize,
}

#[derive(Serialize)]
struct TargetDto<'a> {
    name: &'a str,
    kernel: Option<&'a str>,
    problem: Option<&'a str>,
}

#[derive(Serialize)]
struct FileDto<'a> {
    path: &'a str,
    to: Option<&'a str>,
    kind: Option<&'static str>,
    compression: Option<&'static str>,
    fate: &'static str,
    problem: Option<&'a str>,
    code: Option<&'static str>,
    before: Option<&'a str>,
    after: Option<&'a str>,
    replaced: usize,
    kept: usize,
    stamp: Option<StampDto<'a>>,
    judged: Vec<JudgedDto<'a>>,
}

#[derive(Serialize)]
struct StampDto<'a> {
    url: &'a str,
    kind: &'static str,
    time: &'a str,
    authority: &'a str,
}

#[derive(Serialize)]
struct JudgedDto<'a> {
    target: &'a str,
    accepts: Option<bool>,
    outcome: &'static str,
    code: Option<&'static str>,
    title: Option<&'static str>,
    errno: Option<&'static str>,
    taint: Vec<&'static str>,
    subject: &'a str,
    phase: &'static str,
    remedies: Vec<RemedyDto>,
}

#[derive(Serialize)]
struct RemedyDto {
    does: &'static str,
    says: String,
    command: Option<String>,
}

impl<'a> From<&'a Target> for TargetDto<'a> {
    fn from(target: &'a Target) -> Self {
        Self {
            name: &target.name,
            kernel: target.kernel.as_deref(),
            problem: target.problem.as_deref(),
        }
    }
}

fn file<'a>(file: &'a Signed, receipt: &'a Receipt) -> FileDto<'a> {
    let (code, problem) = match &file.fate {
        Fate::Failed { code, why } => (Some(code.id), Some(why.as_str())),
        Fate::Signed
        | Fate::Forced
        | Fate::Refused
        | Fate::Stamped
        | Fate::Stripped
        | Fate::Unsigned
        | Fate::Unchanged => (None, None),
    };
    FileDto {
        path: &file.path,
        to: file.to.as_deref(),
        kind: file.kind.map(|kind| kind.name()),
        compression: file.compression,
        fate: file.fate.name(),
        problem,
        code,
        before: file.before.as_deref(),
        after: file.after.as_deref(),
        replaced: file.replaced,
        kept: file.kept,
        stamp: file.stamp.as_ref().map(|stamp| StampDto {
            url: &stamp.url,
            kind: stamp.kind,
            time: &stamp.time,
            authority: &stamp.authority,
        }),
        judged: file.judged.iter().map(|one| judged(one, receipt)).collect(),
    }
}

fn judged<'a>(judged: &'a Judged, receipt: &'a Receipt) -> JudgedDto<'a> {
    let judgement = &judged.answered.judgement;
    let code = match &judgement.verdict {
        Verdict::Refused(code) => Some(*code),
        Verdict::Loads | Verdict::LoadsTainted | Verdict::Unknown(_) => None,
    };
    JudgedDto {
        target: receipt.targets.get(judged.target).map_or("", |target| target.name.as_str()),
        accepts: judged.accepts,
        outcome: judgement.verdict.name(),
        code: code.map(|code| code.id),
        title: code.map(|code| code.title()),
        errno: judgement.says.errno.map(|errno| errno.name()),
        taint: judgement.says.taint.iter().map(|letter| letter.name()).collect(),
        subject: &judged.answered.subject.name,
        phase: judged.answered.phase.name(),
        remedies: judged.answered.tried.iter().filter(|t| t.helps).map(remedy).collect(),
    }
}

fn remedy(tried: &Tried) -> RemedyDto {
    RemedyDto {
        does: remedies::does(&tried.remedy),
        says: remedies::remedy(&tried.remedy),
        command: remedies::command(&tried.remedy),
    }
}

/// Writes the document.
///
/// # Errors
/// When `out` does not take it.
pub fn v1(receipt: &Receipt, out: &mut dyn Write) -> io::Result<()> {
    let Fates { signed, forced, refused, failed, stamped, stripped, unchanged } =
        Fates::of(receipt);
    document(
        &SignDto {
            schema: "loadworthy/sign/v1",
            tool: Tool::this(),
            at: &receipt.at,
            key: receipt.by.as_ref().map(|by| KeyDto {
                named: &by.key,
                subject: &by.subject,
                certificate: &by.certificate,
            }),
            digest: receipt.by.as_ref().map(|by| by.digest),
            log: receipt.log.as_deref(),
            summary: SummaryDto { signed, forced, refused, failed, stamped, stripped, unchanged },
            targets: receipt.targets.iter().map(TargetDto::from).collect(),
            notes: &receipt.notes,
            files: receipt.files.iter().map(|one| file(one, receipt)).collect(),
        },
        out,
    )
}
