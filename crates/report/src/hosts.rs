//! Several hosts beside one another: hosts and drivers, the odd ones out first.

use self::clusters::ClusterDto;
use crate::gist::{self, Gist, Weight};
use crate::json::document::{Tool, document};
use crate::json::v1::{self, Proofs};
use crate::style::{Style, Tone, columns, wrap};
use crate::words;
use loadworthy_core::answer::{Answers, Kind};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

mod clusters;
mod html;
mod markdown;

pub use html::html;
pub use markdown::markdown;

/// One host.
#[derive(Debug)]
pub struct One {
    /// What it is called.
    pub name: String,
    /// What was answered about it.
    pub answers: Answers,
    /// What loads now and is refused under what was assumed; `None` where nothing was.
    pub broken: Option<Vec<String>>,
}

/// What `assumed` refuses, and counts, of what loads as things are.
#[must_use]
pub fn broken(now: &Answers, assumed: &Answers) -> Vec<String> {
    let refused = |of: &Answers| -> BTreeSet<String> {
        let fails = of.answers.iter().map(|a| Gist::of(a, of));
        fails.filter(|g| g.weight == Weight::Fails).map(|g| g.name).collect()
    };
    refused(assumed).difference(&refused(now)).cloned().collect()
}

/// Which hosts what is assumed would break: `would break web1 (grubx64.efi), web2 (grubx64.efi)`.
fn breaks(all: &[One]) -> Option<String> {
    let assumed: Vec<(&One, &Vec<String>)> =
        all.iter().filter_map(|one| Some((one, one.broken.as_ref()?))).collect();
    if assumed.is_empty() {
        return None;
    }
    let hit = assumed.iter().filter(|(_, broken)| !broken.is_empty());
    let hit: Vec<String> =
        hit.map(|(one, broken)| format!("{} ({})", one.name, names(broken))).collect();
    Some(match hit.is_empty() {
        true => "what is assumed would break none of them".to_owned(),
        false => format!("what is assumed would break {}", hit.join(", ")),
    })
}

/// So many hosts fit beside one another; of more the drivers are told host by host.
const BESIDE: usize = 8;

/// Outcomes of a host by driver.
fn outcomes(one: &One) -> BTreeMap<String, &'static str> {
    let each = one.answers.answers.iter();
    each.map(|a| (gist::plain(&a.subject.name), a.judgement.verdict.name())).collect()
}

/// The outcome that most hosts have, by driver.
fn usual(all: &[One]) -> BTreeMap<String, &'static str> {
    let mut counts: BTreeMap<String, BTreeMap<&'static str, usize>> = BTreeMap::new();
    for (driver, outcome) in all.iter().flat_map(outcomes) {
        *counts.entry(driver).or_default().entry(outcome).or_default() += 1;
    }
    let most = |of: BTreeMap<&'static str, usize>| {
        of.into_iter().max_by_key(|(_, n)| *n).map_or("loads", |(outcome, _)| outcome)
    };
    counts.into_iter().map(|(driver, of)| (driver, most(of))).collect()
}

fn odd(one: &One, usual: &BTreeMap<String, &'static str>) -> Vec<String> {
    let each = outcomes(one).into_iter();
    each.filter(|(name, outcome)| usual.get(name) != Some(outcome)).map(|(name, _)| name).collect()
}

fn weighing(one: &One, weight: Weight) -> Vec<Gist> {
    let gists = one.answers.answers.iter().map(|a| Gist::of(a, &one.answers));
    gists.filter(|gist| gist.weight == weight).collect()
}

/// How many drivers these hosts ask about, by their names; what starts a kernel is none.
fn drivers(all: &[One]) -> usize {
    let answers = all.iter().flat_map(|one| &one.answers.answers);
    let drivers = answers.filter(|a| !matches!(a.subject.kind, Kind::BootImage | Kind::Initramfs));
    drivers.map(|a| &a.subject.name).collect::<BTreeSet<_>>().len()
}

/// What a host comes to.
struct Told {
    /// `refused`, `unknown` or `loads`.
    word: &'static str,
    /// What is refused, or cannot be told.
    named: Vec<Gist>,
    /// What has another outcome than on most hosts.
    unlike: Vec<String>,
}

fn told(one: &One, usual: &BTreeMap<String, &'static str>) -> Told {
    let (fails, open) = (weighing(one, Weight::Fails), weighing(one, Weight::Open));
    let (word, named) = match (fails.is_empty(), open.is_empty()) {
        (true, true) if one.answers.answers.is_empty() => ("unknown", Vec::new()),
        (true, true) => ("loads", Vec::new()),
        (true, false) => ("unknown", open),
        (false, _) => ("refused", fails),
    };
    Told { word, named, unlike: odd(one, usual) }
}

/// Drivers that do not simply load on every host, and what stands for each host in its row.
fn uneven(all: &[One]) -> Vec<(String, Vec<Option<Gist>>)> {
    let each: Vec<BTreeMap<String, Gist>> = all
        .iter()
        .map(|one| {
            let gists = one.answers.answers.iter().map(|a| Gist::of(a, &one.answers));
            gists.map(|gist| (gist.name.clone(), gist)).collect()
        })
        .collect();
    let names: BTreeSet<&String> = each.iter().flat_map(BTreeMap::keys).collect();
    let row = |name: &&String| {
        (name.to_string(), each.iter().map(|host| host.get(*name).cloned()).collect::<Vec<_>>())
    };
    let loads = |cell: &Option<Gist>| cell.as_ref().is_some_and(|g| g.outcome == "loads");
    let rows = names.iter().map(row).filter(|(_, cells)| !cells.iter().all(loads));
    rows.collect()
}

/// What stands in a cell.
fn cell(of: Option<&Gist>) -> String {
    match of {
        None => "-".to_owned(),
        Some(Gist { outcome, code: Some(code), .. }) => format!("{outcome} {}", code.id),
        Some(gist) => gist.outcome.to_owned(),
    }
}

/// The first line: how many hosts, how many drivers, how many hosts something is refused on.
fn headline(all: &[One]) -> String {
    let stopped = all.iter().filter(|one| !weighing(one, Weight::Fails).is_empty()).count();
    let (hosts, drivers) = (words::count(all.len(), "host"), words::count(drivers(all), "driver"));
    let stopped = if stopped == 0 { "none".to_owned() } else { stopped.to_string() };
    format!("{hosts}, {drivers}: something is refused on {stopped}")
}

/// Sorts hosts: those with refusals first, then those that are unlike the others.
pub fn odd_ones_first(all: &mut [One]) {
    let usual = usual(all);
    all.sort_by_cached_key(|one| {
        let rank = |n: usize| usize::MAX - n;
        (
            rank(weighing(one, Weight::Fails).len()),
            rank(weighing(one, Weight::Open).len()),
            rank(odd(one, &usual).len()),
            one.name.clone(),
        )
    });
}

/// Writes the table for people; `every` driver is told, or only those that do not load everywhere.
///
/// # Errors
/// When `out` does not take it.
pub fn text(all: &[One], every: bool, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let usual = usual(all);
    writeln!(out, "{}", style.paint(Tone::Strong, &headline(all)))?;
    if let Some(line) = breaks(all) {
        for line in wrap(&style.plain(&line), style.width) {
            writeln!(out, "{line}")?;
        }
    }
    let each: Vec<(&One, Told)> = all.iter().map(|one| (one, told(one, &usual))).collect();
    let (fine, not): (Vec<_>, Vec<_>) =
        each.into_iter().partition(|(_, told)| told.word == "loads");
    for (one, told) in not {
        let tone = if told.word == "refused" { Tone::Bad } else { Tone::Mind };
        let said = style.plain(&few(&told.named));
        writeln!(out, "{}  {}  {said}", style.paint(tone, told.word), style.plain(&one.name))?;
    }
    for (one, told) in fine {
        let unlike = match told.unlike.as_slice() {
            [] => String::new(),
            odd => format!("  unlike most: {}", style.plain(&names(odd))),
        };
        let name = style.plain(&one.name);
        writeln!(out, "{}  {name}{unlike}", style.paint(Tone::Good, "loads"))?;
    }
    if all.len() <= BESIDE {
        beside(all, &usual, every, style, out)?;
    }
    for cluster in clusters::of(all) {
        writeln!(out, "\n{}", style.paint(Tone::Strong, &style.plain(&clusters::line(&cluster))))?;
        for fault in &cluster.faults {
            let said = style.plain(&clusters::fault(fault, &cluster));
            writeln!(out, "{}  {said}", style.paint(Tone::Bad, fault.code.id))?;
        }
        if !cluster.waves.is_empty() {
            writeln!(out, "reboot   {}", style.plain(&clusters::waves(&cluster)))?;
        }
        if !cluster.held.is_empty() {
            writeln!(out, "leave up  {}", style.plain(&cluster.held.join(" ")))?;
        }
    }
    Ok(())
}

/// The first of them with their codes, and how many more there are.
fn few(named: &[Gist]) -> String {
    let mut said: Vec<String> =
        named.iter().take(BESIDE).map(|g| format!("{} ({})", g.name, g.id())).collect();
    if named.len() > BESIDE {
        said.push(format!("and {} more", named.len() - BESIDE));
    }
    if named.is_empty() {
        said.push("nothing to judge".to_owned());
    }
    said.join(", ")
}

/// The first of these names, and how many more there are.
fn names(of: &[String]) -> String {
    let mut said: Vec<String> = of.iter().take(BESIDE).cloned().collect();
    if of.len() > BESIDE {
        said.push(format!("and {} more", of.len() - BESIDE));
    }
    said.join(", ")
}

/// Drivers as rows, hosts as columns.
fn beside(
    all: &[One],
    usual: &BTreeMap<String, &'static str>,
    every: bool,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let each: Vec<BTreeMap<String, &'static str>> = all.iter().map(outcomes).collect();
    let of = |host: &BTreeMap<String, &'static str>, driver: &str| {
        host.get(driver).copied().unwrap_or("-")
    };
    let rows: Vec<&String> = usual
        .keys()
        .filter(|driver| {
            let found: BTreeSet<&str> = each.iter().map(|host| of(host, driver)).collect();
            every || found.iter().any(|outcome| *outcome != "loads")
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = all.iter().map(|one| style.plain(&one.name)).collect();
    let first = rows.iter().map(|row| columns(row)).max().unwrap_or(0);
    let widths: Vec<usize> = names.iter().map(|name| columns(name).max(13)).collect();
    let line = |cells: Vec<String>| -> String {
        let cells = cells.iter().zip(&widths).map(|(cell, width)| format!("  {cell:width$}"));
        cells.collect::<String>()
    };
    writeln!(out)?;
    writeln!(out, "{}", format!("{:first$}{}", "", line(names.clone())).trim_end())?;
    for driver in rows {
        let cells = each.iter().map(|host| of(host, driver).to_owned()).collect();
        writeln!(out, "{}", format!("{driver:first$}{}", line(cells)).trim_end())?;
    }
    Ok(())
}

#[derive(Serialize)]
struct HostsDto<'a> {
    schema: &'static str,
    tool: Tool,
    summary: SummaryDto,
    hosts: Vec<HostDto>,
    clusters: Vec<ClusterDto<'a>>,
}

#[derive(Serialize)]
struct SummaryDto {
    hosts: usize,
    drivers: usize,
    refused: usize,
    unknown: usize,
}

#[derive(Serialize)]
struct HostDto {
    name: String,
    unlike_most: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    broken_by_assumption: Option<Vec<String>>,
    check: serde_json::Value,
}

/// Writes `loadworthy/hosts/v1`: a `loadworthy/check/v1` document a host.
///
/// # Errors
/// When `out` does not take it.
pub fn json(all: &[One], proofs: Proofs, out: &mut dyn Write) -> io::Result<()> {
    let usual = usual(all);
    let mut hosts = Vec::new();
    for one in all {
        let mut document = Vec::new();
        v1::check(&one.answers, proofs, &mut document)?;
        hosts.push(HostDto {
            name: one.name.clone(),
            unlike_most: odd(one, &usual).len(),
            broken_by_assumption: one.broken.clone(),
            check: serde_json::from_slice(&document).map_err(io::Error::from)?,
        });
    }
    let with = |weight: Weight| all.iter().filter(|o| !weighing(o, weight).is_empty()).count();
    let summary = SummaryDto {
        hosts: all.len(),
        drivers: drivers(all),
        refused: with(Weight::Fails),
        unknown: with(Weight::Open),
    };
    let schema = "loadworthy/hosts/v1";
    let found = clusters::of(all);
    let clusters = found.iter().map(ClusterDto::from).collect();
    document(&HostsDto { schema, tool: Tool::this(), summary, hosts, clusters }, out)
}
