//! The table as one page of HTML that needs nothing else.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::gist::Gist;
use crate::hosts::{One, breaks, cell, clusters, headline, names, told, uneven, usual};
use crate::html::{about, begun, ended, safe};
use crate::markup::escaped;

/// So many drivers become columns; of more, those that most hosts have trouble with.
const COLUMNS: usize = 40;

/// Writes the page: hosts and what stops each, the odd ones first; hosts × drivers; each reason once.
///
/// # Errors
/// When `out` does not take it.
pub fn html(all: &[One], out: &mut dyn Write) -> io::Result<()> {
    let usual = usual(all);
    let words: Vec<&str> = all.iter().map(|one| told(one, &usual).word).collect();
    let counts = ["loads", "refused", "unknown"]
        .map(|word| (word, words.iter().filter(|w| **w == word).count()));
    let line = headline(all);
    begun("Which hosts will come back?", &safe(&line), &safe(&line), &counts, out)?;
    if let Some(line) = breaks(all) {
        writeln!(out, "<p class=\"answer\">{}</p>", safe(&line))?;
    }
    writeln!(
        out,
        "<h2>Hosts</h2>\n<table>\n<thead><tr><th scope=\"col\">outcome</th><th scope=\"col\">host</th>\
         <th scope=\"col\">what stops it</th><th scope=\"col\">unlike most</th></tr></thead>\n<tbody>"
    )?;
    for one in all {
        let told = told(one, &usual);
        write!(
            out,
            "<tr><td class=\"{0}\">{0}</td><td><b>{1}</b><br><small>{2}</small></td><td>",
            told.word,
            safe(&one.name),
            about(&one.answers)
        )?;
        for gist in &told.named {
            write!(
                out,
                "<span class=\"code\">{}</span> <b>{}</b> {}<br>",
                gist.id(),
                escaped(&gist.name),
                escaped(&gist.why.join("; "))
            )?;
        }
        if one.answers.answers.is_empty() {
            write!(out, "nothing to judge")?;
        }
        writeln!(
            out,
            "</td><td data-head=\"unlike most\">{}</td></tr>",
            safe(&names(&told.unlike))
        )?;
    }
    writeln!(out, "</tbody>\n</table>")?;
    for cluster in clusters::of(all) {
        writeln!(out, "<h2>{}</h2>\n<ul>", safe(&clusters::line(&cluster)))?;
        for fault in &cluster.faults {
            let said = safe(&clusters::fault(fault, &cluster));
            writeln!(out, "<li><span class=\"code\">{}</span> {said}</li>", fault.code.id)?;
        }
        if !cluster.waves.is_empty() {
            writeln!(out, "<li>reboot {}</li>", safe(&clusters::waves(&cluster)))?;
        }
        if !cluster.held.is_empty() {
            writeln!(out, "<li>leave up {}</li>", safe(&cluster.held.join(" ")))?;
        }
        writeln!(out, "</ul>")?;
    }
    grid(all, out)?;
    let at = all.iter().map(|one| one.answers.at.as_str()).max().unwrap_or_default();
    ended(at, out)
}

/// Hosts × drivers, as far as drivers do not load everywhere, and what would help.
fn grid(all: &[One], out: &mut dyn Write) -> io::Result<()> {
    let mut rows = uneven(all);
    if rows.is_empty() {
        return writeln!(out, "<p>Every driver loads on every host that has it.</p>");
    }
    let trouble = |cells: &[Option<Gist>]| {
        cells.iter().flatten().filter(|gist| gist.outcome != "loads").count()
    };
    rows.sort_by_key(|(name, cells)| (usize::MAX - trouble(cells), name.clone()));
    let left = rows.len().saturating_sub(COLUMNS);
    rows.truncate(COLUMNS);
    write!(
        out,
        "<h2>What does not load everywhere</h2>\n<div class=\"chain\"><table class=\"grid\">\n\
         <thead><tr><th scope=\"col\">host</th>"
    )?;
    for (driver, _) in &rows {
        write!(out, "<th scope=\"col\">{}</th>", escaped(driver))?;
    }
    writeln!(out, "</tr></thead>\n<tbody>")?;
    for (at, one) in all.iter().enumerate() {
        write!(out, "<tr><th scope=\"row\">{}</th>", safe(&one.name))?;
        for (_, cells) in &rows {
            let of = cells.get(at).and_then(Option::as_ref);
            let class = of.map_or("", |gist| gist.outcome);
            write!(out, "<td class=\"{class}\">{}</td>", escaped(&cell(of)))?;
        }
        writeln!(out, "</tr>")?;
    }
    writeln!(out, "</tbody>\n</table></div>")?;
    if left > 0 {
        writeln!(out, "<p>{left} more do not load everywhere.</p>")?;
    }
    let mut helps: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (driver, cells) in &rows {
        for help in cells.iter().flatten().flat_map(|gist| &gist.helps) {
            let of = helps.entry(help).or_default();
            if !of.contains(&driver.as_str()) {
                of.push(driver);
            }
        }
    }
    if !helps.is_empty() {
        writeln!(out, "<h2>What would help</h2>\n<ul>")?;
        for (help, drivers) in helps {
            writeln!(out, "<li>{}: {}</li>", escaped(&drivers.join(", ")), escaped(help))?;
        }
        writeln!(out, "</ul>")?;
    }
    Ok(())
}
