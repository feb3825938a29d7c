//! JUnit XML, for test reports: a suite a kernel or platform, a case a subject.
//!
//! What is refused is a failure with the code as its type, what cannot be told an error: neither lets
//! a pipeline pass. What is marked, or accepted, passes and says so.

use crate::finding;
use crate::gist::{self, Gist, Weight};
use crate::markup::escaped;
use loadworthy_core::answer::Answers;
use std::io::{self, Write};

/// Writes the report.
///
/// # Errors
/// When `out` does not take it.
pub fn check(answers: &Answers, out: &mut dyn Write) -> io::Result<()> {
    let gists: Vec<Gist> = answers.answers.iter().map(|a| Gist::of(a, answers)).collect();
    let mut suites: Vec<(&str, Vec<&Gist>)> = Vec::new();
    for gist in &gists {
        let on = gist.on.as_deref().unwrap_or("boot chain");
        match suites.iter_mut().find(|(name, _)| *name == on) {
            Some((_, cases)) => cases.push(gist),
            None => suites.push((on, vec![gist])),
        }
    }
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    let all: Vec<&Gist> = gists.iter().collect();
    writeln!(out, r#"<testsuites name="loadworthy" {}>"#, numbers(&all))?;
    let at = answers.at.trim_end_matches('Z');
    for (name, cases) in &suites {
        writeln!(
            out,
            r#"  <testsuite name="{}" {} skipped="0" timestamp="{}">"#,
            escaped(name),
            numbers(cases),
            escaped(at)
        )?;
        for gist in cases {
            case(gist, name, out)?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    inside(answers, out)?;
    writeln!(out, "</testsuites>")
}

/// Lines of files: a case a file, which passes and names them. Whether they fail a pipeline is for
/// `--fail-on finding` to say.
fn inside(answers: &Answers, out: &mut dyn Write) -> io::Result<()> {
    let mut files: Vec<&str> = answers.findings.iter().map(|f| &*f.path).collect();
    files.dedup();
    if files.is_empty() {
        return Ok(());
    }
    let (tests, at) = (files.len(), escaped(answers.at.trim_end_matches('Z')));
    writeln!(
        out,
        r#"  <testsuite name="lines" tests="{tests}" failures="0" errors="0" time="0" skipped="0" timestamp="{at}">"#
    )?;
    for file in files {
        let name = escaped(&gist::plain(file));
        writeln!(out, r#"    <testcase name="{name}" classname="lines" time="0">"#)?;
        write!(out, "      <system-out>")?;
        for f in answers.findings.iter().filter(|f| &*f.path == file) {
            let said = format!(
                "{}: {}: {} ({})",
                finding::place(f),
                f.level.name(),
                finding::sentence(f),
                finding::id(f)
            );
            writeln!(out, "{}", escaped(&said))?;
        }
        writeln!(out, "</system-out>")?;
        writeln!(out, "    </testcase>")?;
    }
    writeln!(out, "  </testsuite>")
}

fn numbers(cases: &[&Gist]) -> String {
    let of = |weight: Weight| cases.iter().filter(|gist| gist.weight == weight).count();
    format!(
        r#"tests="{}" failures="{}" errors="{}" time="0""#,
        cases.len(),
        of(Weight::Fails),
        of(Weight::Open)
    )
}

fn case(gist: &Gist, suite: &str, out: &mut dyn Write) -> io::Result<()> {
    let name = match &gist.path {
        Some(path) => format!("{} ({path})", gist.name),
        None => gist.name.clone(),
    };
    let (name, class) = (escaped(&name), escaped(&format!("{suite}.{}", gist.phase)));
    let (tag, message) = match gist.weight {
        Weight::Fails => ("failure", gist.why.join("; ")),
        Weight::Open => ("error", gist.why.join("; ")),
        Weight::Told => ("system-out", String::new()),
        Weight::Fine => {
            return writeln!(out, r#"    <testcase name="{name}" classname="{class}" time="0"/>"#);
        }
    };
    writeln!(out, r#"    <testcase name="{name}" classname="{class}" time="0">"#)?;
    let text = escaped(&gist.sentences());
    if tag == "system-out" {
        writeln!(out, "      <system-out>{} {text}</system-out>", gist.id())?;
    } else {
        let message = escaped(&message);
        writeln!(out, r#"      <{tag} type="{}" message="{message}">{text}</{tag}>"#, gist.id())?;
    }
    writeln!(out, "    </testcase>")
}
