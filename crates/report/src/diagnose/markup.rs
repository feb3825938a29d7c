//! For the record of an incident: Markdown and HTML, with every line of evidence.

use super::{NO_SIGNATURE, WHOSE, change, facts, heading, whose};
use html_escape::encode_text;
use loadworthy_core::diagnose::finding::{Coverage, Diagnosis, Quoted};
use std::fmt::Write as _;
use std::io::{self, Write};

/// One piece of the record.
enum Piece {
    Title(String),
    Heading(String),
    Text(String),
    Items(Vec<String>),
    Commands(Vec<String>),
    Evidence(Vec<Quoted>),
}

fn pieces(told: &Diagnosis, read: &Coverage) -> Vec<Piece> {
    let mut all = vec![Piece::Title("Diagnosis".to_owned())];
    if told.findings.is_empty() {
        all.push(Piece::Text("No problem found.".to_owned()));
    }
    for finding in &told.findings {
        all.push(Piece::Heading(heading(finding)));
        all.push(Piece::Text(format!("{}: {}.", finding.confidence.name(), facts(finding))));
        if finding.family == "not-signature" {
            all.push(Piece::Text(NO_SIGNATURE.to_owned()));
        }
        all.push(Piece::Text(format!("Why: {}.", finding.because)));
        all.push(Piece::Evidence(finding.evidence.clone()));
        if let Some(judged) = &finding.judged {
            all.push(Piece::Text(format!("The checks of the files say: {judged}.")));
        }
        if !finding.consequences.is_empty() {
            all.push(Piece::Text("Missing because of it:".to_owned()));
            all.push(Piece::Evidence(finding.consequences.clone()));
        }
        if !finding.others.is_empty() {
            all.push(Piece::Text("What else fits:".to_owned()));
            let others = finding.others.iter().map(|o| format!("{}: {}", o.cause, o.because));
            all.push(Piece::Items(others.collect()));
        }
        if let Some((command, tells)) = &finding.next {
            all.push(Piece::Text("What tells them apart:".to_owned()));
            all.push(Piece::Commands(vec![command.clone()]));
            all.push(Piece::Text(tells.clone()));
        }
        if !finding.recovery.steps.is_empty() {
            all.push(Piece::Text("What to do:".to_owned()));
            all.push(Piece::Items(finding.recovery.steps.clone()));
            all.push(Piece::Commands(finding.recovery.commands.clone()));
        }
        if !finding.recovery.avoid.is_empty() {
            all.push(Piece::Text("What not to do:".to_owned()));
            all.push(Piece::Items(finding.recovery.avoid.clone()));
        }
    }
    if !told.harmless.is_empty() {
        all.push(Piece::Heading("Looks bad and is not".to_owned()));
        all.push(Piece::Evidence(told.harmless.clone()));
    }
    if !told.changes.is_empty() {
        all.push(Piece::Heading("What changed before".to_owned()));
        all.push(Piece::Evidence(told.changes.iter().map(change).collect()));
    }
    if !told.since.is_empty() {
        all.push(Piece::Heading("What differs from the earlier record".to_owned()));
        all.push(Piece::Items(told.since.clone()));
    }
    if !told.unbound.is_empty() {
        all.push(Piece::Heading("There, and without a driver".to_owned()));
        all.push(Piece::Evidence(told.unbound.clone()));
    }
    let ran: Vec<_> = told.ran.iter().filter_map(whose).collect();
    if !ran.is_empty() {
        all.push(Piece::Heading(WHOSE.to_owned()));
        for (head, files) in ran {
            all.push(Piece::Text(format!("{head}:")));
            all.push(Piece::Items(files));
        }
    }
    all.push(Piece::Heading("What was read".to_owned()));
    let texts = read.texts.iter().map(ToString::to_string);
    let skipped = read.skipped.iter().map(|s| format!("skipped: {s}"));
    all.push(Piece::Items(texts.chain(skipped).collect()));
    all
}

/// Writes Markdown.
///
/// # Errors
/// When `out` does not take the text.
pub fn markdown(told: &Diagnosis, read: &Coverage, out: &mut dyn Write) -> io::Result<()> {
    let mut page = String::new();
    for piece in pieces(told, read) {
        let _ = match piece {
            Piece::Title(text) => writeln!(page, "# {}\n", flat(&text)),
            Piece::Heading(text) => writeln!(page, "## {}\n", flat(&text)),
            Piece::Text(text) => writeln!(page, "{}\n", flat(&text)),
            Piece::Items(items) => {
                items.iter().for_each(|item| page.push_str(&format!("- {}\n", flat(item))));
                writeln!(page)
            }
            Piece::Commands(commands) if commands.is_empty() => Ok(()),
            Piece::Commands(commands) => {
                writeln!(page, "{}", fenced(&commands))
            }
            Piece::Evidence(lines) => {
                let lines: Vec<String> =
                    lines.iter().map(|l| format!("{}: {}", l.source, l.quote)).collect();
                writeln!(page, "{}", fenced(&lines))
            }
        };
    }
    out.write_all(page.as_bytes())
}

/// Lines in a block whose fence is longer than any run of backticks in them.
fn fenced(lines: &[String]) -> String {
    let longest = lines.iter().map(|l| runs(l)).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let plain: Vec<String> = lines.iter().map(|l| controlled(l)).collect();
    format!("{fence}\n{}\n{fence}\n", plain.join("\n"))
}

fn runs(line: &str) -> usize {
    line.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Text that Markdown takes for nothing but text.
fn flat(text: &str) -> String {
    let mut out = String::new();
    for c in controlled(text).chars() {
        if matches!(c, '<' | '>' | '*' | '_' | '`' | '[' | ']' | '|' | '#' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn controlled(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Writes a page of HTML that needs nothing else.
///
/// # Errors
/// When `out` does not take the text.
pub fn html(told: &Diagnosis, read: &Coverage, out: &mut dyn Write) -> io::Result<()> {
    let mut page = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>loadworthy diagnose</title>\n\
         <style>body{font:16px/1.5 sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}\
         pre{background:#8882;padding:.6rem;overflow-x:auto}</style>\n",
    );
    let pre = |lines: &[String]| format!("<pre>{}</pre>\n", encode_text(&lines.join("\n")));
    for piece in pieces(told, read) {
        match piece {
            Piece::Title(text) => page.push_str(&format!("<h1>{}</h1>\n", encode_text(&text))),
            Piece::Heading(text) => page.push_str(&format!("<h2>{}</h2>\n", encode_text(&text))),
            Piece::Text(text) => page.push_str(&format!("<p>{}</p>\n", encode_text(&text))),
            Piece::Items(items) => {
                let items = items.iter().map(|i| format!("<li>{}</li>\n", encode_text(i)));
                page.push_str(&format!("<ul>\n{}</ul>\n", items.collect::<String>()));
            }
            Piece::Commands(commands) if commands.is_empty() => {}
            Piece::Commands(commands) => page.push_str(&pre(&commands)),
            Piece::Evidence(lines) => {
                let lines: Vec<String> =
                    lines.iter().map(|l| format!("{}: {}", l.source, l.quote)).collect();
                page.push_str(&pre(&lines));
            }
        }
    }
    page.push_str("</html>\n");
    out.write_all(page.as_bytes())
}
