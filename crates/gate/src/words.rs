//! The one paragraph, for people at a terminal and in logs of package managers.

use loadworthy_report::gist::plain;

use crate::verdict::{Trouble, Worth};

/// Drivers that are named; the others are counted.
const NAMED: usize = 5;
/// Columns of the paragraph.
const WIDTH: usize = 100;

/// Why a kernel should not be started.
#[must_use]
pub fn why(worth: &Worth) -> String {
    let mut said = String::new();
    let each: Vec<String> = worth.blocking.iter().take(NAMED).map(one).collect();
    said.push_str(&each.join("; "));
    if worth.blocking.len() > NAMED {
        said.push_str(&format!("; and {} more", worth.blocking.len() - NAMED));
    }
    said.push('.');
    let mut helps: Vec<&String> = worth.blocking.iter().flat_map(|t| t.helps.first()).collect();
    helps.dedup();
    if let Some(help) = helps.first() {
        said.push_str(&format!(" Would help: {help}."));
    }
    said
}

fn one(trouble: &Trouble) -> String {
    let kind = match trouble.kind.as_str() {
        "boot-image" => "the boot image ",
        "initramfs" => "the initramfs ",
        _ => "",
    };
    let mut said = match (&trouble.pending, trouble.outcome.name()) {
        (Some(pending), _) => format!("{kind}{} waits: {pending}", trouble.name),
        (None, "refused") => format!("{kind}{} is refused", trouble.name),
        (None, _) => format!("{kind}{} cannot be judged", trouble.name),
    };
    let code = trouble.code.as_deref().filter(|_| trouble.pending.is_none());
    if let Some(code) = code {
        let why = trouble.why.trim_end_matches('.');
        let why = if why.is_empty() { String::new() } else { format!(": {why}") };
        said.push_str(&format!(" ({code}{why})"));
    }
    if !trouble.loses.is_empty() {
        said.push_str(&format!(", and with it {}", trouble.loses.join(", ")));
    } else if let Some(by) = trouble.required_by.first() {
        said.push_str(&format!(", required by {by}"));
    }
    said
}

/// A text in lines of at most so many columns, without control characters.
#[must_use]
pub fn paragraph(text: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in plain(text).split_whitespace() {
        let long = word.chars().count();
        if column > 0 && column + 1 + long > WIDTH {
            out.push_str("\n  ");
            column = 2;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += long;
    }
    out.push('\n');
    out
}
