//! The reasoning: scenes weighed, put beside the judge's word, told as findings.

use crate::diagnose::clue::Clue;
use crate::diagnose::finding::{About, Confidence, Diagnosis, Finding, Other, Quoted, Recovery};
use crate::diagnose::joined::Judged;
use crate::diagnose::likeness::{self, Likeness, Said};
use crate::diagnose::packaged;
use crate::diagnose::platform::apart;
use crate::diagnose::scene::{Scene, scenes};
use crate::diagnose::timeline::timeline;
use crate::diagnose::weigh::{Candidate, weigh};
use crate::tables::diagnose::{Cause, Knowledge, Shows};
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// So strong a reason, and so far before the next, is likely.
const LIKELY: u8 = 60;
const AHEAD: u8 = 8;
/// Lines quoted in one finding.
const QUOTES: usize = 8;
/// Causes named as what else fits.
const OTHERS: usize = 4;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Matter<'a> {
    /// Lines that patterns met, in order.
    pub clues: &'a [Clue],
    /// Whether all that was read are short texts: a report, the output of a few commands.
    pub short: bool,
    /// The lines of short texts.
    pub said: &'a [Said],
    /// What the judge says of the host's files.
    pub judged: &'a [Judged],
}

/// From lines and judgements to findings.
#[must_use]
pub fn diagnose(matter: &Matter<'_>, knowledge: &Knowledge) -> Diagnosis {
    let shows = |clue: &Clue| knowledge.patterns.get(clue.seen.row).map(|p| p.shows);
    let banner = |clue: &Clue| {
        let pattern = knowledge.patterns.get(clue.seen.row);
        clue.line < 50 && pattern.is_some_and(|p| p.common.id == "kernel-banner")
    };
    // Who writes of trouble beside a log asks about that, even where the log itself is of a healthy boot.
    let asked = |clue: &Clue| {
        let pattern = knowledge.patterns.get(clue.seen.row);
        pattern.is_some_and(|p| p.words_only() && p.sign() == "trouble-said")
    };
    let whole_log =
        (!matter.short || matter.clues.iter().any(banner)) && !matter.clues.iter().any(asked);
    let mut told = Diagnosis::default();
    let mut harmless: Vec<Quoted> = Vec::new();
    let [others, windows] = apart(matter.clues, knowledge);
    let mut all: Vec<Scene<'_>> = Vec::new();
    for (clues, windows) in [(&others, false), (&windows, true)] {
        if !clues.is_empty() {
            all.extend(scenes(clues, windows, knowledge));
        }
    }
    for scene in all {
        let candidates = weigh(&scene, knowledge);
        let refused = scene.signs.contains_key("device-unbound")
            || scene.clues.iter().any(|c| shows(c) == Some(Shows::Refusal));
        if whole_log && !refused {
            harmless.extend(notices(&scene, knowledge));
            continue;
        }
        let Some(mut finding) = told_as(&scene, &candidates, knowledge, refused) else { continue };
        if whole_log && !finding.fault && finding.cause != "transient-ordering" {
            harmless.append(&mut finding.evidence);
            continue;
        }
        if !whole_log && finding.confidence == Confidence::Possible {
            finding = likened(finding, &scene, &candidates, matter.said, knowledge);
        }
        let further = join(&mut finding, &scene, &candidates, matter.judged, knowledge);
        told.findings.push(finding);
        told.findings.extend(further);
    }
    let unnamed = |j: &&Judged| j.outcome == "refused" && !named(&told.findings, j);
    let predicted: Vec<Finding> =
        matter.judged.iter().filter(unnamed).filter_map(|j| from_files(j, knowledge)).collect();
    told.findings.extend(predicted);
    told.findings = merged(told.findings);
    told.findings.sort_by_key(|f| {
        let aside = f.detail.as_deref() == Some(DISAGREE);
        let proven = f.confidence == Confidence::Proven;
        (aside, core::cmp::Reverse((proven, f.fault, f.weight)))
    });
    if told.findings.is_empty() {
        harmless.dedup();
        told.harmless = harmless;
    }
    told.changes = timeline(matter.clues, knowledge);
    let hosts = matter.clues.iter().filter_map(|c| c.seen.host.clone());
    told.hosts = hosts.collect::<alloc::collections::BTreeSet<_>>().into_iter().collect();
    told
}

/// The cause of what the evidence leaves open: beside another one it says nothing.
const OPEN: &str = "not-enough-evidence";
/// The detail of a finding that log and files say different things.
const DISAGREE: &str = "log-and-files-disagree";

fn notices(scene: &Scene<'_>, knowledge: &Knowledge) -> Vec<Quoted> {
    let notice = |c: &&&Clue| {
        let pattern = knowledge.patterns.get(c.seen.row);
        pattern.is_some_and(|p| p.shows == Shows::Notice)
    };
    scene.clues.iter().filter(notice).map(|c| Quoted::of(c)).take(QUOTES).collect()
}

fn named(findings: &[Finding], judged: &Judged) -> bool {
    let own = |f: &Finding| {
        f.about.name.iter().chain(&f.about.also).any(|n| judged.is(n))
            || judged.windows && f.about.path.is_some() && f.about.path == judged.path
    };
    findings.iter().any(own)
}

/// A scene as a finding; `None` where nothing in it is worth one.
fn told_as(
    scene: &Scene<'_>,
    candidates: &[Candidate<'_, '_>],
    knowledge: &Knowledge,
    refused: bool,
) -> Option<Finding> {
    let Some((first, rest)) = candidates.split_first() else {
        let cause = knowledge.cause_on(OPEN, scene.windows).filter(|_| refused)?;
        let because = "something did not load, and nothing that was read says why".to_owned();
        let named = Named { cause, detail: None, weight: 0, because };
        return Some(finding(named, &scene.clues, scene, knowledge));
    };
    let cause = knowledge.cause_on(&first.reason.cause, scene.windows)?;
    let reason = first.reason;
    let detail = reason.detail.clone();
    let named = Named { cause, detail, weight: reason.weight, because: reason.because.clone() };
    let mut told = finding(named, &first.clues, scene, knowledge);
    let next = rest.first().map_or(0, |c| c.reason.weight);
    told.confidence = if reason.weight >= LIKELY && reason.weight.saturating_sub(next) >= AHEAD {
        Confidence::Likely
    } else {
        Confidence::Possible
    };
    told.others = rest
        .iter()
        .filter(|c| c.reason.cause != OPEN)
        .take(OTHERS)
        .map(|c| Other { cause: c.reason.cause.clone(), because: c.reason.because.clone() })
        .collect();
    Some(told)
}

/// A possible finding, or what settled reports in such words were of. Where a program said that
/// something was refused, or a strong reason of Windows has another beside it, words choose among
/// what fits.
fn likened(
    told: Finding,
    scene: &Scene<'_>,
    candidates: &[Candidate<'_, '_>],
    said: &[Said],
    knowledge: &Knowledge,
) -> Finding {
    let refusal = |clue: &&Clue| {
        let pattern = knowledge.patterns.get(clue.seen.row);
        pattern.is_some_and(|p| p.shows == Shows::Refusal && !p.words_only())
    };
    let printed = candidates.first().is_some_and(|first| first.clues.iter().any(refusal));
    let among = printed || scene.windows && told.weight >= LIKELY;
    let fits = |cause: &str| !among || candidates.iter().any(|c| c.reason.cause == cause);
    // Where a code is for signatures only, words cannot say that it is none.
    let answered = scene.signs.contains_key("windows-signature-answer");
    let like = Likeness::of(said, scene.windows, knowledge)
        .filter(|like| like.cause != told.cause)
        .filter(|like| !(answered && like.cause == "not-a-signature-problem"))
        .filter(|like| told.cause == OPEN || like.before(&told.cause) && fits(like.cause));
    let Some((like, cause)) =
        like.and_then(|like| knowledge.cause_on(like.cause, scene.windows).map(|c| (like, c)))
    else {
        return told;
    };
    let because = likeness::BECAUSE.to_owned();
    let named = Named { cause, detail: None, weight: told.weight, because };
    let mut own = finding(named, &[], scene, knowledge);
    own.evidence = like.quotes();
    let further = told.evidence.into_iter().filter(|line| !own.evidence.contains(line));
    own.evidence.extend(further.collect::<Vec<_>>());
    own.evidence.truncate(QUOTES);
    own.about = told.about;
    let other = Other { cause: told.cause, because: told.because };
    let others = core::iter::once(other).chain(told.others);
    own.others = others.filter(|o| o.cause != OPEN && o.cause != cause.id).take(OTHERS).collect();
    own
}

/// A cause, and why it is named.
struct Named<'k> {
    cause: &'k Cause,
    detail: Option<String>,
    weight: u8,
    because: String,
}

fn finding(named: Named<'_>, clues: &[&Clue], scene: &Scene<'_>, knowledge: &Knowledge) -> Finding {
    let Named { cause, detail, weight, because } = named;
    let mut clues: Vec<&Clue> = clues.to_vec();
    clues.sort_by_key(|c| (c.order, c.line));
    clues.dedup();
    let mut evidence: Vec<Quoted> = clues.iter().map(|c| Quoted::of(c)).collect();
    evidence.dedup();
    evidence.truncate(QUOTES);
    let all: u64 = clues.iter().fold(0, |n, c| n.saturating_add(c.times));
    let shown = u64::try_from(evidence.len()).unwrap_or(u64::MAX);
    let efi = clues
        .iter()
        .any(|c| knowledge.patterns.get(c.seen.row).is_some_and(|p| p.platform == "efi"));
    let consequence = |c: &&&Clue| {
        let pattern = knowledge.patterns.get(c.seen.row);
        pattern.is_some_and(|p| p.shows == Shows::Consequence)
    };
    let kind = match (&scene.module, efi) {
        (Some(name), _) if scene.windows && name.ends_with(".inf") => "driver-package",
        (Some(_), _) if scene.windows => "windows-driver",
        (Some(_), _) => "linux-module",
        (None, true) => "boot-image",
        (None, false) => "host",
    };
    let about =
        About { kind, name: scene.module.clone(), host: scene.host.clone(), ..About::default() };
    Finding {
        code: cause.code.clone(),
        cause: cause.id.clone(),
        family: cause.family.clone(),
        detail,
        title: cause.title.clone(),
        confidence: Confidence::Possible,
        weight,
        because,
        more: all.saturating_sub(shown),
        evidence,
        others: Vec::new(),
        next: cause
            .next
            .as_ref()
            .map(|next| (filled(next, &scene.module), cause.tells.clone().unwrap_or_default())),
        recovery: recovery(cause, &scene.module),
        recurs: cause.recurs.clone(),
        fault: cause.fault,
        signature: cause.is_signature(),
        consequences: scene
            .clues
            .iter()
            .filter(consequence)
            .map(|c| Quoted::of(c))
            .take(QUOTES)
            .collect(),
        judged: None,
        about,
    }
}

fn recovery(cause: &Cause, module: &Option<String>) -> Recovery {
    Recovery {
        path: cause.path.clone(),
        steps: cause.steps.clone(),
        commands: cause.commands.iter().map(|c| filled(c, module)).collect(),
        avoid: cause.avoid.clone(),
    }
}

fn filled(command: &str, module: &Option<String>) -> String {
    command.replace("{module}", module.as_deref().unwrap_or("MODULE"))
}

/// Puts the judge's word beside the log's. A disagreement is a finding of its own.
fn join(
    finding: &mut Finding,
    scene: &Scene<'_>,
    candidates: &[Candidate<'_, '_>],
    judged: &[Judged],
    knowledge: &Knowledge,
) -> Vec<Finding> {
    if scene.windows {
        beside_package(finding, scene, candidates, judged, knowledge);
        return Vec::new();
    }
    let errnos: Vec<&str> = ERRNOS
        .iter()
        .filter(|(sign, _)| scene.signs.contains_key(*sign))
        .map(|(_, errno)| *errno)
        .collect();
    let lines: Vec<&str> = LINES
        .iter()
        .filter_map(|sign| scene.signs.get(*sign))
        .flatten()
        .map(|clue| clue.seen.quote.as_str())
        .collect();
    let of: Vec<&Judged> = match &scene.module {
        Some(module) => judged.iter().filter(|j| j.is(module)).collect(),
        None => judged.iter().filter(|j| j.agrees(&errnos, &lines)).collect(),
    };
    let Some(first) = of.first() else { return Vec::new() };
    finding.judged = Some(first.because.clone());
    if first.agrees(&errnos, &lines) {
        let causes = first.causes();
        let log = finding.cause.clone();
        let fits = candidates.iter().map(|c| c.reason).find(|r| causes.contains(&r.cause.as_str()));
        let id = fits.map_or_else(|| causes.first().copied().unwrap_or_default(), |r| &r.cause);
        let plainer = first.cause_of_setting().filter(|own| causes.contains(own));
        if let Some(cause) = knowledge.cause(plainer.unwrap_or(id))
            && cause.id != log
        {
            let because = format!("the checks of the file say so: {}", first.because);
            let clues: Vec<&Clue> = scene.clues.clone();
            let named = Named { cause, detail: None, weight: 100, because };
            let mut own = self::finding(named, &clues, scene, knowledge);
            own.evidence.clone_from(&finding.evidence);
            own.others = [Other { cause: log, because: finding.because.clone() }].to_vec();
            own.judged = finding.judged.take();
            *finding = own;
        }
        finding.detail = first.detail().map(str::to_owned).or(finding.detail.take());
        finding.confidence = Confidence::Proven;
        finding.recurs = "yes".to_owned();
        finding.others.retain(|o| !of.is_empty() && o.cause != finding.cause);
        finding.next = None;
        let mut names = of.iter().map(|j| j.name.clone());
        let first_name = names.next();
        finding.about.name = finding.about.name.take().or(first_name);
        finding.about.kind =
            if finding.about.kind == "host" { "linux-module" } else { finding.about.kind };
        finding.about.also = names.collect();
        finding.about.path = first.path.clone();
        finding.evidence.push(Quoted {
            source: first.path.clone().unwrap_or_else(|| first.name.clone()),
            quote: first.because.clone(),
        });
        finding.recovery = knowledge
            .cause(&finding.cause)
            .map(|c| recovery(c, &finding.about.name))
            .unwrap_or_default();
        return Vec::new();
    }
    if errnos.is_empty() && lines.is_empty() || first.outcome == "unknown" {
        return Vec::new();
    }
    if first.outcome != "refused" {
        finding.recurs = "no".to_owned();
    }
    let Some(cause) = knowledge.cause(OPEN) else { return Vec::new() };
    let seen = errnos.iter().chain(&lines).map(|s| (*s).to_owned()).collect::<Vec<_>>().join(", ");
    let because = format!(
        "the log says {seen}; the checks of the files as they are now say: {}",
        first.because
    );
    let mut aside = self::finding(
        Named { cause, detail: Some(DISAGREE.to_owned()), weight: 1, because },
        &scene.clues,
        scene,
        knowledge,
    );
    aside.title = "The log and the files say different things".to_owned();
    aside.about.path = first.path.clone();
    aside.judged = Some(first.because.clone());
    aside.evidence.clone_from(&finding.evidence);
    [aside].to_vec()
}

/// Puts the judge's word of a package or driver of Windows beside the log's.
fn beside_package(
    finding: &mut Finding,
    scene: &Scene<'_>,
    candidates: &[Candidate<'_, '_>],
    judged: &[Judged],
    knowledge: &Knowledge,
) {
    let Some((first, id)) = packaged::proves(scene, candidates, judged) else {
        let own = |j: &&Judged| scene.module.as_deref() == Some(j.name.as_str());
        finding.judged = judged.iter().find(own).map(|j| j.because.clone());
        return;
    };
    if id != finding.cause
        && let Some(cause) = knowledge.cause_on(id, true)
    {
        let because = format!("the checks of the package say so: {}", first.because);
        let named = Named { cause, detail: None, weight: 100, because };
        let mut own = self::finding(named, &scene.clues, scene, knowledge);
        own.evidence.clone_from(&finding.evidence);
        own.others =
            [Other { cause: finding.cause.clone(), because: finding.because.clone() }].to_vec();
        *finding = own;
    }
    finding.judged = Some(first.because.clone());
    finding.confidence = Confidence::Proven;
    finding.recurs = "yes".to_owned();
    finding.next = None;
    finding.about.path.clone_from(&first.path);
    finding.evidence.push(Quoted {
        source: first.path.clone().unwrap_or_else(|| first.name.clone()),
        quote: first.because.clone(),
    });
}

/// Signs that are an error number.
const ERRNOS: [(&str, &str); 10] = [
    ("errno-keyrejected", "EKEYREJECTED"),
    ("errno-nokey", "ENOKEY"),
    ("errno-perm", "EPERM"),
    ("errno-acces", "EACCES"),
    ("errno-noexec", "ENOEXEC"),
    ("errno-inval", "EINVAL"),
    ("errno-nosym", "ENOENT"),
    ("errno-badmsg", "EBADMSG"),
    ("errno-nopkg", "ENOPKG"),
    ("errno-msgsize", "EMSGSIZE"),
];

/// Signs that are a line of the kernel about the refusal.
const LINES: [&str; 10] = [
    "unsigned-rejected",
    "unavailable-key",
    "unsupported-crypto",
    "lockdown-unsigned",
    "hash-denied",
    "name-blocked",
    "vermagic-differs",
    "symbol-version-differs",
    "unknown-symbol",
    "duplicate-symbol",
];

/// What the judge says of a file that no log speaks of.
fn from_files(judged: &Judged, knowledge: &Knowledge) -> Option<Finding> {
    let id = judged.cause_of_setting().or_else(|| judged.causes().first().copied())?;
    let cause = knowledge.cause_on(id, judged.windows)?;
    let module = Some(judged.name.clone());
    let scene = Scene {
        module: module.clone(),
        host: None,
        windows: judged.windows,
        clues: Vec::new(),
        signs: alloc::collections::BTreeMap::new(),
    };
    let because =
        "no line of a log speaks of it; the checks of the files say that it is refused".to_owned();
    let mut told = finding(
        Named { cause, detail: judged.detail().map(str::to_owned), weight: 70, because },
        &[],
        &scene,
        knowledge,
    );
    told.confidence = Confidence::Likely;
    told.recurs = "yes".to_owned();
    told.about.path = judged.path.clone();
    told.judged = Some(judged.because.clone());
    told.evidence = [Quoted {
        source: judged.path.clone().unwrap_or_else(|| judged.name.clone()),
        quote: judged.because.clone(),
    }]
    .to_vec();
    Some(told)
}

/// One finding for all that have the same cause, on the same host.
fn merged(findings: Vec<Finding>) -> Vec<Finding> {
    let mut kept: Vec<Finding> = Vec::new();
    for finding in findings {
        let same = |f: &&mut Finding| {
            f.cause == finding.cause
                && f.detail == finding.detail
                && f.about.host == finding.about.host
                && (f.confidence == Confidence::Proven)
                    == (finding.confidence == Confidence::Proven)
        };
        let Some(known) = kept.iter_mut().find(same) else {
            kept.push(finding);
            continue;
        };
        for name in finding.about.name.into_iter().chain(finding.about.also) {
            match &known.about.name {
                None => known.about.name = Some(name),
                Some(own) if *own == name => {}
                Some(_) if known.about.also.contains(&name) => {}
                Some(_) => known.about.also.push(name),
            }
        }
        if known.about.name.is_some() && known.about.kind == "host" {
            known.about.kind = finding.about.kind;
        }
        for quoted in finding.evidence {
            if known.evidence.contains(&quoted) {
            } else if known.evidence.len() < QUOTES {
                known.evidence.push(quoted);
            } else {
                known.more = known.more.saturating_add(1);
            }
        }
        known.more = known.more.saturating_add(finding.more);
        known.weight = known.weight.max(finding.weight);
        known.confidence = known.confidence.max(finding.confidence);
    }
    kept
}

/// How many names a finding has, as a word: for titles.
#[must_use]
pub fn counted(about: &About) -> String {
    match (&about.name, about.also.len()) {
        (None, _) => String::new(),
        (Some(name), 0) => name.clone(),
        (Some(name), more) => format!("{name} and {} more", more),
    }
}
