//! What was signed, before its release: every target is asked.
//!
//! Only what a platform says to the *signature* holds a file back. That a module is for another
//! kernel, or lacks a symbol there, is told and is no reason not to sign it.

use std::collections::BTreeMap;
use std::sync::Arc;

use loadworthy_assess::check::check_on;
use loadworthy_assess::host::Host;
use loadworthy_assess::request::{Request, Subjects, Trouble, Which};
use loadworthy_core::answer::{Answered, Kind, Remedy};
use loadworthy_core::check::Letter;
use loadworthy_core::code::Bucket;
use loadworthy_core::signed::{Judged, Target};
use loadworthy_core::verdict::Verdict;

use crate::error::SignError;
use crate::prepared::Prepared;

/// Asks one target about every file that was signed.
///
/// # Errors
/// When the target cannot be asked as it was meant to be. A machine without a kernel is none of that: it
/// is told in [`Target`].
pub(crate) fn ask(
    number: usize,
    name: &str,
    request: &Request,
    files: &mut [Prepared],
) -> Result<Target, SignError> {
    let mut target = Target { name: name.to_owned(), kernel: None, problem: None };
    let host = Host::of(request).map_err(|trouble| meant(&trouble))?;
    let images: Vec<usize> = of(files, Kind::BootImage).collect();
    if !images.is_empty() {
        one(&host, request, number, &images, files, &mut target)?;
    }
    // A module is judged by the kernel it was built for, where that one is there.
    let mut by_kernel: BTreeMap<Option<String>, Vec<usize>> = BTreeMap::new();
    for at in of(files, Kind::LinuxModule) {
        let there = |release: &&String| {
            request.kernel == Which::Next
                && host.kernels.installed.iter().any(|k| *k.release == ***release)
        };
        by_kernel.entry(files[at].release.as_ref().filter(there).cloned()).or_default().push(at);
    }
    for (release, modules) in by_kernel {
        let kernel = release.map_or_else(|| request.kernel.clone(), Which::Release);
        let request = Request { kernel, ..request.clone() };
        one(&host, &request, number, &modules, files, &mut target)?;
    }
    Ok(target)
}

fn meant(trouble: &Trouble) -> SignError {
    SignError::Input(trouble.to_string())
}

fn of(files: &[Prepared], kind: Kind) -> impl Iterator<Item = usize> {
    let wanted = move |f: &Prepared| f.part.is_some() && f.row.kind == Some(kind);
    files.iter().enumerate().filter(move |(_, f)| wanted(f)).map(|(at, _)| at)
}

/// One question to one kernel.
fn one(
    host: &Host,
    request: &Request,
    number: usize,
    which: &[usize],
    files: &mut [Prepared],
    target: &mut Target,
) -> Result<(), SignError> {
    let paths: BTreeMap<String, usize> = which
        .iter()
        .filter_map(|at| Some((files[*at].part.as_ref()?.path().display().to_string(), *at)))
        .collect();
    let request =
        Request { subjects: Subjects::Named(paths.keys().cloned().collect()), ..request.clone() };
    let answers = match check_on(host, &request, &|_, _| {}) {
        Ok(answers) => answers,
        Err(Trouble::NoKernel { there, .. }) if there.is_empty() => {
            target.problem.get_or_insert_with(|| "no kernel is installed there".to_owned());
            return Ok(());
        }
        Err(trouble) => return Err(meant(&trouble)),
    };
    if let Some(kernel) = answers.host.kernel {
        target.kernel.get_or_insert_with(|| kernel.to_string());
    }
    for mut answered in answers.answers {
        let at = answered.subject.path.as_deref().and_then(|path| paths.get(path));
        let Some(row) = at.map(|at| &mut files[*at].row) else { continue };
        let place: Arc<str> = row.to.as_deref().unwrap_or(&row.path).into();
        for tried in &mut answered.tried {
            if let Remedy::Sign { path, .. } | Remedy::SignImage { path, .. } = &mut tried.remedy {
                *path = place.clone();
            }
        }
        answered.subject.path = Some(place);
        row.judged.push(Judged { target: number, accepts: accepts(&answered), answered });
    }
    Ok(())
}

/// Whether the signature counts there.
pub(crate) fn accepts(answered: &Answered) -> Option<bool> {
    let judgement = &answered.judgement;
    let about_it = judgement.reasons.iter().any(|r| r.code.bucket() != Bucket::NotSignature);
    match &judgement.verdict {
        Verdict::Refused(_) if about_it => Some(false),
        _ if judgement.says.taint.contains(&Letter::E) => Some(false),
        Verdict::Unknown(_) => None,
        Verdict::Refused(_) | Verdict::Loads | Verdict::LoadsTainted => Some(true),
    }
}

/// Whether a target keeps the file from being released.
pub(crate) fn stops(judged: &Judged) -> bool {
    let refused = matches!(judged.answered.judgement.verdict, Verdict::Refused(_));
    refused && judged.accepts == Some(false)
}
