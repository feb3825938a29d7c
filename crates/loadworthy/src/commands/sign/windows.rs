//! What is said of code for Windows.

use super::algorithm;
use crate::args::{self, sign};
use crate::request::{Surroundings, request};
use crate::trouble::Trouble;
use loadworthy_assess::on_linux;
use loadworthy_assess::request::Subjects;
use loadworthy_assess::windows::{self, OnRequest};
use loadworthy_sign::authenticode::Manner;
use loadworthy_sign::certificate::Certificate;
use loadworthy_sign::error::SignError;
use loadworthy_sign::stamps::{Protocol, Stamps};
use std::path::PathBuf;
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
        knowledge: read.knowledge,
    };
    windows::profiles(&request, &windows::tables(&[])?)?;
    Ok(Some(request))
}
