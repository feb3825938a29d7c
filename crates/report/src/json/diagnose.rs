//! `loadworthy/diagnose/v1`: findings for programs.

use crate::json::document::{Tool, document};
use loadworthy_core::diagnose::finding::{Changed, Coverage, Diagnosis, Finding, Other, Quoted};
use loadworthy_core::diagnose::ran::{InHand, Mark, Ran, Vouches};
use loadworthy_core::tables::diagnose::{Cause, Knowledge};
use serde::Serialize;
use std::io::{self, Write};

#[derive(Debug, Serialize)]
struct DiagnoseDto<'a> {
    schema: &'static str,
    tool: Tool,
    read: ReadDto<'a>,
    findings: Vec<FindingDto<'a>>,
    harmless: Vec<QuotedDto<'a>>,
    changes: Vec<ChangedDto<'a>>,
    since: &'a [String],
    unbound: Vec<QuotedDto<'a>>,
    ran: Vec<RanDto<'a>>,
}

#[derive(Debug, Serialize)]
struct RanDto<'a> {
    name: &'a str,
    device: Option<&'a str>,
    source: &'a str,
    quote: &'a str,
    blamed: bool,
    unloaded: bool,
    called_signed: Option<bool>,
    manufacturer: Option<&'a str>,
    files: Vec<InHandDto<'a>>,
}

#[derive(Debug, Serialize)]
struct InHandDto<'a> {
    path: &'a str,
    same: &'static str,
    agrees: Vec<&'static str>,
    differs: Vec<&'static str>,
    signatures: Vec<VouchesDto<'a>>,
}

#[derive(Debug, Serialize)]
struct VouchesDto<'a> {
    publisher: &'a str,
    program: Option<&'a str>,
    class: &'static str,
    place: &'a str,
    holds: Option<bool>,
}

impl<'a> From<&'a Ran> for RanDto<'a> {
    fn from(ran: &'a Ran) -> Self {
        let names = |marks: &[Mark]| marks.iter().map(|mark| mark.name()).collect();
        let vouches = |one: &'a Vouches| VouchesDto {
            publisher: &one.publisher,
            program: one.program.as_deref(),
            class: one.class,
            place: &one.place,
            holds: one.holds,
        };
        let file = |file: &'a InHand| InHandDto {
            path: &file.path,
            same: file.same.name(),
            agrees: names(&file.agrees),
            differs: names(&file.differs),
            signatures: file.signatures.iter().map(vouches).collect(),
        };
        Self {
            name: &ran.name,
            device: ran.device.as_deref(),
            source: &ran.source,
            quote: &ran.quote,
            blamed: ran.blamed,
            unloaded: ran.unloaded,
            called_signed: ran.called_signed,
            manufacturer: ran.manufacturer.as_deref(),
            files: ran.files.iter().map(file).collect(),
        }
    }
}

#[derive(Debug, Serialize)]
struct ReadDto<'a> {
    texts: Vec<&'a str>,
    bytes: u64,
    lines: u64,
    skipped: &'a [String],
}

#[derive(Debug, Serialize)]
struct FindingDto<'a> {
    code: Option<&'a str>,
    cause: &'a str,
    family: &'a str,
    detail: Option<&'a str>,
    title: &'a str,
    confidence: &'static str,
    subject: SubjectDto<'a>,
    because: &'a str,
    evidence: Vec<QuotedDto<'a>>,
    more: u64,
    others: Vec<OtherDto<'a>>,
    next: Option<NextDto<'a>>,
    recovery: RecoveryDto<'a>,
    would_recur: &'a str,
    fault: bool,
    signature: bool,
    consequences: Vec<QuotedDto<'a>>,
    judged: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct SubjectDto<'a> {
    kind: &'static str,
    name: Option<&'a str>,
    also: &'a [String],
    host: Option<&'a str>,
    path: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct QuotedDto<'a> {
    source: &'a str,
    quote: &'a str,
}

#[derive(Debug, Serialize)]
struct ChangedDto<'a> {
    source: &'a str,
    quote: &'a str,
    when: Option<&'a str>,
    kind: &'a str,
    what: &'a str,
    in_effect: Option<&'a str>,
    suspect: bool,
}

impl<'a> From<&'a Changed> for ChangedDto<'a> {
    fn from(changed: &'a Changed) -> Self {
        Self {
            source: &changed.quoted.source,
            quote: &changed.quoted.quote,
            when: changed.when.as_deref(),
            kind: &changed.kind,
            what: &changed.what,
            in_effect: changed.in_effect.as_deref(),
            suspect: changed.suspect,
        }
    }
}

#[derive(Debug, Serialize)]
struct OtherDto<'a> {
    cause: &'a str,
    because: &'a str,
}

#[derive(Debug, Serialize)]
struct NextDto<'a> {
    command: &'a str,
    tells: &'a str,
}

#[derive(Debug, Serialize)]
struct RecoveryDto<'a> {
    path: Option<&'a str>,
    steps: &'a [String],
    commands: &'a [String],
    avoid: &'a [String],
}

impl<'a> From<&'a Quoted> for QuotedDto<'a> {
    fn from(quoted: &'a Quoted) -> Self {
        Self { source: &quoted.source, quote: &quoted.quote }
    }
}

impl<'a> From<&'a Other> for OtherDto<'a> {
    fn from(other: &'a Other) -> Self {
        Self { cause: &other.cause, because: &other.because }
    }
}

impl<'a> From<&'a Finding> for FindingDto<'a> {
    fn from(finding: &'a Finding) -> Self {
        let about = &finding.about;
        Self {
            code: finding.code.as_deref(),
            cause: &finding.cause,
            family: &finding.family,
            detail: finding.detail.as_deref(),
            title: &finding.title,
            confidence: finding.confidence.name(),
            subject: SubjectDto {
                kind: about.kind,
                name: about.name.as_deref(),
                also: &about.also,
                host: about.host.as_deref(),
                path: about.path.as_deref(),
            },
            because: &finding.because,
            evidence: finding.evidence.iter().map(QuotedDto::from).collect(),
            more: finding.more,
            others: finding.others.iter().map(OtherDto::from).collect(),
            next: finding.next.as_ref().map(|(command, tells)| NextDto { command, tells }),
            recovery: RecoveryDto {
                path: finding.recovery.path.as_deref(),
                steps: &finding.recovery.steps,
                commands: &finding.recovery.commands,
                avoid: &finding.recovery.avoid,
            },
            would_recur: &finding.recurs,
            fault: finding.fault,
            signature: finding.signature,
            consequences: finding.consequences.iter().map(QuotedDto::from).collect(),
            judged: finding.judged.as_deref(),
        }
    }
}

/// Writes `loadworthy/diagnose/v1`.
///
/// # Errors
/// When `out` does not take it.
pub fn v1(diagnosis: &Diagnosis, read: &Coverage, out: &mut dyn Write) -> io::Result<()> {
    let value = DiagnoseDto {
        schema: "loadworthy/diagnose/v1",
        tool: Tool::this(),
        read: ReadDto {
            texts: read.texts.iter().map(|t| &**t).collect(),
            bytes: read.bytes,
            lines: read.lines,
            skipped: &read.skipped,
        },
        findings: diagnosis.findings.iter().map(FindingDto::from).collect(),
        harmless: diagnosis.harmless.iter().map(QuotedDto::from).collect(),
        changes: diagnosis.changes.iter().map(ChangedDto::from).collect(),
        since: &diagnosis.since,
        unbound: diagnosis.unbound.iter().map(QuotedDto::from).collect(),
        ran: diagnosis.ran.iter().map(RanDto::from).collect(),
    };
    document(&value, out)
}

#[derive(Debug, Serialize)]
struct CausesDto<'a> {
    schema: &'static str,
    tool: Tool,
    causes: Vec<CauseDto<'a>>,
}

#[derive(Debug, Serialize)]
struct CauseDto<'a> {
    cause: &'a str,
    family: &'a str,
    platform: &'a str,
    code: Option<&'a str>,
    means: &'a str,
    paths: &'a [String],
    source: &'a str,
}

impl<'a> From<&'a Cause> for CauseDto<'a> {
    fn from(cause: &'a Cause) -> Self {
        Self {
            cause: &cause.id,
            family: &cause.family,
            platform: &cause.platform,
            code: cause.code.as_deref(),
            means: &cause.means,
            paths: &cause.paths,
            source: &cause.source,
        }
    }
}

/// Writes `loadworthy/causes/v1`: every cause a diagnosis can name.
///
/// # Errors
/// When `out` does not take it.
pub fn causes(knowledge: &Knowledge, out: &mut dyn Write) -> io::Result<()> {
    let causes = knowledge.listed().map(CauseDto::from).collect();
    document(&CausesDto { schema: "loadworthy/causes/v1", tool: Tool::this(), causes }, out)
}
