//! A diagnosis for people: the answer in the first three lines, then why, then the way back.

pub mod text;
pub mod markup;
pub mod redact;

use loadworthy_core::diagnose::finding::{Changed, Finding, Quoted};

/// What a finding is about, in a few words; empty where nothing is named.
fn subject(finding: &Finding) -> String {
    let about = &finding.about;
    let mut subject = about.name.clone().unwrap_or_default();
    if !about.also.is_empty() {
        subject.push_str(&format!(" and {} more", about.also.len()));
    }
    if let Some(host) = &about.host {
        subject.push_str(&format!(" on {host}"));
    }
    subject.trim().to_owned()
}

/// The heading of a finding: about what, and what it is.
fn heading(finding: &Finding) -> String {
    let subject = subject(finding);
    match subject.is_empty() {
        true => finding.title.clone(),
        false => format!("{subject}: {}", finding.title),
    }
}

/// The cause by its names: code, cause and the finer one.
fn names(finding: &Finding) -> String {
    let code = finding.code.as_deref().map(|c| format!("{c} ")).unwrap_or_default();
    let detail = finding.detail.as_deref().map(|d| format!(" ({d})")).unwrap_or_default();
    format!("{code}{}{detail}", finding.cause)
}

/// Which way leads back, and whether it comes back.
fn outlook(finding: &Finding) -> String {
    let path = match finding.recovery.path.as_deref() {
        Some("policy-change") => "the way back: change the policy",
        Some("driver-change") => "the way back: change the driver",
        Some("signing-fix") => "the way back: put the signature right",
        _ => "nothing to repair",
    };
    let recurs = match finding.recurs.as_str() {
        "yes" => "it comes back at the next boot",
        "no" => "it does not come back at the next boot",
        _ => "whether it comes back is not known",
    };
    format!("{path}; {recurs}")
}

/// The names of the cause, the way and whether it comes back.
fn facts(finding: &Finding) -> String {
    format!("{}; {}", names(finding), outlook(finding))
}

/// Said where it is so: this is not about signatures.
const NO_SIGNATURE: &str = "This is not a signature problem.";

/// A change in a line: when, what sort of thing, what, and whether to look there first.
fn change(change: &Changed) -> Quoted {
    let when = change.when.as_deref().map(|w| format!("{w}  ")).unwrap_or_default();
    let first = if change.suspect { "; look here first" } else { "" };
    let start = change.in_effect.as_deref();
    let start = start.filter(|s| change.when.as_deref() != Some(s));
    let start = start.map(|s| format!("; in effect since the start of {s}")).unwrap_or_default();
    Quoted {
        source: change.quoted.source.clone(),
        quote: format!("{when}{}: {}{start}{first}", change.kind, change.what),
    }
}
