//! A machine's own files beside the log: which modules are meant, and what the judge says of them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use loadworthy_collect::gather::linux::logs as kept;
use loadworthy_collect::gather::looking::Looking;
use loadworthy_core::answer::Answered;
use loadworthy_core::diagnose::clue::Clue;
use loadworthy_core::diagnose::joined::Judged;
use loadworthy_core::tables::diagnose::{Knowledge, Shows};
use loadworthy_core::verdict::Verdict;
use loadworthy_formats::kernel::name;

use crate::check;
use crate::diagnose::texts::{Input, Text};
use crate::host::Host;
use crate::modules;
use crate::request::{Request, Source, Subjects, Trouble, Which};

/// Modules that are judged at most.
const JUDGED: usize = 64;
/// Folders of a module tree into which others than the kernel's makers put modules.
const ADDED: [&str; 4] = ["/updates/", "/extra/", "/weak-updates/", "/misc/"];

/// The logs that a machine keeps in files.
pub(super) fn logs(looking: &Looking<'_>) -> Vec<Text> {
    let text = |(name, bytes): (String, Vec<u8>)| Text {
        name: name.as_str().into(),
        input: Input::Bytes(bytes),
    };
    kept::gather(looking).into_iter().map(text).collect()
}

/// What the judge says of every module the clues speak of, and of the caller's own files.
///
/// # Errors
/// When our own work cannot be done.
pub(super) fn judged(
    host: &Host,
    request: &Request,
    clues: &[Clue],
    files: &[PathBuf],
    unbound: Vec<String>,
    knowledge: &Knowledge,
) -> Result<Vec<Judged>, Trouble> {
    let refused = |clue: &&Clue| {
        knowledge.patterns.get(clue.seen.row).is_some_and(|p| p.shows == Shows::Refusal)
    };
    let mut names: BTreeSet<String> =
        clues.iter().filter(refused).filter_map(Clue::module).collect();
    let silent = names.is_empty();
    let kernel = kernel_of(host, request, clues);
    names.extend(unbound);
    if silent && let Some(kernel) = &kernel {
        names.extend(added(host, kernel, request));
    }
    let files: Vec<String> = files.iter().map(|p| p.display().to_string()).collect();
    let of_files: BTreeSet<String> = files.iter().map(|f| name::of_path(f).to_string()).collect();
    names.retain(|n| !of_files.contains(n));
    let subjects: Vec<String> = files.into_iter().chain(names).take(JUDGED).collect();
    let mut all = Vec::new();
    if !subjects.is_empty() {
        all = ask(host, request, kernel.as_ref(), Subjects::Named(subjects))?;
    }
    // A file that lies in the tree and is on no index was loaded by its path.
    let stray: Vec<String> = all
        .iter()
        .filter(|j| j.code == Some("LW1051"))
        .filter_map(|j| in_tree(host, request, kernel.as_ref()?, &j.name))
        .collect();
    if !stray.is_empty() {
        all.retain(|j| {
            j.code != Some("LW1051") || !stray.iter().any(|s| name::of_path(s) == j.name)
        });
        all.extend(ask(host, request, kernel.as_ref(), Subjects::Named(stray))?);
    }
    if silent {
        let used = ask(host, request, kernel.as_ref(), Subjects::Used).unwrap_or_default();
        all.extend(used.into_iter().filter(|j| j.outcome == "refused").take(JUDGED));
    }
    all.dedup_by(|a, b| a.name == b.name && a.path == b.path);
    Ok(all)
}

/// The kernel the log is of, where that one is installed; else the one that is asked about.
pub(super) fn kernel_of(host: &Host, request: &Request, clues: &[Clue]) -> Option<Which> {
    let named = clues.iter().rev().filter_map(|c| c.captured("kernel"));
    let installed = |release: &&str| host.kernels.installed.iter().any(|k| *k.release == **release);
    if request.kernel != Which::Next {
        return Some(request.kernel.clone());
    }
    let release = named.into_iter().find(installed).map(|r| Which::Release(r.to_owned()));
    release.or(match (&host.kernels.running, &host.kernels.next) {
        (Ok(_), _) => Some(Which::Running),
        (_, Ok(_)) => Some(Which::Next),
        _ => None,
    })
}

/// Modules that were added to the kernel's own.
fn added(host: &Host, which: &Which, request: &Request) -> Vec<String> {
    let mut names = Vec::new();
    for kernel in host.asked(which).unwrap_or_default() {
        let Ok(kernel) = host.kernel(kernel, request) else { continue };
        let (paths, _) = modules::all(&host.looking(), &kernel);
        for path in paths.iter().map(ToString::to_string) {
            if ADDED.iter().any(|folder| path.contains(folder)) {
                names.push(name::of_path(&path).to_string());
            }
        }
    }
    names
}

/// What a machine is called beside another.
pub(super) fn named(source: &Source) -> String {
    match source {
        Source::Live => "now".to_owned(),
        Source::Root(path) | Source::Bundle(path) => path.display().to_string(),
        Source::Named(platform) => platform.given.to_string(),
        Source::Under { files, .. } | Source::Ordinary(files) => named(files),
    }
}

/// Where a file of that name lies in the tree, as a path of the caller.
fn in_tree(host: &Host, request: &Request, which: &Which, module: &str) -> Option<String> {
    let root = match &request.source {
        Source::Root(root) => root.clone(),
        Source::Live => PathBuf::from("/"),
        Source::Bundle(_) | Source::Named(_) | Source::Under { .. } | Source::Ordinary(_) => {
            return None;
        }
    };
    for kernel in host.asked(which).unwrap_or_default() {
        let Ok(kernel) = host.kernel(kernel, request) else { continue };
        let (paths, _) = modules::all(&host.looking(), &kernel);
        let mut paths = paths.iter().map(ToString::to_string);
        if let Some(path) = paths.find(|path| name::of_path(path) == module) {
            return Some(root.join(path).display().to_string());
        }
    }
    None
}

fn ask(
    host: &Host,
    request: &Request,
    kernel: Option<&Which>,
    subjects: Subjects,
) -> Result<Vec<Judged>, Trouble> {
    let of = |subjects: Subjects, assume: Vec<(String, String)>| Request {
        source: request.source.clone(),
        with: Vec::new(),
        kernel: kernel.cloned().unwrap_or(Which::Next),
        subjects,
        assume,
        manifest: None,
        at: request.at.clone(),
        cache: request.cache.clone(),
        knowledge: request.knowledge.clone(),
        jobs: request.jobs,
        short: false,
    };
    let first = match check::check_on(host, &of(subjects, request.assume.clone()), &|_, _| {}) {
        Err(Trouble::NoKernel { .. }) => return Ok(Vec::new()),
        other => other?,
    };
    let off = first.host.secure_boot == Some(false);
    let mut all: Vec<(Judged, String)> =
        first.answers.iter().map(|answered| (judged_as(answered), argument(answered))).collect();
    // A key that only Secure Boot brings in: the same file, judged with Secure Boot on.
    let keyless: Vec<String> = all
        .iter()
        .filter(|(j, _)| off && j.code == Some("LW1004"))
        .map(|(_, argument)| argument.clone())
        .collect();
    if !keyless.is_empty() {
        let mut assume = request.assume.clone();
        assume.push(("secure-boot".to_owned(), "on".to_owned()));
        let again = check::check_on(host, &of(Subjects::Named(keyless), assume), &|_, _| {})?;
        for answered in &again.answers {
            let loads =
                matches!(answered.judgement.verdict, Verdict::Loads | Verdict::LoadsTainted);
            for (judged, _) in all.iter_mut().filter(|(j, _)| j.name == *answered.subject.name) {
                judged.loads_under_secure_boot = loads;
            }
        }
    }
    Ok(all.into_iter().map(|(judged, _)| judged).collect())
}

fn argument(answered: &Answered) -> String {
    let path = answered.subject.path.as_deref().filter(|p| !p.starts_with("lib/modules"));
    path.unwrap_or(&answered.subject.name).to_owned()
}

fn judged_as(answered: &Answered) -> Judged {
    let judgement = &answered.judgement;
    let code = match &judgement.verdict {
        Verdict::Refused(code) => Some(*code),
        Verdict::Loads | Verdict::LoadsTainted | Verdict::Unknown(_) => None,
    };
    let errno = judgement.says.errno.map(|e| e.name());
    let outcome = judgement.verdict.name();
    let because = match (code, errno) {
        (Some(code), Some(errno)) => format!("{outcome} {code} {errno}: {}", code.title()),
        (Some(code), None) => format!("{outcome} {code}: {}", code.title()),
        (None, _) => outcome.to_owned(),
    };
    Judged {
        name: answered.subject.name.to_string(),
        path: answered.subject.path.as_ref().map(ToString::to_string),
        outcome,
        code: code.map(|c| c.id),
        errno,
        log: judgement.says.lines.iter().map(|l| l.text.clone()).collect(),
        because,
        loads_under_secure_boot: false,
        windows: false,
        line_ends: false,
    }
}
