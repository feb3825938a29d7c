//! What is said of code for Windows; signatures taken off.

use super::algorithm;
use crate::args::{self, sign};
use crate::exit;
use crate::request::{Surroundings, request};
use crate::trouble::{Trouble, written};
use loadworthy_assess::on_linux;
use loadworthy_assess::request::Subjects;
use loadworthy_assess::windows::{self, OnRequest};
use loadworthy_sign::authenticode::Manner;
use loadworthy_sign::certificate::Certificate;
use loadworthy_sign::error::SignError;
use loadworthy_sign::stamps::{Protocol, Stamps};
use loadworthy_sign::strip;
use loadworthy_sign::tree;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How code is signed.
pub(super) fn manner(args: &args::Sign) -> Result<Manner, Trouble> {
    let given = &args.windows;
    let mut chain = all(&given.chain)?;
    // Certificates that stand beside the signer's in its own file.
    if let Some(path) = &args.cert {
        let own = Certificate::open(path)?;
        chain.extend(all(std::slice::from_ref(path))?.into_iter().filter(|one| *one != own));
    }
    let stamps = match given.timestamp.as_slice() {
        [] => None,
        urls => Some(Stamps {
            urls: urls.to_vec(),
            protocol: match given.timestamp_protocol {
                sign::Protocol::Rfc3161 => Protocol::Rfc3161,
                sign::Protocol::Authenticode => Protocol::Authenticode,
            },
            digest: algorithm(given.timestamp_digest),
            roots: all(&given.timestamp_root)?,
            patience: Duration::from_secs(given.timestamp_timeout),
        }),
    };
    Ok(Manner {
        append: given.append,
        pages: given.page_hashes,
        description: given.description.clone(),
        url: given.description_url.clone(),
        chain,
        cross: all(&given.cross_cert)?,
        stamps,
    })
}

fn all(files: &[PathBuf]) -> Result<Vec<Certificate>, SignError> {
    let read: Result<Vec<_>, _> = files.iter().map(|path| Certificate::open_all(path)).collect();
    Ok(read?.concat())
}

/// The platforms of Windows that have to accept it; told at once where one is none.
pub(super) fn on(args: &args::Sign, around: &Surroundings) -> Result<Option<OnRequest>, Trouble> {
    let mut on = Vec::new();
    for named in &args.on {
        if on_linux::named(named)?.is_none() {
            on.push(named.clone());
        }
    }
    if on.is_empty() {
        return Ok(None);
    }
    let source = args::Source {
        at: args.source.at.clone(),
        assume: args.source.assume.clone(),
        ..args::Source::default()
    };
    let read = request(&source, Subjects::Named(Vec::new()), around).map_err(Trouble::Usage)?;
    let request = OnRequest {
        on,
        subjects: Vec::new(),
        assume: read.assume,
        at: read.at,
        knowledge: Vec::new(),
    };
    windows::profiles(&request, &windows::tables(&[])?)?;
    Ok(Some(request))
}

/// Takes signatures off. 0: off all files; 1: off some; 2: off none.
pub(super) fn strip(
    args: &args::Sign,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<u8, Trouble> {
    if args.json || args.format == args::Format::Json {
        return Err(Trouble::Usage(
            "--strip has no JSON: `inspect --json` tells what is left".to_owned(),
        ));
    }
    let tasks = tree::tasks(&args.files, args.recursive, args.output.as_deref())?;
    let (mut done, mut failed) = (0, 0);
    for task in &tasks {
        let path = |path: &Path| around.style.plain(&path.display().to_string()).to_string();
        match strip::strip(task) {
            Ok(count) => {
                done += 1;
                let to = task.to.as_deref().map(|to| format!(" -> {}", path(to)));
                let (from, to) = (path(&task.from), to.unwrap_or_default());
                written(match count {
                    0 => writeln!(out, "unsigned {from}{to}"),
                    1 => writeln!(out, "stripped {from}{to} (1 signature)"),
                    n => writeln!(out, "stripped {from}{to} ({n} signatures)"),
                })?;
            }
            Err(problem) => {
                failed += 1;
                let problem = around.style.plain(&problem.to_string()).to_string();
                written(writeln!(out, "failed   {}: {problem}", path(&task.from)))?;
            }
        }
    }
    Ok(match (done, failed) {
        (_, 0) => exit::LOADS,
        (0, _) => exit::FAILED,
        _ => exit::REFUSED,
    })
}
