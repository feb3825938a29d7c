//! Catalogs in words: made, held against their packages, listed.

use crate::gist::plain;
use crate::markup::escaped;
use crate::style::{Style, Tone};
use loadworthy_core::answer::{Answers, Finding, Host};
use loadworthy_core::codes::{FILE_NOT_IN_CATALOG, INF_NOT_IN_CATALOG, PACKAGE_FILE_MISSING};
use loadworthy_core::codesigning::catalog::Catalog;
use loadworthy_core::codesigning::catalogued::{Covered, Created, Held, HeldFile};
use loadworthy_core::proof::{counted, text};
use loadworthy_core::tables::catalog_systems::CatalogSystem;
use loadworthy_core::tables::inf_lints::Level;
use loadworthy_formats::catalog::member::Kind;
use std::io::{self, Write};
use std::path::Path;

/// What was made, and where it was written; or what stops it.
///
/// # Errors
/// When `out` does not take it.
pub fn created(
    created: &Created,
    written: &[String],
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let stops = created.faults.iter().filter(|f| f.stops).count();
    if stops > 0 {
        writeln!(
            out,
            "{}  {}",
            style.paint(Tone::Bad, "no catalog"),
            counted(stops, "fault stops it", "faults stop it")
        )?;
    }
    for (made, path) in created.catalogs.iter().zip(written) {
        let files = counted(made.planned.entries.len(), "file", "files");
        let systems = made.planned.systems.join(", ");
        let systems = if systems.is_empty() { systems } else { format!(" for {systems}") };
        let by = if made.how.version == 1 { "SHA-1" } else { "SHA-256" };
        let path = style.plain(path);
        writeln!(out, "made  {path}  {files}{systems}; version {} ({by})", made.how.version)?;
        for entry in &made.planned.entries {
            let systems = match entry.systems.as_str() {
                "" => String::new(),
                systems => format!("  [{}]", style.plain(systems)),
            };
            writeln!(out, "  {}{systems}", style.plain(&entry.name))?;
        }
        writeln!(out, "  next  sign it: loadworthy sign {path} --key KEY --cert CERT")?;
    }
    for fault in &created.faults {
        let number = fault.number.unwrap_or("-");
        let word = if fault.stops { "fault" } else { "note " };
        let at = fault.at.map(|at| format!(":{at}")).unwrap_or_default();
        writeln!(
            out,
            "  {word}  {number:<7}  {}{at}: {}",
            style.plain(&fault.inf),
            style.plain(&fault.what.to_string())
        )?;
    }
    Ok(())
}

/// How packages and their catalogs agree.
///
/// # Errors
/// When `out` does not take it.
pub fn held(all: &[Held], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if all.is_empty() {
        return writeln!(out, "no catalog here that an INF names");
    }
    for held in all {
        let covered = held.files.iter().filter(|f| matches!(f.covered, Covered::By(..))).count();
        let whole = match (held.files.is_empty(), held.is_whole()) {
            (true, _) => "names no package here".to_owned(),
            (false, true) => format!("covers {}", counted(covered, "file", "all files")),
            (false, false) => format!("covers {covered} of {} files", held.files.len()),
        };
        let whole = if held.is_whole() {
            style.paint(Tone::Good, &whole)
        } else {
            style.paint(Tone::Bad, &whole)
        };
        writeln!(out, "{}  {whole}", style.plain(&held.catalog))?;
        match held.signers.as_slice() {
            [] => writeln!(out, "  signer    nobody: it counts for nothing until it is signed")?,
            all => {
                for (name, right) in all {
                    let right = if *right { "" } else { "  (its signature does not verify)" };
                    writeln!(out, "  signer    {}{right}", style.plain(name))?;
                }
            }
        }
        for file in &held.files {
            let said = match &file.covered {
                Covered::By(by, image) => {
                    let what = if *image { "as an image" } else { "byte for byte" };
                    format!("covered   {}  {what}, {}", file.path, by.join(" and "))
                }
                Covered::After(change) => {
                    format!("changed   {}  would be covered after: {change}", file.path)
                }
                Covered::No => {
                    format!("changed   {}  not what was catalogued, or never was", file.path)
                }
                Covered::Missing => format!("missing   {}", file.path),
            };
            writeln!(out, "  {}", style.plain(&said))?;
        }
        for name in &held.without_file {
            writeln!(
                out,
                "  no file   {name}  is in the catalog, and nothing here has its digest"
            )?;
        }
    }
    Ok(())
}

/// What is not as its catalog says, in the shape of `check`: for what annotates and scans code. `folder` is
/// the package's.
#[must_use]
pub fn findings(all: &[Held], folder: &Path, at: &str) -> Answers {
    let one = |held: &Held, file: &HeldFile| {
        let is_inf = file.path.to_lowercase().ends_with(".inf");
        let own = if is_inf { &INF_NOT_IN_CATALOG } else { &FILE_NOT_IN_CATALOG };
        let (code, help) = match &file.covered {
            Covered::By(..) => return None,
            Covered::After(change) => (own, Some(format!("It would be covered after: {change}"))),
            Covered::No => (own, Some("Make and sign the catalog again".to_owned())),
            Covered::Missing => (&PACKAGE_FILE_MISSING, None),
        };
        Some(Finding {
            code,
            number: None,
            level: Level::Error,
            path: text(folder.join(&file.path).display().to_string()),
            at: None,
            title: text(code.title()),
            said: text(held.catalog.as_str()),
            help: help.map(text),
        })
    };
    let found = all.iter().flat_map(|held| held.files.iter().filter_map(move |f| one(held, f)));
    Answers {
        at: at.to_owned(),
        host: Host::OF_PROFILES,
        answers: Vec::new(),
        notes: Vec::new(),
        findings: found.collect(),
    }
}

/// The same for test reports: a suite a catalog, a case a file.
///
/// # Errors
/// When `out` does not take it.
pub fn junit(all: &[Held], at: &str, out: &mut dyn Write) -> io::Result<()> {
    let broken =
        |held: &Held| held.files.iter().filter(|f| !matches!(f.covered, Covered::By(..))).count();
    let (tests, failures) =
        (all.iter().map(|h| h.files.len()).sum::<usize>(), all.iter().map(broken).sum::<usize>());
    let numbers = |tests: usize, failures: usize| {
        format!(r#"tests="{tests}" failures="{failures}" errors="0" time="0""#)
    };
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<testsuites name="loadworthy" {}>"#, numbers(tests, failures))?;
    let at = escaped(at.trim_end_matches('Z'));
    for held in all {
        let (suite, numbers) =
            (escaped(&plain(&held.catalog)), numbers(held.files.len(), broken(held)));
        writeln!(out, r#"  <testsuite name="{suite}" {numbers} skipped="0" timestamp="{at}">"#)?;
        for file in &held.files {
            let name = escaped(&plain(&file.path));
            let why = match &file.covered {
                Covered::By(..) => None,
                Covered::After(change) => {
                    Some(format!("changed; would be covered after: {change}"))
                }
                Covered::No => Some("not what was catalogued, or never was".to_owned()),
                Covered::Missing => Some("missing".to_owned()),
            };
            let case = format!(r#"    <testcase name="{name}" classname="{suite}" time="0""#);
            match why {
                None => writeln!(out, "{case}/>")?,
                Some(why) => {
                    let why = escaped(&why);
                    writeln!(out, "{case}>\n      <failure message=\"{why}\"/>\n    </testcase>")?;
                }
            }
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

/// What a catalog names.
///
/// # Errors
/// When `out` does not take it.
pub fn list(catalog: &Catalog, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let version = catalog.version.map_or_else(|| "?".to_owned(), |v| v.to_string());
    let members = counted(catalog.members.len(), "member", "members");
    writeln!(
        out,
        "version {version}, {members}, for {}",
        style.plain(named(&catalog.systems.join(", ")))
    )?;
    for member in &catalog.members {
        let kind = match member.kind {
            Kind::Pe => "image",
            Kind::Flat => "flat",
            Kind::Cab => "cab",
            Kind::Unknown => "?",
        };
        let file = style.plain(member.file.as_deref().unwrap_or("-"));
        let systems = style.plain(member.systems.as_deref().unwrap_or("-"));
        writeln!(
            out,
            "  {kind:<5}  {file}  [{systems}]\n         {}",
            style.plain(&member.tag_text)
        )?;
    }
    for (n, id) in catalog.hardware_ids.iter().enumerate() {
        writeln!(out, "  HWID{}  {}", n + 1, style.plain(id))?;
    }
    for (name, value) in &catalog.attributes {
        writeln!(out, "  {}  {}", style.plain(name), style.plain(value))?;
    }
    Ok(())
}

/// The systems that catalogs are made for.
///
/// # Errors
/// When `out` does not take it.
pub fn systems(all: &[CatalogSystem], out: &mut dyn Write) -> io::Result<()> {
    for system in all {
        writeln!(out, "{:<18}  {:<24}  {}", system.id, system.token, system.attributes.join(","))?;
    }
    Ok(())
}

fn named(text: &str) -> &str {
    if text.is_empty() { "no system in particular" } else { text }
}
