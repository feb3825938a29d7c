//! `loadworthy diagnose`: what happened, how sure is that, and which way back?

use crate::args::{self, Record};
use crate::exit;
use crate::request::{Surroundings, at, request};
use crate::trouble::{Trouble, written};
use loadworthy_assess::diagnose::texts::{self, Input, Text};
use loadworthy_assess::diagnose::{Answer, Question, diagnose};
use loadworthy_assess::request::Subjects;
use loadworthy_core::diagnose::finding::Diagnosis;
use loadworthy_report::diagnose::{markup, redact, text};
use loadworthy_report::diff as since;
use loadworthy_report::json::diagnose as json;
use std::io::{self, Write};

pub(crate) fn run(
    args: &args::Diagnose,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<u8, Trouble> {
    let mut read = Vec::new();
    for log in &args.logs {
        match log.as_os_str() == "-" {
            true => read.push(standard_input()),
            false => read.extend(texts::at(log)?),
        }
    }
    let machine = args.source.root.is_some()
        || !args.source.bundle.is_empty()
        || args.live
        || args.before.is_some();
    if read.is_empty() && !machine && is_given() {
        read.push(standard_input());
    }
    let host = match machine || read.is_empty() {
        true => Some(request(&args.source, Subjects::Used, around).map_err(Trouble::Usage)?),
        false => None,
    };
    let at = at(args.source.at.as_deref(), around).map_err(Trouble::Usage)?;
    let jobs = args.source.jobs.map_or(around.processors, usize::from);
    let knowledge = args.source.knowledge.clone();
    let before = args.before.clone();
    let Answer { mut diagnosis, mut read, compared } =
        diagnose(Question { texts: read, host, before, knowledge, at, jobs })?;
    diagnosis.since = compared.iter().flat_map(since::sentences).collect();
    if args.redact {
        redact::redact(&mut diagnosis, &mut read);
    }
    let format = if args.json { Record::Json } else { args.format };
    written(match format {
        Record::Json => json::v1(&diagnosis, &read, out),
        Record::Markdown => markup::markdown(&diagnosis, &read, out),
        Record::Html => markup::html(&diagnosis, &read, out),
        Record::Text => text::diagnosis(&diagnosis, &read, &around.style, out),
    })?;
    Ok(code(&diagnosis, read.bytes))
}

fn code(diagnosis: &Diagnosis, bytes: u64) -> u8 {
    let open = |cause: &str| cause == "not-enough-evidence";
    match () {
        () if diagnosis.findings.iter().any(|f| f.fault && !open(&f.cause)) => exit::REFUSED,
        () if diagnosis.findings.iter().any(|f| open(&f.cause)) => exit::UNKNOWN,
        () if diagnosis.findings.is_empty() && bytes == 0 => exit::UNKNOWN,
        () => exit::LOADS,
    }
}

fn standard_input() -> Text {
    Text { name: "standard input".into(), input: Input::Stream(Box::new(io::stdin())) }
}

/// Whether something is piped or redirected into the program: what a terminal or a service has as
/// standard input is not waited for.
#[cfg(unix)]
fn is_given() -> bool {
    use std::os::unix::fs::FileTypeExt;
    let about = std::fs::metadata("/dev/stdin");
    about.is_ok_and(|about| about.file_type().is_fifo() || about.is_file())
}

/// Where nothing tells a pipe from nothing at all, `-` does.
#[cfg(not(unix))]
const fn is_given() -> bool {
    false
}
