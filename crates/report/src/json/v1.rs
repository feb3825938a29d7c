//! The documents of version 1, as `docs/schema/` describes them.
//!
//! They are written as they are made, one verdict at a time: a whole module tree never stands in
//! memory twice. The same answers give the same bytes. `streamed` writes them where nobody keeps verdicts.

use crate::json::document::{AcceptedDto, KnownHost, Tool, document};
use crate::json::proofs::{Missing, ProofTable, Table};
use crate::words::{self, remedies};
use loadworthy_core::answer::{
    Answered, Answers, Demand, Finding, Host, Note, Phase, StartedBy, Subject, Tried,
};
use loadworthy_core::boot_claim::By;
use loadworthy_core::codes;
use loadworthy_core::proof::{Origin, Proof};
use loadworthy_core::verdict::{HostSays, Reason, Verdict};
use loadworthy_core::windows_words::{Hresult, Prompt, Status};
use loadworthy_formats::text::hex;
use serde::{Serialize, Serializer};
use std::cell::RefCell;
use std::io::{self, Write};

pub mod streamed;

#[derive(Debug, Serialize)]
struct HostDto<'a> {
    #[serde(flatten)]
    known: KnownHost<'a>,
    boot_entry: Option<EntryDto<'a>>,
}

/// The boot-loader entry that starts the kernel.
#[derive(Debug, Serialize)]
struct EntryDto<'a> {
    loader: &'static str,
    title: &'a str,
    id: &'a str,
    file: &'a str,
    kernel: &'a str,
    initrds: Vec<&'a str>,
    options: Option<&'a str>,
    chosen_by: Option<&'static str>,
    once: bool,
    tries_left: Option<u32>,
}

impl<'a> From<&'a StartedBy> for EntryDto<'a> {
    fn from(started: &'a StartedBy) -> Self {
        let entry = &started.entry;
        Self {
            loader: entry.loader.name(),
            title: &entry.title,
            id: &entry.id,
            file: &entry.file,
            kernel: &entry.kernel,
            initrds: entry.initrds.iter().map(|path| &**path).collect(),
            options: entry.options.as_deref(),
            chosen_by: started.by.map(By::name),
            once: started.by.is_some_and(By::once),
            tries_left: entry.tries_left,
        }
    }
}

impl<'a> From<&'a Host> for HostDto<'a> {
    fn from(host: &'a Host) -> Self {
        Self {
            known: KnownHost::from(host),
            boot_entry: host.started_by.as_ref().map(EntryDto::from),
        }
    }
}

#[derive(Debug, Default, Serialize)]
struct Summary {
    loads: usize,
    #[serde(rename = "loads-tainted")]
    loads_tainted: usize,
    refused: usize,
    unknown: usize,
}

impl From<&[Answered]> for Summary {
    fn from(answers: &[Answered]) -> Self {
        let mut summary = Self::default();
        answers.iter().for_each(|a| summary.count(a));
        summary
    }
}

impl Summary {
    fn count(&mut self, a: &Answered) {
        *match a.judgement.verdict {
            Verdict::Loads => &mut self.loads,
            Verdict::LoadsTainted => &mut self.loads_tainted,
            Verdict::Refused(_) => &mut self.refused,
            Verdict::Unknown(_) => &mut self.unknown,
        } += 1;
    }
}

#[derive(Debug, Serialize)]
struct CheckDto<'a> {
    schema: &'static str,
    tool: Tool,
    at: &'a str,
    host: HostDto<'a>,
    summary: Summary,
    verdicts: Verdicts<'a>,
    notes: Notes<'a>,
    findings: Vec<FindingDto<'a>>,
    proof: ProofTable<'a>,
}

/// Something inside a file.
#[derive(Debug, Serialize)]
pub(crate) struct FindingDto<'a> {
    code: &'static str,
    tool: Option<&'static str>,
    number: Option<&'a str>,
    level: &'static str,
    path: &'a str,
    line: Option<u32>,
    column: Option<u32>,
    title: &'a str,
    said: &'a str,
    help: Option<&'a str>,
}

impl<'a> From<&'a Finding> for FindingDto<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            code: finding.code.id,
            tool: finding.number.as_ref().map(|(tool, _)| *tool),
            number: finding.number.as_ref().map(|(_, number)| &**number),
            level: finding.level.name(),
            path: &finding.path,
            line: finding.at.map(|(line, _)| line),
            column: finding.at.map(|(_, column)| column),
            title: &finding.title,
            said: &finding.said,
            help: finding.help.as_deref(),
        }
    }
}

#[derive(Debug)]
struct Verdicts<'a>(&'a [Answered], &'a RefCell<Table<'a>>, Proofs);

impl<'a> Serialize for Verdicts<'a> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = |proof: &'a Proof| number(proof, self.1);
        serializer.collect_seq(self.0.iter().map(|a| VerdictDto::of(a, &number, self.2)))
    }
}

#[derive(Debug)]
struct Notes<'a>(&'a [Note], &'a RefCell<Table<'a>>);

impl Serialize for Notes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer
            .collect_seq(self.0.iter().map(|note| NoteDto::of(note, number(&note.because, self.1))))
    }
}

#[derive(Debug, Serialize)]
struct NoteDto {
    code: &'static str,
    title: &'static str,
    because: Vec<u32>,
    remedies: Vec<RemedyDto>,
}

impl NoteDto {
    /// With the number of its proof.
    fn of(note: &Note, because: u32) -> Self {
        Self {
            code: note.code.id,
            title: note.code.title(),
            because: vec![because],
            remedies: note.tried.iter().map(RemedyDto::from).collect(),
        }
    }
}

/// Gives a proof its number in a document.
type Number<'n, 'f> = &'f dyn Fn(&'n Proof) -> u32;

#[derive(Debug, Serialize)]
struct VerdictDto<'a> {
    subject: SubjectDto<'a>,
    on: Option<&'a str>,
    phase: &'static str,
    outcome: &'static str,
    confidence: &'static str,
    code: Option<&'static str>,
    host_says: SaysDto<'a>,
    reasons: Vec<ReasonDto>,
    unknown: Vec<Missing>,
    pending: Option<&'a str>,
    remedies: Vec<RemedyDto>,
    would_not_help: Vec<RemedyDto>,
    walk: Vec<u32>,
}

impl<'a> VerdictDto<'a> {
    fn of(a: &'a Answered, number: Number<'a, '_>, proofs: Proofs) -> Self {
        let judgement = &a.judgement;
        let (code, unknown) = match &judgement.verdict {
            Verdict::Loads => (None, Vec::new()),
            Verdict::LoadsTainted => (judgement.reasons.first().map(|r| r.code.id), Vec::new()),
            Verdict::Refused(code) => (Some(code.id), Vec::new()),
            Verdict::Unknown(gaps) => {
                (Some(codes::EVIDENCE_MISSING.id), gaps.iter().map(Missing::from).collect())
            }
        };
        let tried = |helps: bool| {
            a.tried.iter().filter(move |t| t.helps == helps).map(RemedyDto::from).collect()
        };
        let told = match proofs {
            Proofs::All => true,
            Proofs::OfTrouble => judgement.verdict != Verdict::Loads,
            Proofs::None => false,
        };
        let number = told.then_some(number);
        let walk = judgement.walk.iter();
        Self {
            subject: SubjectDto::from(&a.subject),
            on: a.on.as_deref(),
            phase: a.phase.name(),
            outcome: judgement.verdict.name(),
            confidence: words::standing(judgement.standing),
            code,
            host_says: SaysDto::of(&judgement.says, a.phase),
            reasons: judgement.reasons.iter().map(|r| ReasonDto::of(r, number)).collect(),
            unknown,
            pending: a.pending.as_deref(),
            remedies: tried(true),
            would_not_help: tried(false),
            walk: walk.filter_map(|w| Some(number?(&w.proof))).collect(),
        }
    }
}

#[derive(Debug, Serialize)]
struct SubjectDto<'a> {
    kind: &'static str,
    name: &'a str,
    path: Option<&'a str>,
    sha256: Option<String>,
    required_by: &'a [String],
    class: Option<&'static str>,
    blocks: bool,
    optional: bool,
    loses: &'a [String],
    accepted: Option<AcceptedDto<'a>>,
}

impl<'a> From<&'a Subject> for SubjectDto<'a> {
    fn from(subject: &'a Subject) -> Self {
        Self {
            kind: subject.kind.name(),
            name: &subject.name,
            path: subject.path.as_deref(),
            sha256: subject.sha256.map(|digest| hex(&digest)),
            required_by: &subject.required_by,
            class: subject.need.class.map(|class| class.name()),
            blocks: subject.need.blocks,
            optional: subject.need.optional,
            loses: &subject.need.loses,
            accepted: subject.need.accepted.as_ref().map(AcceptedDto::from),
        }
    }
}

/// What the host says, in the words of its platform.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum SaysDto<'a> {
    Linux(HostSaysDto<'a>),
    WindowsLoad(LoadSaysDto<'a>),
    WindowsInstall(InstallSaysDto),
}

impl<'a> SaysDto<'a> {
    fn of(says: &'a HostSays, phase: Phase) -> Self {
        match (&says.windows, phase) {
            (None, _) => Self::Linux(HostSaysDto::from(says)),
            (Some(windows), Phase::Load) => Self::WindowsLoad(LoadSaysDto {
                status: windows.status.map(|s| s.to_string()),
                status_name: windows.status.map(Status::name),
                status_certain: (windows.status.is_some() && !says.certain).then_some(false),
                events: &windows.events,
                problem: windows.problem,
            }),
            (Some(windows), Phase::Install) => Self::WindowsInstall(InstallSaysDto {
                hresult: windows.hresult.map(|h| h.to_string()),
                hresult_name: windows.hresult.map(Hresult::name),
                inner: windows.inner.map(|h| h.to_string()),
                prompt: windows.prompt.map(Prompt::name),
            }),
        }
    }
}

#[derive(Debug, Serialize)]
struct LoadSaysDto<'a> {
    status: Option<String>,
    status_name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_certain: Option<bool>,
    events: &'a [u16],
    problem: Option<u8>,
}

#[derive(Debug, Serialize)]
struct InstallSaysDto {
    hresult: Option<String>,
    hresult_name: Option<&'static str>,
    inner: Option<String>,
    prompt: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct HostSaysDto<'a> {
    errno: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errno_certain: Option<bool>,
    /// Who refuses an image before a kernel runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'static str>,
    /// What that one answers, or null where the screen does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Option<&'static str>>,
    log: Vec<&'a str>,
    taint: Vec<&'static str>,
}

impl<'a> From<&'a HostSays> for HostSaysDto<'a> {
    fn from(says: &'a HostSays) -> Self {
        Self {
            errno: says.errno.map(|e| e.name()),
            errno_certain: (says.errno.is_some() && !says.certain).then_some(false),
            by: says.stopped.map(|(by, _)| by.name()),
            status: says.stopped.map(|(_, status)| status),
            log: says.lines.iter().map(|l| l.text.as_str()).collect(),
            taint: says.taint.iter().map(|l| l.name()).collect(),
        }
    }
}

#[derive(Debug, Serialize)]
struct ReasonDto {
    code: &'static str,
    bucket: &'static str,
    title: &'static str,
    because: Vec<u32>,
    reached: bool,
}

impl ReasonDto {
    fn of<'n>(reason: &'n Reason, number: Option<Number<'n, '_>>) -> Self {
        Self {
            code: reason.code.id,
            bucket: reason.code.bucket().name(),
            title: reason.code.title(),
            because: number.map(|number| number(&reason.because)).into_iter().collect(),
            reached: reason.reached,
        }
    }
}

#[derive(Debug, Serialize)]
struct RemedyDto {
    does: &'static str,
    title: String,
    first: Vec<String>,
    command: Option<String>,
    judged: &'static str,
}

impl From<&Tried> for RemedyDto {
    fn from(tried: &Tried) -> Self {
        Self {
            does: remedies::does(&tried.remedy),
            title: remedies::remedy(&tried.remedy),
            first: remedies::first(&tried.remedy),
            command: remedies::command(&tried.remedy),
            judged: tried.judged.name(),
        }
    }
}

fn number<'n>(proof: &'n Proof, table: &RefCell<Table<'n>>) -> u32 {
    table.borrow_mut().number(proof)
}

/// Whose proofs a document holds. A whole tree's are some hundred thousand nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proofs {
    /// Those of every verdict.
    All,
    /// Those of every verdict but a plain `loads`.
    OfTrouble,
    /// None.
    None,
}

/// Writes `loadworthy/check/v1`.
///
/// # Errors
/// When `out` does not take it.
pub fn check(answers: &Answers, proofs: Proofs, out: &mut dyn Write) -> io::Result<()> {
    let table = RefCell::new(Table::default());
    let value = CheckDto {
        schema: "loadworthy/check/v1",
        tool: Tool::this(),
        at: &answers.at,
        host: HostDto::from(&answers.host),
        summary: Summary::from(answers.answers.as_slice()),
        verdicts: Verdicts(&answers.answers, &table, proofs),
        notes: Notes(&answers.notes, &table),
        findings: answers.findings.iter().map(FindingDto::from).collect(),
        proof: ProofTable(&table),
    };
    document(&value, out)
}

#[derive(Debug, Serialize)]
struct PolicyDto<'a> {
    schema: &'static str,
    tool: Tool,
    at: &'a str,
    host: PlaceDto,
    kernels: Vec<KernelDto<'a>>,
    proof: ProofTable<'a>,
}

#[derive(Debug, Serialize)]
struct PlaceDto {
    source: &'static str,
    platform: &'static str,
}

#[derive(Debug, Serialize)]
struct KernelDto<'a> {
    kernel: &'a str,
    demands: Vec<DemandDto<'a>>,
}

#[derive(Debug, Serialize)]
struct DemandDto<'a> {
    name: &'static str,
    value: Option<&'a str>,
    because: Vec<u32>,
}

/// Writes `loadworthy/policy/v1`: what each kernel demands.
///
/// # Errors
/// When `out` does not take it.
pub fn policy(
    at: &str,
    source: Origin,
    kernels: &[(&str, &[Demand])],
    out: &mut dyn Write,
) -> io::Result<()> {
    let table = RefCell::new(Table::default());
    let kernels = kernels.iter().map(|(kernel, demands)| KernelDto {
        kernel,
        demands: demands
            .iter()
            .map(|d| DemandDto {
                name: d.name,
                value: d.value.as_deref(),
                because: vec![number(&d.because, &table)],
            })
            .collect(),
    });
    let value = PolicyDto {
        schema: "loadworthy/policy/v1",
        tool: Tool::this(),
        at,
        host: PlaceDto { source: words::origin(source), platform: "linux" },
        kernels: kernels.collect(),
        proof: ProofTable(&table),
    };
    document(&value, out)
}

#[cfg(test)]
mod tests;
