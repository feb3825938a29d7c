//! A diagnosis for people: the answer in the first three lines, then why, then the way back.

pub mod text;
pub mod markup;
pub mod redact;

use loadworthy_core::diagnose::finding::{Changed, Finding, Quoted};
use loadworthy_core::diagnose::ran::{InHand, Mark, Ran, Same, Vouches};

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

/// Above what is said of images that ran.
const WHOSE: &str = "Whose code was running";

/// An image that ran in a line, and the files that may be it, each with who signed it; nothing where
/// there is nothing to say.
fn whose(ran: &Ran) -> Option<(String, Vec<String>)> {
    if ran.files.is_empty() && !ran.blamed {
        return None;
    }
    let mut head = match &ran.device {
        Some(device) => format!("{device} ({})", ran.name),
        None => ran.name.clone(),
    };
    if ran.blamed {
        head.push_str(", which the crash is blamed on");
    }
    if ran.unloaded {
        head.push_str(", unloaded before");
    }
    if ran.called_signed == Some(false) {
        head.push_str(", called not signed");
    }
    let mut files: Vec<String> = ran.files.iter().map(in_hand).collect();
    if files.is_empty() {
        files.push("no file in hand bears its name".to_owned());
    }
    Some((head, files))
}

/// A file in hand: whether it is what ran, and who signed it.
fn in_hand(file: &InHand) -> String {
    let names = |marks: &[Mark]| marks.iter().map(|m| m.name()).collect::<Vec<_>>().join(", ");
    let (agrees, differs) = (names(&file.agrees), names(&file.differs));
    let same = match file.same {
        Same::Yes => format!("is the one that ran ({agrees})"),
        Same::Build => {
            format!("the same build, signed in another way or changed ({differs} differs)")
        }
        Same::Likely => format!("may be it ({agrees} agrees)"),
        Same::Name => "bears the name; the text says no more".to_owned(),
        Same::No => format!("bears the name only: another {differs}"),
    };
    let by: Vec<String> = file.signatures.iter().map(vouches).collect();
    let by = if by.is_empty() { "no signature in hand".to_owned() } else { by.join("; ") };
    format!("{}: {same}. {by}", file.path)
}

fn vouches(by: &Vouches) -> String {
    let program = by.program.as_deref().map(|p| format!(" for {p}")).unwrap_or_default();
    let place = match by.place.as_str() {
        "embedded" => String::new(),
        catalog => format!(" in {catalog}"),
    };
    let holds = match by.holds {
        Some(true) => "",
        Some(false) => ", which does not hold for these bytes",
        None => ", which cannot be worked out",
    };
    format!("Signed by {}{program} ({}){place}{holds}", by.publisher, by.class)
}
